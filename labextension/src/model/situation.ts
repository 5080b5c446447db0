import { ApiError } from '../api';
import { KernelReason } from '../tokens';

/** Why there is no list to show. */
export type Situation =
  | 'loading'
  | 'no_server'
  | 'unreachable'
  | 'no_notebook'
  | 'not_loaded'
  | 'nothing_saved'
  | 'empty_run'
  | 'no_match';

/** What the situation follows from. */
export interface IFacts {
  /** Why the runs are not known, if so. */
  runsError: ApiError | null;
  rowsError: ApiError | null;
  /** How many runs are known; null before the first answer. */
  runs: number | null;
  /** A run, or all of them, is shown. */
  shown: boolean;
  /** How many rows there are; null before the first answer. */
  rows: number | null;
  filtered: boolean;
  notebook: boolean;
  kernel: KernelReason;
}

/** Why there is no list to show; null when there is one. */
export function situationOf(facts: IFacts): Situation | null {
  const error = facts.runsError ?? facts.rowsError;
  if (error?.kind === 'absent' && facts.runs === null) {
    return 'no_server';
  }
  if (facts.runs === null) {
    return error ? 'unreachable' : 'loading';
  }
  if (!facts.shown) {
    if (!facts.notebook) {
      return facts.runs === 0 ? 'no_notebook' : 'loading';
    }
    return facts.kernel === 'not_loaded' ? 'not_loaded' : 'nothing_saved';
  }
  if (facts.rowsError?.kind === 'usage' && facts.filtered && !facts.rows) {
    return 'no_match'; // what the filter says is itself what is wrong
  }
  if (facts.rows === null) {
    return facts.rowsError ? 'unreachable' : 'loading';
  }
  if (facts.rows === 0) {
    if (facts.filtered) {
      return 'no_match';
    }
    return facts.rowsError ? 'unreachable' : 'empty_run';
  }
  return null;
}
