import { ReactWidget } from '@jupyterlab/ui-components';
import { Message } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import * as React from 'react';
import { checkpointsIcon } from './icons';
import { IRootProps, Root } from './root';

/** Id of the panel's widget. */
export const PANEL_ID = 'jp-ckpt-panel';

/** The sidebar panel "Training checkpoints". */
export class TrainingCheckpointsPanel extends ReactWidget {
  /** Fetches nothing before it is seen. */
  constructor(private readonly _props: IRootProps) {
    super();
    const { trans } = _props;
    this.id = PANEL_ID;
    this.addClass('jp-ckpt-Panel');
    this.title.icon = checkpointsIcon;
    this.title.caption = trans.__('Training checkpoints');
    this.node.tabIndex = -1;
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Training checkpoints'));
  }

  /** Emits whether it can be seen. */
  readonly seen = new Signal<this, boolean>(this);

  /** Put the focus on the list, or on what stands in its place. */
  focusList(): void {
    const find = () =>
      this.node.querySelector<HTMLElement>('.jp-ckpt-Row[tabindex="0"]');
    const row = find();
    if (row) {
      row.focus();
      return;
    }
    // what will come takes the focus over, unless the person went elsewhere meanwhile
    this.node.focus();
    const { model } = this._props;
    const onChanged = () =>
      window.setTimeout(() => {
        const found = find();
        if (this.node !== document.activeElement || !this.isVisible) {
          model.changed.disconnect(onChanged);
        } else if (found) {
          model.changed.disconnect(onChanged);
          found.focus();
        }
      }, 50);
    model.changed.connect(onChanged);
  }

  /** Put the focus on the filter. */
  focusFilter(): void {
    this.node.querySelector<HTMLElement>('.jp-ckpt-Filter-input')?.focus();
  }

  protected render(): JSX.Element {
    return <Root {...this._props} />;
  }

  protected onBeforeShow(msg: Message): void {
    super.onBeforeShow(msg);
    this.seen.emit(true);
  }

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this.seen.emit(this.isVisible);
  }

  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this.update();
  }

  protected onAfterHide(msg: Message): void {
    super.onAfterHide(msg);
    this.seen.emit(false);
  }

  protected onBeforeDetach(msg: Message): void {
    this.seen.emit(false);
    super.onBeforeDetach(msg);
  }
}
