import { InputDialog } from '@jupyterlab/apputils';
import { editIcon, LabIcon } from '@jupyterlab/ui-components';
import { IPatch, IRow } from '../api';
import { pinIcon, tagIcon } from '../panel/icons';
import { add, ICommandContext } from './context';
import { CommandIDs } from './ids';
import { commonTags, tagChange, wordsOf } from './tags';
import { ITarget, ONE, refOf, rowOf, schemaOf, targetsOf } from './targets';

/** Marks on checkpoints: pins, tags, notes. */
export function addMarking(context: ICommandContext): void {
  const { model, trans } = context;

  const patch = async (targets: ITarget[], change: IPatch): Promise<void> => {
    for (const { store, run, name } of targets) {
      model.rows.replace(await model.api.patch(store, run, name, change));
    }
    model.refresh();
  };
  const rowsOf = (targets: ITarget[]): Promise<IRow[]> =>
    Promise.all(targets.map(target => rowOf(model, target)));
  const setPin = (
    id: string,
    label: string,
    caption: string,
    pinned: boolean,
    icon: LabIcon
  ) =>
    add(context, id, {
      label,
      caption,
      icon,
      describedBy: schemaOf(ONE),
      isEnabled: args => targetsOf(model, args).length > 0,
      isVisible: args => {
        const rows = targetsOf(model, args).map(target =>
          model.rows.find(refOf(target))
        );
        return !rows.length || rows.some(row => row?.pinned !== pinned);
      },
      execute: args => patch(targetsOf(model, args), { pinned })
    });
  setPin(
    CommandIDs.pin,
    trans.__('Pin'),
    trans.__('Never prune it'),
    true,
    pinIcon
  );
  setPin(
    CommandIDs.unpin,
    trans.__('Unpin'),
    trans.__('It may be pruned again'),
    false,
    pinIcon
  );

  add(context, CommandIDs.note, {
    label: trans.__('Edit Note…'),
    icon: editIcon,
    describedBy: schemaOf({
      ...ONE,
      note: {
        type: 'string',
        description: 'The note; without it a dialog asks'
      }
    }),
    isEnabled: args => targetsOf(model, args).length === 1,
    execute: async args => {
      const targets = targetsOf(model, args);
      if (typeof args.note === 'string') {
        return patch(targets, { note: args.note });
      }
      const [row] = await rowsOf(targets.slice(0, 1));
      const { value } = await InputDialog.getText({
        title: trans.__('Note on %1', row.name),
        label: trans.__('A sentence about it. Empty takes the note away.'),
        text: row.note,
        okLabel: trans.__('Save')
      });
      if (value !== null && value !== row.note) {
        await patch(targets, { note: value });
      }
    }
  });

  add(context, CommandIDs.tag, {
    label: trans.__('Edit Tags…'),
    icon: tagIcon,
    describedBy: schemaOf({
      ...ONE,
      add: {
        type: 'array',
        items: { type: 'string' },
        description: 'Tags to put on; with these or remove no dialog asks'
      },
      remove: {
        type: 'array',
        items: { type: 'string' },
        description: 'Tags to take off'
      }
    }),
    isEnabled: args => targetsOf(model, args).length > 0,
    execute: async args => {
      const targets = targetsOf(model, args);
      if (Array.isArray(args.add) || Array.isArray(args.remove)) {
        return patch(targets, tagChange([], [], args.add, args.remove));
      }
      const rows = await rowsOf(targets);
      const common = commonTags(rows);
      const { value } = await InputDialog.getText({
        title: trans._n(
          'Tags of %1 checkpoint',
          'Tags of %1 checkpoints',
          rows.length
        ),
        label: trans.__('Words to find it by, parted by spaces.'),
        text: common.join(' '),
        okLabel: trans.__('Save')
      });
      if (value !== null) {
        const wanted = wordsOf(value);
        const change = tagChange(common, wanted);
        if (change.add_tags?.length || change.remove_tags?.length) {
          await patch(targets, change);
        }
      }
    }
  });
}
