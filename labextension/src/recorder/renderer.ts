import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { NotebookPanel } from '@jupyterlab/notebook';
import { IRenderMime, IRenderMimeRegistry } from '@jupyterlab/rendermime';
import {
  ITranslator,
  nullTranslator,
  TranslationBundle
} from '@jupyterlab/translation';
import { Message } from '@lumino/messaging';
import { PanelLayout, Widget } from '@lumino/widgets';
import { DOMAIN } from '../tokens';
import { recordsIn } from './place';
import { removedRuns } from './removed';

const MIME = 'application/vnd.jupyter-ckpt.record.v1+json';
const MARKDOWN = 'text/markdown';
/** Before Markdown, which is 60. */
const RANK = 50;
/** How long the recorded cell may take to come before the record itself is shown. */
const PATIENCE_MS = 2500;

/** Shows the record among a cell's outputs, which other applications have instead of a cell, as one small line. */
export const recordRendererPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-ckpt:record-renderer',
  description:
    'Shows one line among the outputs where a recorded cell says it all.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [ITranslator],
  activate: (
    _: JupyterFrontEnd,
    registry: IRenderMimeRegistry,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    registry.addFactory(
      {
        safe: true,
        mimeTypes: [MIME],
        defaultRank: RANK,
        createRenderer: () => new RecordOutput(registry, trans)
      },
      RANK
    );
  }
};

/** One output: a line where the notebook has the recorded cell, else the record. Changes nothing anywhere. */
class RecordOutput extends Widget implements IRenderMime.IRenderer {
  constructor(
    private readonly _registry: IRenderMimeRegistry,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.layout = new PanelLayout();
    this._line.addClass('jp-ckpt-RecordOutput-line');
    this._line.node.textContent = this._trans.__('Recorded in the cell below');
    this.addClass('jp-ckpt-RecordOutput');
    this._put(this._line);
  }

  /** Called again whenever the record was updated. */
  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this._model = model;
    const data = model.data[MIME] as { run?: unknown } | null | undefined;
    this._run = typeof data?.run === 'string' ? data.run : '';
    await this._refresh();
  }

  dispose(): void {
    window.clearTimeout(this._timer);
    this._leave();
    this._line.dispose();
    this._markdown?.dispose();
    super.dispose();
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._leave();
    this._panel = panelOf(this);
    this._panel?.model?.sharedModel.changed.connect(this._onChanged, this);
    window.clearTimeout(this._timer);
    this._timer = window.setTimeout(() => {
      this._hasWaited = true;
      void this._refresh();
    }, PATIENCE_MS);
    void this._refresh();
  }

  protected onBeforeDetach(message: Message): void {
    this._leave();
    super.onBeforeDetach(message);
  }

  private _leave(): void {
    if (this._panel && !this._panel.isDisposed) {
      this._panel.model?.sharedModel.changed.disconnect(this._onChanged, this);
    }
    this._panel = null;
  }

  private _onChanged(_: unknown, change: { cellsChange?: unknown }): void {
    if (change.cellsChange) {
      void this._refresh();
    }
  }

  private get _isRecorded(): boolean {
    const shared = this._panel?.model?.sharedModel;
    if (!shared) {
      return false;
    }
    return (
      recordsIn(shared).has(this._run) ||
      (!this._hasWaited && !removedRuns(shared).includes(this._run))
    );
  }

  private async _refresh(): Promise<void> {
    const model = this._model;
    if (!this.isAttached || !model) {
      return;
    }
    if (this._isRecorded || typeof model.data[MARKDOWN] !== 'string') {
      this._put(this._line);
      return;
    }
    this._markdown ??= this._registry.createRenderer(MARKDOWN);
    this._put(this._markdown);
    await this._markdown.renderModel(model);
  }

  private _put(widget: Widget): void {
    const layout = this.layout as PanelLayout;
    if (layout.widgets[0] !== widget) {
      layout.widgets.slice().forEach(one => layout.removeWidget(one));
      layout.addWidget(widget);
    }
  }

  private readonly _line = new Widget();
  private _markdown: IRenderMime.IRenderer | null = null;
  private _model: IRenderMime.IMimeModel | null = null;
  private _panel: NotebookPanel | null = null;
  private _run = '';
  private _timer = 0;
  private _hasWaited = false;
}

function panelOf(widget: Widget): NotebookPanel | null {
  let one: Widget | null = widget;
  while (one && !(one instanceof NotebookPanel)) {
    one = one.parent;
  }
  return one;
}
