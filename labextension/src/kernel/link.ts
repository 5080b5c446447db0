import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';
import { UUID } from '@lumino/coreutils';
import { ISignal, Signal } from '@lumino/signaling';
import {
  IKernelEvent,
  IKernelLink,
  IKernelState,
  KernelReason,
  Request
} from '../tokens';
import { NotebookConnection } from './connection';
import { IRecorded, Language } from './recorded';
import { IAnswerPush } from './wire';

type Context = NotebookPanel['context'];

const RETRY_MS = 10_000;
const LIMIT_MS = 60_000;

/** The kernels of all open notebooks. */
export class KernelLink implements IKernelLink {
  /** Follows the notebooks of `tracker`; `localPath` takes a drive's name from a path. */
  constructor(
    private readonly _tracker: INotebookTracker,
    private readonly _localPath: (path: string) => string,
    private readonly _trans: TranslationBundle
  ) {
    this._tracker.forEach(panel => this._add(panel));
    this._tracker.widgetAdded.connect((_, panel) => this._add(panel));
    this._tracker.currentChanged.connect((_, panel) =>
      this._currentChanged.emit(panel)
    );
  }

  get current(): NotebookPanel | null {
    return this._tracker.currentWidget;
  }

  get currentChanged(): ISignal<this, NotebookPanel | null> {
    return this._currentChanged;
  }

  get stateChanged(): ISignal<this, string> {
    return this._stateChanged;
  }

  get happened(): ISignal<this, IKernelEvent> {
    return this._happened;
  }

  get recorded(): ISignal<this, IRecorded> {
    return this._recorded;
  }

  get opened(): ISignal<this, Context> {
    return this._opened;
  }

  get contexts(): Context[] {
    return Array.from(this._connections.keys());
  }

  stateOf(path: string): IKernelState | null {
    return this._of(path)?.state ?? null;
  }

  reasonOf(path: string): KernelReason {
    return this._of(path)?.reason ?? 'no_notebook';
  }

  setLanguage(language: Language | null): void {
    this._language = language;
    this._connections.forEach(one => (one.language = language));
  }

  hello(path: string): void {
    const connection = this._of(path);
    if (connection?.kernel) {
      connection.hello();
    }
  }

  async tell(path: string, verb: Request): Promise<string> {
    const trans = this._trans;
    const connection = this._of(path);
    if (!connection?.kernel) {
      throw new Error(trans.__('There is no kernel for %1.', path));
    }
    const answer = await this._ask(connection, verb);
    if (answer === 'refused') {
      throw new Error(
        trans.__(
          'The kernel of %1 does not know jupyter-ckpt: run %load_ext jupyter_ckpt in it first.',
          path
        )
      );
    }
    if (answer === 'silent') {
      throw new Error(
        trans.__(
          'The kernel of %1 did not answer: it may be in the middle of a long step, or not be training.',
          path
        )
      );
    }
    if (!answer.ok) {
      throw new Error(answer.text || trans.__('The kernel refused.'));
    }
    return answer.text;
  }

  private _ask(
    connection: NotebookConnection,
    verb: Request
  ): Promise<IAnswerPush | 'refused' | 'silent'> {
    // the same id again is the same request: a kernel that heard both does it once
    const id = UUID.uuid4();
    return new Promise(resolve => {
      const timers: number[] = [];
      const end = (answer: IAnswerPush | 'refused' | 'silent') => {
        timers.forEach(one => window.clearTimeout(one));
        connection.answered.disconnect(listen);
        connection.refused.disconnect(refuse);
        resolve(answer);
      };
      const listen = (_: NotebookConnection, answer: IAnswerPush) => {
        if (answer.request === id) {
          end(answer);
        }
      };
      const refuse = () => end('refused');
      const send = (fresh: boolean) =>
        void connection
          .send({ type: 'tell', verb }, id, fresh)
          .catch(() => end('silent'));
      connection.answered.connect(listen);
      connection.refused.connect(refuse);
      timers.push(
        window.setTimeout(() => send(true), RETRY_MS),
        window.setTimeout(() => end('silent'), LIMIT_MS)
      );
      send(false);
    });
  }

  private _add(panel: NotebookPanel): void {
    const context = panel.context;
    if (this._connections.has(context)) {
      return; // another view of the same notebook
    }
    const connection = new NotebookConnection(context, one =>
      this._localPath(one.path)
    );
    connection.language = this._language;
    this._connections.set(context, connection);
    connection.changed.connect(() => this._stateChanged.emit(context.path));
    connection.happened.connect((_, event) => this._happened.emit(event));
    connection.recorded.connect((_, records) => this._recorded.emit(records));
    context.disposed.connect(() => {
      this._connections.delete(context);
      connection.dispose();
    });
    this._opened.emit(context);
  }

  private _of(path: string): NotebookConnection | undefined {
    for (const [context, connection] of this._connections) {
      if (context.path === path) {
        return connection;
      }
    }
    return undefined;
  }

  private _language: Language | null = null;
  private readonly _connections = new Map<Context, NotebookConnection>();
  private readonly _currentChanged = new Signal<this, NotebookPanel | null>(
    this
  );
  private readonly _stateChanged = new Signal<this, string>(this);
  private readonly _happened = new Signal<this, IKernelEvent>(this);
  private readonly _recorded = new Signal<this, IRecorded>(this);
  private readonly _opened = new Signal<this, Context>(this);
}
