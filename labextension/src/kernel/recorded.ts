import type { NotebookPanel } from '@jupyterlab/notebook';
import type { IRecord } from './wire';

/** Records that came from a kernel. */
export interface IRecorded {
  context: NotebookPanel['context'];
  records: IRecord[];
  /** Of the extension's load in the kernel: `rev` counts up within it. */
  session: string;
  /** The client of the kernel that runs the training; null when this is an answer to our own `hello`. */
  author: string | null;
  /** We are that client. */
  isOwn: boolean;
}

/** The language of a notebook's records; null: the kernel decides. */
export type Language = 'en' | 'zh_CN';
