import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { ServerConnection } from '@jupyterlab/services';
import { CheckpointsApi } from '../api';
import { IRecorded, Language, readRecord } from '../kernel';
import { IKernelLink } from '../tokens';
import { NotebookRecorder } from './notebook';
import { Turn } from './turn';
import { Views } from './views';

type Context = NotebookPanel['context'];

const PATIENCE_MS = 4000;

/** What the recorder is made of. */
export interface IRecorderOptions {
  link: IKernelLink;
  tracker: INotebookTracker;
  api: CheckpointsApi;
  settings: ServerConnection.ISettings;
  /** A notebook's path as the server knows it. */
  localPath: (path: string) => string;
}

/** Keeps the recorded cells of all open notebooks. */
export class Recorder {
  /** Nothing is written until `start`. */
  constructor(private readonly _options: IRecorderOptions) {
    const { link } = _options;
    link.contexts.forEach(context => this._open(context));
    link.opened.connect((_, context) => this._open(context));
    link.recorded.connect((_, recorded) => this._take(recorded));
  }

  /** Whether anything is written. */
  get isEnabled(): boolean {
    return this._isEnabled;
  }
  set isEnabled(value: boolean) {
    if (value && !this._isEnabled) {
      this._isEnabled = true;
      this._notebooks.forEach((_, context) => void this._catchUp(context));
    }
    this._isEnabled = value;
  }

  /** The language of what the server is asked for. */
  set language(value: Language) {
    this._language = value;
  }

  /** The notebook's part, if it is open. */
  of(context: Context | undefined): NotebookRecorder | null {
    return (context && this._notebooks.get(context)) ?? null;
  }

  /** Bring back the cells that a person deleted, of one run or of all. True when there were any. */
  async recordAgain(context: Context, run: string | null): Promise<boolean> {
    const notebook = this._notebooks.get(context);
    const again = notebook?.removed.filter(one => !run || one === run) ?? [];
    if (notebook && again.length) {
      const unheard = notebook.forgive(again);
      if (unheard.length) {
        await this._ask(context, unheard);
      }
    }
    return again.length > 0;
  }

  private _open(context: Context): void {
    const { link, tracker, settings } = this._options;
    const notebook = new NotebookRecorder({
      context,
      views: new Views(() => tracker.filter(one => one.context === context)),
      turn: new Turn(
        context,
        settings,
        id =>
          link.contexts.filter(
            one => one.sessionContext.session?.kernel?.id === id
          ).length
      ),
      inserted: run => this._note(context, run)
    });
    this._notebooks.set(context, notebook);
    context.sessionContext.kernelChanged.connect(() => notebook.announce());
    context.saveState.connect((_, state) => {
      if (state === 'completed') {
        this._tellShown(context);
      }
    });
    context.disposed.connect(() => {
      this._notebooks.delete(context);
      this._unsaved.delete(context);
      notebook.dispose();
    });
    if (this._isEnabled) {
      void this._catchUp(context);
    }
  }

  private _take(recorded: IRecorded): void {
    const notebook = this._notebooks.get(recorded.context);
    if (!notebook || !this._isEnabled) {
      return;
    }
    const { records, session, author, isOwn } = recorded;
    if (isOwn) {
      notebook.write(records, session);
    } else {
      void notebook.offer(records, session, author);
    }
  }

  /** After opening: the kernel tells by itself where it can; else the server knows what the cells are to say. */
  private async _catchUp(context: Context): Promise<void> {
    const { link } = this._options;
    await context.ready;
    if (await this._isKnown(context)) {
      link.hello(context.path);
    } else if (!context.isDisposed && this._isEnabled) {
      await this._ask(context, []);
    }
  }

  /** Whether the kernel says that it knows us; one that does not say it in time does not. */
  private _isKnown(context: Context): Promise<boolean> {
    const { link } = this._options;
    return new Promise(resolve => {
      const end = () => {
        window.clearTimeout(timer);
        link.stateChanged.disconnect(look);
        resolve(!context.isDisposed && link.reasonOf(context.path) === 'ready');
      };
      const look = () => {
        if (context.isDisposed || link.reasonOf(context.path) !== 'loading') {
          end();
        }
      };
      const timer = window.setTimeout(end, PATIENCE_MS);
      link.stateChanged.connect(look);
      look();
    });
  }

  /** Ask the server. The cells of `again` are written whether they were shown before or not. */
  private async _ask(context: Context, again: string[]): Promise<void> {
    const { api, localPath } = this._options;
    const notebook = this._notebooks.get(context);
    if (!notebook) {
      return;
    }
    let answer: unknown;
    try {
      const path = localPath(context.path);
      answer = (await api.records(path, this._language)).records;
    } catch {
      return; // a server without our part, or without a store: there is nothing to write
    }
    const present = notebook.runs;
    const wanted = (Array.isArray(answer) ? answer : []).filter(
      (one: { run?: unknown; wanted?: unknown; shown?: unknown } | null) => {
        const run = String(one?.run);
        return again.length
          ? again.includes(run)
          : present.includes(run) || (one?.wanted === true && !one.shown);
      }
    );
    const records = wanted.flatMap(one => readRecord(one) ?? []);
    if (again.length) {
      notebook.write(records, '');
    } else {
      await notebook.offer(records, '', null);
    }
  }

  /** A cell is new; that is told to the server once the cell is in the file. */
  private _note(context: Context, run: string): void {
    const runs = this._unsaved.get(context) ?? new Set();
    this._unsaved.set(context, runs.add(run));
    if (context.model.collaborative) {
      this._tellShown(context); // the server itself saves
    }
  }

  private _tellShown(context: Context): void {
    const { api, localPath } = this._options;
    const path = localPath(context.path);
    const runs = this._unsaved.get(context);
    this._unsaved.delete(context);
    runs?.forEach(run => {
      // at worst the cell is put in once more, if it is lost
      void api.recordShown(path, run).catch(() => undefined);
    });
  }

  private _isEnabled = false;
  private _language: Language = 'en';
  private readonly _notebooks = new Map<Context, NotebookRecorder>();
  private readonly _unsaved = new Map<Context, Set<string>>();
}
