import { Event } from '@jupyterlab/services';
import { IDisposable } from '@lumino/disposable';
import { Poll, Throttler } from '@lumino/polling';
import { CheckpointsApi } from '../api';

/** The schema of the server's "something changed". */
export const CHANGED = 'https://jupyter-ckpt.org/events/changed/v1';

const LONGEST_BACKOFF = 300_000;
/** At most so often is everything fetched again while events pour in. */
const REFRESH_EVERY = 400;

/** What `Live` needs. */
export interface ILiveOptions {
  api: CheckpointsApi;
  /** Null where the server has no event stream. */
  events: Event.IManager | null;
  /** Fetch again what is shown. */
  refresh: () => void;
  seconds: number;
}

/** Keeps the panel fresh while it can be seen, and costs nothing while it cannot. */
export class Live implements IDisposable {
  /** Sleeps until `visible` is set. */
  constructor(private readonly _options: ILiveOptions) {
    const { api, events, refresh, seconds } = _options;
    this._refresh = new Throttler(() => refresh(), REFRESH_EVERY);
    this._poll = new Poll({
      auto: false,
      name: 'jupyter-ckpt:changes',
      frequency: {
        interval: seconds * 1000,
        backoff: true,
        max: LONGEST_BACKOFF
      },
      standby: () => (this._visible && navigator.onLine ? 'when-hidden' : true),
      factory: async () => {
        const { token } = await api.changes();
        if (this._token !== null && token !== this._token) {
          this.touch();
        }
        this._token = token;
      }
    });
    events?.stream.connect(this._onEvent, this);
  }

  /** Whether anyone can see the panel. */
  get visible(): boolean {
    return this._visible;
  }
  set visible(value: boolean) {
    if (value === this._visible) {
      return;
    }
    this._visible = value;
    if (value) {
      this.touch();
      void this._poll.start();
      void this._poll.refresh();
    } else {
      void this._poll.stop();
    }
  }

  /** How often the server is asked, in seconds. */
  set seconds(value: number) {
    this._poll.frequency = {
      interval: value * 1000,
      backoff: true,
      max: LONGEST_BACKOFF
    };
  }

  /** Something changed: fetch again, now or (when it just was) a little later. */
  touch(): void {
    if (this._visible && !this._isDisposed) {
      void this._refresh.invoke();
    }
  }

  /** True when it does nothing any more. */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Stop asking. */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._options.events?.stream.disconnect(this._onEvent, this);
      this._poll.dispose();
      this._refresh.dispose();
    }
  }

  private _onEvent(_: Event.IManager, event: Event.Emission): void {
    if (event.schema_id === CHANGED) {
      this.touch();
    }
  }

  private _visible = false;
  private _isDisposed = false;
  private _token: string | null = null;
  private readonly _poll: Poll;
  private readonly _refresh: Throttler;
}
