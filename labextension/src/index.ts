import { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { checkpointsPlugin } from './model/plugin';
import { panelPlugin } from './panel/plugin';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  checkpointsPlugin,
  panelPlugin
];

export default plugins;
