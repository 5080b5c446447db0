import type { TranslationBundle } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';
import { IStorage } from '../../api';
import { Seen } from '../seen';
import { verdictOf, warningOf } from '../verdict';

const trans = {
  __: (text: string, ...args: string[]) =>
    text.replace(/%(\d)/g, (_, place: string) => args[Number(place) - 1])
} as TranslationBundle;
const lifetime = (durability: string) => `It is ${durability}.`;

function report(durability: string, notice: IStorage['notice'] = null) {
  const safe = durability === 'persistent';
  const store = { id: 's', path: '/x', durability, safe, reason: 'why.' };
  return { store, notice, volumes: [] } as unknown as IStorage;
}

class Kept implements Storage {
  readonly items = new Map<string, string>();
  readonly length = 0;
  clear = () => undefined;
  key = () => null;
  removeItem = () => undefined;
  getItem = (key: string) => this.items.get(key) ?? null;
  setItem = (key: string, value: string) => void this.items.set(key, value);
}

describe('warningOf', () => {
  it('says where checkpoints go and why that is not safe', () => {
    const warning = warningOf(report('ephemeral'), trans, lifetime);
    expect(warning?.text).toBe('Training checkpoints are not safe here: why.');
  });

  it('says what that means where the reason is too long to be shown', () => {
    const long = report('session');
    long.store.reason = 'long '.repeat(40);
    const warning = warningOf(long, trans, lifetime);
    expect(warning?.text).toBe(
      'Training checkpoints are not safe here: It is session.'
    );
  });

  it('says that the folder is not safe where the store is', () => {
    const notice = { durability: 'session', folder: '/f', text: '' } as const;
    const warning = warningOf(report('persistent', notice), trans, lifetime);
    expect(warning?.text).toContain('folder is not: It is session.');
  });

  it('says nothing when all is well', () => {
    expect(warningOf(report('persistent'), trans, lifetime)).toBeNull();
  });

  it('is another warning when the durability is another', () => {
    const keys = ['ephemeral', 'session', 'unknown'].map(
      one => warningOf(report(one), trans, lifetime)?.key
    );
    expect(new Set(keys).size).toBe(3);
  });
});

describe('verdictOf', () => {
  it.each([
    ['persistent', 'safe'],
    ['session', 'unsafe'],
    ['ephemeral', 'unsafe'],
    ['unknown', 'unknown'],
    ['?', 'unknown']
  ])('%s is %s', (durability, verdict) => {
    expect(verdictOf(durability)).toBe(verdict);
  });
});

describe('Seen', () => {
  it('is first once, also for another page of the same browser', async () => {
    const kept = new Kept();
    expect(await new Seen(null, '/', kept).isFirst('a')).toBe(true);
    expect(await new Seen(null, '/', kept).isFirst('a')).toBe(false);
    expect(await new Seen(null, '/', kept).isFirst('b')).toBe(true);
    expect(await new Seen(null, '/other', kept).isFirst('a')).toBe(true);
  });

  it('does not fall over what anybody left in the browser', async () => {
    const kept = new Kept();
    kept.getItem = () => '{"a"';
    expect(await new Seen(null, '/', kept).isFirst('a')).toBe(true);
  });
});
