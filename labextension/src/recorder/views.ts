import { MarkdownCell } from '@jupyterlab/cells';
import { Notebook, NotebookPanel } from '@jupyterlab/notebook';

/** What can be seen of a notebook: all of its views. */
export class Views {
  /** `panels` gives those that are open now. */
  constructor(private readonly _panels: () => NotebookPanel[]) {}

  /** Somebody has this cell open for editing. */
  isEdited(id: string): boolean {
    return this._panels().some(({ content }) => {
      const cell = find(content, id);
      return cell !== null && !cell.rendered && content.activeCell === cell;
    });
  }

  /** Show cells as what they say, unless somebody edits them. */
  render(ids: Iterable<string>): void {
    for (const id of ids) {
      for (const { content } of this._panels()) {
        const cell = find(content, id);
        cell?.node.setAttribute('data-jp-ckpt-record', '');
        const isEdited = content.mode === 'edit' && content.activeCell === cell;
        if (cell && !cell.rendered && !isEdited) {
          cell.rendered = true;
        }
      }
    }
  }

  /** Change something so that what a person looks at stays where it is. */
  keepStill(change: () => void): void {
    const held = this._panels()
      .filter(panel => panel.isVisible)
      .map(panel => hold(panel.content));
    change();
    const restore = () => held.forEach(one => one());
    restore();
    window.requestAnimationFrame(() => {
      restore();
      window.requestAnimationFrame(restore);
    });
  }
}

/** Remembers where the first cell in sight stands; the result puts it back there. */
function hold(notebook: Notebook): () => void {
  const scroller: HTMLElement = notebook.outerNode ?? notebook.node;
  const top = scroller.getBoundingClientRect().top;
  const bottom = top + scroller.clientHeight;
  const inSight = (node: HTMLElement) => {
    const box = node.getBoundingClientRect();
    return node.isConnected && box.bottom > top + 1 && box.top < bottom;
  };
  const { activeCell } = notebook;
  const anchor =
    activeCell && inSight(activeCell.node)
      ? activeCell
      : notebook.widgets.find(cell => inSight(cell.node));
  if (!anchor) {
    return () => undefined;
  }
  const before = anchor.node.getBoundingClientRect().top;
  let scrolled = scroller.scrollTop;
  return () => {
    if (anchor.isDisposed || !anchor.node.isConnected) {
      return;
    }
    const moved = anchor.node.getBoundingClientRect().top - before;
    // a person who scrolls meanwhile moves both
    if (Math.abs(moved) >= 1 && scroller.scrollTop === scrolled) {
      scroller.scrollTop += moved;
    }
    scrolled = scroller.scrollTop;
  };
}

function find(notebook: Notebook, id: string): MarkdownCell | null {
  const cell = notebook.widgets.find(
    one => !one.isDisposed && one.model.sharedModel.getId() === id
  );
  return cell instanceof MarkdownCell ? cell : null;
}
