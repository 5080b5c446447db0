import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { CheckpointsApi } from '../api';
import { DOMAIN, IKernelLink } from '../tokens';
import { CheckpointsModel } from './checkpoints';
import { CurrentNotebook } from './notebook';
import { Memory } from './remembered';
import { ITrainingCheckpoints } from './tokens';

/** Provides the checkpoints that are looked at. */
export const checkpointsPlugin: JupyterFrontEndPlugin<ITrainingCheckpoints> = {
  id: 'jupyter-ckpt:checkpoints',
  description:
    'Knows the training checkpoints of the notebook that is looked at.',
  autoStart: true,
  provides: ITrainingCheckpoints,
  optional: [IKernelLink, INotebookTracker, IStateDB, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    link: IKernelLink | null,
    tracker: INotebookTracker | null,
    db: IStateDB | null,
    translator: ITranslator | null
  ): ITrainingCheckpoints => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const model = new CheckpointsModel({
      api: new CheckpointsApi(app.serviceManager.serverSettings, trans),
      notebook: new CurrentNotebook(link, tracker),
      memory: new Memory(db)
    });
    void app.restored.then(() => model.restore());
    return model;
  }
};
