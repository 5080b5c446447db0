import { ISharedCell, ISharedNotebook } from '@jupyter/ydoc';
import { JSONObject } from '@lumino/coreutils';
import { KEY, recordsIn } from './place';

/** The runs whose cells a person deleted: the notebook's own metadata remembers them. */
export function removedRuns(notebook: ISharedNotebook): string[] {
  const data: unknown = notebook.getMetadata(KEY);
  const removed = (data as { removed?: unknown } | undefined)?.removed;
  return Array.isArray(removed)
    ? removed.filter((run): run is string => typeof run === 'string')
    : [];
}

/** Write them, outside the undo history. */
export function setRemovedRuns(
  notebook: ISharedNotebook,
  runs: string[]
): void {
  const data = notebook.getMetadata(KEY) as JSONObject | undefined;
  const next: JSONObject = { ...data };
  delete next.removed;
  if (runs.length) {
    next.removed = runs;
  }
  notebook.transact(() => {
    if (Object.keys(next).length) {
      notebook.setMetadata(KEY, next);
    } else if (data !== undefined) {
      notebook.deleteMetadata(KEY);
    }
  }, false);
}

/**
 * Notices that a person deletes a cell of ours, and that it comes back (undo, paste).
 *
 * A moved cell is deleted and inserted in one transaction, so what counts is what is there after it. A notebook that
 * is read anew from its file has none of its cells left: nobody deleted those.
 */
export class Removals {
  /** Watches one notebook; `check` is to be called by whoever hears its changes. */
  constructor(private readonly _notebook: ISharedNotebook) {
    this.reset();
  }

  /** Take what is there now as it is. */
  reset(): void {
    this._runs = new Set(recordsIn(this._notebook).keys());
    this._cells = new Set(this._notebook.cells);
  }

  /** To be called after each change of the cells. True when something was written down. */
  check(): boolean {
    const notebook = this._notebook;
    const before = { runs: this._runs, cells: this._cells };
    this.reset();
    const isReread =
      notebook.cells.length > 0 &&
      before.cells.size > 1 &&
      !this._isBlank() &&
      !notebook.cells.some(cell => before.cells.has(cell));
    const gone = isReread
      ? []
      : Array.from(before.runs).filter(run => !this._runs.has(run));
    const known = removedRuns(notebook);
    const next = known.filter(run => !this._runs.has(run));
    next.push(...gone.filter(run => !next.includes(run)));
    if (
      next.length === known.length &&
      !gone.some(run => !known.includes(run))
    ) {
      return false;
    }
    setRemovedRuns(notebook, next);
    return true;
  }

  /** All was deleted: one empty cell stands in its place. */
  private _isBlank(): boolean {
    const { cells } = this._notebook;
    return cells.length === 1 && !cells[0].getSource();
  }

  private _runs = new Set<string>();
  private _cells = new Set<ISharedCell>();
}
