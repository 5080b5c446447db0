import { NotebookPanel } from '@jupyterlab/notebook';
import { epochVariable } from './quoting';
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

/** The name that a notebook gives to the epoch to go on with. */
export function variableOf(panel: NotebookPanel | null): string {
  const cells = panel?.content.model?.sharedModel.cells ?? [];
  return epochVariable(
    cells.filter(one => one.cell_type === 'code').map(one => one.getSource())
  );
}
