import { ReactWidget } from '@jupyterlab/ui-components';
import { Message } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import * as React from 'react';
import { checkpointsIcon } from './icons';
import { IRootProps, Root } from './root';

/** Id of the panel's widget. */
export const PANEL_ID = 'jp-ckpt-panel';

/** How long a list may take until the focus does not wait for it any more. */
const PATIENCE = 10_000;

/** The sidebar panel "Training checkpoints". */
export class TrainingCheckpointsPanel extends ReactWidget {
  /** Fetches nothing before it is seen. */
  constructor(private readonly _props: Omit<IRootProps, 'onReturn'>) {
    super();
    const { trans } = _props;
    this.id = PANEL_ID;
    this.addClass('jp-ckpt-Panel');
    this.title.icon = checkpointsIcon;
    this.title.caption = trans.__('Training checkpoints');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Training checkpoints'));
  }

  /** Emits whether it can be seen. */
  readonly seen = new Signal<this, boolean>(this);

  /** Put the focus on the list, as soon as it has rows; on a page that lies over it, on that page. */
  focusList(): void {
    const place = this._place();
    if (place) {
      place.focus();
      return;
    }
    const root = this.node.querySelector<HTMLElement>('.jp-ckpt-Root');
    root?.focus();
    const end = Date.now() + PATIENCE;
    const look = () => {
      const found = this._place();
      // the person may have gone elsewhere meanwhile
      if (root !== document.activeElement || !this.isVisible) {
        return;
      }
      if (found) {
        found.focus();
      } else if (Date.now() < end) {
        window.setTimeout(look, 50);
      }
    };
    look();
  }

  /** Put the focus on the filter. */
  focusFilter(): void {
    this.node.querySelector<HTMLElement>('.jp-ckpt-Filter-input')?.focus();
  }

  protected render(): JSX.Element {
    return <Root {...this._props} onReturn={this._onReturn} />;
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

  private _place(): HTMLElement | null {
    return this.node.querySelector<HTMLElement>(
      '.jp-ckpt-Row[tabindex="0"], .jp-ckpt-Page-titles > h3'
    );
  }

  private readonly _onReturn = (): void => this.focusList();
}
