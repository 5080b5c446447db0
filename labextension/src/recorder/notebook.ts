import { NotebookChange, ISharedNotebook } from '@jupyter/ydoc';
import { NotebookPanel } from '@jupyterlab/notebook';
import { IDisposable } from '@lumino/disposable';
import { IRecord } from '../kernel/wire';
import { recordsIn } from './place';
import { Removals, removedRuns, setRemovedRuns } from './removed';
import { Turn } from './turn';
import { Views } from './views';
import { releaseCopies, writeRecord } from './write';

const SPACING_MS = 2000;
const BUSY_MS = 500;

/** A text that is to be written. */
interface IPending {
  record: IRecord;
  session: string;
  /** In which order it was said. */
  order: number;
}

/** What a notebook's recorder is made of. */
export interface INotebookRecorderOptions {
  context: NotebookPanel['context'];
  views: Views;
  turn: Turn;
  /** A record has got a cell that it did not have. */
  inserted: (run: string) => void;
}

/** Keeps the recorded cells of one notebook. */
export class NotebookRecorder implements IDisposable {
  /** Begins once the notebook is there. */
  constructor(options: INotebookRecorderOptions) {
    this.context = options.context;
    this._views = options.views;
    this._turn = options.turn;
    this._inserted = options.inserted;
    void this.context.ready.then(() => this._begin());
  }

  /** The notebook. */
  readonly context: NotebookPanel['context'];

  /** The runs that have a cell. */
  get runs(): string[] {
    return this._isReady ? Array.from(recordsIn(this._shared).keys()) : [];
  }

  /** The runs whose cell a person deleted. */
  get removed(): string[] {
    return this._isReady ? removedRuns(this._shared) : [];
  }

  /** Write what a cell said that this very page runs. */
  write(records: IRecord[], session: string): void {
    this._accept(records, session, ++this._said);
  }

  /** Write what another page's cell said, or nobody's, when it is our turn to. */
  async offer(
    records: IRecord[],
    session: string,
    author: string | null
  ): Promise<void> {
    const order = ++this._said;
    await this.context.ready;
    if (records.length && (await this._turn.isOurs(author))) {
      this._accept(records, session, order);
    }
  }

  /** Tell the other pages of a shared notebook which client of the kernel this one is. */
  announce(): void {
    this._turn.announce();
  }

  /** The cells of these runs may come again. Returns those of which nothing was heard yet. */
  forgive(runs: readonly string[]): string[] {
    const rest = this.removed.filter(run => !runs.includes(run));
    if (rest.length !== this.removed.length) {
      setRemovedRuns(this._shared, rest);
    }
    for (const run of runs) {
      const last = this._last.get(run);
      if (last && !this._pending.has(run)) {
        this._pending.set(run, last);
      }
    }
    this._plan();
    return runs.filter(run => !this._last.has(run));
  }

  /** Delete all recorded cells, as a person would: with undo. */
  removeAll(): number {
    const shared = this._shared;
    const places = Array.from(recordsIn(shared).values()).flat();
    places.sort((a, b) => b - a);
    shared.transact(() => places.forEach(place => shared.deleteCell(place)));
    return places.length;
  }

  /** True once the notebook is closed. */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Write nothing any more. */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      window.clearTimeout(this._timer);
      window.clearTimeout(this._checking);
      if (this._isReady) {
        this._shared.changed.disconnect(this._onChanged, this);
      }
    }
  }

  private _accept(records: IRecord[], session: string, order: number): void {
    for (const record of records) {
      // whose turn it is takes time to find out: something newer may have been written meanwhile
      if ((this._last.get(record.run)?.order ?? 0) < order) {
        const pending = { record, session, order };
        this._pending.set(record.run, pending);
        this._last.set(record.run, pending);
      }
    }
    this._plan();
  }

  private get _shared(): ISharedNotebook {
    return this.context.model.sharedModel;
  }

  private _begin(): void {
    if (this._isDisposed || this.context.isDisposed) {
      return;
    }
    this._isReady = true;
    this._removals = new Removals(this._shared);
    this._shared.changed.connect(this._onChanged, this);
    this._turn.announce();
    this._checkSoon();
    this._plan();
  }

  private _onChanged(_: unknown, change: NotebookChange): void {
    if (change.cellsChange) {
      this._checkSoon();
    }
  }

  private _checkSoon(): void {
    if (!this._checking) {
      // after the transaction: a move is a removal and an insertion
      this._checking = window.setTimeout(() => {
        this._checking = 0;
        this._check();
      }, 0);
    }
  }

  private _check(): void {
    if (this._isDisposed || this.context.isDisposed || this._isReadOnly) {
      return;
    }
    releaseCopies(this._shared);
    this._removals?.check();
    const ids = this._ids();
    const fresh = Array.from(ids).filter(id => !this._known.has(id));
    this._known = ids;
    this._views.render(fresh);
  }

  private _ids(): Set<string> {
    const cells = this._shared.cells;
    const places = Array.from(recordsIn(this._shared).values());
    return new Set(places.map(([place]) => cells[place].getId()));
  }

  private get _isReadOnly(): boolean {
    const { model, contentsModel } = this.context;
    return model.readOnly || contentsModel?.writable === false;
  }

  private _plan(): void {
    if (!this._isReady || this._isDisposed || this._timer) {
      return;
    }
    const now = Date.now();
    const due = Array.from(this._pending.keys()).map(
      run => (this._writtenAt.get(run) ?? 0) + SPACING_MS
    );
    if (due.length) {
      const wait = Math.max(0, this._wakeAt - now, Math.min(...due) - now);
      this._timer = window.setTimeout(() => {
        this._timer = 0;
        this._flush();
      }, wait);
    }
  }

  private _flush(): void {
    const now = Date.now();
    this._wakeAt = 0;
    if (this._isReadOnly) {
      this._pending.clear();
    }
    for (const [run, pending] of Array.from(this._pending)) {
      if ((this._writtenAt.get(run) ?? 0) + SPACING_MS > now) {
        continue;
      }
      const id = this._idOf(run);
      if (id !== null && this._views.isEdited(id)) {
        this._wakeAt = now + BUSY_MS;
        continue;
      }
      this._pending.delete(run);
      if (id !== null || !removedRuns(this._shared).includes(run)) {
        this._writtenAt.set(run, now);
        this._writeNow(pending);
      }
    }
    this._plan();
  }

  private _writeNow({ record, session }: IPending): void {
    this._views.keepStill(() => {
      const written = writeRecord(this._shared, record, session);
      if (written === 'inserted') {
        const id = this._idOf(record.run);
        this._views.render(id === null ? [] : [id]);
        this._inserted(record.run);
      }
    });
  }

  private _idOf(run: string): string | null {
    const place = recordsIn(this._shared).get(run)?.[0];
    return place === undefined ? null : this._shared.getCell(place).getId();
  }

  private readonly _views: Views;
  private readonly _turn: Turn;
  private readonly _inserted: (run: string) => void;
  private readonly _pending = new Map<string, IPending>();
  private readonly _last = new Map<string, IPending>();
  private readonly _writtenAt = new Map<string, number>();
  private _removals: Removals | null = null;
  private _known = new Set<string>();
  private _said = 0;
  private _isReady = false;
  private _isDisposed = false;
  private _wakeAt = 0;
  private _timer = 0;
  private _checking = 0;
}
