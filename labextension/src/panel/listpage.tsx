import * as React from 'react';
import { CommandIDs } from '../commands/ids';
import { bytesText } from '../model';
import { ChartBox } from './chartbox';
import { CommandButton } from './commandbutton';
import { usePanel } from './context';
import { FilterBar } from './filterbar';
import { warningIcon } from './icons';
import { CheckpointList } from './list';
import { RunPicker } from './runpicker';
import { SituationView } from './situations';
import { StorageStrip } from './storagestrip';

/** Storage, run, chart and list. */
export function ListPage(): JSX.Element {
  const { model } = usePanel();
  const { situation } = model;
  const run = model.currentRun;
  // while other rows are on their way, too: whoever types there must not lose the focus
  const listed =
    situation === null ||
    situation === 'no_match' ||
    ((situation === 'loading' || situation === 'unreachable') &&
      model.run !== null);
  return (
    <>
      <StorageStrip />
      <RunPicker />
      <Trouble />
      {listed && run && <ChartBox run={run} />}
      {listed && <FilterBar />}
      {situation === null ? (
        <CheckpointList />
      ) : (
        <SituationView situation={situation} />
      )}
      {situation === null && <SelectionBar />}
    </>
  );
}

/** What is wrong though there is a list: it may be old, or files are damaged. */
function Trouble(): JSX.Element | null {
  const { model, trans } = usePanel();
  const { runs, rows, situation } = model;
  const error = runs.error ?? rows.error ?? model.storage.error;
  const damaged = runs.value?.damaged ?? [];
  const stale =
    error &&
    runs.value &&
    situation !== 'unreachable' &&
    error.kind !== 'usage';
  return (
    <>
      {stale && (
        <div className="jp-ckpt-Trouble" role="alert">
          <warningIcon.react tag="span" className="jp-ckpt-Icon" />
          <span>
            {trans.__('This may be old. %1', error.message)}{' '}
            <CommandButton
              id={CommandIDs.refresh}
              label={trans.__('Try again')}
              text
            />
          </span>
        </div>
      )}
      {damaged.length > 0 && (
        <details className="jp-ckpt-Trouble">
          <summary>
            <warningIcon.react tag="span" className="jp-ckpt-Icon" />
            {trans._n('%1 damaged file', '%1 damaged files', damaged.length)}
          </summary>
          <ul>
            {damaged.slice(0, 100).map(one => (
              <li key={one.path}>
                <span className="jp-ckpt-Path">{one.path}</span>
                <span className="jp-ckpt-quiet"> {one.why}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

/** How much is listed, and what to do with several selected. */
function SelectionBar(): JSX.Element {
  const { model, trans } = usePanel();
  const { chosen } = model.rows.selection;
  const total = model.rows.pages.total ?? 0;
  if (chosen.size < 2) {
    return (
      <div className="jp-ckpt-Foot">
        <span>{trans._n('%1 checkpoint', '%1 checkpoints', total)}</span>
      </div>
    );
  }
  const size = model.rows.selected.reduce((sum, row) => sum + row.size, 0);
  return (
    <div className="jp-ckpt-Foot jp-mod-selected">
      <span>{trans.__('%1 selected, %2', chosen.size, bytesText(size))}</span>
      <span
        className="jp-ckpt-Toolbar"
        role="toolbar"
        aria-label={trans.__('Selected checkpoints')}
      >
        {chosen.size === 2 && <CommandButton id={CommandIDs.compare} />}
        <CommandButton id={CommandIDs.pin} />
        <CommandButton id={CommandIDs.tag} />
        <CommandButton id={CommandIDs.verify} />
        <CommandButton id={CommandIDs.remove} />
      </span>
    </div>
  );
}
