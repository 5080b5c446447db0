import * as React from 'react';
import { CommandIDs } from '../commands/ids';
import { CommandButton } from './commandbutton';
import { usePanel } from './context';

/** The panel's name and what can be done to all of it. */
export function Header(): JSX.Element {
  const { model, trans } = usePanel();
  const run = model.run || undefined;
  return (
    <div className="jp-ckpt-Header">
      <h2 className="jp-ckpt-Header-title">
        {trans.__('Training checkpoints')}
      </h2>
      <div
        className="jp-ckpt-Toolbar"
        role="toolbar"
        aria-label={trans.__('Training checkpoints')}
      >
        {model.training && (
          <>
            <CommandButton id={CommandIDs.saveNow} />
            <CommandButton id={CommandIDs.stopTraining} />
          </>
        )}
        <CommandButton id={CommandIDs.compare} />
        <CommandButton id={CommandIDs.showJournal} args={{ run }} />
        <CommandButton id={CommandIDs.refresh} />
      </div>
    </div>
  );
}
