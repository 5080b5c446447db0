import { describe, expect, it } from 'vitest';
import {
  IPoint,
  logMakesSense,
  nearest,
  pointsOf,
  thinned,
  tickText,
  xAxis,
  yAxis
} from '../chartscale';

const points = (values: (number | null)[]): IPoint[] =>
  values.map((y, x) => ({ x, y }));

describe('thinned', () => {
  it('keeps the peaks, the ends and the order', () => {
    const values = Array.from({ length: 10_000 }, (_, i) => Math.sin(i / 50));
    values[4321] = 99;
    values[7777] = -99;
    const found = thinned(points(values), 200);
    expect(found.length).toBeLessThanOrEqual(402);
    expect(found.some(point => point.y === 99)).toBe(true);
    expect(found.some(point => point.y === -99)).toBe(true);
    expect(found[0].x).toBe(0);
    expect(found[found.length - 1].x).toBe(9999);
    const sorted = [...found].sort((one, other) => one.x - other.x);
    expect(found).toEqual(sorted);
  });

  it('keeps gaps and leaves short curves alone', () => {
    const values = Array.from({ length: 1000 }, (_, i) =>
      i === 500 ? null : 1
    );
    expect(thinned(points(values), 50).some(one => one.y === null)).toBe(true);
    expect(thinned(points([1, 2, 3]), 50)).toHaveLength(3);
    expect(thinned([], 50)).toEqual([]);
  });
});

describe('axes', () => {
  it('make gaps of what is not finite', () => {
    const series = {
      mode: null,
      points: [
        [0, 1],
        [1, 'NaN'],
        [2, 'Infinity']
      ] as [number, number | 'NaN' | 'Infinity'][],
      saved: [],
      best: null
    };
    expect(pointsOf(series).map(point => point.y)).toEqual([1, null, null]);
  });

  it('span the data; epochs are whole', () => {
    const axis = xAxis(points([1, 2, 3]), 200);
    expect(axis.scale(0)).toBe(0);
    expect(axis.scale(2)).toBe(200);
    expect(axis.invert(100)).toBe(1);
    expect(axis.ticks.every(Number.isInteger)).toBe(true);
  });

  it('survive one point, equal points and none', () => {
    for (const data of [points([5]), points([5, 5]), points([null]), []]) {
      const x = xAxis(data, 200);
      const y = yAxis(data, 100, false);
      expect(Number.isFinite(x.scale(0))).toBe(true);
      expect(Number.isFinite(y.scale(5))).toBe(true);
      expect(y.ticks.length).toBeGreaterThan(0);
    }
  });

  it('are logarithmic where that can be', () => {
    const axis = yAxis(points([0.001, 1]), 90, true);
    expect(axis.scale(0.001)).toBeCloseTo(90);
    expect(axis.scale(1)).toBeCloseTo(0);
    expect(axis.scale(Math.sqrt(0.001))).toBeCloseTo(45);
    expect(axis.ticks.length).toBeGreaterThan(1);
    const zero = yAxis(points([0, 1]), 90, true);
    expect(Number.isFinite(zero.scale(0))).toBe(true);
  });

  it('offer the logarithm only when it helps', () => {
    expect(logMakesSense(points([0.001, 1]))).toBe(true);
    expect(logMakesSense(points([0.5, 1]))).toBe(false);
    expect(logMakesSense(points([0, 1000]))).toBe(false);
    expect(logMakesSense(points([-1, 1000]))).toBe(false);
    expect(logMakesSense([])).toBe(false);
  });
});

describe('marks', () => {
  it('are short', () => {
    expect(tickText(12_500)).toBe('12.5k');
    expect(tickText(3_000_000)).toBe('3M');
    expect(tickText(0.00001)).toBe('1e-5');
    expect(tickText(0.25)).toBe('0.25');
    expect(tickText(0)).toBe('0');
  });

  it('are read where the pointer is nearest', () => {
    expect(nearest(points([1, 2, 3]), 1.4)?.x).toBe(1);
    expect(nearest([], 1)).toBeNull();
  });
});
