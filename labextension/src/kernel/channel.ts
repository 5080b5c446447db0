import { Kernel, KernelMessage } from '@jupyterlab/services';
import { JSONObject, UUID } from '@lumino/coreutils';
import { IDisposable } from '@lumino/disposable';
import { COMMAND } from './wire';

const INFO_MS = 1500;
const SUBSHELL_MS = 3000;

/** What newer releases of JupyterLab give a comm: a shell of its own beside the cell that runs. */
interface ISubshellComm {
  subshellStarted?: Promise<void>;
  subshellId?: string | null;
}

/**
 * The comm on which a page speaks to one kernel, until that restarts or the connection is lost.
 *
 * A kernel that runs a cell hears it too, where the kernel has subshells. A kernel without the extension closes it.
 */
export class CommandChannel implements IDisposable {
  /** Nothing is sent yet. `refused` is called when the kernel does not know us. */
  constructor(kernel: Kernel.IKernelConnection, refused: () => void) {
    this._kernel = kernel;
    if (kernel.handleComms) {
      // known to the connection, so that the kernel's closing it is no surprise
      this._comm = kernel.createComm(COMMAND, this._id);
      this._comm.onClose = () => {
        if (!this._isDisposed) {
          this.dispose();
          refused();
        }
      };
    }
  }

  /** Nothing can be sent any more. */
  get isDisposed(): boolean {
    return this._isDisposed || this._kernel.isDisposed;
  }

  /** Send one message, the first one with the comm's opening. Rejects when the kernel is gone. */
  async send(data: JSONObject): Promise<void> {
    this._subshell ??= this._findSubshell();
    const subshell = await this._subshell;
    if (this.isDisposed || this._kernel.status === 'dead') {
      throw new Error('the kernel is gone');
    }
    const common = {
      channel: 'shell' as const,
      session: this._kernel.clientId,
      username: this._kernel.username
    };
    const message = this._isOpen
      ? KernelMessage.createMessage<KernelMessage.ICommMsgMsg<'shell'>>({
          ...common,
          msgType: 'comm_msg',
          content: { comm_id: this._id, data }
        })
      : KernelMessage.createMessage<KernelMessage.ICommOpenMsg<'shell'>>({
          ...common,
          msgType: 'comm_open',
          content: { comm_id: this._id, target_name: COMMAND, data }
        });
    if (subshell) {
      (message.header as { subshell_id?: string | null }).subshell_id =
        subshell;
    }
    this._isOpen = true;
    settle(this._kernel.sendShellMessage(message, false, true));
  }

  /** Forget it; the kernel is not told, its side is only a listener. */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      if (this._comm && !this._comm.isDisposed) {
        this._comm.dispose();
      }
    }
  }

  private async _findSubshell(): Promise<string | null> {
    const known = await within(
      this._kernel.info.then(
        () => true,
        () => true
      ),
      INFO_MS
    );
    const comm = this._comm as (Kernel.IComm & ISubshellComm) | null;
    if (known && comm?.subshellStarted && this._kernel.supportsSubshells) {
      await within(
        comm.subshellStarted.catch(() => undefined),
        SUBSHELL_MS
      );
      if (comm.subshellId) {
        return comm.subshellId;
      }
    }
    // A kernel that was busy when this page came has not said what it can do: ask it on the channel that it hears now.
    return known && !this._kernel.supportsSubshells
      ? null
      : this._makeSubshell();
  }

  private async _makeSubshell(): Promise<string | null> {
    if (this.isDisposed || this._kernel.status === 'dead') {
      return null;
    }
    const future = this._kernel.sendControlMessage(
      KernelMessage.createMessage<KernelMessage.ICreateSubshellRequestMsg>({
        msgType: 'create_subshell_request',
        channel: 'control',
        session: this._kernel.clientId,
        username: this._kernel.username,
        content: {}
      }),
      true,
      true
    );
    const reply = await within(
      Promise.resolve(future.done).catch(() => undefined),
      SUBSHELL_MS
    );
    const content = reply?.content as { subshell_id?: unknown } | undefined;
    const id = content?.subshell_id;
    return typeof id === 'string' ? id : null;
  }

  private readonly _kernel: Kernel.IKernelConnection;
  private readonly _id = UUID.uuid4();
  private _comm: Kernel.IComm | null = null;
  private _subshell: Promise<string | null> | null = null;
  private _isOpen = false;
  private _isDisposed = false;
}

/** A value, or undefined when it takes longer. */
export async function within<T>(
  promise: Promise<T>,
  milliseconds: number
): Promise<T | undefined> {
  let timer = 0;
  const late = new Promise<undefined>(resolve => {
    timer = window.setTimeout(() => resolve(undefined), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    window.clearTimeout(timer);
  }
}

/** A restart cancels what was sent: nobody waits for it. */
function settle(future: Kernel.IShellFuture): void {
  Promise.resolve(future.done).catch(() => undefined);
}
