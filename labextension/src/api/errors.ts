/** Why the server did not do what was asked. */
export type ErrorKind =
  | 'usage'
  | 'unknown'
  | 'refused'
  | 'no_space'
  | 'corrupt'
  | 'store'
  | 'server'
  | 'network'
  | 'forbidden'
  | 'absent';

const KINDS: readonly ErrorKind[] = [
  'usage',
  'unknown',
  'refused',
  'no_space',
  'corrupt',
  'store',
  'server'
];
const LONGEST = 500;

/** An answer other than success; its message is one line fit to be shown. */
export class ApiError extends Error {
  /** Make one of a kind; `status` is 0 when there was no answer at all. */
  constructor(
    message: string,
    readonly kind: ErrorKind,
    readonly status: number
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/** Sentences for the failures that the server itself cannot put into words. */
export interface IFailureWords {
  network: string;
  forbidden: string;
  absent: string;
  server: (status: number) => string;
}

/** The error that an answer's status and body stand for. An HTML page is never shown. */
export function errorOf(
  status: number,
  body: string,
  words: IFailureWords
): ApiError {
  const { message, kind } = parsed(body);
  if (message && kind) {
    return new ApiError(message, kind, status);
  }
  if (status === 401 || status === 403) {
    return new ApiError(words.forbidden, 'forbidden', status);
  }
  if (status === 404 || status === 405) {
    return new ApiError(words.absent, 'absent', status);
  }
  return new ApiError(words.server(status), 'server', status);
}

/** One line of an error of any sort. */
export function lineOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return oneLine(text);
}

/** True for a request that nobody waits for any more. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

function parsed(body: string): { message?: string; kind?: ErrorKind } {
  try {
    const data: unknown = JSON.parse(body);
    if (typeof data !== 'object' || data === null) {
      return {};
    }
    const { message, kind } = data as { message?: unknown; kind?: unknown };
    const known = KINDS.find(one => one === kind);
    return typeof message === 'string' && message
      ? { message: oneLine(message), kind: known }
      : {};
  } catch {
    return {};
  }
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}
