// @vitest-environment jsdom
import { Event } from '@jupyterlab/services';
import { Stream } from '@lumino/signaling';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CheckpointsApi } from '../../api';
import { CHANGED, Live } from '../live';

const SECONDS = 5;

describe('Live', () => {
  let asked = 0;
  let refreshed = 0;
  let token = '1';
  const manager = {} as Event.IManager;
  const stream = new Stream<Event.IManager, Event.Emission>(manager);
  Object.assign(manager, { stream });
  const api = {
    changes: async () => {
      asked += 1;
      return { token };
    }
  } as Partial<CheckpointsApi> as CheckpointsApi;
  let live: Live;
  const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);

  beforeEach(() => {
    vi.useFakeTimers();
    asked = 0;
    refreshed = 0;
    token = '1';
    live = new Live({
      api,
      events: manager,
      refresh: () => (refreshed += 1),
      seconds: SECONDS
    });
  });

  afterEach(() => {
    live.dispose();
    vi.useRealTimers();
  });

  it('asks nothing and fetches nothing before it is seen', async () => {
    stream.emit({ schema_id: CHANGED });
    await pass(60);
    expect(asked).toBe(0);
    expect(refreshed).toBe(0);
  });

  it('fetches at once when it is shown, and asks in steps', async () => {
    live.visible = true;
    await pass(1);
    expect(refreshed).toBe(1);
    expect(asked).toBeGreaterThanOrEqual(1);
    await pass(3 * SECONDS);
    expect(asked).toBeGreaterThanOrEqual(3);
    expect(asked).toBeLessThanOrEqual(6);
    expect(refreshed).toBe(1);
  });

  it('fetches when the server says that something changed', async () => {
    live.visible = true;
    await pass(1);
    stream.emit({ schema_id: 'https://example.org/other' });
    await pass(1);
    expect(refreshed).toBe(1);
    stream.emit({ schema_id: CHANGED });
    await pass(1);
    expect(refreshed).toBe(2);
    token = '2';
    await pass(2 * SECONDS);
    expect(refreshed).toBe(3);
  });

  it('does not fetch for each of many events', async () => {
    live.visible = true;
    await pass(1);
    for (let i = 0; i < 100; i++) {
      stream.emit({ schema_id: CHANGED });
    }
    await pass(2);
    expect(refreshed).toBeLessThanOrEqual(3);
  });

  it('sleeps when it is hidden', async () => {
    live.visible = true;
    await pass(1);
    live.visible = false;
    const before = asked;
    stream.emit({ schema_id: CHANGED });
    await pass(60);
    expect(asked).toBe(before);
    expect(refreshed).toBe(1);
  });
});
