import { ISignal, Signal } from '@lumino/signaling';
import { CheckpointsApi } from '../api';
import { IKernelLink } from '../tokens';
import { Verdict, verdictOf } from './verdict';

const SETTLE_MS = 400;

/** How safe the current notebook's store is: as its kernel says, else as the server does. */
export class StorageState {
  /** Asks nothing until it is enabled. */
  constructor(
    private readonly _link: IKernelLink,
    private readonly _api: CheckpointsApi,
    private readonly _localPath: (path: string) => string
  ) {
    _link.currentChanged.connect(() => this._later());
    _link.stateChanged.connect((_, path) => {
      if (path === this._path) {
        this._later();
      }
    });
  }

  /** Switched on. */
  set isEnabled(value: boolean) {
    this._isEnabled = value;
    this._changed.emit();
    this._later();
  }

  /** There is something to show. */
  get isShown(): boolean {
    return this._isEnabled && this._shown !== null;
  }

  /** What a person is to see. */
  get verdict(): Verdict {
    return this._shown?.verdict ?? 'unknown';
  }

  /** Why. */
  get reason(): string {
    return this._shown?.reason ?? '';
  }

  /** Something of it is another. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Ask again. */
  async refresh(): Promise<void> {
    const path = this._path;
    if (!this._isEnabled || path === null) {
      this._show(null);
      return;
    }
    const said = this._link.stateOf(path);
    if (said?.store) {
      this._show({
        verdict: verdictOf(said.durability),
        reason: said.reason
      });
      return;
    }
    try {
      const { store } = await this._api.storage(this._localPath(path));
      if (path === this._path) {
        const { durability, reason } = store;
        this._show({ verdict: verdictOf(durability), reason });
      }
    } catch {
      if (path === this._path) {
        this._show(null); // no server part: nothing is known
      }
    }
  }

  private get _path(): string | null {
    const panel = this._link.current;
    return panel && !panel.isDisposed ? panel.context.path : null;
  }

  private _later(): void {
    window.clearTimeout(this._timer);
    this._timer = window.setTimeout(() => void this.refresh(), SETTLE_MS);
  }

  private _show(shown: { verdict: Verdict; reason: string } | null): void {
    const before = this._shown;
    this._shown = shown;
    if (
      before?.verdict !== shown?.verdict ||
      before?.reason !== shown?.reason ||
      (before === null) !== (shown === null)
    ) {
      this._changed.emit();
    }
  }

  private _isEnabled = false;
  private _timer = 0;
  private _shown: { verdict: Verdict; reason: string } | null = null;
  private readonly _changed = new Signal<this, void>(this);
}
