import { caretDownIcon, caretUpIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { usePanel } from './context';

/** The list's columns: what they are called and how they sort. */
export function ListHeader(): JSX.Element {
  const { model, trans } = usePanel();
  const { metric } = model;
  return (
    <div className="jp-ckpt-List-head" role="rowgroup">
      <div role="row" aria-rowindex={1} className="jp-ckpt-List-headrow">
        <Column sort="epoch" place="position" label={trans.__('Epoch')} />
        <Column
          sort={`metric:${metric ?? ''}`}
          place="metric"
          label={metric ?? trans.__('Metric')}
          disabled={metric === null}
        />
        <Column sort="time" place="time" label={trans.__('Saved')} down />
        <Column sort="size" place="size" label={trans.__('Size')} down />
        <span
          role="columnheader"
          className="jp-ckpt-List-badges jp-ckpt-List-label"
        >
          <span className="jp-ckpt-hidden">{trans.__('Marks')}</span>
        </span>
      </div>
    </div>
  );
}

interface IColumnProps {
  sort: string;
  place: string;
  label: string;
  disabled?: boolean;
  /** Largest first when it is chosen. */
  down?: boolean;
}

function Column(props: IColumnProps): JSX.Element {
  const { model, trans } = usePanel();
  const { sort, order } = model.remembered;
  const active = sort === props.sort;
  const first = props.down || betterIsMore(props.sort) ? 'desc' : 'asc';
  const other = order === 'asc' ? 'desc' : 'asc';
  const Caret = order === 'asc' ? caretUpIcon : caretDownIcon;
  return (
    <span
      role="columnheader"
      className={`jp-ckpt-List-${props.place}`}
      aria-sort={
        active ? (order === 'asc' ? 'ascending' : 'descending') : 'none'
      }
    >
      <button
        type="button"
        className="jp-ckpt-Sort"
        title={trans.__('Sort by %1', props.label)}
        disabled={props.disabled}
        onClick={() =>
          model.remember({ sort: props.sort, order: active ? other : first })
        }
      >
        <span className="jp-ckpt-Sort-label">{props.label}</span>
        {active && <Caret.react tag="span" className="jp-ckpt-Icon" />}
      </button>
    </span>
  );

  function betterIsMore(name: string): boolean {
    if (name === 'epoch') {
      return true;
    }
    const best = model.currentRun?.best[name.replace(/^metric:/, '')];
    return name.startsWith('metric:') && best?.mode !== 'min';
  }
}
