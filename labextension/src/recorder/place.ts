import { ISharedCell, ISharedNotebook } from '@jupyter/ydoc';
import { Slot } from './merge';

/** The key of our metadata, of cells and of notebooks. */
export const KEY = 'jupyter_ckpt';

/** What we write into the metadata of a cell of ours. */
export interface IMark {
  run: string;
  /** Of the extension's load in the kernel; empty for a text that came from the server. */
  session: string;
  rev: number;
  /** The cell's own id: a copy of it has another. */
  cell: string;
  slots: Slot[];
}

/** Our mark of a cell, each field checked: anybody may have written the file. */
export function markOf(cell: ISharedCell): IMark | null {
  if (cell.cell_type !== 'markdown') {
    return null;
  }
  const data: unknown = cell.getMetadata(KEY);
  if (typeof data !== 'object' || data === null) {
    return null;
  }
  const {
    run,
    session,
    rev,
    cell: own,
    slots
  } = data as Record<string, unknown>;
  if (typeof run !== 'string' || !run) {
    return null;
  }
  return {
    run,
    session: typeof session === 'string' ? session : '',
    rev: typeof rev === 'number' ? rev : 0,
    cell: typeof own === 'string' ? own : '',
    slots: Array.isArray(slots) ? slots.filter(isSlot) : []
  };
}

/** The runs that have cells, with the places of the cells: the original first, then its copies. */
export function recordsIn(notebook: ISharedNotebook): Map<string, number[]> {
  const found = new Map<string, number[]>();
  notebook.cells.forEach((cell, index) => {
    const mark = markOf(cell);
    if (mark) {
      const places = found.get(mark.run) ?? [];
      const isFirst = mark.cell === cell.getId() && places.length > 0;
      const original = isFirst && !isOriginal(notebook.cells[places[0]]);
      places[original ? 'unshift' : 'push'](index);
      found.set(mark.run, places);
    }
  });
  return found;
}

/** Where a new record goes: under the cell that trains and the records that follow it already; else at the end. */
export function placeFor(
  notebook: ISharedNotebook,
  cellId: string | null
): number {
  const cells = notebook.cells;
  const above =
    cellId === null ? -1 : cells.findIndex(cell => cell.getId() === cellId);
  if (above < 0) {
    return cells.length;
  }
  return pastRecords(notebook, above + 1);
}

/** The first place from here on that does not part a cell that trains from its records. */
export function pastRecords(notebook: ISharedNotebook, place: number): number {
  const cells = notebook.cells;
  while (place < cells.length && markOf(cells[place])) {
    place++;
  }
  return Math.min(place, cells.length);
}

function isOriginal(cell: ISharedCell): boolean {
  return markOf(cell)?.cell === cell.getId();
}

function isSlot(value: unknown): value is Slot {
  return (
    Array.isArray(value) &&
    value.length === 2 &&
    typeof value[0] === 'string' &&
    typeof value[1] === 'string'
  );
}
