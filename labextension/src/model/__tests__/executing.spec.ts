import { KernelMessage } from '@jupyterlab/services';
import { describe, expect, it } from 'vitest';
import { Executing } from '../executing';

function message(
  type: string,
  parent: string,
  id: string,
  content: object = {}
): KernelMessage.IIOPubMessage {
  return {
    header: { msg_type: type },
    parent_header: { msg_type: parent, msg_id: id },
    content
  } as unknown as KernelMessage.IIOPubMessage;
}
const status = (state: string, parent: string, id: string) =>
  message('status', parent, id, { execution_state: state });

describe('Executing', () => {
  it('is not fooled by the idle of a subshell', () => {
    const it = new Executing();
    expect(it.hear(status('busy', 'execute_request', 'a'))).toBe(true);
    expect(it.hear(status('busy', 'comm_msg', 'b'))).toBe(false);
    expect(it.hear(status('idle', 'comm_msg', 'b'))).toBe(false);
    expect(it.any).toBe(true);
    expect(it.hear(status('idle', 'execute_request', 'a'))).toBe(true);
    expect(it.any).toBe(false);
  });

  it('learns of a running cell from anything it sends', () => {
    const it = new Executing();
    expect(it.hear(message('comm_open', 'execute_request', 'a'))).toBe(true);
    expect(it.any).toBe(true);
  });

  it('does not take a late word of an ended cell for a running one', () => {
    const it = new Executing();
    it.hear(status('busy', 'execute_request', 'a'));
    it.hear(status('idle', 'execute_request', 'a'));
    expect(it.hear(message('stream', 'execute_request', 'a'))).toBe(false);
    expect(it.any).toBe(false);
  });

  it('begins anew with another kernel', () => {
    const it = new Executing();
    it.hear(status('busy', 'execute_request', 'a'));
    it.forget();
    expect(it.any).toBe(false);
  });
});
