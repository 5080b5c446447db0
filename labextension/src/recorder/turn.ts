import { NotebookPanel } from '@jupyterlab/notebook';
import { KernelAPI, ServerConnection } from '@jupyterlab/services';
import { KEY } from './place';

const SETTLE_MS = 1500;
/** How long an answer holds. */
const YES_MS = 3000;
const NO_MS = 8000;
const TRIES = 4;

/** What a shared document tells of the others who have it open. */
interface IAwareness {
  readonly clientID: number;
  getStates(): Map<number, Record<string, unknown>>;
  setLocalStateField(field: string, value: unknown): void;
}

/**
 * Whose turn it is to write what nobody's running cell said to this very page: the answer to `hello`, what the server
 * knows, and what a training says whose own page was closed or loaded anew.
 *
 * Two pages that write the same text into a shared document garble it; into two copies of a file, the second save
 * asks its person which one to keep.
 */
export class Turn {
  /**
   * @param context - The notebook.
   * @param own - How many connections to this kernel the page itself has.
   */
  constructor(
    private readonly _context: NotebookPanel['context'],
    private readonly _settings: ServerConnection.ISettings,
    private readonly _own: (kernelId: string) => number
  ) {}

  /** Let the other pages know which client of the kernel this one is. */
  announce(): void {
    const client = this._kernel?.clientId ?? '';
    this._awareness?.setLocalStateField(KEY, { client });
  }

  /** @param author - The client of the kernel that runs the training, if that is known. */
  isOurs(author: string | null): Promise<boolean> {
    const known = this._decided;
    if (known && known.author === author && Date.now() < known.until) {
      return known.isOurs;
    }
    const isOurs = this._context.model.collaborative
      ? this._isFirst(author)
      : this._isAlone(author);
    const decided = { author, isOurs, until: Infinity };
    this._decided = decided;
    void isOurs.then(value => {
      decided.until = Date.now() + (value ? YES_MS : NO_MS);
    });
    return isOurs;
  }

  /** The page that came first writes, unless the author is still there. */
  private async _isFirst(author: string | null): Promise<boolean> {
    const awareness = this._awareness;
    if (!awareness) {
      return false;
    }
    await pause(SETTLE_MS);
    const pages: number[] = [awareness.clientID];
    for (const [id, state] of awareness.getStates()) {
      const field = state[KEY] as { client?: unknown } | undefined;
      if (field && id !== awareness.clientID) {
        if (author !== null && field.client === author) {
          return false;
        }
        pages.push(id);
      }
    }
    return Math.min(...pages) === awareness.clientID;
  }

  /** Nobody else is connected to the kernel. */
  private async _isAlone(author: string | null): Promise<boolean> {
    for (let tries = 0; tries < TRIES; tries++) {
      const kernel = this._kernel;
      if (!kernel) {
        return author === null;
      }
      try {
        const model = await KernelAPI.getKernelModel(kernel.id, this._settings);
        const connections = model?.connections;
        if (connections === undefined) {
          return author === null; // not every server counts them
        }
        if (connections <= this._own(kernel.id)) {
          return true;
        }
      } catch {
        return false;
      }
      await pause(SETTLE_MS); // the page that was here before a reload may not have gone yet
    }
    return false;
  }

  private get _kernel() {
    return this._context.sessionContext.session?.kernel ?? null;
  }

  private get _awareness(): IAwareness | null {
    const shared = this._context.model.sharedModel as {
      awareness?: IAwareness;
    };
    return shared.awareness ?? null;
  }

  private _decided: {
    author: string | null;
    isOurs: Promise<boolean>;
    until: number;
  } | null = null;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise(resolve => window.setTimeout(resolve, milliseconds));
}
