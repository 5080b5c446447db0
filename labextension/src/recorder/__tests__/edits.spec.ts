import { describe, expect, it } from 'vitest';
import { editsOf } from '../edits';

function applied(text: string, after: string): string {
  for (const edit of editsOf(text, after)) {
    text = text.slice(0, edit.start) + edit.text + text.slice(edit.end);
  }
  return text;
}

describe('editsOf', () => {
  it.each([
    ['', 'a\nb'],
    ['a\nb', ''],
    ['a\nb\nc', 'a\nB\nc'],
    ['a\nb\nc', 'b\nc\nd'],
    ['one\ntwo', 'one\ntwo\n'],
    ['one\r\ntwo\r\n', 'one\ntwo\n'],
    ['same\nsame\nsame', 'same\nother\nsame'],
    ['| best | 97.1 % |\nmine', '| best | 97.8 % |\nmine'],
    ['😀 a', '😁 a'],
    ['a 😀', 'a 😀😀']
  ])('%j becomes %j', (before, after) => {
    expect(applied(before, after)).toBe(after);
  });

  it('touches only the characters that differ', () => {
    const before = '### Run\n| best | 97.1 % |\nmy words\n| last | 3 |';
    const after = '### Run\n| best | 97.8 % |\nmy words\n| last | 14 |';
    expect(editsOf(before, after)).toEqual([
      { start: 44, end: 45, text: '14' },
      { start: 20, end: 21, text: '8' }
    ]);
  });

  it('does nothing to equal texts', () => {
    expect(editsOf('a\nb', 'a\nb')).toEqual([]);
  });

  it('never cuts a character into halves', () => {
    for (const { start, end, text } of editsOf('x😀y', 'x😁y')) {
      expect([start, end, text]).toEqual([1, 3, '😁']);
    }
  });
});
