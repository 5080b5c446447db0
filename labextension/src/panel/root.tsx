import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import * as React from 'react';
import { IKernelEvent } from '../tokens';
import {
  CheckpointsModel,
  metricText,
  positionText,
  TimeWords
} from '../model';
import { ComparePage } from './compare';
import { PanelContext } from './context';
import { DetailsPage } from './details';
import { Header } from './header';
import { useNow, useSignal, useWidth } from './hooks';
import { JournalPage } from './journal';
import { ListPage } from './listpage';

/** From this width on a row has one line. */
const WIDE = 440;
const TICK = 10_000;

/** Properties of `Root`. */
export interface IRootProps {
  model: CheckpointsModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
  words: TimeWords;
  /** Leave the panel. */
  onLeave: () => void;
  /** The list is shown again: the focus belongs there. */
  onReturn: () => void;
}

/** The whole panel. */
export function Root(props: IRootProps): JSX.Element {
  const { model, commands, trans, words, onLeave, onReturn } = props;
  const ref = React.useRef<HTMLDivElement>(null);
  useSignal(model.changed);
  const wide = useWidth(ref, 250) >= WIDE;
  const now = useNow(TICK);
  const context = React.useMemo(
    () => ({ model, commands, trans, words, now, wide }),
    [model, commands, trans, words, now, wide]
  );
  const { view } = model;
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key !== 'Escape' || event.defaultPrevented) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    if (view.kind === 'list') {
      onLeave();
    } else {
      model.view = { kind: 'list' };
    }
  };
  const before = React.useRef(view.kind);
  React.useEffect(() => {
    if (before.current !== 'list' && view.kind === 'list') {
      onReturn();
    }
    before.current = view.kind;
  }, [view.kind, onReturn]);
  return (
    <PanelContext.Provider value={context}>
      <div
        className="jp-ckpt-Root"
        ref={ref}
        tabIndex={-1}
        onKeyDown={onKeyDown}
      >
        <Header />
        {view.kind === 'list' && <ListPage />}
        {view.kind === 'details' && (
          <DetailsPage key={view.ref} checkpoint={view.ref} />
        )}
        {view.kind === 'compare' && <ComparePage a={view.a} b={view.b} />}
        {view.kind === 'journal' && (
          <JournalPage key={view.run} run={view.run} />
        )}
        <Announcer model={model} trans={trans} />
      </div>
    </PanelContext.Provider>
  );
}

/** Says what happens in the training to whoever cannot see it. */
function Announcer(props: {
  model: CheckpointsModel;
  trans: TranslationBundle;
}): JSX.Element {
  const { model, trans } = props;
  const [text, setText] = React.useState('');
  React.useEffect(() => {
    const onHappened = (_: CheckpointsModel, event: IKernelEvent) => {
      const words = announcement(event, trans);
      if (words) {
        setText(words);
      }
    };
    model.happened.connect(onHappened);
    return () => {
      model.happened.disconnect(onHappened);
    };
  }, [model, trans]);
  return (
    <div className="jp-ckpt-hidden" aria-live="polite">
      {text}
    </div>
  );
}

/** An event in one sentence; null for what happens too often to be said. */
export function announcement(
  event: IKernelEvent,
  trans: TranslationBundle
): string | null {
  const position = positionText(
    { epoch: event.epoch, step: event.step, name: event.name ?? '' },
    trans
  );
  const [metric] = Object.entries(event.metrics);
  switch (event.kind) {
    case 'saved':
      return metric
        ? trans.__(
            'Saved: %1, %2 %3',
            position,
            metric[0],
            metricText(metric[1])
          )
        : trans.__('Saved: %1', position);
    case 'resumed':
      return trans.__('Resumed: %1', position);
    case 'save_failed':
      return trans.__('Save failed: %1', event.text);
    case 'stopped':
      return trans.__('The training stopped: %1', position);
    default:
      return null;
  }
}
