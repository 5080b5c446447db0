import { Widget } from '@lumino/widgets';

/** A dialog's body of several lines; texts of files stay texts. */
export class LinesBody extends Widget {
  /** One paragraph for each line, the first one quiet. */
  constructor(lines: readonly string[], list: readonly string[] = []) {
    super();
    this.addClass('jp-ckpt-Dialog');
    for (const line of lines) {
      this.node.append(element('p', line));
    }
    if (list.length) {
      const box = document.createElement('ul');
      box.append(...list.map(text => element('li', text)));
      this.node.append(box);
    }
  }
}

/** An element with a text. */
export function element(tag: string, text: string): HTMLElement {
  const node = document.createElement(tag);
  node.textContent = text;
  return node;
}
