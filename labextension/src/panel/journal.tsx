import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { IJournalEvent, Value } from '../api';
import { bytesText, flat, metricText, positionText } from '../model';
import { usePanel } from './context';
import { useAnswer } from './hooks';
import { Page } from './page';

const PAGE = 100;

/** What happened in a run, newest first. */
export function JournalPage(props: { run: string }): JSX.Element {
  const { model, trans, words, now } = usePanel();
  const [limit, setLimit] = React.useState(PAGE);
  const store = model.store ?? '';
  const { value, error, again } = useAnswer(
    `${store} ${props.run} ${limit}`,
    model.revision,
    signal => model.api.journal(store, props.run, 0, limit, { signal })
  );
  return (
    <Page
      title={trans.__('What happened')}
      subtitle={
        <span className="jp-ckpt-Page-subtitle" title={props.run}>
          {props.run}
        </span>
      }
      error={error}
      loading={!value}
      onRetry={again}
    >
      <ol className="jp-ckpt-Journal">
        {finished(value?.events ?? []).map((event, index) => {
          const { title, text, tone } = eventWords(event, trans);
          return (
            <li key={index} className={`jp-mod-${tone}`}>
              <span className="jp-ckpt-Journal-title">{title}</span>
              <time title={words.absolute(event.time)}>
                {words.ago(event.time, now)}
              </time>
              {text && <span className="jp-ckpt-Journal-text">{text}</span>}
            </li>
          );
        })}
      </ol>
      {value && value.total > limit && (
        <button
          type="button"
          className="jp-ckpt-Button"
          onClick={() => setLimit(limit + PAGE)}
        >
          {trans.__('Show earlier events')}
        </button>
      )}
    </Page>
  );
}

/** What only the experiment's cell is made of. */
const INNER = ['described', 'record_wanted', 'record_shown'];

/** Events (newest first) that tell a person something: of a save whose end is known not the beginning. */
export function finished(events: readonly IJournalEvent[]): IJournalEvent[] {
  const ended = new Set<unknown>();
  return events.filter(({ event, name }) => {
    if (event === 'saved' || event === 'save_failed') {
      ended.add(name);
    }
    return !INNER.includes(event) && (event !== 'saving' || !ended.has(name));
  });
}

/** An event as people say it. */
export function eventWords(
  event: IJournalEvent,
  trans: TranslationBundle
): { title: string; text: string; tone: 'good' | 'bad' | 'plain' } {
  const name = word(event.name);
  switch (event.event) {
    case 'started':
      return plain(trans.__('Started'), word(event.host));
    case 'saved':
      return {
        title: trans.__('Saved'),
        text: list([
          position(event, trans) ?? name,
          metrics(event.metrics),
          typeof event.bytes === 'number' ? bytesText(event.bytes) : ''
        ]),
        tone: 'good'
      };
    case 'saving':
      return plain(trans.__('Saving began'), name);
    case 'save_failed':
      return {
        title: trans.__('Save failed'),
        text: list([name, word(event.why)]),
        tone: 'bad'
      };
    case 'resumed':
      return plain(trans.__('Resumed'), word(event.checkpoint) || name);
    case 'stopped':
      return plain(trans.__('Stopped'), position(event, trans) ?? '');
    case 'metrics':
      return plain(
        trans.__('Measured'),
        list([position(event, trans) ?? '', metrics(event.metrics)])
      );
    case 'policy':
      return plain(trans.__('What is kept was changed'), '');
    case 'pinned':
      return plain(trans.__('Pinned'), name);
    case 'unpinned':
      return plain(trans.__('Unpinned'), name);
    case 'tagged':
      return plain(trans.__('Tagged'), list([name, tags(event.tags)]));
    case 'untagged':
      return plain(trans.__('Tag taken off'), list([name, tags(event.tags)]));
    case 'noted':
      return plain(trans.__('Note'), list([name, word(event.note)]));
    case 'verified':
      return { title: trans.__('Verified'), text: name, tone: 'good' };
    case 'corrupt':
      return {
        title: trans.__('Found corrupt'),
        text: list([name, word(event.why)]),
        tone: 'bad'
      };
    case 'trashed':
      return plain(trans.__('Deleted'), name);
    case 'pruned':
      return plain(trans.__('Thinned out'), name);
    case 'untrashed':
      return plain(trans.__('Brought back'), name);
    case 'expired':
      return plain(trans.__('Removed from the trash'), name);
    case 'renamed':
      return plain(trans.__('Notebook renamed'), word(event.path));
    default: {
      const fields = flat({ ...event, event: undefined, time: undefined });
      const texts = fields
        .filter(([, value]) => value !== '–')
        .map(([field, value]) => `${field}: ${value}`);
      return plain(word(event.event), texts.join(', ').slice(0, 200));
    }
  }
}

function plain(title: string, text: string) {
  return { title, text, tone: 'plain' as const };
}

function word(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function list(texts: string[]): string {
  return texts.filter(Boolean).join(' · ');
}

function tags(value: unknown): string {
  return Array.isArray(value)
    ? value.map(tag => `#${String(tag)}`).join(' ')
    : '';
}

function metrics(value: unknown): string {
  if (typeof value !== 'object' || value === null) {
    return '';
  }
  return Object.entries(value)
    .slice(0, 4)
    .map(([name, one]) => `${name} ${metricText(one as Value)}`)
    .join(', ');
}

function position(
  event: IJournalEvent,
  trans: TranslationBundle
): string | null {
  const epoch = typeof event.epoch === 'number' ? event.epoch : null;
  const step = typeof event.step === 'number' ? event.step : null;
  return epoch === null && step === null
    ? null
    : positionText({ epoch, step }, trans);
}
