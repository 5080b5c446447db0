import { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { commandsPlugin } from './commands/plugin';
import { kernelPlugin } from './kernel';
import { checkpointsPlugin } from './model/plugin';
import { panelPlugin } from './panel/plugin';
import { recorderPlugin, recordRendererPlugin } from './recorder';
import { statusPlugin, storageWarningPlugin } from './storage';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  kernelPlugin,
  recorderPlugin,
  recordRendererPlugin,
  storageWarningPlugin,
  statusPlugin,
  checkpointsPlugin,
  panelPlugin,
  commandsPlugin
];

export default plugins;
