import { matches } from './lcs';

/** Characters `start` to `end` of a text become `text`. */
export interface IEdit {
  start: number;
  end: number;
  text: string;
}

const MOST_LINES = 1000;

/**
 * The smallest edits that make one text of another: lines that stay are not touched, so that whoever types or has a
 * cursor there notices nothing. In the order to apply them in: from the end, so that places stay true.
 */
export function editsOf(before: string, after: string): IEdit[] {
  if (before === after) {
    return [];
  }
  const old = split(before);
  const now = split(after);
  const pairs =
    old.length > MOST_LINES || now.length > MOST_LINES ? [] : matches(old, now);
  pairs.push([old.length, now.length]);
  const edits: IEdit[] = [];
  let [i, j, start] = [0, 0, 0];
  for (const [a, b] of pairs) {
    const from = old.slice(i, a).join('');
    const to = now.slice(j, b).join('');
    if (from !== to) {
      edits.unshift(trimmed(from, to, start));
    }
    start += from.length + (a < old.length ? old[a].length : 0);
    [i, j] = [a + 1, b + 1];
  }
  return edits;
}

/** Lines with their ends. */
function split(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function trimmed(from: string, to: string, offset: number): IEdit {
  const most = Math.min(from.length, to.length);
  let head = 0;
  while (head < most && from[head] === to[head]) {
    head++;
  }
  if (head && isHigh(from, head - 1)) {
    head--; // never between the halves of one character
  }
  let tail = 0;
  while (
    tail < most - head &&
    from[from.length - 1 - tail] === to[to.length - 1 - tail]
  ) {
    tail++;
  }
  if (tail && isLow(from, from.length - tail)) {
    tail--;
  }
  return {
    start: offset + head,
    end: offset + from.length - tail,
    text: to.slice(head, to.length - tail)
  };
}

function isHigh(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xd800;
}

function isLow(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xdc00;
}
