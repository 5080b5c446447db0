import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { DOMAIN, IKernelLink } from '../tokens';
import { KernelLink } from './link';

/** Provides the connection to the kernels of the open notebooks. */
export const kernelPlugin: JupyterFrontEndPlugin<IKernelLink> = {
  id: 'jupyter-ckpt:kernel',
  description:
    'Hears what the kernels of the open notebooks say about their training.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ITranslator],
  provides: IKernelLink,
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    translator: ITranslator | null
  ): IKernelLink => {
    const { contents } = app.serviceManager;
    return new KernelLink(
      tracker,
      path => contents.localPath(path),
      (translator ?? nullTranslator).load(DOMAIN)
    );
  }
};
