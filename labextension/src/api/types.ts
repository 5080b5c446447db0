/** A number of a metric; JSON has no NaN and no infinities, so they come as words. */
export type Value = number | 'NaN' | 'Infinity' | '-Infinity';

/** Values by name, of whatever kind a file holds. */
export type Fields = Record<string, unknown>;

/** What a volume survives. */
export type Durability = 'persistent' | 'session' | 'ephemeral' | 'unknown';

/** Which direction of a metric is better. */
export type Mode = 'min' | 'max';

/** How fast a store grows. */
export interface IGrowth {
  bytes_per_day: number;
  full_at: string | null;
}

/** A folder that holds runs, and how safe it is there. */
export interface IStore {
  id: string;
  path: string;
  how: string;
  durability: Durability;
  reason: string;
  safe: boolean;
  free: number | null;
  total: number | null;
  read_only: boolean;
  size: number | null;
  checkpoints: number | null;
  growth: IGrowth | null;
  warnings: string[];
  problems: string[];
}

/** The stores that the server knows. */
export interface IStores {
  current: string | null;
  stores: IStore[];
}

/** A mounted file system and what it survives. */
export interface IVolume {
  path: string;
  mount_point: string;
  fstype: string;
  durability: Durability;
  reason: string;
  why: string | string[];
  free: number | null;
  total: number | null;
  writable: boolean;
}

/** The storage report of a notebook. */
export interface IStorage {
  store: IStore;
  notice: { durability: Durability; folder: string; text: string } | null;
  volumes: IVolume[];
}

/** The best value of a metric in a run. */
export interface IBest {
  value: Value;
  mode: Mode | null;
  name: string;
}

/** The newest checkpoint of a run. */
export interface ILatest {
  name: string;
  epoch: number | null;
  step: number | null;
  time: string;
  metrics: Record<string, Value>;
}

/** One training experiment. */
export interface IRun {
  id: string;
  store: string;
  created: string | null;
  last: string | null;
  checkpoints: number;
  size: number;
  origin: { kind?: string; path?: string; host?: string };
  notebook: string | null;
  mine: boolean;
  parent: string | null;
  hyperparameters: Fields;
  best: Record<string, IBest>;
  metrics: string[];
  metric: string | null;
  latest: ILatest | null;
}

/** Something in a store that is no checkpoint. */
export interface IDamaged {
  path: string;
  why: string;
}

/** One page of runs. */
export interface IRuns {
  total: number;
  offset: number;
  runs: IRun[];
  damaged: IDamaged[];
}

/** One checkpoint as the list shows it. */
export interface IRow {
  ref: string;
  run: string;
  store: string;
  name: string;
  epoch: number | null;
  step: number | null;
  next_epoch: number | null;
  mid_epoch: boolean;
  time: string;
  size: number;
  metrics: Record<string, Value>;
  tags: string[];
  note: string;
  pinned: boolean;
  verified: 'ok' | 'corrupt' | null;
  verified_at: string | null;
  reason: string;
  own: boolean;
  best: boolean;
  mirrored?: boolean;
  durability: Durability | null;
  path: string;
}

/** One page of checkpoints. */
export interface IRows {
  total: number;
  offset: number;
  rows: IRow[];
  metric: string | null;
  mode: Mode | null;
}

/** One tensor of a checkpoint. */
export interface ITensor {
  name: string;
  dtype: string;
  shape: number[];
  bytes: number | null;
}

/** A source that was recorded with a checkpoint. */
export interface ISource {
  name: string;
  text: string;
}

/** One line of a receipt. */
export interface IReceiptItem {
  name?: string;
  kind?: string;
  outcome?: string;
  detail?: string;
}

/** All that is known of one checkpoint. */
export interface IDetails extends IRow {
  parameters: number | null;
  tensors: ITensor[];
  tensors_total: number;
  tracked: Fields;
  items: IReceiptItem[];
  hyperparameters: Fields;
  environment: Fields;
  code: ISource[];
  storage: Fields;
  durations: Fields;
  parent: string | null;
  snippet: string;
  resume: string;
}

/** What may be changed of a checkpoint. */
export interface IPatch {
  pinned?: boolean;
  note?: string;
  add_tags?: string[];
  remove_tags?: string[];
}

/** A deleted checkpoint that can be brought back. */
export interface ITrashed {
  ref: string;
  run: string;
  name: string;
  size: number;
  time: string;
  why: string;
}

/** One value that differs between two checkpoints. */
export interface IChange {
  name: string;
  before: unknown;
  after: unknown;
}

/** What differs between two checkpoints. */
export interface IDiff {
  a: string;
  b: string;
  position: IChange[];
  metrics: IChange[];
  hyperparameters: IChange[];
  tracked: IChange[];
  environment: IChange[];
  tensors: {
    added: string[];
    removed: string[];
    reshaped: IChange[];
    changed: string[];
    unchanged: number;
  };
  code: Record<string, string>;
}

/** The curve of one metric. */
export interface ISeries {
  mode: Mode | null;
  points: [number, Value][];
  saved: [number, Value, string][];
  best: [number, Value, string] | null;
}

/** The curves of a run. */
export interface IMetrics {
  run: string;
  axis: 'epoch' | 'step';
  series: Record<string, ISeries>;
}

/** One event of a run's journal. */
export interface IJournalEvent {
  event: string;
  time?: string;
  [field: string]: unknown;
}

/** One page of a journal, newest first. */
export interface IJournal {
  total: number;
  offset: number;
  events: IJournalEvent[];
}

/** Work that takes longer than a request. */
export interface IJob {
  id: string;
  verb: 'verify' | 'export';
  state: 'running' | 'done' | 'failed' | 'cancelled';
  done: number;
  total: number;
  label: string;
  results: { ref: string; problems: string[] }[];
  error: string | null;
}

/** What a busy kernel was asked through its mailbox. */
export interface IRequest {
  id: string;
  answered: boolean;
  ok: boolean | null;
  text: string;
}

/** Which rows are wanted. */
export interface IRowsQuery {
  store?: string;
  run?: string;
  notebook?: string;
  filter?: string;
  sort?: string;
  order?: 'asc' | 'desc';
  metric?: string;
  offset?: number;
  limit?: number;
}
