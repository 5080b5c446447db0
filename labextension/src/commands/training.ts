import { Notification } from '@jupyterlab/apputils';
import { saveIcon, stopIcon } from '@jupyterlab/ui-components';
import { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { lineOf } from '../api';
import { Request } from '../tokens';
import { add, ICommandContext } from './context';
import { CommandIDs } from './ids';
import { OF_RUN, schemaOf } from './targets';

const EVERY = 500;
/** A training looks at its boundaries; between them may lie a long step. */
const PATIENCE = 60_000;

/** What a running training can be asked. */
export function addTraining(context: ICommandContext): void {
  const { model, trans } = context;
  const runOf = (args: ReadonlyPartialJSONObject) =>
    typeof args.run === 'string'
      ? args.run
      : (model.notebook.kernel.state?.run ?? model.run) || null;
  const enabled = (args: ReadonlyPartialJSONObject) =>
    model.training || typeof args.run === 'string';

  const say = (verb: Request, label: string, waiting: string) => ({
    label,
    describedBy: schemaOf(OF_RUN),
    isEnabled: enabled,
    execute: async (args: ReadonlyPartialJSONObject) => {
      const id = Notification.emit(waiting, 'in-progress', {
        autoClose: false
      });
      try {
        const told =
          typeof args.run === 'string' ? null : model.notebook.tell(verb);
        const text = await (told ?? viaMailbox(args, verb));
        Notification.update({
          id,
          message: text,
          type: 'success',
          autoClose: 4000
        });
        model.touch();
      } catch (error) {
        Notification.update({
          id,
          message: lineOf(error),
          type: 'error',
          autoClose: false
        });
      }
    }
  });

  add(context, CommandIDs.saveNow, {
    ...say(
      'save',
      trans.__('Save Now'),
      trans.__('Asking the training to save after this step…')
    ),
    caption: trans.__('Save a training checkpoint after the step that runs'),
    icon: saveIcon
  });
  add(context, CommandIDs.stopTraining, {
    ...say(
      'stop',
      trans.__('Stop After This Step'),
      trans.__('Asking the training to stop after this step…')
    ),
    caption: trans.__('Save, then end the training after the step that runs'),
    icon: stopIcon
  });

  async function viaMailbox(
    args: ReadonlyPartialJSONObject,
    verb: Request
  ): Promise<string> {
    const run = runOf(args);
    const store = typeof args.store === 'string' ? args.store : model.store;
    if (!run || store === null) {
      throw new Error(trans.__('No run is chosen: there is nobody to ask.'));
    }
    const { id } = await model.api.request(store, run, verb);
    const end = Date.now() + PATIENCE;
    while (Date.now() < end) {
      await new Promise(resolve => window.setTimeout(resolve, EVERY));
      const answer = await model.api.requestState(store, run, id);
      if (answer.answered) {
        if (answer.ok === false) {
          throw new Error(answer.text);
        }
        return answer.text;
      }
    }
    throw new Error(
      trans.__(
        'No training of the run %1 took the request: none seems to be running.',
        run
      )
    );
  }
}
