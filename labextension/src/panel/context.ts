import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import * as React from 'react';
import { CheckpointsModel, TimeWords } from '../model';

/** What every part of the panel needs. */
export interface IPanelContext {
  model: CheckpointsModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
  words: TimeWords;
  /** This moment, in steps of some seconds. */
  now: number;
  /** Room for a table of one line a row. */
  wide: boolean;
}

/** The panel's context. */
export const PanelContext = React.createContext<IPanelContext | null>(null);

/** The panel's context, which is there in every part of it. */
export function usePanel(): IPanelContext {
  const found = React.useContext(PanelContext);
  if (!found) {
    throw new Error('a part of the panel stands outside of it');
  }
  return found;
}
