import { YNotebook } from '@jupyter/ydoc';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { IRecord } from '../../kernel/wire';
import { KEY, markOf, recordsIn } from '../place';
import { Removals, removedRuns } from '../removed';
import { releaseCopies, writeRecord } from '../write';

let notebook: YNotebook;
let removals: Removals;

function record(rev: number, best = '90 %', run = 'a'): IRecord {
  const lines = [
    { key: 'title', text: `### ${run}` },
    { key: 'best', text: `best ${best}` },
    { key: 'end', text: `run ${run}` }
  ];
  return { run, rev, cellId: 'train', lines };
}

function sources(): string[] {
  return notebook.cells.map(cell => cell.getSource());
}

function recordCell(run = 'a') {
  return notebook.getCell(recordsIn(notebook).get(run)?.[0] ?? -1);
}

// JupyterLab's own setting: the undo history is one for all cells, or one for each
const kinds = [false, true];
let disableDocumentWideUndoRedo = false;

beforeEach(() => {
  notebook = YNotebook.create({ disableDocumentWideUndoRedo });
  for (const id of ['setup', 'train', 'after']) {
    notebook.addCell({ cell_type: 'code', source: id, id });
  }
  notebook.clearUndoHistory();
  removals = new Removals(notebook);
});

describe('writeRecord', () => {
  it('puts the record under the cell that trains', () => {
    expect(writeRecord(notebook, record(1), 's')).toBe('inserted');
    expect(sources()[2]).toBe('### a\nbest 90 %\nrun a');
    expect(markOf(notebook.getCell(2))).toMatchObject({
      run: 'a',
      session: 's',
      rev: 1,
      cell: notebook.getCell(2).getId()
    });
  });

  it('puts a second run after the first, and one of no cell at the end', () => {
    writeRecord(notebook, record(1), 's');
    writeRecord(notebook, record(2, '1 %', 'b'), 's');
    writeRecord(notebook, { ...record(3, '1 %', 'c'), cellId: null }, 's');
    expect(sources().map(one => one.split('\n')[0])).toEqual([
      'setup',
      'train',
      '### a',
      '### b',
      'after',
      '### c'
    ]);
  });

  it('updates in place, and only what differs', () => {
    writeRecord(notebook, record(1), 's');
    const cell = notebook.getCell(2);
    const deltas: unknown[] = [];
    cell.changed.connect((_, change) => deltas.push(change.sourceChange));
    expect(writeRecord(notebook, record(2, '95 %'), 's')).toBe('updated');
    expect(sources()[2]).toBe('### a\nbest 95 %\nrun a');
    expect(deltas.filter(Boolean)).toEqual([
      [{ retain: 12 }, { insert: '5' }, { delete: 1 }]
    ]);
    expect(notebook.cells.length).toBe(4);
  });

  it('takes an older revision only from another session', () => {
    writeRecord(notebook, record(5), 's');
    expect(writeRecord(notebook, record(4, '1 %'), 's')).toBe('nothing');
    expect(writeRecord(notebook, record(1, '2 %'), 't')).toBe('updated');
  });

  it('leaves a cell alone that says it all', () => {
    writeRecord(notebook, record(1), 's');
    let changes = 0;
    notebook.changed.connect(() => changes++);
    expect(writeRecord(notebook, record(7), 't')).toBe('nothing');
    expect(changes).toBe(0);
  });

  it('keeps what a person writes', () => {
    writeRecord(notebook, record(1), 's');
    notebook.getCell(2).setSource('### a\nbest 90 %\nmine\nrun a');
    writeRecord(notebook, record(2, '91 %'), 's');
    expect(sources()[2]).toBe('### a\nbest 91 %\nmine\nrun a');
  });

  it('is no part of the undo history', () => {
    writeRecord(notebook, record(1), 's');
    writeRecord(notebook, record(2, '91 %'), 's');
    expect(notebook.canUndo()).toBe(false);
    notebook.getCell(0).setSource('mine');
    notebook.undo();
    expect(sources()[0]).toBe('setup');
    expect(sources()[2]).toBe('### a\nbest 91 %\nrun a');
  });

  it('survives metadata that anybody wrote', () => {
    notebook.addCell({
      cell_type: 'markdown',
      source: 'x',
      metadata: { [KEY]: { run: 'a', slots: [1, ['k']], rev: 'no' } }
    });
    expect(writeRecord(notebook, record(1), 's')).toBe('updated');
    notebook.getCell(3).setMetadata(KEY, 7);
    expect(markOf(notebook.getCell(3))).toBeNull();
  });
});

describe.each(kinds)(
  'a cell that a person deletes (undo by cell: %s)',
  kind => {
    beforeAll(() => void (disableDocumentWideUndoRedo = kind));
    afterAll(() => void (disableDocumentWideUndoRedo = false));
    beforeEach(() => {
      writeRecord(notebook, record(1), 's');
      removals.check();
    });

    it('is remembered, until it comes back', () => {
      notebook.deleteCell(2);
      expect(removals.check()).toBe(true);
      expect(removedRuns(notebook)).toEqual(['a']);
      notebook.undo();
      expect(removals.check()).toBe(true);
      expect(removedRuns(notebook)).toEqual([]);
      expect(notebook.getMetadata(KEY)).toBeUndefined();
      writeRecord(notebook, record(2, '99 %'), 's');
      expect(recordCell().getSource()).toContain('99 %');
      expect(notebook.cells.length).toBe(4);
    });

    it('is remembered outside the undo history', () => {
      notebook.deleteCell(2);
      removals.check();
      notebook.undo();
      notebook.redo();
      removals.check();
      expect(removedRuns(notebook)).toEqual(['a']);
    });

    it('was only moved', () => {
      notebook.moveCell(2, 0);
      expect(removals.check()).toBe(false);
      writeRecord(notebook, record(2, '99 %'), 's');
      expect(sources()[0]).toContain('99 %');
      expect(notebook.cells.length).toBe(4);
    });

    it('was cut and pasted elsewhere', () => {
      const cell = notebook.getCell(2).toJSON();
      notebook.deleteCell(2);
      removals.check();
      notebook.insertCell(0, { ...cell, id: 'other' });
      removals.check();
      expect(removedRuns(notebook)).toEqual([]);
      writeRecord(notebook, record(2, '99 %'), 's');
      expect(markOf(notebook.getCell(0))?.cell).toBe('other');
    });

    it('was not in the file that was read anew', () => {
      const json = notebook.toJSON();
      json.cells.splice(2, 1);
      notebook.fromJSON(json);
      expect(removals.check()).toBe(false);
      expect(removedRuns(notebook)).toEqual([]);
    });

    it('went with all others', () => {
      notebook.transact(() => {
        notebook.deleteCellRange(0, 4);
        notebook.addCell({ cell_type: 'code' });
      });
      removals.check();
      expect(removedRuns(notebook)).toEqual(['a']);
    });

    it('keeps what else the notebook says of us', () => {
      notebook.setMetadata(KEY, { other: 1 });
      notebook.deleteCell(2);
      removals.check();
      expect(notebook.getMetadata(KEY)).toEqual({ other: 1, removed: ['a'] });
    });
  }
);

describe('releaseCopies', () => {
  it('makes a copy plain Markdown, above or below the original', () => {
    writeRecord(notebook, record(1), 's');
    const copy = notebook.getCell(2).toJSON();
    notebook.insertCell(0, { ...copy, id: 'above' });
    notebook.insertCell(4, { ...copy, id: 'below' });
    expect(releaseCopies(notebook)).toBe(true);
    expect(notebook.getCell(0).getMetadata(KEY)).toBeUndefined();
    expect(notebook.getCell(4).getMetadata(KEY)).toBeUndefined();
    writeRecord(notebook, record(2, '99 %'), 's');
    expect(sources().map(one => one.includes('99 %'))).toEqual([
      false,
      false,
      false,
      true,
      false,
      false
    ]);
    expect(releaseCopies(notebook)).toBe(false);
  });

  it('takes away a second cell of ours, but not what somebody wrote', () => {
    writeRecord(notebook, record(1), 's');
    const { metadata, source } = notebook.getCell(2).toJSON();
    const mark = metadata[KEY] as object;
    notebook.addCell({
      cell_type: 'markdown',
      id: 'second',
      source,
      metadata: { [KEY]: { ...mark, cell: 'second' } }
    });
    notebook.addCell({
      cell_type: 'markdown',
      id: 'third',
      source: `${String(source)}\nmine`,
      metadata: { [KEY]: { ...mark, cell: 'third' } }
    });
    releaseCopies(notebook);
    expect(notebook.cells.map(cell => cell.getId()).slice(3)).toEqual([
      'after',
      'third'
    ]);
    expect(notebook.getCell(4).getMetadata(KEY)).toBeUndefined();
  });
});
