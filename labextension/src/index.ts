import { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { commandsPlugin } from './commands/plugin';
import { kernelPlugin } from './kernel';
import { checkpointsPlugin } from './model/plugin';
import { panelPlugin } from './panel/plugin';
import { recorderPlugin } from './recorder';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  kernelPlugin,
  recorderPlugin,
  checkpointsPlugin,
  panelPlugin,
  commandsPlugin
];

export default plugins;
