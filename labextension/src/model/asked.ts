import { ApiError, isAbort, lineOf } from '../api';

/** A question to the server, answered when `signal` is not raised before. */
export type Question<T> = (signal: AbortSignal) => Promise<T>;

/**
 * The last answer to a question that is asked again and again.
 *
 * The old answer stays until the new one has come. A question asked under another key drops the old answer at once,
 * and a late reply to it is not heard any more; under the same key at most one is on its way and one waits.
 */
export class Asked<T> {
  /** `changed` is called whenever something of it is different. */
  constructor(private readonly _changed: () => void) {}

  /** What the answer is to. */
  get key(): string | null {
    return this._key;
  }

  /** The last answer. */
  get value(): T | null {
    return this._value;
  }

  /** Why the last question was not answered. */
  get error(): ApiError | null {
    return this._error;
  }

  /** True while neither an answer nor an error has come. */
  get loading(): boolean {
    return this._value === null && this._error === null;
  }

  /** Ask; resolves when this question, or the one on its way, is answered. */
  ask(key: string, question: Question<T>): Promise<void> {
    if (key !== this._key) {
      this._key = key;
      this._abort?.abort();
      this._running = null;
      this._next = null;
      this._value = null;
      this._error = null;
    }
    if (this._running) {
      this._next = question;
      return this._running;
    }
    this._running = this._run(question);
    return this._running;
  }

  /** Forget the answer and drop what is on its way. */
  clear(): void {
    this._abort?.abort();
    this._abort = null;
    this._running = null;
    this._next = null;
    this._key = null;
    this._value = null;
    this._error = null;
  }

  private async _run(first: Question<T>): Promise<void> {
    const key = this._key;
    let question: Question<T> | null = first;
    while (question) {
      const abort = new AbortController();
      this._abort = abort;
      try {
        const value: T = await question(abort.signal);
        if (abort.signal.aborted || key !== this._key) {
          return;
        }
        this._value = value;
        this._error = null;
      } catch (error) {
        if (abort.signal.aborted || key !== this._key || isAbort(error)) {
          return;
        }
        this._error = asApiError(error);
      }
      question = this._next;
      this._next = null;
      if (!question) {
        this._running = null;
      }
      this._changed();
    }
  }

  private _key: string | null = null;
  private _value: T | null = null;
  private _error: ApiError | null = null;
  private _abort: AbortController | null = null;
  private _running: Promise<void> | null = null;
  private _next: Question<T> | null = null;
}

/** Any error as one of ours. */
export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError
    ? error
    : new ApiError(lineOf(error), 'server', 0);
}
