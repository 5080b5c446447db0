import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { CheckpointsApi } from '../api';
import { CommandIDs } from '../commands/ids';
import { DOMAIN, IKernelLink } from '../tokens';
import { languageOf } from './language';
import { Recorder } from './recorder';

const PLUGIN_ID = 'jupyter-ckpt:recorder';

/** Writes the cells that record trainings. */
export const recorderPlugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_ID,
  description: 'Keeps a Markdown cell for each training run of a notebook.',
  autoStart: true,
  requires: [IKernelLink, INotebookTracker],
  optional: [ISettingRegistry, ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    link: IKernelLink,
    tracker: INotebookTracker,
    registry: ISettingRegistry | null,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ): void => {
    const { commands, serviceManager } = app;
    const language = translator ?? nullTranslator;
    const trans = language.load(DOMAIN);
    const recorder = new Recorder({
      link,
      tracker,
      api: new CheckpointsApi(serviceManager.serverSettings, trans),
      settings: serviceManager.serverSettings,
      localPath: path => serviceManager.contents.localPath(path)
    });

    const configure = (settings: ISettingRegistry.ISettings | null) => {
      const composite: ISettingRegistry.ISettings['composite'] =
        settings?.composite ?? {};
      const chosen = languageOf(composite.language, language.languageCode);
      recorder.language = chosen;
      link.setLanguage(chosen);
      recorder.isEnabled = composite.enabled !== false;
    };
    if (registry) {
      registry.load(PLUGIN_ID).then(
        settings => {
          settings.changed.connect(configure);
          configure(settings);
        },
        () => configure(null)
      );
    } else {
      configure(null);
    }

    const current = () => recorder.of(tracker.currentWidget?.context);
    commands.addCommand(CommandIDs.removeRecordCells, {
      label: trans.__('Remove All Recorded Cells'),
      caption: trans.__(
        'Delete the cells that record trainings from this notebook; they stay away'
      ),
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => (current()?.runs.length ?? 0) > 0,
      execute: () => current()?.removeAll()
    });
    commands.addCommand(CommandIDs.recordAgain, {
      label: trans.__('Record Again What Was Removed'),
      caption: trans.__('Bring back recorded cells that were deleted'),
      describedBy: {
        args: {
          type: 'object',
          properties: {
            run: {
              type: 'string',
              description: trans.__('The run; without it all of them')
            }
          }
        }
      },
      isEnabled: () => (current()?.removed.length ?? 0) > 0,
      execute: async args => {
        const context = tracker.currentWidget?.context;
        const run = typeof args.run === 'string' ? args.run : null;
        return context ? recorder.recordAgain(context, run) : false;
      }
    });
    const category = trans.__('Training Checkpoints');
    for (const command of [
      CommandIDs.removeRecordCells,
      CommandIDs.recordAgain
    ]) {
      palette?.addItem({ command, category });
    }
  }
};
