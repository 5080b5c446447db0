import { describe, expect, it } from 'vitest';
import { NOTHING, select, without } from '../selection';

const names = 'abcdefgh'.split('');
const keyOf = (index: number): string | undefined => names[index];
const chosen = (state: { chosen: ReadonlySet<string> }) =>
  [...state.chosen].sort().join('');

describe('select', () => {
  it('takes one, adds one, takes one off', () => {
    let state = select(NOTHING, 2, 'only', keyOf);
    expect(chosen(state)).toBe('c');
    state = select(state, 4, 'toggle', keyOf);
    expect(chosen(state)).toBe('ce');
    state = select(state, 2, 'toggle', keyOf);
    expect(chosen(state)).toBe('e');
    state = select(state, 0, 'only', keyOf);
    expect(chosen(state)).toBe('a');
  });

  it('takes a range in both directions from where it began', () => {
    let state = select(NOTHING, 3, 'only', keyOf);
    state = select(state, 5, 'range', keyOf);
    expect(chosen(state)).toBe('def');
    state = select(state, 1, 'range', keyOf);
    expect(chosen(state)).toBe('bcd');
    expect(state.cursor).toBe(1);
    expect(state.anchor).toBe(3);
  });

  it('moves the cursor alone', () => {
    const state = select(select(NOTHING, 3, 'only', keyOf), 5, 'cursor', keyOf);
    expect(chosen(state)).toBe('d');
    expect(state.cursor).toBe(5);
  });

  it('cannot take what has not been fetched', () => {
    expect(chosen(select(NOTHING, 50, 'only', keyOf))).toBe('');
    const state = select(NOTHING, 6, 'only', keyOf);
    expect(chosen(select(state, 20, 'range', keyOf))).toBe('gh');
  });

  it('changes nothing in place, and forgets what is gone', () => {
    const before = select(NOTHING, 3, 'only', keyOf);
    select(before, 4, 'toggle', keyOf);
    expect(chosen(before)).toBe('d');
    expect(chosen(without(before, new Set(['d'])))).toBe('');
    expect(chosen(NOTHING)).toBe('');
  });
});
