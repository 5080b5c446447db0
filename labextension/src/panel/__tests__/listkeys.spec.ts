import { describe, expect, it } from 'vitest';
import { deedOf, IKey, searched, TypeAhead } from '../listkeys';

const key = (name: string, more: Partial<IKey> = {}): IKey => ({
  key: name,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...more
});

describe('deedOf', () => {
  it('moves by rows and pages and never out of the list', () => {
    const to = (name: string, at: number) => {
      const deed = deedOf(key(name), at, 100, 11);
      return deed?.kind === 'move' ? deed.to : null;
    };
    expect(to('ArrowDown', 0)).toBe(1);
    expect(to('ArrowUp', 0)).toBe(0);
    expect(to('ArrowDown', 99)).toBe(99);
    expect(to('PageDown', 5)).toBe(15);
    expect(to('PageUp', 5)).toBe(0);
    expect(to('Home', 50)).toBe(0);
    expect(to('End', 50)).toBe(99);
    expect(to('ArrowDown', -1)).toBe(0);
    expect(to('ArrowUp', -1)).toBe(0);
  });

  it('takes ranges with Shift and moves the cursor alone with Ctrl', () => {
    const shift = deedOf(key('ArrowDown', { shiftKey: true }), 3, 10, 5);
    expect(shift).toEqual({ kind: 'move', to: 4, gesture: 'range' });
    const ctrl = deedOf(key('End', { ctrlKey: true }), 3, 10, 5);
    expect(ctrl).toEqual({ kind: 'move', to: 9, gesture: 'cursor' });
  });

  it('knows the other keys and leaves the rest to the application', () => {
    expect(deedOf(key('Enter'), 0, 5, 5)?.kind).toBe('open');
    expect(deedOf(key(' '), 0, 5, 5)?.kind).toBe('toggle');
    expect(deedOf(key('a', { ctrlKey: true }), 0, 5, 5)?.kind).toBe('all');
    expect(deedOf(key('a', { metaKey: true }), 0, 5, 5)?.kind).toBe('all');
    expect(deedOf(key('F10', { shiftKey: true }), 0, 5, 5)?.kind).toBe('menu');
    expect(deedOf(key('ContextMenu'), 0, 5, 5)?.kind).toBe('menu');
    expect(deedOf(key('7'), 0, 5, 5)).toEqual({ kind: 'type', letter: '7' });
    expect(deedOf(key('s', { ctrlKey: true }), 0, 5, 5)).toBeNull();
    expect(deedOf(key('ArrowDown', { altKey: true }), 0, 5, 5)).toBeNull();
    expect(deedOf(key('Tab'), 0, 5, 5)).toBeNull();
    expect(deedOf(key('Delete'), 0, 5, 5)).toBeNull();
    expect(deedOf(key('ArrowDown'), 0, 0, 5)).toBeNull();
  });
});

describe('type-ahead', () => {
  it('joins letters typed quickly', () => {
    const typed = new TypeAhead(800);
    expect(typed.add('1', 0)).toBe('1');
    expect(typed.add('2', 300)).toBe('12');
    expect(typed.add('X', 2000)).toBe('x');
  });

  it('finds the next row, and begins anew at the end', () => {
    const rows: [number, string][] = [
      [0, '12'],
      [1, '7'],
      [2, '1'],
      [3, '17']
    ];
    const find = (text: string, at: number) =>
      searched(text, at, rows, row => [row]);
    expect(find('1', 0)).toBe(2);
    expect(find('1', 3)).toBe(0);
    expect(find('17', 0)).toBe(3);
    expect(find('9', 0)).toBeNull();
  });
});
