import { IRow, IRun } from '../api';
import { IKernelGlance, positionText } from '../model';
import { TranslationBundle } from '@jupyterlab/translation';

/** Why a resume should not happen without asking. */
export interface IConcerns {
  /** What would be lost or may surprise, one sentence each. */
  lines: string[];
  /** It will wait for the cell that runs. */
  busy: boolean;
  /** The kernel has to load the extension first. */
  unloaded: boolean;
}

/** What to say before a resume from `row`, of whose run `run` is known and with this kernel. */
export function concernsOf(
  row: IRow,
  run: IRun | null,
  kernel: IKernelGlance,
  trans: TranslationBundle
): IConcerns {
  const lines: string[] = [];
  const { state } = kernel;
  const latest = run?.latest ?? null;
  if (row.verified === 'corrupt') {
    lines.push(
      trans.__(
        'This checkpoint was found corrupt: the resume will refuse it or take an older one.'
      )
    );
  }
  if (state && isAhead(state, latest, state.run === row.run)) {
    lines.push(
      trans.__(
        'This overwrites what the kernel holds now (%1), which is newer than what was saved.',
        positionText(state, trans)
      )
    );
  }
  if (latest && latest.name !== row.name && latest.time > row.time) {
    lines.push(
      trans.__(
        'A newer checkpoint exists in this run: %1. It stays, but the training goes on from the older one.',
        positionText(latest, trans)
      )
    );
  }
  return {
    lines,
    busy: kernel.busy,
    unloaded: kernel.reason === 'not_loaded'
  };
}

/** True when the kernel's training went on after the last save. */
function isAhead(
  state: { epoch: number | null; step: number | null },
  latest: { epoch: number | null; step: number | null } | null,
  sameRun: boolean
): boolean {
  if (state.epoch === null && state.step === null) {
    return false;
  }
  if (!sameRun || !latest) {
    // of another run: whether it was saved is not known here, so nothing is claimed
    return !latest && sameRun;
  }
  if (state.step !== null && latest.step !== null) {
    return state.step > latest.step;
  }
  return (
    state.epoch !== null && latest.epoch !== null && state.epoch > latest.epoch
  );
}
