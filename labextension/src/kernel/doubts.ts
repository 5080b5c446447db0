import { Kernel, KernelMessage } from '@jupyterlab/services';
import { IDisposable } from '@lumino/disposable';
import { within } from './channel';

const INFO_MS = 2000;

/** When to ask a kernel again that did not know us: something of ours ran in it, or it spoke. */
export class Doubts implements IDisposable {
  /** `ask` says hello. */
  constructor(private readonly _ask: () => void) {}

  /** False for a kernel of another language; one that does not say it in time, as it runs a cell, may be ours. */
  static async mayBePython(kernel: Kernel.IKernelConnection): Promise<boolean> {
    const info = await within(
      kernel.info.catch(() => undefined),
      INFO_MS
    );
    const language = info?.language_info?.name ?? 'python';
    return language.toLowerCase().includes('python');
  }

  /** A hello was said. */
  hello(): void {
    this._askedAt = Date.now();
    window.clearTimeout(this._timer);
    this._timer = 0;
  }

  /** It was answered. */
  settle(): void {
    this._suspect = '';
    window.clearTimeout(this._timer);
    this._timer = 0;
  }

  /** Ask soon; not more often than each `spacing` milliseconds. */
  later(spacing: number): void {
    if (!this._timer) {
      const wait = Math.max(0, this._askedAt + spacing - Date.now());
      this._timer = window.setTimeout(() => {
        this._timer = 0;
        this._ask();
      }, wait);
    }
  }

  /** A message of the kernel: when a cell that has to do with us ends, ask. */
  sees(message: KernelMessage.IMessage, ours: RegExp): void {
    const parent = message.parent_header as { msg_id?: string };
    if (KernelMessage.isExecuteInputMsg(message)) {
      if (ours.test(message.content.code)) {
        this._suspect = parent.msg_id ?? '';
      }
    } else if (
      this._suspect &&
      this._suspect === parent.msg_id &&
      KernelMessage.isStatusMsg(message) &&
      message.content.execution_state === 'idle'
    ) {
      this._suspect = '';
      this.later(0);
    }
  }

  /** True once nothing is asked any more. */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Ask no more. */
  dispose(): void {
    this._isDisposed = true;
    window.clearTimeout(this._timer);
  }

  private _askedAt = 0;
  private _timer = 0;
  private _suspect = '';
  private _isDisposed = false;
}
