import * as React from 'react';
import { IDetails, IRow } from '../api';
import { CommandIDs } from '../commands/ids';
import {
  bytesText,
  countText,
  durationText,
  flat,
  metricText,
  parts,
  positionText
} from '../model';
import { Badges, badgesOf } from './badges';
import { CommandButton } from './commandbutton';
import { usePanel } from './context';
import { useAnswer } from './hooks';
import { Fields, Page, Section } from './page';
import { Tensors } from './tensors';

/** All that is known of one checkpoint. */
export function DetailsPage(props: { checkpoint: string }): JSX.Element {
  const { model, trans } = usePanel();
  const [run, name] = parts(props.checkpoint);
  const store = model.store ?? '';
  const { value, error, again } = useAnswer(
    `${store}/${props.checkpoint}`,
    model.revision,
    signal => model.api.details(store, run, name, { signal })
  );
  const row: IRow | undefined = value ?? model.rows.find(props.checkpoint);
  const target = { store, run, name };
  return (
    <Page
      title={row ? positionText(row, trans) : name}
      subtitle={
        <span className="jp-ckpt-Page-subtitle" title={props.checkpoint}>
          {run} / {name}
        </span>
      }
      error={error}
      loading={!value}
      onRetry={again}
      actions={
        <>
          <CommandButton
            id={CommandIDs.resume}
            args={target}
            text
            className="jp-mod-accent"
          />
          <CommandButton
            id={row?.pinned ? CommandIDs.unpin : CommandIDs.pin}
            args={target}
            pressed={row?.pinned}
          />
          <CommandButton id={CommandIDs.note} args={target} />
          <CommandButton id={CommandIDs.tag} args={target} />
          <CommandButton id={CommandIDs.verify} args={target} />
          <CommandButton id={CommandIDs.exportFile} args={target} />
          <CommandButton id={CommandIDs.copyPath} args={target} />
          <CommandButton id={CommandIDs.copySnippet} args={target} />
          <CommandButton id={CommandIDs.remove} args={target} />
        </>
      }
    >
      {row && <Facts row={row} details={value} />}
      {value && <Parts details={value} />}
    </Page>
  );
}

function Facts(props: { row: IRow; details: IDetails | null }): JSX.Element {
  const { model, trans, words, now } = usePanel();
  const { row, details } = props;
  const badges = badgesOf(row, model.held === row.ref, trans);
  const metrics = Object.entries(row.metrics);
  const facts: [string, React.ReactNode][] = [
    [
      trans.__('Saved'),
      `${words.absolute(row.time)} (${words.ago(row.time, now)})`
    ],
    [trans.__('Size'), bytesText(row.size)]
  ];
  if (typeof details?.parameters === 'number') {
    facts.push([trans.__('Parameters'), countText(details.parameters)]);
  }
  if (row.reason) {
    facts.push([trans.__('Why'), row.reason]);
  }
  if (row.next_epoch !== null) {
    facts.push([
      trans.__('Resumes with'),
      trans.__('Epoch %1', row.next_epoch)
    ]);
  }
  if (details?.parent) {
    facts.push([trans.__('Descends from'), details.parent]);
  }
  facts.push([
    trans.__('File'),
    <span key="file" className="jp-ckpt-Path">
      {row.path}
    </span>
  ]);
  return (
    <>
      {badges.length > 0 && <Badges badges={badges} />}
      {row.note && <p className="jp-ckpt-Note">{row.note}</p>}
      {metrics.length > 0 && (
        <ul className="jp-ckpt-Values" aria-label={trans.__('Metrics')}>
          {metrics.map(([name, value]) => (
            <li key={name}>
              <span className="jp-ckpt-Values-name" title={name}>
                {name}
              </span>
              <span className="jp-ckpt-Values-value">{metricText(value)}</span>
            </li>
          ))}
        </ul>
      )}
      <Fields fields={facts} />
    </>
  );
}

function Parts(props: { details: IDetails }): JSX.Element {
  const { trans } = usePanel();
  const { details } = props;
  const settings = flat(details.hyperparameters);
  const environment = flat(details.environment);
  const tracked = flat(details.tracked);
  const durations = Object.entries(details.durations).map(
    ([name, value]): [string, string] => [
      name,
      typeof value === 'number' ? durationText(value) : String(value)
    ]
  );
  return (
    <>
      <Section
        title={trans.__('Hyper-parameters')}
        count={settings.length}
        open={settings.length <= 12}
      >
        <Fields fields={settings} />
      </Section>
      <Section title={trans.__('What was saved')} count={details.items.length}>
        <table className="jp-ckpt-Table">
          <tbody>
            {details.items.map((item, index) => (
              <tr key={index}>
                <th scope="row">{item.name}</th>
                <td>{item.kind}</td>
                <td
                  className={
                    item.outcome === 'not saved' ? 'jp-ckpt-bad' : undefined
                  }
                >
                  {[item.outcome, item.detail].filter(Boolean).join(': ')}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Section>
      <Section title={trans.__('Tensors')} count={details.tensors_total}>
        <Tensors tensors={details.tensors} total={details.tensors_total} />
      </Section>
      <Section title={trans.__('Tracked objects')} count={tracked.length}>
        <Fields fields={tracked} />
      </Section>
      <Section title={trans.__('Environment')} count={environment.length}>
        <Fields fields={environment} />
      </Section>
      <Section title={trans.__('Code')} count={details.code.length}>
        {details.code.map((source, index) => (
          <figure key={index} className="jp-ckpt-Source">
            <figcaption>{source.name}</figcaption>
            <pre className="jp-ckpt-Code" tabIndex={0}>
              {source.text}
            </pre>
          </figure>
        ))}
      </Section>
      <Section title={trans.__('Storage when it was saved')}>
        <Fields fields={[...flat(details.storage), ...durations]} />
      </Section>
      <Section title={trans.__('Load it without jupyter-ckpt')}>
        <pre className="jp-ckpt-Code" tabIndex={0}>
          {details.snippet}
        </pre>
      </Section>
    </>
  );
}
