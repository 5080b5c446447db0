import {
  ReadonlyJSONObject,
  ReadonlyPartialJSONObject
} from '@lumino/coreutils';
import { IRow } from '../api';
import { CheckpointsModel, parts } from '../model';

/** A checkpoint that a command works on. */
export interface ITarget {
  store: string;
  run: string;
  name: string;
}

const STORE = {
  type: 'string',
  description: 'Id of the store; by default the one that is looked at'
};
const RUN = { type: 'string', description: 'Id of the run' };
const NAME = { type: 'string', description: 'Name of the checkpoint' };

/** The schema of arguments: some of `properties`, none of which must be given. */
export function schemaOf(properties: ReadonlyJSONObject): {
  args: ReadonlyJSONObject;
} {
  return {
    args: { type: 'object', additionalProperties: false, properties }
  };
}

/** Arguments of a command that works on a checkpoint; without them on what is selected. */
export const ONE = { store: STORE, run: RUN, name: NAME };

/** Arguments of a command that works on a run. */
export const OF_RUN = { store: STORE, run: RUN };

/** The checkpoints meant: by the arguments, else the one that is open, else those that are selected. */
export function targetsOf(
  model: CheckpointsModel,
  args: ReadonlyPartialJSONObject
): ITarget[] {
  const store = typeof args.store === 'string' ? args.store : model.store;
  if (store === null) {
    return [];
  }
  if (typeof args.run === 'string' && typeof args.name === 'string') {
    return [{ store, run: args.run, name: args.name }];
  }
  const refs =
    model.view.kind === 'details'
      ? [model.view.ref]
      : [...model.rows.selection.chosen];
  return refs.map(ref => {
    const [run, name] = parts(ref);
    return { store, run, name };
  });
}

/** `run/name`. */
export function refOf(target: ITarget): string {
  return `${target.run}/${target.name}`;
}

/** What is known of a checkpoint: from the list, else from the server. */
export async function rowOf(
  model: CheckpointsModel,
  target: ITarget
): Promise<IRow> {
  const known =
    target.store === model.store ? model.rows.find(refOf(target)) : undefined;
  return (
    known ?? (await model.api.details(target.store, target.run, target.name))
  );
}
