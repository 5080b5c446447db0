import {
  Dialog,
  InputDialog,
  Notification,
  showDialog
} from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { checkIcon, downloadIcon } from '@jupyterlab/ui-components';
import { ApiError, IJob, lineOf } from '../api';
import { LinesBody } from './dialogs';
import { add, ICommandContext } from './context';
import { CommandIDs } from './ids';
import { ITarget, ONE, refOf, schemaOf, targetsOf } from './targets';

const EVERY = 400;

/** What takes longer than a request: verify and export. */
export function addJobs(context: ICommandContext): void {
  const { model, trans } = context;

  add(context, CommandIDs.verify, {
    label: trans.__('Verify'),
    caption: trans.__('Read it through and compare with what was saved'),
    icon: checkIcon,
    describedBy: schemaOf(ONE),
    isEnabled: args => targetsOf(model, args).length > 0,
    execute: async args => {
      const targets = targetsOf(model, args);
      const job = await model.api.verify(targets[0].store, targets.map(refOf));
      const end = await follow(
        context,
        job,
        trans._n(
          'Verifying %1 checkpoint…',
          'Verifying %1 checkpoints…',
          targets.length
        ),
        done => verdict(context, done)
      );
      if (end) {
        model.refresh();
      }
    }
  });

  add(context, CommandIDs.exportFile, {
    label: trans.__('Export…'),
    caption: trans.__('Write a stand-alone copy that torch.load opens'),
    icon: downloadIcon,
    describedBy: schemaOf({
      ...ONE,
      to: {
        type: 'string',
        description: 'Path on the server; without it a dialog asks'
      }
    }),
    isEnabled: args => targetsOf(model, args).length === 1,
    execute: async args => {
      const [target] = targetsOf(model, args);
      const to =
        typeof args.to === 'string' ? args.to : await askPath(context, target);
      if (to) {
        await exportTo(context, target, to);
      }
    }
  });
}

async function askPath(
  context: ICommandContext,
  target: ITarget
): Promise<string | null> {
  const { model, trans } = context;
  const folder = PathExt.dirname(model.notebook.path ?? '');
  const file = `${target.run}_${target.name}.pt`.replace(/[/\\]/g, '_');
  const text = PathExt.join(folder, file);
  const { value } = await InputDialog.getText({
    title: trans.__('Export %1', target.name),
    label: trans.__('Where to write it, as the file browser names it:'),
    text,
    selectionRange: text.length - 3,
    okLabel: trans.__('Export')
  });
  return value;
}

async function exportTo(
  context: ICommandContext,
  target: ITarget,
  to: string,
  force = false
): Promise<void> {
  const { model, trans } = context;
  try {
    const job = await model.api.export(target.store, refOf(target), to, force);
    await follow(context, job, trans.__('Exporting to %1…', to), () => ({
      type: 'success',
      text: trans.__('Exported to %1.', to)
    }));
  } catch (error) {
    if (!(error instanceof ApiError) || error.kind !== 'refused' || force) {
      throw error;
    }
    const { button } = await showDialog({
      title: trans.__('Write over it?'),
      body: new LinesBody([error.message]),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.warnButton({ label: trans.__('Overwrite') })
      ]
    });
    if (button.accept) {
      await exportTo(context, target, to, true);
    }
  }
}

interface IEnd {
  type: 'success' | 'error';
  text: string;
}

/** Show how far a job is until its end; gives whether it ended well. */
async function follow(
  context: ICommandContext,
  first: IJob,
  label: string,
  endOf: (job: IJob) => IEnd
): Promise<boolean> {
  const { model, trans } = context;
  const { api } = model;
  const id = Notification.emit(label, 'in-progress', {
    autoClose: false,
    progress: share(first),
    actions: [
      {
        label: trans.__('Cancel'),
        callback: () => void api.cancelJob(first.id).catch(() => undefined)
      }
    ]
  });
  try {
    let job = first;
    while (job.state === 'running') {
      await new Promise(resolve => window.setTimeout(resolve, EVERY));
      job = await api.job(job.id);
      if (job.state === 'running') {
        Notification.update({ id, message: label, progress: share(job) });
      }
    }
    const end: IEnd =
      job.state === 'done'
        ? endOf(job)
        : {
            type: 'error',
            text:
              job.state === 'cancelled'
                ? trans.__('Cancelled.')
                : (job.error ?? trans.__('It failed.'))
          };
    Notification.update({
      id,
      message: end.text,
      type: job.state === 'cancelled' ? 'info' : end.type,
      autoClose:
        end.type === 'success' || job.state === 'cancelled' ? 5000 : false,
      actions: []
    });
    return job.state === 'done';
  } catch (error) {
    Notification.update({
      id,
      message: lineOf(error),
      type: 'error',
      autoClose: false,
      actions: []
    });
    return false;
  }
}

function share(job: IJob): number {
  return job.total > 0 ? Math.min(1, job.done / job.total) : 0;
}

function verdict(context: ICommandContext, job: IJob): IEnd {
  const { trans } = context;
  const bad = job.results.filter(result => result.problems.length);
  if (!bad.length) {
    const count = job.results.length;
    return {
      type: 'success',
      text: trans._n(
        '%1 checkpoint is as it was saved.',
        '%1 checkpoints are as they were saved.',
        count
      )
    };
  }
  const [first] = bad;
  return {
    type: 'error',
    text: trans._n(
      '%1 checkpoint is corrupt: %2 (%3)',
      '%1 checkpoints are corrupt, first: %2 (%3)',
      bad.length,
      first.ref,
      first.problems[0]
    )
  };
}
