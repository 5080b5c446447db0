import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { KernelMessage } from '@jupyterlab/services';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { Executing } from './executing';
import {
  IKernelEvent,
  IKernelLink,
  IKernelState,
  KernelReason
} from '../tokens';

/** States of a kernel in which nothing runs any more. */
const ENDED = ['restarting', 'autorestarting', 'terminating', 'dead'];

/** What of the current notebook's kernel matters to the panel. */
export interface IKernelGlance {
  reason: KernelReason;
  state: IKernelState | null;
  busy: boolean;
  /** False for another language's kernel: nothing can be resumed there. */
  python: boolean;
}

/** The notebook that is looked at: through the kernel link where there is one, else by the tracker. */
export class CurrentNotebook implements IDisposable {
  /** Both sources may be missing. */
  constructor(link: IKernelLink | null, tracker: INotebookTracker | null) {
    this._link = link;
    this._tracker = tracker;
    if (link) {
      link.currentChanged.connect(this._onCurrent, this);
      link.stateChanged.connect(this._onState, this);
      link.happened.connect(this._onHappened, this);
    } else if (tracker) {
      tracker.currentChanged.connect(this._onCurrent, this);
    }
    this._onCurrent();
  }

  /** The open notebook, if any. */
  get panel(): NotebookPanel | null {
    return this._panel;
  }

  /** Its path as the server knows it. */
  get path(): string | null {
    return this._panel && !this._panel.isDisposed
      ? this._panel.context.path
      : null;
  }

  /** What is known of its kernel. */
  get kernel(): IKernelGlance {
    const path = this.path;
    const kernel = this._panel?.sessionContext.session?.kernel ?? null;
    const fallback: KernelReason =
      path === null ? 'no_notebook' : kernel ? 'ready' : 'no_kernel';
    const reason =
      this._link && path !== null ? this._link.reasonOf(path) : fallback;
    const language = this._panel?.model?.defaultKernelLanguage ?? '';
    return {
      reason,
      state: this._link && path !== null ? this._link.stateOf(path) : null,
      busy: this._executing.any,
      python: !language || language.toLowerCase().includes('python')
    };
  }

  /** Another notebook is looked at, or it has another path. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Its kernel started or ended work, or said something of itself. */
  get kernelChanged(): ISignal<this, void> {
    return this._kernelChanged;
  }

  /** Something happened in a training of any open notebook. */
  get happened(): ISignal<this, IKernelEvent> {
    return this._happened;
  }

  /** Ask the training in its kernel; null when no connection to the kernel is there. */
  tell(verb: 'save' | 'stop'): Promise<string> | null {
    const path = this.path;
    return this._link && path !== null && this.kernel.reason === 'ready'
      ? this._link.tell(path, verb)
      : null;
  }

  /** True once nobody listens any more. */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Let go of the notebook. */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._leave();
      Signal.clearData(this);
    }
  }

  private _onCurrent(): void {
    const source = this._link
      ? this._link.current
      : (this._tracker?.currentWidget ?? null);
    if (source === this._panel) {
      return;
    }
    this._leave();
    this._executing.forget();
    this._panel = source;
    if (source) {
      source.context.pathChanged.connect(this._emitChanged, this);
      source.sessionContext.statusChanged.connect(this._onStatus, this);
      source.sessionContext.kernelChanged.connect(this._onKernel, this);
      source.sessionContext.iopubMessage.connect(this._onMessage, this);
      source.disposed.connect(this._onGone, this);
    }
    this._changed.emit();
  }

  private _leave(): void {
    const old = this._panel;
    this._panel = null;
    if (old && !old.isDisposed) {
      old.context.pathChanged.disconnect(this._emitChanged, this);
      old.sessionContext.statusChanged.disconnect(this._onStatus, this);
      old.sessionContext.kernelChanged.disconnect(this._onKernel, this);
      old.sessionContext.iopubMessage.disconnect(this._onMessage, this);
      old.disposed.disconnect(this._onGone, this);
    }
  }

  private _onGone(): void {
    this._panel = null;
    this._changed.emit();
  }

  private _emitChanged(): void {
    this._changed.emit();
  }

  private _onMessage(_: unknown, msg: KernelMessage.IMessage): void {
    if (this._executing.hear(msg)) {
      this._kernelChanged.emit();
    }
  }

  private _onStatus(_: unknown, status: string): void {
    if (ENDED.includes(status)) {
      this._executing.forget();
      this._kernelChanged.emit();
    }
  }

  private _onKernel(): void {
    this._executing.forget();
    this._kernelChanged.emit();
  }

  private _onState(_: IKernelLink, path: string): void {
    if (path === this.path) {
      this._kernelChanged.emit();
    }
  }

  private _onHappened(_: IKernelLink, event: IKernelEvent): void {
    this._happened.emit(event);
  }

  private readonly _link: IKernelLink | null;
  private readonly _tracker: INotebookTracker | null;
  private _panel: NotebookPanel | null = null;
  private readonly _executing = new Executing();
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _kernelChanged = new Signal<this, void>(this);
  private readonly _happened = new Signal<this, IKernelEvent>(this);
}
