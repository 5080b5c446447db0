import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';
import { ApiError, errorOf, IFailureWords, isAbort } from './errors';
import * as Wire from './types';

const NAMESPACE = 'jupyter-ckpt';

type Query = Record<string, string | number | boolean | null | undefined>;

/** Options that every question takes. */
export interface IAskOptions {
  signal?: AbortSignal;
}

/** The server part, typed. Every failure is an `ApiError` with one clear line. */
export class CheckpointsApi {
  /** Talk to the server of `settings`. */
  constructor(settings: ServerConnection.ISettings, trans: TranslationBundle) {
    this._settings = settings;
    this._words = {
      network: trans.__(
        'The Jupyter server does not answer. Check that it is still running.'
      ),
      forbidden: trans.__(
        'The Jupyter server refused this: log in again, or ask whoever runs it for permission.'
      ),
      absent: trans.__(
        'The server part of jupyter-ckpt is not running. Install jupyter-ckpt where the Jupyter server runs and restart it.'
      ),
      server: (status: number) =>
        trans.__(
          'The Jupyter server failed (HTTP %1). Its log says more.',
          status
        )
    };
  }

  /** The known stores, and the one of a notebook. */
  stores(notebook: string | null, o?: IAskOptions): Promise<Wire.IStores> {
    return this._get('stores', { notebook }, o);
  }

  /** How safe a notebook's store is, and every volume. */
  storage(notebook: string | null, o?: IAskOptions): Promise<Wire.IStorage> {
    return this._get('storage', { notebook }, o);
  }

  /** Choose the store of a notebook. */
  useStorage(
    notebook: string | null,
    path: string,
    force = false
  ): Promise<Wire.IStorage> {
    return this._send('PUT', 'storage', {}, { notebook, path, force });
  }

  /** One page of runs; those of the notebook come first. */
  runs(query: Wire.IRowsQuery, o?: IAskOptions): Promise<Wire.IRuns> {
    return this._get('runs', { ...query }, o);
  }

  /** One page of checkpoints. */
  checkpoints(query: Wire.IRowsQuery, o?: IAskOptions): Promise<Wire.IRows> {
    return this._get('checkpoints', { ...query }, o);
  }

  /** All of one checkpoint. */
  details(
    store: string,
    run: string,
    name: string,
    o?: IAskOptions
  ): Promise<Wire.IDetails> {
    return this._get(place('checkpoints', run, name), { store }, o);
  }

  /** Pin, note or tag a checkpoint. */
  patch(
    store: string,
    run: string,
    name: string,
    change: Wire.IPatch
  ): Promise<Wire.IRow> {
    const where = place('checkpoints', run, name);
    return this._send('PATCH', where, { store }, change);
  }

  /** Move a checkpoint to the trash. */
  remove(
    store: string,
    run: string,
    name: string,
    force = false
  ): Promise<{ ref: string; size: number }> {
    const where = place('checkpoints', run, name);
    return this._send('DELETE', where, { store, force: force || undefined });
  }

  /** Bring a checkpoint back from the trash. */
  restore(store: string, run: string, name: string): Promise<Wire.IRow> {
    return this._send('POST', place('trash', run, name, 'restore'), { store });
  }

  /** What differs between two checkpoints. */
  diff(
    store: string,
    a: string,
    b: string,
    o?: IAskOptions
  ): Promise<Wire.IDiff> {
    return this._get('diff', { store, a, b }, o);
  }

  /** The curves of a run. */
  metrics(store: string, run: string, o?: IAskOptions): Promise<Wire.IMetrics> {
    return this._get(place('runs', run, 'metrics'), { store }, o);
  }

  /** What happened in a run, newest first. */
  journal(
    store: string,
    run: string,
    offset: number,
    limit: number,
    o?: IAskOptions
  ): Promise<Wire.IJournal> {
    const where = place('runs', run, 'journal');
    return this._get(where, { store, offset, limit }, o);
  }

  /** Start reading checkpoints through. */
  verify(store: string, targets: string[]): Promise<Wire.IJob> {
    const body = { verb: 'verify', store, targets };
    return this._send('POST', 'jobs', {}, body);
  }

  /** Start writing a stand-alone copy to a place the server can reach. */
  export(
    store: string,
    target: string,
    to: string,
    force = false
  ): Promise<Wire.IJob> {
    const body = { verb: 'export', store, target, to, force };
    return this._send('POST', 'jobs', {}, body);
  }

  /** How far a job is. */
  job(id: string, o?: IAskOptions): Promise<Wire.IJob> {
    return this._get(place('jobs', id), {}, o);
  }

  /** Stop a job. */
  async cancelJob(id: string): Promise<void> {
    await this._send('DELETE', place('jobs', id), {});
  }

  /** Ask a training through its mailbox. */
  request(
    store: string,
    run: string,
    verb: 'save' | 'stop'
  ): Promise<{ id: string }> {
    return this._send(
      'POST',
      place('runs', run, 'requests'),
      { store },
      { verb }
    );
  }

  /** What the training answered. */
  requestState(store: string, run: string, id: string): Promise<Wire.IRequest> {
    return this._get(place('runs', run, 'requests', id), { store });
  }

  /** What the recorded cells of a notebook are to say; the lines are to be checked. */
  records(
    notebook: string,
    language: string,
    o?: IAskOptions
  ): Promise<{ records: unknown }> {
    return this._get('records', { notebook, language }, o);
  }

  /** A record's cell is in the notebook's file. */
  async recordShown(notebook: string, run: string): Promise<void> {
    await this._send('POST', place('runs', run, 'record', 'shown'), {
      notebook
    });
  }

  /** A token that changes when something did; also says that somebody looks. */
  changes(o?: IAskOptions): Promise<{ token: string }> {
    return this._get('changes', {}, o);
  }

  private _get<T>(path: string, query: Query, o?: IAskOptions): Promise<T> {
    return this._ask<T>(path, query, { method: 'GET', signal: o?.signal });
  }

  private _send<T>(
    method: string,
    path: string,
    query: Query,
    body?: object
  ): Promise<T> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return this._ask<T>(path, query, { method, body: text });
  }

  private async _ask<T>(
    path: string,
    query: Query,
    init: RequestInit
  ): Promise<T> {
    const url =
      URLExt.join(this._settings.baseUrl, NAMESPACE, path) + search(query);
    let response: Response;
    let text: string;
    try {
      response = await ServerConnection.makeRequest(url, init, this._settings);
      text = await response.text();
    } catch (error) {
      if (isAbort(error) || init.signal?.aborted) {
        throw new DOMException('aborted', 'AbortError');
      }
      throw new ApiError(this._words.network, 'network', 0);
    }
    if (!response.ok) {
      throw errorOf(response.status, text, this._words);
    }
    try {
      return (text ? JSON.parse(text) : {}) as T;
    } catch {
      throw new ApiError(
        this._words.server(response.status),
        'server',
        response.status
      );
    }
  }

  private readonly _settings: ServerConnection.ISettings;
  private readonly _words: IFailureWords;
}

function place(...parts: string[]): string {
  return parts.map(encodeURIComponent).join('/');
}

function search(query: Query): string {
  const found = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') {
      found.set(name, String(value));
    }
  }
  const text = found.toString();
  return text ? `?${text}` : '';
}
