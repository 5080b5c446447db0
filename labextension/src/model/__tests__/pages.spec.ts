import { describe, expect, it } from 'vitest';
import { Pages } from '../pages';

const rows = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => `row ${from + index}`);

describe('Pages', () => {
  it('asks for the pages that a viewport touches, each once', () => {
    const pages = new Pages<string>(200);
    expect(pages.wanted(0, 30)).toEqual([0]);
    pages.begin(0);
    expect(pages.wanted(0, 30)).toEqual([]);
    pages.put(0, rows(0, 200), 1000);
    expect(pages.wanted(190, 410)).toEqual([1, 2]);
    expect(pages.row(199)).toBe('row 199');
    expect(pages.row(200)).toBeUndefined();
  });

  it('asks for nothing beyond the end', () => {
    const pages = new Pages<string>(200);
    pages.put(0, rows(0, 150), 150);
    expect(pages.wanted(100, 900)).toEqual([]);
    expect(pages.total).toBe(150);
  });

  it('shows old rows until new ones come', () => {
    const pages = new Pages<string>(10);
    pages.put(0, rows(0, 10), 20);
    pages.put(1, rows(10, 10), 20);
    pages.invalidate();
    expect(pages.row(12)).toBe('row 12');
    expect(pages.wanted(0, 5)).toEqual([0]);
    pages.put(0, ['new', ...rows(0, 9)], 21);
    expect(pages.row(0)).toBe('new');
    expect(pages.wanted(0, 5)).toEqual([]);
    expect(pages.wanted(10, 15)).toEqual([1]);
  });

  it('asks again for a page that did not come', () => {
    const pages = new Pages<string>(10);
    pages.begin(0);
    pages.fail(0);
    expect(pages.wanted(0, 5)).toEqual([0]);
  });

  it('drops what lies behind the new end', () => {
    const pages = new Pages<string>(10);
    pages.put(0, rows(0, 10), 20);
    pages.put(1, rows(10, 10), 20);
    pages.put(0, rows(0, 4), 4);
    expect(pages.row(12)).toBeUndefined();
    expect([...pages.loaded()]).toHaveLength(4);
  });

  it('keeps a bounded number of pages, the last ones that came', () => {
    const pages = new Pages<string>(10, 3);
    for (let page = 0; page < 6; page++) {
      pages.put(page, rows(page * 10, 10), 100);
    }
    expect([...pages.loaded()]).toHaveLength(30);
    expect(pages.row(0)).toBeUndefined();
    expect(pages.row(55)).toBe('row 55');
  });
});
