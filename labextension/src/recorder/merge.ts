import { ILine } from '../kernel/wire';
import { matches } from './lcs';
import { sha1 } from './sha1';

/** A key and the `lineHash` of what was last written for it. */
export type Slot = [key: string, hash: string];

/** What a cell becomes: its source, and the slots for its metadata. */
export interface IMerged {
  source: string;
  slots: Slot[];
}

interface IRow {
  text: string;
  /** Of the slot it stands for, when it is ours. */
  key: string | null;
}

const LINE_END = /\r\n|\r|\n/;

/** The first ten hex digits of the SHA-1 of the text. */
export function lineHash(text: string): string {
  return sha1(text).slice(0, 10);
}

const EMPTY = lineHash('');

/**
 * Put new lines into a cell so that a person's words stay, and what they changed or removed is not written again.
 *
 * The same as `jupyter_ckpt.record.merge`, which has the rules in words; `tests/record/merge_cases.json` holds the two
 * together.
 */
export function merge(
  source: string,
  slots: readonly Slot[],
  lines: readonly ILine[]
): IMerged {
  if (!source && !slots.length) {
    return {
      source: lines.map(line => line.text).join('\n'),
      slots: lines.map(line => [line.key, lineHash(line.text)])
    };
  }
  let rows: IRow[] = source.split(LINE_END).map(text => ({ text, key: null }));
  claim(rows, slots);
  if (slots.length && !rows.some(row => row.key !== null && row.text)) {
    return { source: textOf(rows), slots: slots.map(slot => [...slot]) };
  }
  const texts = new Map(lines.map(line => [line.key, line.text]));
  const written = new Set(rows.map(row => row.key));
  rows = rows
    .filter(row => row.key === null || texts.has(row.key))
    .map(row =>
      row.key === null
        ? row
        : { key: row.key, text: texts.get(row.key) ?? row.text }
    );
  const known = new Map(slots);
  lines.forEach((line, number) => {
    if (!known.has(line.key)) {
      rows.splice(place(rows, lines, number), 0, { ...line });
      written.add(line.key);
    }
  });
  const fresh = lines.map((line): Slot => [
    line.key,
    written.has(line.key) ? lineHash(line.text) : (known.get(line.key) ?? EMPTY)
  ]);
  const gone = slots.filter(
    ([key, hash]) => !texts.has(key) && !written.has(key) && hash !== EMPTY
  );
  return {
    source: textOf(rows),
    slots: [...fresh, ...gone.map((slot): Slot => [...slot])]
  };
}

/** Find out which rows are ours. */
function claim(rows: readonly IRow[], slots: readonly Slot[]): void {
  const hashes = rows.map(row => lineHash(row.text));
  const left = new Set(slots.keys());
  for (const [row, slot] of matches(
    hashes,
    slots.map(([, hash]) => hash)
  )) {
    rows[row].key = slots[slot][0];
    left.delete(slot);
  }
  rows.forEach((row, i) => {
    if (row.key === null && hashes[i] !== EMPTY) {
      for (const slot of left) {
        if (slots[slot][1] === hashes[i]) {
          row.key = slots[slot][0];
          left.delete(slot);
          break;
        }
      }
    }
  });
}

/** Where the new line `lines[number]` goes. */
function place(
  rows: readonly IRow[],
  lines: readonly ILine[],
  number: number
): number {
  const at = new Map<string, number>();
  rows.forEach((row, i) => row.key !== null && at.set(row.key, i));
  for (let before = number - 1; before >= 0; before--) {
    const found = at.get(lines[before].key);
    if (found !== undefined) {
      let i = found + 1;
      while (i < rows.length && rows[i].key === null && rows[i].text) {
        i++;
      }
      return i;
    }
  }
  for (const after of lines.slice(number + 1)) {
    const found = at.get(after.key);
    if (found !== undefined) {
      return found;
    }
  }
  return 0;
}

function textOf(rows: readonly IRow[]): string {
  return rows.map(row => row.text).join('\n');
}
