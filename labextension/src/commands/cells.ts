import { NotebookActions, NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator } from '@jupyterlab/translation';
import { pastRecords } from '../recorder/place';

/** Put a code cell below the active one (and the records that belong to that) and make it the active one; gives its index. */
export function insertCell(panel: NotebookPanel, source: string): number {
  const notebook = panel.content;
  const shared = notebook.model?.sharedModel;
  if (!shared) {
    return -1;
  }
  const index = pastRecords(shared, notebook.activeCellIndex + 1);
  shared.insertCell(index, {
    cell_type: 'code',
    source,
    metadata: { trusted: true }
  });
  notebook.deselectAll();
  notebook.activeCellIndex = index;
  notebook.mode = 'command';
  void notebook.scrollToItem(index).catch(() => undefined);
  return index;
}

/** Put a code cell below the active one and run it; it stands in the notebook like any other. */
export async function runCell(
  panel: NotebookPanel,
  source: string,
  translator: ITranslator
): Promise<void> {
  if (insertCell(panel, source) >= 0) {
    await NotebookActions.run(
      panel.content,
      panel.sessionContext,
      undefined,
      translator
    );
  }
}
