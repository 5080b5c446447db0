import { KernelMessage } from '@jupyterlab/services';

/** So many ended executions are remembered: a thread may still print in their name. */
const REMEMBERED = 50;

/**
 * Whether cells run in a kernel, by what it sends.
 *
 * The kernel's own status does not tell: a message to a subshell ends with "idle" in the middle of a cell. Nor does it
 * after a reload of the page; but whatever a running cell sends names the execution it belongs to.
 */
export class Executing {
  /** True while something runs. */
  get any(): boolean {
    return this._running.size > 0;
  }

  /** A message came from the kernel; gives whether `any` is another now. */
  hear(msg: KernelMessage.IMessage): boolean {
    const parent = msg.parent_header;
    if (!('msg_type' in parent) || parent.msg_type !== 'execute_request') {
      return false;
    }
    const before = this.any;
    const id = parent.msg_id;
    if (isIdle(msg)) {
      this._running.delete(id);
      this._ended.push(id);
      this._ended.splice(0, this._ended.length - REMEMBERED);
    } else if (!this._ended.includes(id)) {
      this._running.add(id);
    }
    return this.any !== before;
  }

  /** The kernel is another one, or began anew. */
  forget(): void {
    this._running.clear();
  }

  private readonly _running = new Set<string>();
  private readonly _ended: string[] = [];
}

function isIdle(msg: KernelMessage.IMessage): boolean {
  return (
    msg.header.msg_type === 'status' &&
    (msg.content as { execution_state?: string }).execution_state === 'idle'
  );
}
