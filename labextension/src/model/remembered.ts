import { IStateDB } from '@jupyterlab/statedb';
import { ReadonlyPartialJSONValue } from '@lumino/coreutils';
import { Debouncer } from '@lumino/polling';

/** How the panel was left in this workspace. */
export interface IRemembered {
  sort: string;
  order: 'asc' | 'desc';
  filter: string;
  /** Names of the metrics in the chart; the first is the list's. */
  metrics: string[];
  log: boolean;
  chart: boolean;
  storage: boolean;
}

/** Before anyone touched it. */
export const AT_FIRST: IRemembered = {
  sort: 'time',
  order: 'desc',
  filter: '',
  metrics: [],
  log: false,
  chart: true,
  storage: false
};

const KEY = 'jupyter-ckpt:panel';

/** Keeps how the panel was left, where there is a state database. */
export class Memory {
  /** `db` may be missing: then nothing is kept. */
  constructor(private readonly _db: IStateDB | null) {}

  /** How the panel was left; what is damaged is as at first. */
  async load(): Promise<IRemembered> {
    try {
      return remembered(await this._db?.fetch(KEY));
    } catch {
      return AT_FIRST;
    }
  }

  /** Keep it, a little later. */
  save(state: IRemembered): void {
    this._state = state;
    void this._later.invoke();
  }

  /** Keep nothing any more. */
  dispose(): void {
    this._later.dispose();
  }

  private _state = AT_FIRST;
  private readonly _later = new Debouncer(async () => {
    try {
      await this._db?.save(KEY, { ...this._state });
    } catch {
      // it is a convenience: the panel works without
    }
  }, 500);
}

/** What a state database holds, checked. */
export function remembered(
  found: ReadonlyPartialJSONValue | undefined
): IRemembered {
  const data = (found ?? {}) as Record<string, unknown>;
  if (typeof data !== 'object' || Array.isArray(data)) {
    return AT_FIRST;
  }
  const metrics = Array.isArray(data.metrics) ? data.metrics : [];
  return {
    sort: typeof data.sort === 'string' ? data.sort : AT_FIRST.sort,
    order: data.order === 'asc' ? 'asc' : 'desc',
    filter: typeof data.filter === 'string' ? data.filter : '',
    metrics: metrics.filter((one): one is string => typeof one === 'string'),
    log: data.log === true,
    chart: data.chart !== false,
    storage: data.storage === true
  };
}
