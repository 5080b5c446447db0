import {
  ILabShell,
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { CommandIDs } from '../commands/ids';
import { ITrainingCheckpoints, Live, TimeWords } from '../model';
import { DOMAIN } from '../tokens';
import { TrainingCheckpointsPanel } from './widget';

const PLUGIN_ID = 'jupyter-ckpt:panel';
/** Among the places that are meant for extensions. */
const RANK = 640;
const SECONDS = 5;

/** The sidebar panel. */
export const panelPlugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_ID,
  description: 'The sidebar panel "Training checkpoints".',
  autoStart: true,
  requires: [ITrainingCheckpoints],
  optional: [ITranslator, ISettingRegistry, ILayoutRestorer, ILabShell],
  activate: (
    app: JupyterFrontEnd,
    model: ITrainingCheckpoints,
    translator: ITranslator | null,
    registry: ISettingRegistry | null,
    restorer: ILayoutRestorer | null,
    labShell: ILabShell | null
  ): void => {
    const { commands, shell } = app;
    const language = translator ?? nullTranslator;
    const trans = language.load(DOMAIN);
    const panel = new TrainingCheckpointsPanel({
      model,
      commands,
      trans,
      words: new TimeWords(language.languageCode),
      onLeave: () => {
        const notebook = model.notebook.panel;
        if (notebook) {
          shell.activateById(notebook.id);
          notebook.content.activate();
        }
      }
    });
    const live = new Live({
      api: model.api,
      events: app.serviceManager.events ?? null,
      refresh: () => model.refresh(),
      seconds: SECONDS
    });
    panel.seen.connect((_, visible) => {
      model.visible = visible;
      live.visible = visible;
    });
    panel.disposed.connect(() => live.dispose());

    let side = '';
    const place = (wanted: string) => {
      if (wanted !== side) {
        side = wanted;
        shell.add(panel, wanted, { rank: RANK, type: 'Training checkpoints' });
      }
    };
    commands.addCommand(CommandIDs.showPanel, {
      label: trans.__('Show the Training Checkpoints'),
      caption: trans.__('Open the sidebar panel and go to its list'),
      describedBy: { args: { type: 'object', properties: {} } },
      execute: () => {
        if (!panel.isAttached) {
          place('left');
        }
        if (labShell === null && 'expandLeft' in shell) {
          const expand = side === 'right' ? 'expandRight' : 'expandLeft';
          (shell as unknown as Record<string, (id: string) => void>)[expand](
            panel.id
          );
        }
        shell.activateById(panel.id);
        panel.focusList();
      }
    });
    commands.addCommand(CommandIDs.focusFilter, {
      label: trans.__('Filter the Training Checkpoints'),
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => panel.isVisible,
      execute: () => panel.focusFilter()
    });

    const configure = (settings: ISettingRegistry.ISettings | null) => {
      const composite: ISettingRegistry.ISettings['composite'] =
        settings?.composite ?? {};
      live.seconds = Number(composite.pollSeconds ?? SECONDS);
      model.defaultMetric = String(composite.defaultMetric ?? '');
      place(composite.side === 'right' ? 'right' : 'left');
      model.refreshView();
    };
    const settled = registry
      ? registry.load(PLUGIN_ID).then(
          settings => {
            settings.changed.connect(configure);
            configure(settings);
          },
          () => configure(null)
        )
      : Promise.resolve(configure(null));
    void settled.then(() => restorer?.add(panel, panel.id));
  }
};
