import { Notification } from '@jupyterlab/apputils';
import { NotebookPanel } from '@jupyterlab/notebook';
import { KernelMessage } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';

const SHOWN = 140;

/**
 * Run a line in the notebook's kernel without a cell, and say what came of it.
 *
 * A cell that resumes and stays would resume once more with Restart & Run All.
 */
export async function runQuietly(
  panel: NotebookPanel,
  code: string,
  busy: string,
  trans: TranslationBundle
): Promise<void> {
  const kernel = panel.sessionContext.session?.kernel;
  if (!kernel) {
    Notification.error(trans.__('This notebook has no kernel: start one.'));
    return;
  }
  const id = Notification.emit(busy, 'in-progress', { autoClose: false });
  const said: string[] = [];
  let failed = '';
  const future = kernel.requestExecute({ code, store_history: false });
  future.onIOPub = message => {
    if (KernelMessage.isDisplayDataMsg(message)) {
      const text = message.content.data['text/plain'];
      said.push(typeof text === 'string' ? text : '');
    } else if (KernelMessage.isErrorMsg(message)) {
      failed = message.content.evalue || message.content.ename;
    }
  };
  try {
    const reply = await future.done;
    if (reply.content.status !== 'ok' && !failed) {
      failed = trans.__('The kernel was interrupted before it was done.');
    }
  } catch {
    failed = trans.__('The kernel ended before it was done.');
  }
  const message = (failed || said.join('\n')).trim().replace(/\s+/g, ' ');
  Notification.update({
    id,
    message: message.length > SHOWN ? `${message.slice(0, SHOWN)}…` : message,
    type: failed ? 'error' : 'success',
    autoClose: failed ? false : 8000
  });
}
