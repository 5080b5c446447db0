import { ellipsesIcon, LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { IRow } from '../api';
import { CommandIDs } from '../commands/ids';
import { variableOf } from '../commands/cells';
import { resumeCode } from '../commands/quoting';
import { bytesText, metricText, positionText } from '../model';
import { Badges, badgesOf } from './badges';
import { CommandButton } from './commandbutton';
import { usePanel } from './context';
import { useDrag } from './drag';
import { detailsIcon } from './icons';
import { openMenu } from './menu';

/** Properties of `Row`. */
export interface IRowProps {
  row: IRow;
  index: number;
  /** Pixels from the top of the list, and its own. */
  top: number;
  height: number;
  selected: boolean;
  /** It is the row that Tab comes to. */
  stop: boolean;
  metric: string | null;
  /** The kernel's state descends from it. */
  held: boolean;
  /** Rows of several runs are listed. */
  several: boolean;
  /** Where it would be resumed; only so that it is drawn again. */
  notebook: string | null;
}

/** One checkpoint of the list. Its buttons are there when the mouse or the cursor is. */
export const Row = React.memo(OneRow);

function OneRow(props: IRowProps): JSX.Element {
  const { model, commands, trans, words, now, wide } = usePanel();
  const { row, index, selected, stop, metric, several } = props;
  const [over, setOver] = React.useState(false);
  const badges = badgesOf(row, props.held, trans);
  const position = positionText(row, trans);
  const value = metric === null ? '' : metricText(row.metrics[metric]);
  const ago = words.ago(row.time, now);
  const code = () => resumeCode(row.ref, variableOf(model.notebook.panel));
  const drag = useDrag(code, `${row.run} · ${position}`);
  const target = { store: row.store, run: row.run, name: row.name };
  const label = [
    position,
    metric === null ? '' : `${metric} ${value}`,
    ago,
    bytesText(row.size),
    ...badges.map(badge => badge.word),
    row.note
  ]
    .filter(Boolean)
    .join(', ');

  const onClick = (event: React.MouseEvent) => {
    const accel = event.ctrlKey || event.metaKey;
    const gesture = event.shiftKey ? 'range' : accel ? 'toggle' : 'only';
    model.rows.select(index, gesture);
  };
  const onContextMenu = () => {
    if (!selected) {
      model.rows.select(index, 'only');
    }
  };
  return (
    <div
      role="row"
      className={`jp-ckpt-Row ${selected ? 'jp-mod-selected' : ''}`}
      style={placed(props)}
      data-index={index}
      data-ref={row.ref}
      aria-rowindex={index + 2}
      aria-selected={selected}
      aria-label={label}
      tabIndex={stop ? 0 : -1}
      onClick={onClick}
      onDoubleClick={() =>
        void commands.execute(CommandIDs.showDetails, target)
      }
      onContextMenu={onContextMenu}
      onPointerEnter={() => setOver(true)}
      onPointerLeave={() => setOver(false)}
      {...drag}
    >
      <span
        role="gridcell"
        className="jp-ckpt-List-position"
        title={row.note ? `${row.name}\n${row.note}` : row.name}
      >
        {position}
        {row.note && <span className="jp-ckpt-Row-note">{row.note}</span>}
      </span>
      <span
        role="gridcell"
        className="jp-ckpt-List-metric"
        title={metric ?? undefined}
      >
        {value}
      </span>
      <span
        role="gridcell"
        className="jp-ckpt-List-time"
        title={words.absolute(row.time)}
      >
        {ago}
      </span>
      <span role="gridcell" className="jp-ckpt-List-size">
        {bytesText(row.size)}
      </span>
      <span role="gridcell" className="jp-ckpt-List-badges">
        {several && (
          <span className="jp-ckpt-Row-run" title={row.run}>
            {row.run}
          </span>
        )}
        <Badges badges={badges} brief={!wide} />
      </span>
      {(over || stop) && (
        <span role="gridcell" className="jp-ckpt-Row-actions">
          <CommandButton
            id={CommandIDs.resume}
            args={target}
            tabIndex={stop ? 0 : -1}
          />
          <IconButton
            icon={detailsIcon}
            label={trans.__('Details')}
            stop={stop}
            onPress={() =>
              void commands.execute(CommandIDs.showDetails, target)
            }
          />
          <IconButton
            icon={ellipsesIcon}
            label={trans.__('More actions')}
            stop={stop}
            onPress={node => {
              onContextMenu();
              openMenu(node);
            }}
          />
        </span>
      )}
    </div>
  );
}

interface IIconButtonProps {
  icon: LabIcon;
  label: string;
  stop: boolean;
  onPress: (node: HTMLElement) => void;
}

function IconButton(props: IIconButtonProps): JSX.Element {
  return (
    <button
      type="button"
      className="jp-ckpt-Button"
      title={props.label}
      aria-label={props.label}
      tabIndex={props.stop ? 0 : -1}
      onClick={event => {
        event.stopPropagation();
        props.onPress(event.currentTarget);
      }}
    >
      <props.icon.react tag="span" className="jp-ckpt-Icon" />
    </button>
  );
}

/** A row that has not been fetched yet. */
export function MissingRow(props: {
  index: number;
  top: number;
  height: number;
}): JSX.Element {
  const { trans } = usePanel();
  return (
    <div
      role="row"
      className="jp-ckpt-Row jp-mod-missing"
      style={placed(props)}
      aria-rowindex={props.index + 2}
    >
      <span role="gridcell" className="jp-ckpt-List-position">
        <span className="jp-ckpt-hidden">{trans.__('Loading…')}</span>
        <span className="jp-ckpt-Skeleton" />
      </span>
    </div>
  );
}

function placed(at: { top: number; height: number }): React.CSSProperties {
  return { transform: `translateY(${at.top}px)`, height: at.height };
}
