import { HTMLSelect } from '@jupyterlab/ui-components';
import * as React from 'react';
import { IRun } from '../api';
import { ALL_RUNS, bytesText, metricText } from '../model';
import { usePanel } from './context';

/** Which run is shown: those of this notebook first. */
export function RunPicker(): JSX.Element | null {
  const { model, trans, words } = usePanel();
  const answer = model.runs.value;
  const options = React.useMemo(
    () => new Map((answer?.runs ?? []).map(one => [one.id, option(one)])),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- words and trans stay
    [answer]
  );
  const runs = answer?.runs ?? [];
  if (!runs.length) {
    return null;
  }
  const mine = runs.filter(run => run.mine);
  const others = runs.filter(run => !run.mine);
  const run = model.currentRun;
  return (
    <div className="jp-ckpt-Runs">
      <HTMLSelect
        className="jp-ckpt-RunSelect"
        aria-label={trans.__('Run')}
        title={run?.id}
        value={model.run ?? ' '}
        onChange={event => model.chooseRun(event.target.value)}
      >
        {model.run === null && (
          <option value=" " disabled>
            {trans.__('Choose a run')}
          </option>
        )}
        {mine.length > 0 && (
          <optgroup label={trans.__('Runs of this notebook')}>
            {mine.map(one => options.get(one.id))}
          </optgroup>
        )}
        {others.length > 0 && (
          <optgroup
            label={mine.length ? trans.__('Other runs') : trans.__('Runs')}
          >
            {others.map(one => options.get(one.id))}
          </optgroup>
        )}
        <option value={ALL_RUNS}>{trans.__('All runs')}</option>
      </HTMLSelect>
      {run && (
        <div className="jp-ckpt-Runs-facts">
          <span title={words.absolute(run.last ?? run.created)}>
            {words.short(run.last ?? run.created)}
          </span>
          <span>
            {trans._n('%1 checkpoint', '%1 checkpoints', run.checkpoints)}
          </span>
          <span>{bytesText(run.size)}</span>
          {bestText(run) && (
            <span className="jp-ckpt-strong">{bestText(run)}</span>
          )}
        </div>
      )}
    </div>
  );

  function option(one: IRun): JSX.Element {
    return (
      <option key={one.id} value={one.id}>
        {[one.id, words.short(one.last ?? one.created), bestText(one)]
          .filter(Boolean)
          .join(' · ')}
      </option>
    );
  }

  function bestText(one: IRun): string {
    const best = one.metric ? one.best[one.metric] : undefined;
    return best && one.metric
      ? trans.__('best %1 %2', one.metric, metricText(best.value))
      : '';
  }
}
