/** Rows of a long list that is fetched page by page, as the viewport needs them. */
export class Pages<T> {
  /** `size` rows in a page; at most `most` pages are kept. */
  constructor(
    readonly size = 200,
    readonly most = 40
  ) {}

  /** How many rows there are in all; null before the first answer. */
  get total(): number | null {
    return this._total;
  }

  /** One row; undefined while it is not there yet. */
  row(index: number): T | undefined {
    return this._pages.get(Math.floor(index / this.size))?.[index % this.size];
  }

  /** All rows that are there, with their places. */
  *loaded(): IterableIterator<[number, T]> {
    for (const [page, rows] of this._pages) {
      for (let i = 0; i < rows.length; i++) {
        yield [page * this.size + i, rows[i]];
      }
    }
  }

  /** Pages between two rows (both included) that are neither fresh nor on their way. */
  wanted(first: number, last: number): number[] {
    const end = this._total === null ? last : Math.min(last, this._total - 1);
    const found: number[] = [];
    const from = Math.floor(Math.max(0, first) / this.size);
    const to = Math.floor(Math.max(0, end) / this.size);
    for (let page = from; page <= to; page++) {
      const fresh = this._pages.has(page) && !this._stale.has(page);
      if (!fresh && !this._coming.has(page)) {
        found.push(page);
      }
    }
    return found;
  }

  /** Note that a page was asked for. */
  begin(page: number): void {
    this._coming.add(page);
  }

  /** Note that a page will not come. */
  fail(page: number): void {
    this._coming.delete(page);
  }

  /** A page has come. */
  put(page: number, rows: T[], total: number): void {
    this._coming.delete(page);
    this._stale.delete(page);
    this._pages.delete(page);
    this._pages.set(page, rows);
    if (this._total !== null && total !== this._total) {
      // what lies behind has moved
      for (const other of this._pages.keys()) {
        if (other !== page) {
          this._stale.add(other);
        }
      }
    }
    this._total = total;
    for (const other of [...this._pages.keys()]) {
      if (other * this.size >= Math.max(total, 1)) {
        this._drop(other);
      }
    }
    while (this._pages.size > this.most) {
      this._drop(this._pages.keys().next().value as number);
    }
  }

  /** Put a changed row in place of the old one. */
  replace(matches: (row: T) => boolean, row: T): void {
    for (const rows of this._pages.values()) {
      const at = rows.findIndex(matches);
      if (at >= 0) {
        rows[at] = row;
      }
    }
  }

  /** What is there may be old: shown until it was fetched again. */
  invalidate(): void {
    for (const page of this._pages.keys()) {
      this._stale.add(page);
    }
  }

  /** One page may be old. */
  doubt(page: number): void {
    this._stale.add(page);
  }

  /** Forget everything. */
  clear(): void {
    this._pages.clear();
    this._stale.clear();
    this._coming.clear();
    this._total = null;
  }

  private _drop(page: number): void {
    this._pages.delete(page);
    this._stale.delete(page);
  }

  private _total: number | null = null;
  private readonly _pages = new Map<number, T[]>();
  private readonly _stale = new Set<number>();
  private readonly _coming = new Set<number>();
}
