import { scaleLinear, scaleLog } from 'd3-scale';
import { ISeries, Value } from '../api';
import { numberOf } from '../model';

/** A point of a curve; `y` is null where nothing can be drawn. */
export interface IPoint {
  x: number;
  y: number | null;
  /** The checkpoint that was saved there. */
  name?: string;
}

/** From data to pixels. */
export interface IScale {
  (value: number): number;
}

/** An axis: its scale, and where its marks stand. */
export interface IAxis {
  scale: IScale;
  invert: (pixel: number) => number;
  ticks: number[];
}

/** A log axis helps from this ratio on. */
const SENSIBLE_RATIO = 20;

/** Numbers of a curve; words for what JSON lacks become gaps. */
export function pointsOf(series: ISeries): IPoint[] {
  return series.points.map(([x, value]) => ({ x, y: finite(value) }));
}

/** The checkpoints of a curve. */
export function savedOf(series: ISeries): IPoint[] {
  return series.saved.map(([x, value, name]) => ({
    x,
    y: finite(value),
    name
  }));
}

/** True when all values are positive and far apart. */
export function logMakesSense(points: readonly IPoint[]): boolean {
  const values = points.flatMap(point => (point.y === null ? [] : [point.y]));
  const [low, high] = extent(values);
  return values.length > 1 && low > 0 && high / low >= SENSIBLE_RATIO;
}

/**
 * At most two points for each of `columns` pixels: the lowest and the highest, so that no peak is lost.
 *
 * Gaps and the ends are kept.
 */
export function thinned(points: readonly IPoint[], columns: number): IPoint[] {
  if (points.length <= 2 * columns || columns < 1) {
    return [...points];
  }
  const first = points[0].x;
  const width = (points[points.length - 1].x - first) / columns || 1;
  const found: IPoint[] = [];
  let at = 0;
  while (at < points.length) {
    const column = Math.floor((points[at].x - first) / width);
    let low = -1;
    let high = -1;
    let gap = -1;
    let end = at;
    for (; end < points.length; end++) {
      const { x, y } = points[end];
      if (Math.floor((x - first) / width) !== column) {
        break;
      }
      if (y === null) {
        gap = end;
        continue;
      }
      low = low < 0 || y < (points[low].y as number) ? end : low;
      high = high < 0 || y > (points[high].y as number) ? end : high;
    }
    const kept = new Set([low, high, gap].filter(index => index >= 0));
    if (at === 0) {
      kept.add(0);
    }
    if (end === points.length) {
      kept.add(end - 1);
    }
    found.push(...[...kept].sort((a, b) => a - b).map(i => points[i]));
    at = end;
  }
  return found;
}

/** The axis of epochs or steps: whole numbers only. */
export function xAxis(points: readonly IPoint[], pixels: number): IAxis {
  let [low, high] = extent(points.map(point => point.x));
  if (low === high) {
    low -= 1;
    high += 1;
  }
  const scale = scaleLinear().domain([low, high]).range([0, pixels]);
  const ticks = scale
    .ticks(Math.max(2, Math.floor(pixels / 56)))
    .filter(Number.isInteger);
  return { scale, invert: pixel => scale.invert(pixel), ticks };
}

/** The axis of a metric. */
export function yAxis(
  points: readonly IPoint[],
  pixels: number,
  log: boolean
): IAxis {
  let [low, high] = extent(
    points.flatMap(point => (point.y === null ? [] : [point.y]))
  );
  if (log && low > 0) {
    if (low === high) {
      low /= 2;
      high *= 2;
    }
    const scale = scaleLog().domain([low, high]).range([pixels, 0]);
    const all = scale.ticks(3).filter(tick => tick >= low && tick <= high);
    const decades = all.filter(tick => Number.isInteger(Math.log10(tick)));
    const ticks = decades.length > 1 ? decades : all;
    return { scale, invert: y => scale.invert(y), ticks: few(ticks, 4) };
  }
  if (low === high) {
    const room = Math.abs(low) * 0.1 || 1;
    low -= room;
    high += room;
  }
  const count = Math.max(2, Math.floor(pixels / 28));
  const scale = scaleLinear().domain([low, high]).range([pixels, 0]);
  scale.nice(count);
  return { scale, invert: y => scale.invert(y), ticks: scale.ticks(count) };
}

/** The point whose `x` is nearest; null when there is none. */
export function nearest(points: readonly IPoint[], x: number): IPoint | null {
  let found: IPoint | null = null;
  for (const point of points) {
    if (!found || Math.abs(point.x - x) < Math.abs(found.x - x)) {
      found = point;
    }
  }
  return found;
}

/** Short text of a mark: `12.5k`, `1e-5`. */
export function tickText(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) {
    return `${Number((value / 1e6).toPrecision(3))}M`;
  }
  if (size >= 1e4) {
    return `${Number((value / 1e3).toPrecision(3))}k`;
  }
  if (size !== 0 && size < 1e-3) {
    return value.toExponential(0);
  }
  return String(Number(value.toPrecision(4)));
}

function finite(value: Value): number | null {
  const number = numberOf(value);
  return number !== null && Number.isFinite(number) ? number : null;
}

function extent(values: readonly number[]): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : [0, 1];
}

function few(ticks: number[], most: number): number[] {
  const every = Math.ceil(ticks.length / most);
  return ticks.filter((_, index) => index % every === 0);
}
