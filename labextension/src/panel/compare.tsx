import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { IChange, IDiff, Value } from '../api';
import { metricText, numberOf, parts, TimeWords, valueText } from '../model';
import { CodeDiff } from './codediff';
import { usePanel } from './context';
import { useAnswer } from './hooks';
import { Page, Section } from './page';

/** What differs between two checkpoints. */
export function ComparePage(props: { a: string; b: string }): JSX.Element {
  const { model, trans } = usePanel();
  const { a, b } = props;
  const store = model.store ?? '';
  const { value, error, again } = useAnswer(`${store} ${a} ${b}`, 0, signal =>
    model.api.diff(store, a, b, { signal })
  );
  const sameRun = parts(a)[0] === parts(b)[0];
  const short = (ref: string) => (sameRun ? parts(ref)[1] : ref);
  return (
    <Page
      title={trans.__('Compare')}
      subtitle={
        <div className="jp-ckpt-Sides">
          <span title={a}>
            <b>{trans.__('Before')}</b> {short(a)}
          </span>
          <span title={b}>
            <b>{trans.__('After')}</b> {short(b)}
          </span>
        </div>
      }
      error={error}
      loading={!value}
      onRetry={again}
      actions={
        <button
          type="button"
          className="jp-ckpt-Button jp-mod-text"
          onClick={() => {
            model.view = { kind: 'compare', a: b, b: a };
          }}
        >
          {trans.__('Swap')}
        </button>
      }
    >
      {value && <Differences diff={value} />}
    </Page>
  );
}

function Differences({ diff }: { diff: IDiff }): JSX.Element {
  const { trans, words } = usePanel();
  const { tensors } = diff;
  const code = Object.entries(diff.code);
  const position = diff.position.map(change => placed(change, trans, words));
  const others =
    tensors.added.length + tensors.removed.length + tensors.reshaped.length;
  const nothing =
    !diff.position.length &&
    !diff.metrics.length &&
    !diff.hyperparameters.length &&
    !diff.tracked.length &&
    !diff.environment.length &&
    !others &&
    !tensors.changed.length &&
    !code.length;
  return (
    <>
      {nothing && (
        <p>{trans.__('They are the same in all that is recorded.')}</p>
      )}
      <Changes
        title={trans.__('Metrics')}
        changes={diff.metrics}
        numbers
        open
      />
      <Changes
        title={trans.__('Hyper-parameters')}
        changes={diff.hyperparameters}
        open
      />
      <Section title={trans.__('Code')} count={code.length} open>
        {code.map(([name, text]) => (
          <CodeDiff key={name} name={name} text={text} />
        ))}
      </Section>
      <Changes title={trans.__('Position')} changes={position} open />
      <Section title={trans.__('Tensors')} open>
        <p>
          {trans._n(
            '%1 tensor has other values, %2 are the same.',
            '%1 tensors have other values, %2 are the same.',
            tensors.changed.length,
            tensors.unchanged
          )}
        </p>
        <Names title={trans.__('Only after')} names={tensors.added} sign="+" />
        <Names
          title={trans.__('Only before')}
          names={tensors.removed}
          sign="−"
        />
        <ChangeTable
          changes={tensors.reshaped}
          caption={trans.__('Other shape or type')}
        />
      </Section>
      <Changes title={trans.__('Tracked objects')} changes={diff.tracked} />
      <Changes title={trans.__('Environment')} changes={diff.environment} />
    </>
  );
}

function Changes(props: {
  title: string;
  changes: IChange[];
  numbers?: boolean;
  open?: boolean;
}): JSX.Element {
  return (
    <Section title={props.title} count={props.changes.length} open={props.open}>
      <ChangeTable changes={props.changes} numbers={props.numbers} />
    </Section>
  );
}

function ChangeTable(props: {
  changes: IChange[];
  numbers?: boolean;
  caption?: string;
}): JSX.Element | null {
  const { trans } = usePanel();
  if (!props.changes.length) {
    return null;
  }
  const text = (value: unknown) =>
    props.numbers ? metricText(value as Value | null) : valueText(value);
  return (
    <table className="jp-ckpt-Table jp-ckpt-Changes">
      {props.caption && <caption>{props.caption}</caption>}
      <thead>
        <tr>
          <th scope="col">{trans.__('Name')}</th>
          <th scope="col">{trans.__('Before')}</th>
          <th scope="col">{trans.__('After')}</th>
        </tr>
      </thead>
      <tbody>
        {props.changes.map(change => (
          <tr key={change.name}>
            <th scope="row">{change.name}</th>
            <td>{text(change.before)}</td>
            <td>
              {text(change.after)}
              {props.numbers && (
                <span className="jp-ckpt-quiet">
                  {' '}
                  {delta(change.before as Value, change.after as Value)}
                </span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Names(props: {
  title: string;
  names: string[];
  sign: string;
}): JSX.Element | null {
  return props.names.length ? (
    <>
      <h4>{props.title}</h4>
      <ul className="jp-ckpt-Names">
        {props.names.slice(0, 200).map(name => (
          <li key={name}>
            {props.sign} {name}
          </li>
        ))}
      </ul>
    </>
  ) : null;
}

function placed(
  change: IChange,
  trans: TranslationBundle,
  words: TimeWords
): IChange {
  const time = (value: unknown) =>
    typeof value === 'string' ? words.absolute(value) : value;
  switch (change.name) {
    case 'epoch':
      return { ...change, name: trans.__('Epoch') };
    case 'step':
      return { ...change, name: trans.__('Step') };
    case 'next epoch':
      return { ...change, name: trans.__('Next epoch') };
    case 'time':
      return {
        name: trans.__('Saved'),
        before: time(change.before),
        after: time(change.after)
      };
    default:
      return change;
  }
}

/** How much the second value is above the first: `+0.25`. */
export function delta(before: Value | null, after: Value | null): string {
  const from = numberOf(before);
  const to = numberOf(after);
  if (from === null || to === null || !Number.isFinite(to - from)) {
    return '';
  }
  const change = to - from;
  return `(${change > 0 ? '+' : ''}${metricText(change, 3)})`;
}
