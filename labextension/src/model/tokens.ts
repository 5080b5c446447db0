import { Token } from '@lumino/coreutils';
import { CheckpointsModel } from './checkpoints';

/** What the panel, its commands and other extensions share: the checkpoints that are looked at. */
export type ITrainingCheckpoints = CheckpointsModel;

/** The token of `ITrainingCheckpoints`. */
export const ITrainingCheckpoints = new Token<ITrainingCheckpoints>(
  'jupyter-ckpt:ITrainingCheckpoints',
  'The training checkpoints of the notebook that is looked at: runs, rows, selection, and the server they come from.'
);
