import { ISharedCell, ISharedNotebook } from '@jupyter/ydoc';
import { JSONObject, UUID } from '@lumino/coreutils';
import { IRecord } from '../kernel/wire';
import { editsOf } from './edits';
import { lineHash, merge } from './merge';
import { IMark, KEY, markOf, placeFor, recordsIn } from './place';

/** What `writeRecord` did. */
export type Written = 'inserted' | 'updated' | 'nothing';

/**
 * Bring a record's cell up to date, or put it in. Never part of the notebook's undo history.
 *
 * @param session - Revisions are compared only within one.
 */
export function writeRecord(
  notebook: ISharedNotebook,
  record: IRecord,
  session: string
): Written {
  const place = recordsIn(notebook).get(record.run)?.[0];
  if (place === undefined) {
    insert(notebook, record, session);
    return 'inserted';
  }
  const cell = notebook.getCell(place);
  const mark = markOf(cell);
  if (!mark || (mark.session === session && mark.rev >= record.rev)) {
    return 'nothing';
  }
  return update(notebook, cell, mark, record, session) ? 'updated' : 'nothing';
}

/**
 * One cell for each run. Copies that a person made are that person's plain Markdown; a second cell of ours (two pages
 * were quicker than the document they share) goes, unless somebody wrote into it. True when there were any.
 */
export function releaseCopies(notebook: ISharedNotebook): boolean {
  const places = Array.from(recordsIn(notebook).values())
    .flatMap(all => all.slice(1))
    .sort((a, b) => b - a);
  if (places.length) {
    notebook.transact(() => {
      for (const place of places) {
        const cell = notebook.getCell(place);
        if (isUntouchedOriginal(cell)) {
          notebook.deleteCell(place);
        } else {
          cell.deleteMetadata(KEY);
        }
      }
    }, false);
  }
  return places.length > 0;
}

function isUntouchedOriginal(cell: ISharedCell): boolean {
  const mark = markOf(cell);
  if (mark?.cell !== cell.getId()) {
    return false;
  }
  const hashes = mark.slots.map(([, hash]) => hash).join();
  return cell.getSource().split('\n').map(lineHash).join() === hashes;
}

function insert(
  notebook: ISharedNotebook,
  record: IRecord,
  session: string
): void {
  const { source, slots } = merge('', [], record.lines);
  const id = UUID.uuid4();
  const mark: IMark = {
    run: record.run,
    session,
    rev: record.rev,
    cell: id,
    slots
  };
  notebook.transact(() => {
    notebook.insertCell(placeFor(notebook, record.cellId), {
      cell_type: 'markdown',
      id,
      source,
      metadata: { [KEY]: mark as unknown as JSONObject }
    });
  }, false);
}

function update(
  notebook: ISharedNotebook,
  cell: ISharedCell,
  mark: IMark,
  record: IRecord,
  session: string
): boolean {
  const before = cell.getSource();
  const { source, slots } = merge(before, mark.slots, record.lines);
  const id = cell.getId();
  const isSame =
    source === before &&
    mark.cell === id &&
    JSON.stringify(slots) === JSON.stringify(mark.slots);
  if (isSame) {
    return false; // a notebook that says it all is not made dirty
  }
  const next: IMark = { ...mark, session, rev: record.rev, cell: id, slots };
  notebook.transact(() => {
    for (const { start, end, text } of editsOf(before, source)) {
      cell.updateSource(start, end, text);
    }
    cell.setMetadata(KEY, next as unknown as JSONObject);
  }, false);
  return true;
}
