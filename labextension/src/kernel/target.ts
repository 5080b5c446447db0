import { Kernel } from '@jupyterlab/services';
import { IDisposable } from '@lumino/disposable';
import { PUSH } from './wire';

/**
 * Makes a page expect the kernel's comms: without a target each one would be an error on the console. What they say
 * is read from the messages.
 */
export class PushTarget implements IDisposable {
  /** Register the target, where the connection has comms at all. */
  constructor(private readonly _kernel: Kernel.IKernelConnection) {
    if (_kernel.handleComms) {
      _kernel.registerCommTarget(PUSH, () => undefined);
    }
  }

  /**
   * Keep one comm of the target at hand: newer JupyterLab starts a subshell in the kernel for each target that has
   * comms, and would start and end one for each message.
   */
  hold(): void {
    const kernel = this._kernel;
    if (kernel.isDisposed || !kernel.handleComms) {
      return;
    }
    if (!this._comm || this._comm.isDisposed) {
      this._comm = kernel.createComm(PUSH);
    }
  }

  /** True once nothing is held any more. */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Let the comm go. */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      if (this._comm && !this._kernel.isDisposed) {
        this._comm.dispose();
      }
    }
  }

  private _comm: Kernel.IComm | null = null;
  private _isDisposed = false;
}
