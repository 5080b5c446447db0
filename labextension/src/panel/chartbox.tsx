import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { IRun } from '../api';
import { parts } from '../model';
import { Chart } from './chart';
import { logMakesSense, pointsOf, savedOf } from './chartscale';
import { usePanel } from './context';
import { useAnswer } from './hooks';

const MOST = 4;

/** The run's curves, and which of them are shown. */
export function ChartBox(props: { run: IRun }): JSX.Element | null {
  const { model, trans } = usePanel();
  const { run } = props;
  const open = model.remembered.chart;
  const { value, error } = useAnswer(
    `${run.store}/${run.id}/${open}`,
    model.revision,
    async signal =>
      open ? model.api.metrics(run.store, run.id, { signal }) : null
  );
  const names = Object.keys(value?.series ?? {});
  const shown = model.remembered.metrics.filter(name => names.includes(name));
  if (!shown.length && model.metric !== null && names.includes(model.metric)) {
    shown.push(model.metric);
  }
  if (!shown.length && names.length) {
    shown.push(names[0]);
  }
  const Caret = open ? caretDownIcon : caretRightIcon;
  const canLog = shown.some(name => {
    const series = value?.series[name];
    return series && logMakesSense([...pointsOf(series), ...savedOf(series)]);
  });
  const toggle = (name: string) => {
    const next = shown.includes(name)
      ? shown.filter(one => one !== name)
      : [...shown, name].slice(-MOST);
    model.remember({ metrics: next.length ? next : [name] });
  };
  const chosen = new Set(
    [...model.rows.selection.chosen]
      .map(parts)
      .filter(([id]) => id === run.id)
      .map(([, name]) => name)
  );
  const held = model.held ? parts(model.held) : null;
  return (
    <section className="jp-ckpt-ChartBox" aria-label={trans.__('Metrics')}>
      <div className="jp-ckpt-ChartBox-head">
        <button
          type="button"
          className="jp-ckpt-Fold"
          aria-expanded={open}
          onClick={() => model.remember({ chart: !open })}
        >
          <Caret.react tag="span" className="jp-ckpt-Icon" />
          <span>{trans.__('Metrics')}</span>
        </button>
        {open && names.length > 0 && (
          <div
            className="jp-ckpt-Chips"
            role="group"
            aria-label={trans.__('Metrics in the chart')}
          >
            {names.map(name => (
              <button
                key={name}
                type="button"
                className="jp-ckpt-Chip"
                aria-pressed={shown.includes(name)}
                onClick={() => toggle(name)}
              >
                {name}
              </button>
            ))}
          </div>
        )}
        {open && canLog && (
          <button
            type="button"
            className="jp-ckpt-Chip"
            aria-pressed={model.remembered.log}
            title={trans.__('Logarithmic scale')}
            onClick={() => model.remember({ log: !model.remembered.log })}
          >
            {trans.__('log')}
          </button>
        )}
      </div>
      {open && value && shown.length > 0 && (
        <Chart
          metrics={value}
          names={shown}
          log={model.remembered.log && canLog}
          selected={chosen}
          held={held && held[0] === run.id ? held[1] : null}
          onChoose={name => model.rows.selectRef(`${run.id}/${name}`)}
        />
      )}
      {open && value && !names.length && (
        <p className="jp-ckpt-quiet jp-ckpt-ChartBox-none">
          {trans.__(
            'No metrics yet: %1 saves them with a checkpoint.',
            '%ckpt save --metric loss'
          )}
        </p>
      )}
      {open && error && !value && (
        <p className="jp-ckpt-quiet jp-ckpt-ChartBox-none">{error.message}</p>
      )}
    </section>
  );
}
