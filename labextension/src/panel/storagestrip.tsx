import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { Durability, IGrowth, IStore } from '../api';
import { CommandIDs } from '../commands/ids';
import { bytesText } from '../model';
import { lifetime } from './badges';
import { CommandButton } from './commandbutton';
import { usePanel } from './context';
import { safeIcon, unsafeIcon, warningIcon } from './icons';

const DAY = 86_400_000;
/** A disk that is full sooner than this is worth a warning. */
const SOON = 2 * DAY;
const FAR = 365 * DAY;

/** Where checkpoints go, how safe that is, how much room is left and for how long. */
export function StorageStrip(): JSX.Element | null {
  const { model, trans, now } = usePanel();
  const storage = model.storage.value;
  if (!storage) {
    return null;
  }
  const { store } = storage;
  const open = model.remembered.storage;
  const Verdict = store.safe ? safeIcon : unsafeIcon;
  const Caret = open ? caretDownIcon : caretRightIcon;
  const full = fullText(store.growth, now, trans);
  const others = model.stores.value?.stores ?? [];
  return (
    <section
      className={`jp-ckpt-Storage jp-mod-${toneOf(store.durability)}`}
      aria-label={trans.__('Storage')}
    >
      <div className="jp-ckpt-Storage-line">
        <button
          type="button"
          className="jp-ckpt-Storage-toggle"
          aria-expanded={open}
          title={store.reason || lifetime(store.durability, trans)}
          onClick={() => model.remember({ storage: !open })}
        >
          <Caret.react tag="span" className="jp-ckpt-Icon" />
          <Verdict.react tag="span" className="jp-ckpt-Icon jp-ckpt-Verdict" />
          <span className="jp-ckpt-Storage-verdict">
            {verdictText(store.durability, trans)}
          </span>
        </button>
        <CommandButton
          id={CommandIDs.chooseStore}
          className="jp-mod-text jp-mod-bare"
          label={store.safe ? trans.__('Change…') : trans.__('Choose…')}
          text
        />
      </div>
      {store.free !== null && (
        <div className="jp-ckpt-Storage-full">
          {trans.__('%1 free', bytesText(store.free))}
          {full && !full.soon && ` · ${full.text}`}
        </div>
      )}
      {full?.soon && (
        <div className="jp-ckpt-Storage-full jp-mod-soon">
          <warningIcon.react tag="span" className="jp-ckpt-Icon" />
          {full.text}
        </div>
      )}
      {store.problems.map(problem => (
        <div key={problem} className="jp-ckpt-Storage-full jp-mod-soon">
          <warningIcon.react tag="span" className="jp-ckpt-Icon" />
          {problem}
        </div>
      ))}
      {open && (
        <dl className="jp-ckpt-Fields">
          <dt>{trans.__('Folder')}</dt>
          <dd className="jp-ckpt-Path">{store.path}</dd>
          <dt>{trans.__('Safety')}</dt>
          <dd>
            {lifetime(store.durability, trans)}
            {store.reason && (
              <span className="jp-ckpt-quiet"> {store.reason}</span>
            )}
          </dd>
          <dt>{trans.__('Holds')}</dt>
          <dd>{holdsText(store, trans)}</dd>
          {store.warnings.map(warning => (
            <React.Fragment key={warning}>
              <dt>{trans.__('Note')}</dt>
              <dd>{warning}</dd>
            </React.Fragment>
          ))}
        </dl>
      )}
      {open && others.length > 1 && (
        <label className="jp-ckpt-Field">
          <span>{trans.__('Look at')}</span>
          <select
            className="jp-ckpt-Select"
            value={model.store ?? ''}
            onChange={event => model.lookAt(event.target.value)}
          >
            {others.map(other => (
              <option key={other.id} value={other.id}>
                {other.path}
              </option>
            ))}
          </select>
        </label>
      )}
    </section>
  );
}

/** A durability in two words. */
export function verdictText(
  durability: Durability,
  trans: TranslationBundle
): string {
  switch (durability) {
    case 'persistent':
      return trans.__('Safe storage');
    case 'session':
      return trans.__('Lost with the container');
    case 'ephemeral':
      return trans.__('Not safe');
    default:
      return trans.__('Safety unknown');
  }
}

/** When the disk will be full; null when it is far off or not known. */
export function fullText(
  growth: IGrowth | null,
  now: number,
  trans: TranslationBundle
): { text: string; soon: boolean } | null {
  const at = growth?.full_at ? Date.parse(growth.full_at) : NaN;
  if (!growth || Number.isNaN(at) || at - now > FAR) {
    return null;
  }
  const left = Math.max(0, at - now);
  const hours = Math.round(left / 3_600_000);
  const days = Math.round(left / DAY);
  const rate = bytesText(growth.bytes_per_day);
  const text =
    hours < 1
      ? trans.__('Full within the hour at the present rate (%1 a day)', rate)
      : hours < 48
        ? trans._n(
            'Full in about %1 hour at the present rate (%2 a day)',
            'Full in about %1 hours at the present rate (%2 a day)',
            hours,
            rate
          )
        : trans._n(
            'Full in about %1 day at the present rate (%2 a day)',
            'Full in about %1 days at the present rate (%2 a day)',
            days,
            rate
          );
  return { text, soon: left < SOON };
}

function holdsText(store: IStore, trans: TranslationBundle): string {
  const size = bytesText(store.size);
  const count = store.checkpoints ?? 0;
  return trans._n('%1 checkpoint, %2', '%1 checkpoints, %2', count, size);
}

function toneOf(durability: Durability): string {
  if (durability === 'persistent') {
    return 'good';
  }
  return durability === 'ephemeral' ? 'error' : 'warning';
}
