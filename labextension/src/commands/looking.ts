import { historyIcon, refreshIcon } from '@jupyterlab/ui-components';
import { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { compareIcon, detailsIcon } from '../panel/icons';
import { add, ICommandContext } from './context';
import { CommandIDs } from './ids';
import { OF_RUN, ONE, refOf, schemaOf, targetsOf } from './targets';

/** What only looks: details, journal, comparison, refresh. */
export function addLooking(context: ICommandContext): void {
  const { app, model, trans } = context;
  const reveal = () => {
    if (!model.visible) {
      void app.commands.execute(CommandIDs.showPanel);
    }
  };

  add(context, CommandIDs.refresh, {
    label: trans.__('Refresh the Training Checkpoints'),
    icon: refreshIcon,
    describedBy: schemaOf({}),
    execute: () => model.refresh()
  });

  add(context, CommandIDs.showDetails, {
    label: trans.__('Show Details'),
    icon: detailsIcon,
    describedBy: schemaOf(ONE),
    isEnabled: args => targetsOf(model, args).length === 1,
    execute: args => {
      const [target] = targetsOf(model, args);
      if (target) {
        model.view = { kind: 'details', ref: refOf(target) };
        reveal();
      }
    }
  });

  const runOf = (args: ReadonlyPartialJSONObject) =>
    typeof args.run === 'string' ? args.run : model.run || null;
  add(context, CommandIDs.showJournal, {
    label: trans.__('Show What Happened'),
    caption: trans.__('Show what happened in this run'),
    icon: historyIcon,
    describedBy: schemaOf(OF_RUN),
    isEnabled: args => runOf(args) !== null,
    execute: args => {
      const run = runOf(args);
      if (run) {
        model.view = { kind: 'journal', run };
        reveal();
      }
    }
  });

  const pair = (args: ReadonlyPartialJSONObject): [string, string] | null => {
    if (typeof args.a === 'string' && typeof args.b === 'string') {
      return [args.a, args.b];
    }
    const refs = targetsOf(model, {}).map(refOf);
    if (refs.length !== 2 || model.view.kind !== 'list') {
      return null;
    }
    // the older one is what the newer one is compared with
    const [one, other] = refs.map(ref => model.rows.find(ref));
    return one && other && one.time > other.time
      ? [refs[1], refs[0]]
      : [refs[0], refs[1]];
  };
  add(context, CommandIDs.compare, {
    label: trans.__('Compare'),
    caption: trans.__('Compare the two selected training checkpoints'),
    icon: compareIcon,
    describedBy: schemaOf({
      a: { type: 'string', description: 'run/name of the one before' },
      b: { type: 'string', description: 'run/name of the one after' }
    }),
    isEnabled: args => pair(args) !== null,
    execute: args => {
      const both = pair(args);
      if (both) {
        model.view = { kind: 'compare', a: both[0], b: both[1] };
        reveal();
      }
    }
  });
}
