import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { CheckpointsApi, IRun, IRuns, IStorage, IStores } from '../api';
import { IKernelEvent } from '../tokens';
import { Asked } from './asked';
import { CurrentNotebook } from './notebook';
import { AT_FIRST, IRemembered, Memory } from './remembered';
import { Rows } from './rows';
import { fetchRuns } from './runs';
import { Situation, situationOf } from './situation';
import { View } from './view';

/** Every run of the store, in one list. */
export const ALL_RUNS = '';

/** What `CheckpointsModel` needs. */
export interface IModelOptions {
  api: CheckpointsApi;
  notebook: CurrentNotebook;
  memory: Memory;
}

/** The training checkpoints that are looked at: store, runs, rows, selection, and what is shown of them. */
export class CheckpointsModel implements IDisposable {
  /** Asks nothing before `refresh`. */
  constructor(options: IModelOptions) {
    this.api = options.api;
    this.notebook = options.notebook;
    this._memory = options.memory;
    this.rows = new Rows(this.api, this._emit);
    this.notebook.changed.connect(this._onNotebook, this);
    this.notebook.kernelChanged.connect(this._onKernel, this);
    this.notebook.happened.connect(this._onHappened, this);
  }

  readonly api: CheckpointsApi;
  readonly notebook: CurrentNotebook;
  readonly rows: Rows;
  readonly storage = new Asked<IStorage>(() => this._emit());
  readonly stores = new Asked<IStores>(() => this._emit());
  readonly runs = new Asked<IRuns>(() => this._onRuns());

  /** Emits when anything that can be seen is different. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emits what happened in a training of any open notebook. */
  get happened(): ISignal<this, IKernelEvent> {
    return this._happened;
  }

  /** Counts up when the files may have changed: what was fetched before is old. */
  get revision(): number {
    return this._revision;
  }

  /** True while somebody looks; nothing is fetched otherwise. */
  get visible(): boolean {
    return this._visible;
  }
  set visible(value: boolean) {
    this._visible = value;
  }

  /** The store that is looked at; null while it is not known. */
  get store(): string | null {
    return (
      this._store ??
      this.storage.value?.store.id ??
      this.runs.value?.runs[0]?.store ??
      null
    );
  }

  /** Look at another store; null: the notebook's. */
  lookAt(store: string | null): void {
    this._store = store;
    this._chosen.clear();
    this.refresh();
  }

  /** The run that is shown, `ALL_RUNS`, or null when none fits. */
  get run(): string | null {
    const runs = this.runs.value?.runs;
    if (!runs) {
      return null;
    }
    const chosen = this._chosen.get(this._place);
    if (
      chosen === ALL_RUNS ||
      (chosen !== undefined && runs.some(run => run.id === chosen))
    ) {
      return chosen;
    }
    const live = this.notebook.kernel.state?.run;
    const mine = runs.filter(run => run.mine);
    const running = runs.find(run => run.id === live);
    const fits = running ?? mine[0] ?? (this.notebook.path ? null : runs[0]);
    return fits?.id ?? null;
  }

  /** The run that is shown, with all that is known of it. */
  get currentRun(): IRun | null {
    return this.findRun(this.run);
  }

  /** A run by its id. */
  findRun(id: string | null): IRun | null {
    return this.runs.value?.runs.find(run => run.id === id) ?? null;
  }

  /** Show a run, or `ALL_RUNS`. */
  chooseRun(run: string): void {
    if (run !== this.run) {
      this._chosen.set(this._place, run);
      this.view = { kind: 'list' };
      this.remember({ filter: '' });
      this._emit();
    }
  }

  /** How the panel was left. */
  get remembered(): IRemembered {
    return this._remembered;
  }

  /** Change how the rows are sorted or filtered, which metrics are charted, what is unfolded. */
  remember(change: Partial<IRemembered>): void {
    this._remembered = { ...this._remembered, ...change };
    this._memory.save(this._remembered);
    this._showRows();
    this._emit();
  }

  /** The metric of the list's column: chosen, else the run's own. */
  get metric(): string | null {
    const run = this.currentRun;
    const names = run?.metrics ?? [];
    const wanted = [...this._remembered.metrics, this.defaultMetric];
    const chosen = wanted.find(name => names.includes(name));
    return chosen ?? run?.metric ?? names[0] ?? this.rows.metric;
  }

  /** The metric that the settings ask for. */
  defaultMetric = '';

  /** What is shown under the header. */
  get view(): View {
    return this._view;
  }
  set view(view: View) {
    this._view = view;
    this._emit();
  }

  /** Why there is no list to show; null when there is one. */
  get situation(): Situation | null {
    return situationOf({
      runsError: this.runs.error,
      rowsError: this.rows.error,
      runs: this.runs.value?.runs.length ?? null,
      shown: this.run !== null,
      rows: this.rows.pages.total,
      filtered: this.rows.order.filter !== '',
      notebook: this.notebook.path !== null,
      kernel: this.notebook.kernel.reason
    });
  }

  /** True while the notebook's kernel works and is known to train. */
  get training(): boolean {
    const { busy, python, state } = this.notebook.kernel;
    return busy && python && (state !== null || this.currentRun?.mine === true);
  }

  /** `run/name` of the checkpoint that the kernel's state descends from. */
  get held(): string | null {
    return this.notebook.kernel.state?.held ?? null;
  }

  /** Recall how the panel was left. */
  async restore(): Promise<void> {
    this._remembered = await this._memory.load();
    this._showRows();
    this._emit();
  }

  /** Draw again: a setting is another one. */
  refreshView(): void {
    this._emit();
  }

  /** Fetch again what is shown. */
  refresh(): void {
    if (this._isDisposed) {
      return;
    }
    this._revision += 1;
    const notebook = this.notebook.path;
    const store = this._store ?? undefined;
    const place = this._place;
    this.rows.refresh();
    // the rows wait for the runs, nothing waits for the rest
    const runs = this.runs.ask(`${store} ${place}`, signal =>
      fetchRuns(this.api, store, notebook, signal)
    );
    void runs.then(() => {
      if (place === this._place && !this._isDisposed) {
        void this.storage.ask(place, signal =>
          this.api.storage(notebook, { signal })
        );
        void this.stores.ask(place, signal =>
          this.api.stores(notebook, { signal })
        );
      }
    });
    this._emit();
  }

  /** Fetch again if somebody looks. */
  touch(): void {
    if (this._visible) {
      this.refresh();
    }
  }

  /** True when it does nothing any more. */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Drop everything. */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this.storage.clear();
      this.stores.clear();
      this.runs.clear();
      this.rows.dispose();
      this.notebook.dispose();
      this._memory.dispose();
      Signal.clearData(this);
    }
  }

  private get _place(): string {
    return this.notebook.path ?? '';
  }

  private _onRuns(): void {
    this._showRows();
    this._emit();
  }

  private _showRows(): void {
    const { store, run } = this;
    const { sort, order, filter } = this._remembered;
    this.rows.show(
      store === null || run === null
        ? null
        : { store, run: run === ALL_RUNS ? null : run },
      { sort, order, filter }
    );
  }

  private _onNotebook(): void {
    this._view = { kind: 'list' };
    this._store = null;
    this.touch();
    this._emit();
  }

  private _onKernel(): void {
    this._showRows();
    this._emit();
  }

  private _onHappened(_: CurrentNotebook, event: IKernelEvent): void {
    this._happened.emit(event);
    this.touch();
  }

  private readonly _emit = (): void => {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  };

  private readonly _memory: Memory;
  private readonly _chosen = new Map<string, string>();
  private _remembered = AT_FIRST;
  private _store: string | null = null;
  private _view: View = { kind: 'list' };
  private _revision = 0;
  private _visible = false;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _happened = new Signal<this, IKernelEvent>(this);
}
