import { NotebookPanel } from '@jupyterlab/notebook';
import { Token } from '@lumino/coreutils';
import { ISignal } from '@lumino/signaling';
import type { IRecorded, Language } from './kernel/recorded';

/** The name of our translation domain. */
export const DOMAIN = 'jupyter_ckpt';

/** What a kernel with the extension loaded says of itself. */
export interface IKernelState {
  /** Server API path of the notebook. */
  path: string;
  store: string;
  durability: string;
  reason: string;
  run: string | null;
  /** `run/name` of the checkpoint that the live state descends from. */
  held: string | null;
  epoch: number | null;
  step: number | null;
  version: string;
}

/** Something that happened in a training. */
export interface IKernelEvent {
  /** Server API path of the notebook. */
  path: string;
  kind: 'saved' | 'resumed' | 'metrics' | 'save_failed' | 'stopped';
  run: string;
  store: string;
  name: string | null;
  epoch: number | null;
  step: number | null;
  metrics: Record<string, number>;
  held: string | null;
  text: string;
}

/** Why there is no `IKernelState` for a notebook. */
export type KernelReason =
  'loading' | 'no_notebook' | 'no_kernel' | 'not_loaded' | 'ready';

/** What a running training can be asked. */
export type Request = 'save' | 'stop';

/** The connection to the kernels of the open notebooks. */
export interface IKernelLink {
  /** The notebook that is looked at, if any (Lab: the current one; Notebook 7: the page's). */
  readonly current: NotebookPanel | null;
  readonly currentChanged: ISignal<IKernelLink, NotebookPanel | null>;
  /** What the kernel of this notebook said last; null with the reason from `reasonOf`. */
  stateOf(path: string): IKernelState | null;
  reasonOf(path: string): KernelReason;
  /** Emits the notebook's path. */
  readonly stateChanged: ISignal<IKernelLink, string>;
  readonly happened: ISignal<IKernelLink, IKernelEvent>;
  /** Ask the training in this notebook's kernel; resolves with its answer, rejects with one clear line. */
  tell(path: string, verb: Request): Promise<string>;
  /** Texts for the recorded cells of a notebook came from its kernel. */
  readonly recorded: ISignal<IKernelLink, IRecorded>;
  /** The open notebooks, each once, however many views it has. */
  readonly contexts: NotebookPanel['context'][];
  /** One more is open. */
  readonly opened: ISignal<IKernelLink, NotebookPanel['context']>;
  /** In which language kernels are to write records; null: as each kernel likes. */
  setLanguage(language: Language | null): void;
  /** Ask the kernel of this notebook for its state and its records. */
  hello(path: string): void;
}

/** The token of `IKernelLink`. */
export const IKernelLink = new Token<IKernelLink>(
  'jupyter-ckpt:IKernelLink',
  'What the kernels of the open notebooks say about their training, and how to ask them.'
);
