import { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { isAbort, lineOf } from '../api';
import { CheckpointsModel } from '../model';

/** What the commands share. */
export interface ICommandContext {
  app: JupyterFrontEnd;
  model: CheckpointsModel;
  trans: TranslationBundle;
  translator: ITranslator;
  /** Whether to ask before deleting, and not to ask any more. */
  confirmDelete: () => boolean;
  stopConfirming: () => void;
}

/** Tell of a failure, in one line that stays until it was read. */
export function tellFailure(error: unknown): void {
  if (!isAbort(error)) {
    Notification.error(lineOf(error), { autoClose: false });
  }
}

/** Add a command whose failure is told in one line. */
export function add(
  context: ICommandContext,
  id: string,
  options: CommandRegistry.ICommandOptions
): void {
  context.app.commands.addCommand(id, {
    ...options,
    execute: async args => {
      try {
        return await options.execute(args);
      } catch (error) {
        tellFailure(error);
        return null;
      }
    }
  });
}
