import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { CheckpointsApi, IStorage } from '../api';
import { CommandIDs } from '../commands/ids';
import { lifetime } from '../panel/badges';
import { DOMAIN, IKernelLink } from '../tokens';
import { Seen } from './seen';
import { warningOf } from './verdict';
import { showWhy } from './why';

const PLUGIN_ID = 'jupyter-ckpt:storage-warning';
/** How long to wait for a notebook to be opened before asking about the server's own folder. */
const PATIENCE_MS = 2000;

/** Says once, when the page opens, that training checkpoints would not be safe. */
export const storageWarningPlugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_ID,
  description: 'Warns once when training checkpoints would not be safe.',
  autoStart: true,
  requires: [IKernelLink],
  optional: [ISettingRegistry, IStateDB, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    link: IKernelLink,
    registry: ISettingRegistry | null,
    db: IStateDB | null,
    translator: ITranslator | null
  ): void => {
    const { commands, serviceManager, shell } = app;
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const api = new CheckpointsApi(serviceManager.serverSettings, trans);
    const seen = new Seen(db, serviceManager.serverSettings.baseUrl);

    const choose = async (path: string | null) => {
      if (path !== null) {
        const panel = link.contexts.find(one => one.path === path);
        const id = link.current?.context === panel ? link.current?.id : null;
        if (id) {
          shell.activateById(id);
        }
      }
      if (commands.isEnabled(CommandIDs.chooseStore)) {
        await commands.execute(CommandIDs.chooseStore);
      }
    };
    const notify = (storage: IStorage, text: string, path: string | null) => {
      const notification = Notification.warning(text, {
        autoClose: false,
        actions: [
          ...(commands.isEnabled(CommandIDs.chooseStore)
            ? [
                {
                  label: trans.__('Choose a Store'),
                  displayType: 'accent' as const,
                  callback: () => void choose(path)
                }
              ]
            : []),
          {
            label: trans.__('Learn Why'),
            callback: () =>
              void showWhy(storage, trans).then(wanted =>
                wanted ? choose(path) : undefined
              )
          },
          {
            label: trans.__('Not Again'),
            caption: trans.__('Show no warning of this kind any more'),
            callback: () => {
              Notification.dismiss(notification);
              void registry?.set(PLUGIN_ID, 'notification', false);
            }
          }
        ]
      });
    };
    const look = async () => {
      const path = await firstNotebook(link);
      const storage = await api.storage(
        path === null ? null : serviceManager.contents.localPath(path)
      );
      const warning = warningOf(storage, trans, lifetime);
      if (warning && (await seen.isFirst(warning.key))) {
        notify(storage, warning.text, path);
      }
    };
    // nothing of this holds up the start, and a server without our part is no news here
    void app.restored
      .then(async () => {
        if (await isWanted(registry)) {
          await look();
        }
      })
      .catch(() => undefined);
  }
};

async function isWanted(registry: ISettingRegistry | null): Promise<boolean> {
  try {
    const settings = await registry?.load(PLUGIN_ID);
    return settings?.composite.notification !== false;
  } catch {
    return true;
  }
}

/** The path of the first notebook that is open, or that is opened soon; null when none is. */
function firstNotebook(link: IKernelLink): Promise<string | null> {
  return new Promise(resolve => {
    const end = () => {
      window.clearTimeout(timer);
      link.opened.disconnect(end);
      resolve((link.current?.context ?? link.contexts[0])?.path ?? null);
    };
    const timer = window.setTimeout(end, PATIENCE_MS);
    link.opened.connect(end);
    if (link.contexts.length) {
      end();
    }
  });
}
