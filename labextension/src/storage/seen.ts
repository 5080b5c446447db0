import { IStateDB } from '@jupyterlab/statedb';

const KEY = 'jupyter-ckpt:storage-warning';
const MOST = 50;

/**
 * Which warnings were shown already: in the browser, which knows it in all workspaces and pages at once, and in the
 * workspace, which other browsers see too.
 */
export class Seen {
  /** `scope` tells servers of one origin apart. */
  constructor(
    private readonly _db: IStateDB | null,
    private readonly _scope: string,
    private readonly _storage: Storage | null = localStorageOrNone()
  ) {}

  /** True only the first time for a key. */
  async isFirst(key: string): Promise<boolean> {
    if (this._inBrowser().includes(key)) {
      return false;
    }
    const kept = await this._inWorkspace();
    // another page may have shown it while we asked
    const known = this._inBrowser();
    if (known.includes(key) || kept.includes(key)) {
      return false;
    }
    this._remember([...known, key].slice(-MOST));
    try {
      await this._db?.save(KEY, { seen: [...kept, key].slice(-MOST) });
    } catch {
      // the browser knows it
    }
    return true;
  }

  private _inBrowser(): string[] {
    try {
      return texts(JSON.parse(this._storage?.getItem(this._name) ?? '[]'));
    } catch {
      return [];
    }
  }

  private _remember(keys: string[]): void {
    try {
      this._storage?.setItem(this._name, JSON.stringify(keys));
    } catch {
      // a browser that keeps nothing
    }
  }

  private async _inWorkspace(): Promise<string[]> {
    try {
      const found = await this._db?.fetch(KEY);
      return texts((found as { seen?: unknown } | undefined)?.seen);
    } catch {
      return [];
    }
  }

  private get _name(): string {
    return `${KEY}:${this._scope}`;
  }
}

function texts(value: unknown): string[] {
  return Array.isArray(value)
    ? value.filter((one): one is string => typeof one === 'string')
    : [];
}

function localStorageOrNone(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}
