import { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { commandsPlugin } from './commands/plugin';
import { kernelPlugin } from './kernel';
import { checkpointsPlugin } from './model/plugin';
import { panelPlugin } from './panel/plugin';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  kernelPlugin,
  checkpointsPlugin,
  panelPlugin,
  commandsPlugin
];

export default plugins;
