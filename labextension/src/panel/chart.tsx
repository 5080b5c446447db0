import { line } from 'd3-shape';
import * as React from 'react';
import { IMetrics, ISeries } from '../api';
import { groups, metricText } from '../model';
import {
  IAxis,
  IPoint,
  nearest,
  pointsOf,
  savedOf,
  thinned,
  tickText,
  xAxis,
  yAxis
} from './chartscale';
import { usePanel } from './context';
import { useWidth } from './hooks';

const LEFT = 40;
const RIGHT = 14;
const TOP = 12;
const BOTTOM = 18;
const ALONE = 128;
const SEVERAL = 92;

/** Properties of `Chart`. */
export interface IChartProps {
  metrics: IMetrics;
  /** Which of them, in this order; one strip each. */
  names: readonly string[];
  log: boolean;
  /** Names of checkpoints that are selected in the list. */
  selected: ReadonlySet<string>;
  /** Name of the checkpoint that the kernel holds. */
  held: string | null;
  onChoose: (name: string) => void;
}

/** Curves of a run, one strip for each metric over one common axis. */
export function Chart(props: IChartProps): JSX.Element {
  const { trans } = usePanel();
  const ref = React.useRef<HTMLDivElement>(null);
  const width = useWidth(ref, 250);
  const [at, setAt] = React.useState<number | null>(null);
  const { metrics, names } = props;
  const series = names.map(name => metrics.series[name]);
  const all = series.flatMap(one => [...pointsOf(one), ...savedOf(one)]);
  const saved = series.flatMap(savedOf).filter(point => point.name);
  const stops = [...new Set(saved.map(point => point.x))].sort((a, b) => a - b);
  const inner = Math.max(40, width - LEFT - RIGHT);
  const x = xAxis(all, inner);
  const axis = metrics.axis === 'epoch' ? trans.__('epoch') : trans.__('step');

  const readout = (value: number): string => {
    const texts = names.map((name, i) => {
      const points = [...pointsOf(series[i]), ...savedOf(series[i])];
      const point = points.find(one => one.x === value && one.y !== null);
      return `${name} ${metricText(point?.y)}`;
    });
    return `${axis} ${groups(value)} · ${texts.join(' · ')}`;
  };
  const describe = names
    .map((name, i) => describeSeries(name, series[i], axis))
    .join(' ');
  const choose = (value: number) => {
    const point = saved.find(one => one.x === value) ?? nearest(saved, value);
    if (point?.name) {
      props.onChoose(point.name);
    }
  };
  const onPointer = (event: React.PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    const value = x.invert(event.clientX - box.left - LEFT);
    setAt(nearest(all, value)?.x ?? null);
  };
  const onKey = (event: React.KeyboardEvent) => {
    const now = at === null ? -1 : stops.indexOf(nearestOf(stops, at));
    const next = moved(event.key, now, stops.length);
    if (next !== null && stops.length) {
      setAt(stops[next]);
      event.preventDefault();
    } else if (event.key === 'Enter' && at !== null) {
      choose(at);
      event.preventDefault();
    }
  };
  const height = names.length > 1 ? SEVERAL : ALONE;
  return (
    <div className="jp-ckpt-Chart" ref={ref}>
      <div
        className="jp-ckpt-Chart-plot"
        role="slider"
        tabIndex={0}
        aria-label={trans.__('Metrics of the run. %1', describe)}
        aria-valuemin={stops[0] ?? 0}
        aria-valuemax={stops[stops.length - 1] ?? 0}
        aria-valuenow={at ?? stops[stops.length - 1] ?? 0}
        aria-valuetext={readout(at ?? stops[stops.length - 1] ?? 0)}
        onPointerMove={onPointer}
        onPointerLeave={() => setAt(null)}
        onBlur={() => setAt(null)}
        onKeyDown={onKey}
        onClick={() => at !== null && choose(at)}
      >
        {names.map((name, i) => (
          <Strip
            key={name}
            {...props}
            name={name}
            series={series[i]}
            x={x}
            at={at}
            width={width}
            height={height}
            bottom={i === names.length - 1}
          />
        ))}
      </div>
      <div className="jp-ckpt-Chart-readout" aria-hidden="true">
        {at === null ? axis : readout(at)}
      </div>
    </div>
  );

  function describeSeries(name: string, one: ISeries, of: string): string {
    if (!one.best) {
      return trans.__('%1: no best value.', name);
    }
    const [where, value] = one.best;
    return trans.__(
      '%1: best %2 at %3 %4.',
      name,
      metricText(value),
      of,
      groups(where)
    );
  }
}

interface IStripProps extends IChartProps {
  name: string;
  series: ISeries;
  x: IAxis;
  at: number | null;
  width: number;
  height: number;
  bottom: boolean;
}

function Strip(props: IStripProps): JSX.Element {
  const { series, x, at, width, height, bottom, log } = props;
  const points = pointsOf(series);
  const saved = savedOf(series).filter(point => point.y !== null);
  const inner = height - TOP - (bottom ? BOTTOM : 4);
  const y = yAxis([...points, ...saved], inner, log);
  const right = Math.max(40, width - LEFT - RIGHT);
  const path = line<IPoint>()
    .defined(point => point.y !== null)
    .x(point => x.scale(point.x))
    .y(point => y.scale(point.y as number));
  const curve = path(thinned(points.length ? points : saved, right)) ?? '';
  const best = series.best;
  const bestY = best && typeof best[1] === 'number' ? best[1] : null;
  const mark = at === null ? null : nearest([...saved, ...points], at);
  return (
    <svg
      width={width}
      height={height}
      aria-hidden="true"
      className="jp-ckpt-Chart-strip"
    >
      <g transform={`translate(${LEFT},${TOP})`}>
        {y.ticks.map(tick => (
          <g key={tick} transform={`translate(0,${y.scale(tick)})`}>
            <line x2={right} className="jp-ckpt-Chart-grid" />
            <text x={-6} dy="0.32em" textAnchor="end">
              {tickText(tick)}
            </text>
          </g>
        ))}
        {bottom &&
          x.ticks.map(tick => (
            <text
              key={tick}
              x={x.scale(tick)}
              y={inner + 14}
              textAnchor="middle"
            >
              {tickText(tick)}
            </text>
          ))}
        <line y1={inner} y2={inner} x2={right} className="jp-ckpt-Chart-axis" />
        {at !== null && (
          <line
            x1={x.scale(at)}
            x2={x.scale(at)}
            y2={inner}
            className="jp-ckpt-Chart-cursor"
          />
        )}
        <path d={curve} className="jp-ckpt-Chart-curve" />
        {saved.length * 7 < right &&
          saved.map(point => (
            <circle
              key={point.name}
              cx={x.scale(point.x)}
              cy={y.scale(point.y as number)}
              r={2.5}
              className="jp-ckpt-Chart-saved"
            />
          ))}
        {saved
          .filter(one => one.name && props.selected.has(one.name))
          .slice(0, 200)
          .map(point => (
            <circle
              key={`selected ${point.name}`}
              cx={x.scale(point.x)}
              cy={y.scale(point.y as number)}
              r={4}
              className="jp-ckpt-Chart-selected"
            />
          ))}
        {saved
          .filter(one => one.name && one.name === props.held)
          .map(point => (
            <rect
              key="held"
              x={x.scale(point.x) - 8}
              y={y.scale(point.y as number) - 8}
              width={16}
              height={16}
              rx={3}
              className="jp-ckpt-Chart-held"
            />
          ))}
        {best && bestY !== null && Number.isFinite(bestY) && (
          <path
            className="jp-ckpt-Chart-best"
            transform={`translate(${x.scale(best[0])},${y.scale(bestY)})`}
            d="M0-7 2-2.2 7.2-2 3.1 1.3 4.5 6.3 0 3.5-4.5 6.3-3.1 1.3-7.2-2-2-2.2z"
          />
        )}
        {mark && mark.y !== null && (
          <circle
            cx={x.scale(mark.x)}
            cy={y.scale(mark.y)}
            r={4.5}
            className="jp-ckpt-Chart-mark"
          />
        )}
        {props.names.length > 1 && (
          <text
            x={right}
            y={-1}
            textAnchor="end"
            className="jp-ckpt-Chart-name"
          >
            {props.name}
          </text>
        )}
      </g>
    </svg>
  );
}

/** Where a key leads among `count` stops; null for a key that leads nowhere. */
export function moved(key: string, now: number, count: number): number | null {
  const last = count - 1;
  switch (key) {
    case 'ArrowRight':
    case 'ArrowUp':
      return Math.min(last, now + 1);
    case 'ArrowLeft':
    case 'ArrowDown':
      return now < 0 ? last : Math.max(0, now - 1);
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return null;
  }
}

function nearestOf(stops: readonly number[], value: number): number {
  return (
    nearest(
      stops.map(x => ({ x, y: null })),
      value
    )?.x ?? NaN
  );
}
