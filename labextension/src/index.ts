import { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { commandsPlugin } from './commands/plugin';
import { checkpointsPlugin } from './model/plugin';
import { panelPlugin } from './panel/plugin';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  checkpointsPlugin,
  panelPlugin,
  commandsPlugin
];

export default plugins;
