import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { deleteIcon, undoIcon } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import { ApiError, IRow, IRun, lineOf } from '../api';
import { bytesText, positionText } from '../model';
import { add, ICommandContext } from './context';
import { LinesBody } from './dialogs';
import { CommandIDs } from './ids';
import { ITarget, ONE, refOf, rowOf, schemaOf, targetsOf } from './targets';

const UNDO_FOR = 10_000;
const LISTED = 8;

/** Delete to the trash, and undo. */
export function addDeleting(context: ICommandContext): void {
  const { app, model, trans } = context;
  let last: ITarget[] = [];
  let unpinned: ReadonlySet<string> = new Set();
  let told = '';

  const undo = async (targets: ITarget[]): Promise<void> => {
    if (last === targets) {
      last = [];
    }
    Notification.dismiss(told);
    for (const target of targets) {
      const { store, run, name } = target;
      await model.api.restore(store, run, name);
      if (unpinned.has(refOf(target))) {
        await model.api.patch(store, run, name, { pinned: true });
      }
    }
    Notification.success(
      trans._n(
        '%1 checkpoint is back.',
        '%1 checkpoints are back.',
        targets.length
      ),
      { autoClose: 3000 }
    );
    model.refresh();
    app.commands.notifyCommandChanged(CommandIDs.undoDelete);
  };

  add(context, CommandIDs.remove, {
    label: trans.__('Delete'),
    caption: trans.__('Move to the trash of the store'),
    icon: deleteIcon,
    describedBy: schemaOf({
      ...ONE,
      confirm: {
        type: 'boolean',
        description: 'False: do not ask first'
      }
    }),
    isEnabled: args => targetsOf(model, args).length > 0,
    execute: async args => {
      const targets = targetsOf(model, args);
      const rows = await Promise.all(
        targets.map(target => rowOf(model, target))
      );
      const asks = args.confirm !== false && context.confirmDelete();
      if (!rows.length || (asks && !(await confirm(context, rows)))) {
        return;
      }
      // its details would be asked for again as soon as it is gone
      if (model.view.kind !== 'list') {
        model.view = { kind: 'list' };
      }
      // who was told that it is pinned need not be told again by the server
      const pinned = new Set(
        asks ? rows.filter(row => row.pinned).map(row => row.ref) : []
      );
      const gone = await removeAll(context, targets, pinned);
      if (!gone.length) {
        return;
      }
      model.rows.forget(gone.map(refOf));
      model.refresh();
      last = gone;
      unpinned = pinned;
      app.commands.notifyCommandChanged(CommandIDs.undoDelete);
      const refs = new Set(gone.map(refOf));
      const size = sizeOf(rows.filter(row => refs.has(row.ref)));
      told = Notification.info(
        trans._n(
          'Deleted %1 checkpoint (%2).',
          'Deleted %1 checkpoints (%2).',
          gone.length,
          size
        ),
        {
          autoClose: UNDO_FOR,
          actions: [
            {
              label: trans.__('Undo'),
              displayType: 'accent',
              callback: () =>
                void undo(gone).catch(error =>
                  Notification.error(lineOf(error), { autoClose: false })
                )
            }
          ]
        }
      );
    }
  });

  add(context, CommandIDs.undoDelete, {
    label: trans.__('Undo Delete'),
    caption: trans.__('Bring back what was deleted last'),
    icon: undoIcon,
    describedBy: schemaOf(ONE),
    isEnabled: args => typeof args.name === 'string' || last.length > 0,
    execute: async args => {
      const given =
        typeof args.name === 'string' ? targetsOf(model, args) : last;
      if (given.length) {
        await undo(given);
      }
    }
  });
}

async function removeAll(
  context: ICommandContext,
  targets: ITarget[],
  pinned: ReadonlySet<string>
): Promise<ITarget[]> {
  const { model, trans } = context;
  const gone: ITarget[] = [];
  for (const target of targets) {
    const { store, run, name } = target;
    try {
      if (pinned.has(refOf(target))) {
        await model.api.patch(store, run, name, { pinned: false });
      }
      await model.api.remove(store, run, name);
      gone.push(target);
    } catch (error) {
      if (!(error instanceof ApiError) || error.kind !== 'refused') {
        Notification.error(lineOf(error), { autoClose: false });
        break;
      }
      const { button } = await showDialog({
        title: trans.__('Delete %1 all the same?', name),
        body: new LinesBody([error.message]),
        buttons: [
          Dialog.cancelButton({ label: trans.__('Keep') }),
          Dialog.warnButton({ label: trans.__('Delete') })
        ]
      });
      if (button.accept) {
        await model.api.remove(store, run, name, true);
        gone.push(target);
      }
    }
  }
  return gone;
}

async function confirm(
  context: ICommandContext,
  rows: IRow[]
): Promise<boolean> {
  const { model, trans } = context;
  const [first] = rows;
  const runs = new Map(
    rows.map((row): [string, IRun | null] => [row.run, model.findRun(row.run)])
  );
  const result = await showDialog({
    title:
      rows.length === 1
        ? trans.__('Delete %1?', first.name)
        : trans._n(
            'Delete %1 checkpoint?',
            'Delete %1 checkpoints?',
            rows.length
          ),
    body: new LinesBody(
      [
        trans.__(
          '%1 will be moved to the trash of the store, from where it can be brought back.',
          sizeOf(rows)
        ),
        ...warningsOf(rows, runs, trans)
      ],
      listOf(rows, trans)
    ),
    checkbox: { label: trans.__('Do not ask me again'), checked: false },
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.warnButton({ label: trans.__('Delete') })
    ]
  });
  if (result.button.accept && result.isChecked) {
    context.stopConfirming();
  }
  return result.button.accept;
}

/** What somebody should know who deletes these. */
export function warningsOf(
  rows: readonly IRow[],
  runs: ReadonlyMap<string, IRun | null>,
  trans: TranslationBundle
): string[] {
  const found: string[] = [];
  for (const [id, run] of runs) {
    const mine = rows.filter(row => row.run === id);
    if (run && mine.length >= run.checkpoints) {
      found.push(
        trans._n(
          'It is the last one of the run %2.',
          'They are the last ones of the run %2.',
          mine.length,
          id
        )
      );
    }
  }
  for (const row of rows.filter(one => one.best)) {
    found.push(trans.__('%1 is the best one of its run.', row.name));
  }
  for (const row of rows.filter(one => one.pinned)) {
    found.push(trans.__('%1 is pinned: it will be unpinned first.', row.name));
  }
  return found;
}

function listOf(rows: IRow[], trans: TranslationBundle): string[] {
  const lines = rows
    .slice(0, LISTED)
    .map(
      row => `${row.run} · ${positionText(row, trans)} · ${bytesText(row.size)}`
    );
  const more = rows.length - LISTED;
  if (more > 0) {
    lines.push(trans._n('and %1 more', 'and %1 more', more));
  }
  return lines;
}

function sizeOf(rows: IRow[]): string {
  return bytesText(rows.reduce((sum, row) => sum + row.size, 0));
}
