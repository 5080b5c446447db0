import { describe, expect, it } from 'vitest';
import { readPush, readRecords } from '../wire';

const common = { v: 1, id: 'i', notebook: '/n.ipynb', session: 's' };
const record = {
  run: 'r',
  rev: 3,
  cell_id: 'c',
  lines: [{ key: 'title', text: '### r' }]
};

describe('readPush', () => {
  it('reads a record', () => {
    expect(readPush({ ...common, type: 'record', ...record })).toEqual({
      id: 'i',
      notebook: '/n.ipynb',
      session: 's',
      type: 'record',
      record: { run: 'r', rev: 3, cellId: 'c', lines: record.lines }
    });
  });

  it('reads metrics that JSON has no numbers for', () => {
    const push = readPush({
      ...common,
      type: 'event',
      kind: 'metrics',
      metrics: { loss: 'NaN', acc: 0.5, bad: 'x', worse: [] }
    });
    expect(push?.type === 'event' && push.event.metrics).toEqual({
      loss: Number.NaN,
      acc: 0.5
    });
  });

  it('reads a state with what it lacks', () => {
    const push = readPush({ ...common, type: 'state', store: null, epoch: 1 });
    expect(push).toMatchObject({
      state: { store: '', durability: 'unknown', run: null, epoch: 1 },
      records: []
    });
  });

  it('reads an answer', () => {
    const push = readPush({ ...common, type: 'answer', request: 'q', ok: 1 });
    expect(push).toMatchObject({ request: 'q', ok: false, text: '' });
  });

  it.each([
    null,
    7,
    [],
    {},
    { ...common, v: 2, type: 'state' },
    { ...common, id: 5, type: 'state' },
    { ...common, type: 'other' },
    { ...common, type: 'event', kind: 'exploded' },
    { ...common, type: 'answer' },
    { ...common, type: 'record', ...record, rev: '3' },
    { ...common, type: 'record', ...record, lines: [{ key: 'a' }] },
    {
      ...common,
      type: 'record',
      ...record,
      lines: [record.lines[0], record.lines[0]]
    }
  ])('ignores %j', data => expect(readPush(data)).toBeNull());

  it('leaves no line end in a line', () => {
    const lines = [{ key: 'a', text: 'one\n# two' }];
    expect(readRecords([{ ...record, lines }, 5])[0].lines[0].text).toBe(
      'one # two'
    );
  });
});
