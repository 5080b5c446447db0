import { TranslationBundle } from '@jupyterlab/translation';
import { IRow, Value } from '../api';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const FAR = 60 * DAY;

/** A metric's value as a number; the words for what JSON lacks come back as such. */
export function numberOf(value: Value | null | undefined): number | null {
  if (typeof value === 'number') {
    return value;
  }
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') {
    return Number(value);
  }
  return null;
}

/** A measured value with four significant digits: `0.01235`, `1.2e-5`, `NaN`. */
export function metricText(
  value: Value | null | undefined,
  digits = 4
): string {
  const number = numberOf(value);
  if (number === null) {
    return '–';
  }
  if (!Number.isFinite(number)) {
    return Number.isNaN(number) ? 'NaN' : number > 0 ? '∞' : '−∞';
  }
  if (Number.isInteger(number) && Math.abs(number) < 1e6) {
    return minus(String(number));
  }
  if (Math.abs(number) >= 1e3 && Math.abs(number) < 1e6) {
    return minus(number.toFixed(1));
  }
  return minus(String(Number(number.toPrecision(digits))));
}

/** Bytes in decimal units, as disks are sold: `1.2 GB`. */
export function bytesText(bytes: number | null | undefined): string {
  if (typeof bytes !== 'number' || !Number.isFinite(bytes)) {
    return '–';
  }
  let shown = Math.abs(bytes);
  let unit = 0;
  while (shown >= 999.5 && unit < UNITS.length - 1) {
    shown /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || shown >= 99.5 ? 0 : shown >= 9.95 ? 1 : 2;
  return `${bytes < 0 ? '−' : ''}${Number(shown.toFixed(digits))} ${UNITS[unit]}`;
}

/** A number of things: `812`, `61.7 k`, `124 M`. */
export function countText(count: number | null | undefined): string {
  if (typeof count !== 'number' || !Number.isFinite(count)) {
    return '–';
  }
  for (const [size, letter] of [
    [1e12, 'T'],
    [1e9, 'B'],
    [1e6, 'M'],
    [1e3, 'k']
  ] as const) {
    if (Math.abs(count) >= size) {
      return `${Number((count / size).toPrecision(3))} ${letter}`;
    }
  }
  return String(count);
}

/** Seconds as people read them: `0.03 s`, `3 min 20 s`. */
export function durationText(seconds: number): string {
  if (seconds < 59.95) {
    return `${Number(seconds.toFixed(seconds < 9.995 ? 2 : 1))} s`;
  }
  const whole = Math.round(seconds);
  return whole < 3600
    ? `${Math.floor(whole / 60)} min ${whole % 60} s`
    : `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** Points in time in the language of the page. */
export class TimeWords {
  /** `locale` is a BCP 47 tag; an unknown one falls back to the browser's. */
  constructor(locale?: string) {
    const locales = supported(locale);
    const style = { numeric: 'auto', style: 'short' } as const;
    this._relative = new Intl.RelativeTimeFormat(locales, style);
    this._date = new Intl.DateTimeFormat(locales, {
      day: 'numeric',
      month: 'short',
      year: 'numeric'
    });
    this._absolute = new Intl.DateTimeFormat(locales, {
      dateStyle: 'medium',
      timeStyle: 'medium'
    });
    this._short = new Intl.DateTimeFormat(locales, {
      day: 'numeric',
      month: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23'
    });
  }

  /** `3 min. ago`; a date when it is long past or not yet come. */
  ago(time: string | null | undefined, now: number): string {
    const then = millis(time);
    if (then === null) {
      return '–';
    }
    const past = now - then;
    if (past < -90 * SECOND || past >= FAR) {
      return this._date.format(then);
    }
    if (past >= DAY) {
      return this._relative.format(-Math.floor(past / DAY), 'day');
    }
    if (past >= HOUR) {
      return this._relative.format(-Math.floor(past / HOUR), 'hour');
    }
    if (past >= MINUTE) {
      return this._relative.format(-Math.floor(past / MINUTE), 'minute');
    }
    return this._relative.format(
      -Math.max(0, Math.floor(past / SECOND / 10) * 10),
      'second'
    );
  }

  /** Date and time to the second, in the reader's own zone. */
  absolute(time: string | null | undefined): string {
    const then = millis(time);
    return then === null ? '' : this._absolute.format(then);
  }

  /** Day, hour and minute. */
  short(time: string | null | undefined): string {
    const then = millis(time);
    return then === null ? '' : this._short.format(then);
  }

  /** The day only. */
  date(time: string | null | undefined): string {
    const then = millis(time);
    return then === null ? '' : this._date.format(then);
  }

  private readonly _relative: Intl.RelativeTimeFormat;
  private readonly _date: Intl.DateTimeFormat;
  private readonly _absolute: Intl.DateTimeFormat;
  private readonly _short: Intl.DateTimeFormat;
}

/** How far a checkpoint is, in the fewest words: `Epoch 8 · step 1,200`. */
export function positionText(
  row: Pick<IRow, 'epoch' | 'step'> & { name?: string },
  trans: TranslationBundle
): string {
  const step = row.step === null ? '' : groups(row.step);
  if (row.epoch !== null && row.step !== null) {
    return trans.__('Epoch %1 · step %2', row.epoch, step);
  }
  if (row.epoch !== null) {
    return trans.__('Epoch %1', row.epoch);
  }
  if (row.step !== null) {
    return trans.__('Step %1', step);
  }
  return row.name ?? '–';
}

/** `1,234,567`: thousands parted by a comma, as in English and Chinese. */
export function groups(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** A plain value of a file on one line. */
export function valueText(value: unknown, longest = 400): string {
  let text: string;
  if (typeof value === 'string') {
    text = value;
  } else if (typeof value === 'number') {
    text = String(Number(value.toPrecision(6)));
  } else if (value === null || value === undefined) {
    text = '–';
  } else {
    text = JSON.stringify(value) ?? '–';
  }
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}

/** Nested fields by dotted name, for a table of two columns. */
export function flat(
  fields: unknown,
  prefix = '',
  depth = 0
): [string, string][] {
  if (typeof fields !== 'object' || fields === null) {
    return [];
  }
  const found: [string, string][] = [];
  for (const [name, value] of Object.entries(fields)) {
    const full = prefix ? `${prefix}.${name}` : name;
    const nested =
      typeof value === 'object' && value !== null && !Array.isArray(value);
    if (nested && depth < 4 && Object.keys(value).length) {
      found.push(...flat(value, full, depth + 1));
    } else {
      found.push([full, valueText(value)]);
    }
  }
  return found;
}

function minus(text: string): string {
  return text.replace(/^-/, '−');
}

function millis(time: string | null | undefined): number | null {
  if (!time) {
    return null;
  }
  const zoned = /(Z|[+-]\d\d:?\d\d)$/.test(time) ? time : `${time}Z`;
  const found = Date.parse(zoned);
  return Number.isNaN(found) ? null : found;
}

function supported(locale: string | undefined): string | undefined {
  try {
    return locale ? Intl.getCanonicalLocales(locale)[0] : undefined;
  } catch {
    return undefined;
  }
}
