/** Names of the commands. */
export namespace CommandIDs {
  export const showPanel = 'jupyter-ckpt:show-panel';
  export const refresh = 'jupyter-ckpt:refresh';
  export const focusFilter = 'jupyter-ckpt:focus-filter';
  export const showDetails = 'jupyter-ckpt:show-details';
  export const showJournal = 'jupyter-ckpt:show-journal';
  export const compare = 'jupyter-ckpt:compare';
  export const resume = 'jupyter-ckpt:resume';
  export const insertResumeCell = 'jupyter-ckpt:insert-resume-cell';
  export const insertLoadCell = 'jupyter-ckpt:insert-load-cell';
  export const insertStartCell = 'jupyter-ckpt:insert-start-cell';
  export const copyName = 'jupyter-ckpt:copy-name';
  export const copyPath = 'jupyter-ckpt:copy-path';
  export const copySnippet = 'jupyter-ckpt:copy-snippet';
  export const pin = 'jupyter-ckpt:pin';
  export const unpin = 'jupyter-ckpt:unpin';
  export const tag = 'jupyter-ckpt:tag';
  export const note = 'jupyter-ckpt:note';
  export const verify = 'jupyter-ckpt:verify';
  export const exportFile = 'jupyter-ckpt:export';
  export const remove = 'jupyter-ckpt:delete';
  export const undoDelete = 'jupyter-ckpt:undo-delete';
  export const saveNow = 'jupyter-ckpt:save-now';
  export const stopTraining = 'jupyter-ckpt:stop-training';
  export const removeRecordCells = 'jupyter-ckpt:remove-record-cells';
  export const recordAgain = 'jupyter-ckpt:record-again';
  export const chooseStore = 'jupyter-ckpt:choose-store';
}
