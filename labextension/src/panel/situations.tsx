import * as React from 'react';
import { CommandIDs } from '../commands/ids';
import { Situation } from '../model';
import { CommandButton } from './commandbutton';
import { usePanel } from './context';
import { checkpointsIcon, warningIcon } from './icons';

/** Why there is no list, and what to do about it. */
export function SituationView(props: { situation: Situation }): JSX.Element {
  const { model, trans } = usePanel();
  const error = model.runs.error ?? model.rows.error;
  const retry = (
    <CommandButton
      id={CommandIDs.refresh}
      label={trans.__('Try again')}
      text
      className="jp-mod-accent"
    />
  );
  switch (props.situation) {
    case 'loading':
      return <Skeleton />;
    case 'no_server':
      return (
        <Empty title={trans.__('No server part')} grave text={error?.message}>
          <pre className="jp-ckpt-Code">
            {
              'pip install jupyter-ckpt\njupyter server extension enable jupyter_ckpt'
            }
          </pre>
          {retry}
        </Empty>
      );
    case 'unreachable':
      return (
        <Empty
          title={trans.__('The training checkpoints cannot be read')}
          grave
          text={error?.message}
        >
          {retry}
        </Empty>
      );
    case 'no_notebook':
      return (
        <Empty
          title={trans.__('No notebook is open')}
          text={trans.__(
            'Open the notebook that trains: its runs will be listed here.'
          )}
        >
          {null}
        </Empty>
      );
    case 'not_loaded':
      return (
        <Empty
          title={trans.__('Nothing saved from this notebook yet')}
          text={trans.__(
            'Its kernel has not loaded jupyter_ckpt. One line does, and nothing else changes.'
          )}
        >
          <pre className="jp-ckpt-Code">%load_ext jupyter_ckpt</pre>
          <CommandButton
            id={CommandIDs.insertLoadCell}
            text
            className="jp-mod-accent"
          />
        </Empty>
      );
    case 'nothing_saved':
      return (
        <Empty
          title={trans.__('Nothing saved from this notebook yet')}
          text={trans.__('Three lines keep a training safe:')}
        >
          <pre className="jp-ckpt-Code">
            {
              '%load_ext jupyter_ckpt\nstart_epoch = %ckpt resume\n%ckpt save --metric loss'
            }
          </pre>
          <p className="jp-ckpt-quiet">
            {trans.__(
              'Resume before the loop, save at the end of each epoch inside it.'
            )}
          </p>
          <CommandButton
            id={CommandIDs.insertStartCell}
            text
            className="jp-mod-accent"
          />
        </Empty>
      );
    case 'empty_run':
      return (
        <Empty
          title={trans.__('This run has no checkpoints')}
          text={trans.__('It has not saved yet, or all of them were deleted.')}
        >
          <CommandButton id={CommandIDs.undoDelete} text />
        </Empty>
      );
    case 'no_match':
      return (
        <Empty
          title={trans.__('Nothing matches the filter')}
          text={model.rows.order.filter}
        >
          <button
            type="button"
            className="jp-ckpt-Button jp-mod-accent"
            onClick={() => model.remember({ filter: '' })}
          >
            {trans.__('Clear the filter')}
          </button>
        </Empty>
      );
  }
}

interface IEmptyProps {
  title: string;
  text?: string;
  grave?: boolean;
  children: React.ReactNode;
}

function Empty(props: IEmptyProps): JSX.Element {
  const Picture = props.grave ? warningIcon : checkpointsIcon;
  return (
    <div className="jp-ckpt-Empty" role="status">
      <Picture.react tag="span" className="jp-ckpt-Empty-icon" />
      <h3>{props.title}</h3>
      {props.text && <p>{props.text}</p>}
      {props.children}
    </div>
  );
}

function Skeleton(): JSX.Element {
  const { trans } = usePanel();
  return (
    <div className="jp-ckpt-Loading" role="status">
      <span className="jp-ckpt-hidden">{trans.__('Loading…')}</span>
      {Array.from({ length: 6 }, (_, index) => (
        <span key={index} className="jp-ckpt-Skeleton" />
      ))}
    </div>
  );
}
