import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';
import { IRow, IRun } from '../../api/types';
import { IKernelGlance } from '../../model/notebook';
import { IKernelState } from '../../tokens';
import { concernsOf } from '../concerns';

const trans = nullTranslator.load('jupyter_ckpt');
const latest = {
  name: 'epoch-0008',
  epoch: 8,
  step: 900,
  time: '2026-11-24T12:00:00Z',
  metrics: {}
};
const run = { id: 'run', latest } as Partial<IRun> as IRun;
const newest = {
  run: 'run',
  name: 'epoch-0008',
  time: latest.time
} as Partial<IRow> as IRow;
const older = {
  run: 'run',
  name: 'epoch-0003',
  time: '2026-11-24T11:00:00Z'
} as Partial<IRow> as IRow;

function kernel(
  state: Partial<IKernelState> | null,
  more: Partial<IKernelGlance> = {}
): IKernelGlance {
  const whole = {
    path: 'a.ipynb',
    store: '',
    durability: '',
    reason: '',
    run: 'run',
    held: null,
    epoch: null,
    step: null,
    version: '',
    ...state
  };
  return {
    reason: 'ready',
    state: state && whole,
    busy: false,
    python: true,
    ...more
  };
}

describe('what to say before a resume', () => {
  it('is nothing for the newest one and a kernel that just started', () => {
    const found = concernsOf(newest, run, kernel({ run: null }), trans);
    expect(found).toEqual({ lines: [], busy: false, unloaded: false });
  });

  it('is that the training went on since the last save', () => {
    const ahead = kernel({ epoch: 9, step: 1000 });
    const { lines } = concernsOf(newest, run, ahead, trans);
    expect(lines.join()).toContain('Epoch 9 · step 1,000');
    const same = kernel({ epoch: 8, step: 900 });
    expect(concernsOf(newest, run, same, trans).lines).toEqual([]);
  });

  it('is that a newer checkpoint exists', () => {
    const { lines } = concernsOf(older, run, kernel(null), trans);
    expect(lines.join()).toContain('Epoch 8 · step 900');
  });

  it('is that it waits for the cell, or has to load the extension', () => {
    const busy = kernel(null, { busy: true, reason: 'not_loaded' });
    const found = concernsOf(newest, run, busy, trans);
    expect(found.busy).toBe(true);
    expect(found.unloaded).toBe(true);
  });

  it('is that a corrupt one will be refused', () => {
    const bad = { ...newest, verified: 'corrupt' } as IRow;
    expect(concernsOf(bad, run, kernel(null), trans).lines).toHaveLength(1);
  });
});
