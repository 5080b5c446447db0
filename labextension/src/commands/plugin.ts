import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { ITrainingCheckpoints } from '../model';
import { DOMAIN } from '../tokens';
import { ICommandContext } from './context';
import { addCopying } from './copying';
import { addDeleting } from './deleting';
import { CommandIDs } from './ids';
import { addJobs } from './jobs';
import { addLooking } from './looking';
import { addMarking } from './marking';
import { addResuming } from './resuming';
import { addStoring } from './storing';
import { addTraining } from './training';

const PANEL_SETTINGS = 'jupyter-ckpt:panel';

/** Every action of the panel as a command. */
export const commandsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-ckpt:commands',
  description:
    'Commands for training checkpoints: palette, context menu, shortcuts.',
  autoStart: true,
  requires: [ITrainingCheckpoints],
  optional: [ITranslator, ISettingRegistry, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    model: ITrainingCheckpoints,
    translator: ITranslator | null,
    registry: ISettingRegistry | null,
    palette: ICommandPalette | null
  ): void => {
    const language = translator ?? nullTranslator;
    const trans = language.load(DOMAIN);
    let settings: ISettingRegistry.ISettings | null = null;
    void registry
      ?.load(PANEL_SETTINGS)
      .then(loaded => {
        settings = loaded;
      })
      .catch(() => undefined);
    const context: ICommandContext = {
      app,
      model,
      trans,
      translator: language,
      confirmDelete: () => settings?.composite.confirmDelete !== false,
      stopConfirming: () =>
        void settings?.set('confirmDelete', false).catch(() => undefined)
    };
    addLooking(context);
    addResuming(context);
    addCopying(context);
    addMarking(context);
    addJobs(context);
    addDeleting(context);
    addTraining(context);
    addStoring(context);
    if (palette) {
      const category = trans.__('Training Checkpoints');
      for (const command of Object.values(CommandIDs)) {
        palette.addItem({ command, category });
      }
    }
  }
};
