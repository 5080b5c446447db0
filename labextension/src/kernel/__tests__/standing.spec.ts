import { expect, it } from 'vitest';
import { IKernelEvent } from '../../tokens';
import { Standing } from '../standing';

const state = {
  path: 'a.ipynb',
  store: 's',
  durability: 'persistent',
  reason: '',
  run: 'r',
  held: null,
  epoch: null,
  step: null,
  version: '1'
};
const event: Omit<IKernelEvent, 'path'> = {
  kind: 'saved',
  run: '',
  store: 's',
  name: 'epoch-0003',
  epoch: 3,
  step: 12,
  metrics: {},
  held: 'r/epoch-0003',
  text: ''
};

it('follows what happens, and tells only what is new', () => {
  const standing = new Standing();
  let changes = 0;
  standing.changed.connect(() => changes++);
  standing.after(event);
  standing.set(null, 'loading');
  expect([standing.state, standing.reason, changes]).toEqual([
    null,
    'loading',
    0
  ]);
  standing.set(state, 'ready');
  standing.after(event);
  standing.renamed('b.ipynb');
  expect(standing.state).toEqual({
    ...state,
    path: 'b.ipynb',
    held: 'r/epoch-0003',
    epoch: 3,
    step: 12
  });
  expect(changes).toBe(3);
});
