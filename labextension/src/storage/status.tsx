import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { LabIcon, ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { CheckpointsApi } from '../api';
import { CommandIDs } from '../commands/ids';
import { DOMAIN, IKernelLink } from '../tokens';
import { safeDot, unknownDot, unsafeDot } from './dots';
import { StorageState } from './state';
import { Verdict, verdictLabel } from './verdict';

const PLUGIN_ID = 'jupyter-ckpt:status';
const RANK = 40;

/** How safe the current notebook's training checkpoints are, in the status bar. */
export const statusPlugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_ID,
  description: 'Shows in the status bar how safe training checkpoints are.',
  autoStart: true,
  requires: [IKernelLink],
  optional: [IStatusBar, ISettingRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    link: IKernelLink,
    statusBar: IStatusBar | null,
    registry: ISettingRegistry | null,
    translator: ITranslator | null
  ): void => {
    if (!statusBar) {
      return; // Notebook 7 has none
    }
    const { commands, serviceManager } = app;
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const state = new StorageState(
      link,
      new CheckpointsApi(serviceManager.serverSettings, trans),
      path => serviceManager.contents.localPath(path)
    );
    commands.commandExecuted.connect((_, executed) => {
      if (executed.id === CommandIDs.chooseStore) {
        void executed.result.then(
          () => state.refresh(),
          () => undefined
        );
      }
    });
    const open = () => {
      const command = commands.hasCommand(CommandIDs.showPanel)
        ? CommandIDs.showPanel
        : CommandIDs.chooseStore;
      void commands.execute(command);
    };
    statusBar.registerStatusItem(PLUGIN_ID, {
      item: new StatusItem(state, trans, open),
      align: 'left',
      rank: RANK,
      isActive: () => state.isShown,
      activeStateChanged: state.changed
    });
    const configure = (settings: ISettingRegistry.ISettings) => {
      state.isEnabled = settings.composite.enabled !== false;
    };
    const settled = registry
      ? registry.load(PLUGIN_ID).then(settings => {
          settings.changed.connect(configure);
          configure(settings);
        })
      : Promise.reject(new Error('no settings'));
    void app.restored
      .then(() => settled)
      .catch(() => {
        state.isEnabled = true;
      });
  }
};

const DOTS: Record<Verdict, LabIcon> = {
  safe: safeDot,
  unsafe: unsafeDot,
  unknown: unknownDot
};

/** A dot whose shape says it too, and a word. */
class StatusItem extends ReactWidget {
  constructor(
    private readonly _state: StorageState,
    private readonly _trans: TranslationBundle,
    private readonly _open: () => void
  ) {
    super();
    this.addClass('jp-ckpt-Status');
  }

  protected render(): JSX.Element {
    return (
      <UseSignal signal={this._state.changed}>
        {() => {
          const { verdict, reason } = this._state;
          const label = verdictLabel(verdict, this._trans);
          const Dot = DOTS[verdict];
          return (
            <button
              type="button"
              className={`jp-ckpt-Status-button jp-mod-${verdict}`}
              title={reason ? `${label}. ${reason}` : label}
              onClick={this._open}
            >
              <Dot.react tag="span" className="jp-ckpt-Status-dot" />
              {label}
            </button>
          );
        }}
      </UseSignal>
    );
  }
}
