import { IKernelEvent, IKernelState } from '../tokens';

/** Kernel to page: comms that are opened with all there is to say, and closed. */
export const PUSH = 'jupyter_ckpt:push';
/** Page to kernel: a comm on which the kernel never sends. */
export const COMMAND = 'jupyter_ckpt:cmd';
/** Of the words on the wire. */
export const VERSION = 1;

const LONGEST = 4000;
const MOST_LINES = 400;
const MOST_RECORDS = 200;

/** One line of a record; its key is unique in a record. */
export interface ILine {
  key: string;
  text: string;
}

/** What a record's cell is to say. */
export interface IRecord {
  run: string;
  /** Counts up within one session. */
  rev: number;
  /** The cell that trains. */
  cellId: string | null;
  lines: ILine[];
}

interface ICommon {
  id: string;
  /** Absolute path of the notebook, or nothing. */
  notebook: string;
  /** Of this load of the extension in the kernel. */
  session: string;
}

/** The answer to `hello`; also after a resume and a change of run. */
export interface IStatePush extends ICommon {
  type: 'state';
  state: Omit<IKernelState, 'path'>;
  records: IRecord[];
}

/** A record's newest text. */
export interface IRecordPush extends ICommon {
  type: 'record';
  record: IRecord;
}

/** Something that happened. */
export interface IEventPush extends ICommon {
  type: 'event';
  event: Omit<IKernelEvent, 'path'>;
}

/** What became of a `tell`. */
export interface IAnswerPush extends ICommon {
  type: 'answer';
  request: string;
  ok: boolean;
  text: string;
}

/** A message of the kernel. */
export type Push = IStatePush | IRecordPush | IEventPush | IAnswerPush;

type Fields = Record<string, unknown>;

/**
 * A message of the kernel, each field checked: whatever runs in a kernel can send one.
 *
 * @returns null for what is not one, or of another version.
 */
export function readPush(data: unknown): Push | null {
  if (!isFields(data) || data.v !== VERSION) {
    return null;
  }
  const common: ICommon = {
    id: text(data.id),
    notebook: text(data.notebook),
    session: text(data.session)
  };
  if (!common.id || !common.session) {
    return null;
  }
  switch (data.type) {
    case 'state':
      return {
        ...common,
        type: 'state',
        state: readState(data),
        records: readRecords(data.records)
      };
    case 'record': {
      const record = readRecord(data);
      return record && { ...common, type: 'record', record };
    }
    case 'event': {
      const event = readEvent(data);
      return event && { ...common, type: 'event', event };
    }
    case 'answer': {
      const request = text(data.request);
      const ok = data.ok === true;
      return request
        ? { ...common, type: 'answer', request, ok, text: text(data.text) }
        : null;
    }
    default:
      return null;
  }
}

/** Records as the kernel and the server send them; those that are none are left out. */
export function readRecords(data: unknown): IRecord[] {
  const all = Array.isArray(data) ? data.slice(0, MOST_RECORDS) : [];
  return all
    .map(one => readRecord(one))
    .filter((one): one is IRecord => one !== null);
}

/** One record, or null. */
export function readRecord(data: unknown): IRecord | null {
  if (!isFields(data)) {
    return null;
  }
  const run = text(data.run);
  const rev = whole(data.rev);
  if (!run || rev === null || !Array.isArray(data.lines)) {
    return null;
  }
  const lines: ILine[] = [];
  const keys = new Set<string>();
  for (const line of data.lines.slice(0, MOST_LINES) as unknown[]) {
    if (
      !isFields(line) ||
      typeof line.key !== 'string' ||
      typeof line.text !== 'string' ||
      keys.has(line.key)
    ) {
      return null;
    }
    keys.add(line.key);
    lines.push({
      key: line.key,
      text: line.text.replace(/[\r\n]+/g, ' ').slice(0, LONGEST)
    });
  }
  return lines.length
    ? { run, rev, cellId: text(data.cell_id) || null, lines }
    : null;
}

function readState(data: Fields): Omit<IKernelState, 'path'> {
  return {
    store: text(data.store),
    durability: text(data.durability) || 'unknown',
    reason: text(data.reason),
    run: text(data.run) || null,
    held: text(data.held) || null,
    epoch: whole(data.epoch),
    step: whole(data.step),
    version: text(data.version)
  };
}

const KINDS: readonly IKernelEvent['kind'][] = [
  'saved',
  'resumed',
  'metrics',
  'save_failed',
  'stopped'
];

function readEvent(data: Fields): Omit<IKernelEvent, 'path'> | null {
  const kind = KINDS.find(one => one === data.kind);
  if (!kind) {
    return null;
  }
  const metrics: Record<string, number> = {};
  for (const [name, value] of Object.entries(
    isFields(data.metrics) ? data.metrics : {}
  )) {
    const number = readNumber(value);
    if (number !== null) {
      metrics[name] = number;
    }
  }
  return {
    kind,
    run: text(data.run),
    store: text(data.store),
    name: text(data.name) || null,
    epoch: whole(data.epoch),
    step: whole(data.step),
    metrics,
    held: text(data.held) || null,
    text: text(data.text)
  };
}

/** JSON has no NaN and no infinities: they come as words. */
function readNumber(value: unknown): number | null {
  if (typeof value === 'number') {
    return value;
  }
  const words: Fields = {
    NaN: Number.NaN,
    Infinity: Number.POSITIVE_INFINITY,
    '-Infinity': Number.NEGATIVE_INFINITY
  };
  const known = typeof value === 'string' ? words[value] : null;
  return typeof known === 'number' ? known : null;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, LONGEST) : '';
}

function whole(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value)
    ? value
    : null;
}
