import { NotebookPanel } from '@jupyterlab/notebook';
import { DocumentRegistry } from '@jupyterlab/docregistry';
import { Kernel, KernelMessage } from '@jupyterlab/services';
import { UUID } from '@lumino/coreutils';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { IKernelEvent, IKernelState, KernelReason } from '../tokens';
import { CommandChannel } from './channel';
import { Doubts } from './doubts';
import { IRecorded, Language } from './recorded';
import { Standing } from './standing';
import { PushTarget } from './target';
import { IAnswerPush, IStatePush, Push, PUSH, readPush, VERSION } from './wire';

type Context = DocumentRegistry.IContext<DocumentRegistry.IModel>;

const GONE = ['restarting', 'autorestarting', 'terminating', 'dead'];
const HELLO_SPACING_MS = 2000;
const OURS = /jupyter_ckpt|%ckpt\b/;

/** What a notebook's kernel says, and how to ask it; survives restarts, lost connections and other kernels. */
export class NotebookConnection implements IDisposable {
  /**
   * @param context - The notebook.
   * @param localPath - Its path as the server knows it.
   */
  constructor(
    readonly context: NotebookPanel['context'],
    private readonly _localPath: (context: Context) => string
  ) {
    const session = context.sessionContext;
    session.kernelChanged.connect(this._onKernel, this);
    session.statusChanged.connect(this._onStatus, this);
    session.connectionStatusChanged.connect(this._onStatus, this);
    session.iopubMessage.connect(this._onMessage, this);
    context.pathChanged.connect(this._onPath, this);
    void session.ready.then(
      () => this._standing.touch(),
      () => undefined
    );
    this._onKernel();
  }

  /** What the kernel said last. */
  get state(): IKernelState | null {
    return this._standing.state;
  }

  /** Why `state` is null. */
  get reason(): KernelReason {
    if (!this._kernel) {
      return this.context.sessionContext.isReady ? 'no_kernel' : 'loading';
    }
    return this._standing.reason;
  }

  /** The connection to the kernel, if there is one. */
  get kernel(): Kernel.IKernelConnection | null {
    return this._kernel;
  }

  /** `state` or `reason` is another one. */
  get changed(): ISignal<Standing, void> {
    return this._standing.changed;
  }

  /** Something happened in a training of this notebook. */
  get happened(): ISignal<this, IKernelEvent> {
    return this._happened;
  }

  /** Records came. */
  get recorded(): ISignal<this, IRecorded> {
    return this._recorded;
  }

  /** An answer to a `tell` came. */
  get answered(): ISignal<this, IAnswerPush> {
    return this._answered;
  }

  /** The kernel does not know us. */
  get refused(): ISignal<this, void> {
    return this._refused;
  }

  /** In which language the records are to be; tells the kernel. */
  set language(value: Language | null) {
    if (value !== this._language) {
      this._language = value;
      if (this._standing.isReady) {
        this.hello();
      }
    }
  }

  /** Say to the kernel that we are here; it answers with its state and its records. */
  hello(): void {
    this._doubts.hello();
    void this.send({
      type: 'hello',
      path: this._localPath(this.context),
      language: this._language
    }).catch(() => undefined);
  }

  /**
   * Send one message to the kernel.
   *
   * @param fresh - On a comm of its own, for when the old one was not heard.
   */
  send(
    fields: Record<string, string | null>,
    id = UUID.uuid4(),
    fresh = false
  ): Promise<void> {
    const kernel = this._kernel;
    if (!kernel || kernel.isDisposed) {
      return Promise.reject(new Error('there is no kernel'));
    }
    if (fresh) {
      this._channel?.dispose();
    }
    if (!this._channel || this._channel.isDisposed) {
      const channel = new CommandChannel(kernel, () => {
        if (this._channel === channel) {
          this._standing.set(null, 'not_loaded');
          this._refused.emit();
        }
      });
      this._channel = channel;
    }
    return this._channel.send({ v: VERSION, id, ...fields });
  }

  /** True once the notebook is closed. */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Let go of everything. */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._doubts.dispose();
      this._channel?.dispose();
      this._target?.dispose();
      Signal.clearData(this);
      Signal.clearData(this._standing);
    }
  }

  private _onKernel(): void {
    const kernel = this.context.sessionContext.session?.kernel ?? null;
    if (kernel === this._kernel) {
      return;
    }
    this._kernel = kernel;
    this._target?.dispose();
    this._target = kernel && new PushTarget(kernel);
    this._isStale = true;
    this._standing.set(null, 'loading');
    this._onStatus();
  }

  /** A kernel that restarted, or that we lost for a while, has to be told anew that we are here. */
  private _onStatus(): void {
    const kernel = this._kernel;
    if (!kernel || kernel.isDisposed) {
      return;
    }
    if (GONE.includes(kernel.status)) {
      this._isStale = true;
      this._standing.set(null, 'loading');
    } else if (kernel.connectionStatus !== 'connected') {
      this._isStale = true;
    } else if (this._isStale && kernel.status !== 'starting') {
      this._isStale = false;
      this._channel?.dispose();
      this._channel = null;
      void this._greet(kernel);
    }
  }

  private async _greet(kernel: Kernel.IKernelConnection): Promise<void> {
    const mayKnowUs = await Doubts.mayBePython(kernel);
    if (kernel !== this._kernel || kernel.isDisposed || this._isDisposed) {
      return;
    }
    if (mayKnowUs) {
      this.hello();
    } else {
      this._standing.set(null, 'not_loaded');
    }
  }

  private _onMessage(_: unknown, message: KernelMessage.IMessage): void {
    const kernel = this._kernel;
    if (!kernel || this._isDisposed) {
      return;
    }
    const parent = message.parent_header as { session?: string };
    if (KernelMessage.isCommOpenMsg(message)) {
      if (message.content.target_name === PUSH) {
        const push = readPush(message.content.data);
        if (push) {
          this._target?.hold();
          this._take(push, parent.session ?? '', kernel.clientId);
        }
      }
    } else if (!this._standing.isReady) {
      this._doubts.sees(message, OURS);
    }
  }

  private _take(push: Push, author: string, me: string): void {
    const isOwn = author === me;
    if (push.type === 'answer') {
      this._answered.emit(push);
      return;
    }
    if (isOwn && push.type === 'state') {
      this._doubts.settle();
      this._notebook = push.notebook;
    } else if (!this._standing.isReady) {
      this._doubts.later(HELLO_SPACING_MS); // the extension was loaded after we asked
    }
    if (!isOwn && !(push.notebook && push.notebook === this._notebook)) {
      return; // another notebook's, on the same kernel
    }
    const { context } = this;
    if (push.type === 'state') {
      this._takeState(push, isOwn);
    } else if (push.type === 'event') {
      this._standing.after(push.event);
      this._happened.emit({ ...push.event, path: context.path });
    } else {
      const { session, record } = push;
      this._recorded.emit({
        context,
        session,
        records: [record],
        author,
        isOwn
      });
    }
  }

  private _takeState(push: IStatePush, isOwn: boolean): void {
    this._standing.set({ ...push.state, path: this.context.path }, 'ready');
    if (isOwn && push.records.length) {
      const { session, records } = push;
      const { context } = this;
      this._recorded.emit({
        context,
        session,
        records,
        author: null,
        isOwn: false
      });
    }
  }

  private _onPath(): void {
    this._standing.renamed(this.context.path);
    if (this._standing.isReady) {
      const path = this._localPath(this.context);
      void this.send({ type: 'path', path }).catch(() => undefined);
    }
  }

  private _kernel: Kernel.IKernelConnection | null = null;
  private _channel: CommandChannel | null = null;
  private _target: PushTarget | null = null;
  private _notebook = '';
  private _language: Language | null = null;
  private _isStale = true;
  private _isDisposed = false;
  private readonly _doubts = new Doubts(() => this.hello());
  private readonly _standing = new Standing();
  private readonly _happened = new Signal<this, IKernelEvent>(this);
  private readonly _recorded = new Signal<this, IRecorded>(this);
  private readonly _refused = new Signal<this, void>(this);
  private readonly _answered = new Signal<this, IAnswerPush>(this);
}
