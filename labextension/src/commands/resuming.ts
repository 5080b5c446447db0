import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { NotebookPanel } from '@jupyterlab/notebook';
import { fastForwardIcon, addBelowIcon } from '@jupyterlab/ui-components';
import { insertCell, variableOf } from './cells';
import { concernsOf, IConcerns } from './concerns';
import { add, ICommandContext } from './context';
import { LinesBody } from './dialogs';
import { CommandIDs } from './ids';
import { resumeCode } from './quoting';
import { runQuietly } from './quiet';
import { ITarget, ONE, refOf, rowOf, schemaOf, targetsOf } from './targets';

const LOAD = '%load_ext jupyter_ckpt';
const START = [
  LOAD,
  'start_epoch = %ckpt resume',
  '# at the end of each epoch of your loop:',
  '# %ckpt save --metric loss'
].join('\n');

/** Resume, and the cells that do. */
export function addResuming(context: ICommandContext): void {
  const { model, trans } = context;
  const open = (): NotebookPanel | null => model.notebook.panel;
  const one = (args: Parameters<typeof targetsOf>[1]) => {
    const targets = targetsOf(model, args);
    return open() && targets.length === 1 ? targets[0] : null;
  };

  add(context, CommandIDs.resume, {
    label: trans.__('Resume'),
    caption: trans.__(
      "Resume from this training checkpoint in the notebook's kernel"
    ),
    icon: fastForwardIcon,
    describedBy: schemaOf(ONE),
    isEnabled: args => one(args) !== null && model.notebook.kernel.python,
    execute: async args => {
      const target = one(args);
      const panel = open();
      if (target && panel) {
        await resume(context, panel, target);
      }
    }
  });
  add(context, CommandIDs.insertResumeCell, {
    label: trans.__('Insert Resume Cell'),
    caption: trans.__('Insert a cell that resumes, without running it'),
    icon: addBelowIcon,
    describedBy: schemaOf(ONE),
    isEnabled: args => one(args) !== null,
    execute: args => {
      const target = one(args);
      const panel = open();
      const code = target && panel && codeOf(context, panel, target);
      if (panel && code) {
        insertCell(panel, code);
        show(context, panel);
      }
    }
  });
  const insert = (id: string, label: string, source: string) =>
    add(context, id, {
      label,
      icon: addBelowIcon,
      describedBy: schemaOf({}),
      isEnabled: () => open() !== null,
      execute: () => {
        const panel = open();
        if (panel) {
          insertCell(panel, source);
          show(context, panel);
        }
      }
    });
  insert(
    CommandIDs.insertLoadCell,
    trans.__('Insert a Cell That Loads jupyter_ckpt'),
    LOAD
  );
  insert(CommandIDs.insertStartCell, trans.__('Insert These Lines'), START);
}

async function resume(
  context: ICommandContext,
  panel: NotebookPanel,
  target: ITarget
): Promise<void> {
  const { model, trans } = context;
  const code = codeOf(context, panel, target);
  if (code === null) {
    return;
  }
  const row = await rowOf(model, target);
  const run = model.findRun(target.run);
  const concerns = concernsOf(row, run, model.notebook.kernel, trans);
  const answer = await ask(context, target, concerns);
  if (answer === 'cancel' || panel.isDisposed) {
    return;
  }
  const source = concerns.unloaded ? `${LOAD}\n${code}` : code;
  show(context, panel);
  if (answer === 'insert') {
    insertCell(panel, source);
  } else {
    const busy = trans.__('Resuming from %1…', target.name);
    await runQuietly(panel, source, busy, trans);
  }
}

async function ask(
  context: ICommandContext,
  target: ITarget,
  concerns: IConcerns
): Promise<'run' | 'insert' | 'cancel'> {
  const { trans } = context;
  const lines = [...concerns.lines];
  if (concerns.busy) {
    lines.push(
      trans.__('The kernel is busy: this will run after the current cell.')
    );
  }
  if (concerns.unloaded) {
    lines.push(
      trans.__('The kernel has not loaded jupyter_ckpt: %1 is run first.', LOAD)
    );
  }
  if (!lines.length) {
    return 'run';
  }
  const { button } = await showDialog({
    title: trans.__('Resume from %1?', target.name),
    body: new LinesBody([target.run, ...lines]),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.createButton({
        label: trans.__('Insert Only'),
        caption: trans.__('Insert the cell without running it'),
        accept: true,
        actions: ['insert']
      }),
      Dialog.okButton({ label: trans.__('Resume') })
    ],
    defaultButton: 2
  });
  if (!button.accept) {
    return 'cancel';
  }
  return button.actions.includes('insert') ? 'insert' : 'run';
}

function codeOf(
  context: ICommandContext,
  panel: NotebookPanel,
  target: ITarget
): string | null {
  const code = resumeCode(refOf(target), variableOf(panel));
  if (code === null) {
    Notification.error(
      context.trans.__(
        'The name of this checkpoint has characters that no cell can hold: rename its folder first.'
      ),
      { autoClose: false }
    );
  }
  return code;
}

function show(context: ICommandContext, panel: NotebookPanel): void {
  context.app.shell.activateById(panel.id);
}
