import { Gesture } from '../model';

/** What a key does in the list. */
export type Deed =
  | { kind: 'move'; to: number; gesture: Gesture }
  | { kind: 'open' }
  | { kind: 'all' }
  | { kind: 'toggle' }
  | { kind: 'menu' }
  | { kind: 'type'; letter: string };

/** The parts of a key press that matter. */
export interface IKey {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

/** What a key does when the cursor stands at `at` of `count` rows and `page` rows fit; null: nothing of ours. */
export function deedOf(
  key: IKey,
  at: number,
  count: number,
  page: number
): Deed | null {
  if (key.altKey) {
    return null;
  }
  const accel = key.ctrlKey || key.metaKey;
  const to = target(key.key, at, count, Math.max(1, page - 1));
  if (to !== null && count > 0) {
    const gesture = key.shiftKey ? 'range' : accel ? 'cursor' : 'only';
    return { kind: 'move', to, gesture };
  }
  if (accel) {
    if (key.key.toLowerCase() === 'a') {
      return { kind: 'all' };
    }
    return key.key === ' ' ? { kind: 'toggle' } : null;
  }
  if (key.key === 'ContextMenu' || (key.key === 'F10' && key.shiftKey)) {
    return { kind: 'menu' };
  }
  if (key.key === 'Enter') {
    return { kind: 'open' };
  }
  if (key.key === ' ') {
    return { kind: 'toggle' };
  }
  return key.key.length === 1 ? { kind: 'type', letter: key.key } : null;
}

function target(
  key: string,
  at: number,
  count: number,
  page: number
): number | null {
  const last = count - 1;
  const inside = (index: number) => Math.max(0, Math.min(last, index));
  switch (key) {
    case 'ArrowDown':
      return inside(at + 1);
    case 'ArrowUp':
      return inside(at < 0 ? 0 : at - 1);
    case 'PageDown':
      return inside(at + page);
    case 'PageUp':
      return inside(at - page);
    case 'Home':
      return 0;
    case 'End':
      return inside(last);
    default:
      return null;
  }
}

/** Letters typed quickly one after the other are one search. */
export class TypeAhead {
  /** Letters further apart than `pause` milliseconds begin anew. */
  constructor(private readonly _pause = 800) {}

  /** The search after one more letter. */
  add(letter: string, now: number): string {
    const fresh = now - this._last > this._pause;
    this._text = (fresh ? '' : this._text) + letter.toLowerCase();
    this._last = now;
    return this._text;
  }

  private _text = '';
  private _last = 0;
}

/** The first row after `at` (and round the end) whose texts hold the search: a number means the epoch. */
export function searched<T>(
  text: string,
  at: number,
  rows: Iterable<[number, T]>,
  textsOf: (row: T) => string[]
): number | null {
  const hits: number[] = [];
  for (const [index, row] of rows) {
    if (textsOf(row).some(one => one.toLowerCase().startsWith(text))) {
      hits.push(index);
    }
  }
  hits.sort((one, other) => one - other);
  const from = text.length > 1 ? at : at + 1;
  return hits.find(index => index >= from) ?? hits[0] ?? null;
}
