import { ISignal, Signal } from '@lumino/signaling';
import { IKernelEvent, IKernelState, KernelReason } from '../tokens';

/** How things stand in one kernel, as far as it said so. */
export class Standing {
  /** What it said last. */
  get state(): IKernelState | null {
    return this._state;
  }

  /** Why `state` is null. */
  get reason(): KernelReason {
    return this._reason;
  }

  /** It knows us. */
  get isReady(): boolean {
    return this._reason === 'ready';
  }

  /** Something of it is another. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** It stands like this now. */
  set(state: IKernelState | null, reason: KernelReason): void {
    const same = this._reason === reason && state === null && !this._state;
    this._state = state;
    this._reason = reason;
    if (!same) {
      this._changed.emit();
    }
  }

  /** Something happened, which says where the training is. */
  after(event: Omit<IKernelEvent, 'path'>): void {
    if (this._state) {
      const { held, epoch, step } = event;
      const run = event.run || this._state.run;
      this.set({ ...this._state, held, epoch, step, run }, 'ready');
    }
  }

  /** The notebook has another path. */
  renamed(path: string): void {
    this._state &&= { ...this._state, path };
    this._changed.emit();
  }

  /** The outside has changed: whoever looks should look again. */
  touch(): void {
    this._changed.emit();
  }

  private _state: IKernelState | null = null;
  private _reason: KernelReason = 'loading';
  private readonly _changed = new Signal<this, void>(this);
}
