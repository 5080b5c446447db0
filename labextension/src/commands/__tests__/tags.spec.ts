import { describe, expect, it } from 'vitest';
import { tagChange, wordsOf } from '../tags';

describe('tags', () => {
  it('are words, each once, with or without #', () => {
    expect(wordsOf(' #best  good, 好，#best ')).toEqual(['best', 'good', '好']);
    expect(wordsOf('')).toEqual([]);
  });

  it('are put on and taken off', () => {
    expect(tagChange(['a', 'b'], ['b', 'c'])).toEqual({
      add_tags: ['c'],
      remove_tags: ['a']
    });
    expect(tagChange([], [], ['x', 5], ['y'])).toEqual({
      add_tags: ['x'],
      remove_tags: ['y']
    });
  });
});
