import { ApiError, CheckpointsApi, IRow, isAbort, Mode } from '../api';
import { asApiError } from './asked';
import { Pages } from './pages';
import { Gesture, ISelection, NOTHING, select, without } from './selection';

/** Which rows are shown, in which order. */
export interface IOrder {
  /** `time`, `epoch`, `step`, `size`, `name` or `metric:NAME`. */
  sort: string;
  order: 'asc' | 'desc';
  filter: string;
}

/** Where the rows come from. */
export interface IPlace {
  store: string;
  /** Null: of all runs. */
  run: string | null;
}

/** What stands first unless someone said otherwise. */
export const NEWEST_FIRST: IOrder = { sort: 'time', order: 'desc', filter: '' };

/** The rows of the list: fetched as the viewport needs them, and which are selected. */
export class Rows {
  /** `changed` is called whenever something of it is different. */
  constructor(
    private readonly _api: CheckpointsApi,
    private readonly _changed: () => void
  ) {}

  /** What is shown; while another order or filter is on its way, still the rows before. */
  get pages(): Pages<IRow> {
    return this._pages;
  }

  selection: ISelection = NOTHING;
  error: ApiError | null = null;
  /** The metric that `best` means here, and its better direction. */
  metric: string | null = null;
  mode: Mode | null = null;

  /** How the rows are ordered and filtered. */
  get order(): IOrder {
    return this._order;
  }

  /** Where they come from; null while that is not known. */
  get place(): IPlace | null {
    return this._place;
  }

  /** True while neither rows nor an error have come. */
  get loading(): boolean {
    return this.pages.total === null && this.error === null;
  }

  /** Show other rows. */
  show(place: IPlace | null, order: IOrder): void {
    const key = JSON.stringify([place, order]);
    if (key === this._key) {
      return;
    }
    const elsewhere =
      place?.store !== this._place?.store || place?.run !== this._place?.run;
    this._key = key;
    this._place = place;
    this._order = order;
    this._abort.abort();
    this._abort = new AbortController();
    this.error = null;
    if (elsewhere || !place || this._pages.total === null) {
      this._pages = new Pages();
      this._coming = null;
    } else {
      this._coming = new Pages();
    }
    this._seen = [0, 0];
    this.selection = elsewhere
      ? NOTHING
      : { ...this.selection, cursor: -1, anchor: -1 };
    this._fill();
    this._changed();
  }

  /** These rows are in view. */
  see(first: number, last: number): void {
    this._seen = [first, last];
    this._fill();
  }

  /** Something changed in the files: what is in view is fetched again. */
  refresh(): void {
    this._revision += 1;
    this._pages.invalidate();
    this._fill();
  }

  /** After a click or a key at a row. */
  select(index: number, gesture: Gesture): void {
    const before = this.selection;
    this.selection = select(before, index, gesture, this._keyOf);
    this._changed();
  }

  /** Every row that has been fetched. */
  selectAll(): void {
    const chosen = new Set<string>();
    for (const [, row] of this.pages.loaded()) {
      chosen.add(row.ref);
    }
    this.selection = { ...this.selection, chosen };
    this._changed();
  }

  /** Put the cursor on a checkpoint and select it alone. */
  selectRef(ref: string): void {
    for (const [index, row] of this.pages.loaded()) {
      if (row.ref === ref) {
        this.select(index, 'only');
        return;
      }
    }
    this.selection = { chosen: new Set([ref]), cursor: -1, anchor: -1 };
    this._changed();
  }

  /** The selected rows that are at hand, in the order of the list. */
  get selected(): IRow[] {
    const found: [number, IRow][] = [];
    for (const entry of this.pages.loaded()) {
      if (this.selection.chosen.has(entry[1].ref)) {
        found.push(entry);
      }
    }
    return found.sort((one, other) => one[0] - other[0]).map(([, row]) => row);
  }

  /** A row by its checkpoint's name, when it is at hand. */
  find(ref: string): IRow | undefined {
    for (const [, row] of this.pages.loaded()) {
      if (row.ref === ref) {
        return row;
      }
    }
    return undefined;
  }

  /** A row has changed, and the server said how. */
  replace(row: IRow): void {
    this.pages.replace(one => one.ref === row.ref, row);
    this._changed();
  }

  /** These are deleted. */
  forget(refs: Iterable<string>): void {
    this.selection = without(this.selection, new Set(refs));
    this.refresh();
  }

  /** Drop what is on its way. */
  dispose(): void {
    this._abort.abort();
    this._place = null;
  }

  private readonly _keyOf = (index: number): string | undefined =>
    this.pages.row(index)?.ref;

  private _fill(): void {
    if (this._place) {
      const pages = this._coming ?? this._pages;
      for (const page of pages.wanted(...this._seen)) {
        void this._fetch(pages, page, this._place);
      }
    }
  }

  private async _fetch(
    pages: Pages<IRow>,
    page: number,
    place: IPlace
  ): Promise<void> {
    const { signal } = this._abort;
    const revision = this._revision;
    const { size } = pages;
    pages.begin(page);
    try {
      const answer = await this._api.checkpoints(
        {
          store: place.store,
          run: place.run ?? undefined,
          filter: this._order.filter,
          sort: this._order.sort,
          order: this._order.order,
          offset: page * size,
          limit: size
        },
        { signal }
      );
      if (signal.aborted) {
        return;
      }
      this.error = null;
      this.metric = answer.metric;
      this.mode = answer.mode;
      pages.put(page, answer.rows, answer.total);
      this._arrive(pages);
      if (revision !== this._revision) {
        pages.doubt(page);
      }
      this._fill();
    } catch (error) {
      if (signal.aborted || isAbort(error)) {
        return;
      }
      pages.fail(page);
      this._arrive(pages);
      this.error = asApiError(error);
    }
    this._changed();
  }

  private _arrive(pages: Pages<IRow>): void {
    if (pages === this._coming) {
      this._pages = pages;
      this._coming = null;
    }
  }

  private _pages = new Pages<IRow>();
  private _coming: Pages<IRow> | null = null;
  private _key = '';
  private _place: IPlace | null = null;
  private _order: IOrder = NEWEST_FIRST;
  private _seen: [number, number] = [0, 0];
  private _revision = 0;
  private _abort = new AbortController();
}
