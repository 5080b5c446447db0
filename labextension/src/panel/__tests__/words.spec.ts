// @vitest-environment jsdom
import './shims';
import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';
import { diffLines } from '../codediff';
import { delta } from '../compare';
import { announcement } from '../root';
import { eventWords, finished } from '../journal';
import { fullText } from '../storagestrip';

const trans = nullTranslator.load('jupyter_ckpt');

describe('the storage strip', () => {
  const now = Date.parse('2026-11-24T12:00:00Z');
  const full = (at: string | null) =>
    fullText({ bytes_per_day: 3e9, full_at: at }, now, trans);

  it('says when the disk will be full', () => {
    expect(full('2026-11-29T12:00:00Z')?.text).toContain('5 days');
    expect(full('2026-11-29T12:00:00Z')?.text).toContain('3 GB');
    expect(full('2026-11-24T15:00:00Z')).toMatchObject({ soon: true });
    expect(full('2026-11-24T15:00:00Z')?.text).toContain('3 hours');
    expect(full('2026-11-24T11:00:00Z')?.text).toContain('within the hour');
  });

  it('is silent when it is far off or not known', () => {
    expect(full('2029-01-01T00:00:00Z')).toBeNull();
    expect(full(null)).toBeNull();
    expect(full('soon')).toBeNull();
    expect(fullText(null, now, trans)).toBeNull();
  });
});

describe('the journal', () => {
  it('leaves out beginnings of saves that ended', () => {
    const events = finished([
      { event: 'saving', name: 'c' },
      { event: 'saved', name: 'b' },
      { event: 'saving', name: 'b' },
      { event: 'save_failed', name: 'a' },
      { event: 'saving', name: 'a' }
    ]);
    expect(events.map(one => `${one.event} ${String(one.name)}`)).toEqual([
      'saving c',
      'saved b',
      'save_failed a'
    ]);
  });

  it('survives events of any shape', () => {
    const odd = { event: 'saved', name: 5, metrics: 'x', bytes: 'many' };
    expect(eventWords(odd, trans).title).toBe('Saved');
    const unknown = { event: 'dreamt', of: { sheep: 3 } };
    expect(eventWords(unknown, trans)).toMatchObject({
      title: 'dreamt',
      text: 'of.sheep: 3'
    });
    expect(eventWords({} as { event: string }, trans).title).toBe('');
  });
});

describe('a comparison', () => {
  it('says by how much', () => {
    expect(delta(0.5, 0.75)).toBe('(+0.25)');
    expect(delta(0.75, 0.5)).toBe('(−0.25)');
    expect(delta(null, 1)).toBe('');
    expect(delta('NaN', 1)).toBe('');
  });

  it('tells lines of code apart by their signs', () => {
    const text = '--- a\n+++ b\n@@ -1 +1 @@\n-old\n+new\n same';
    expect(diffLines(text).map(([kind]) => kind)).toEqual([
      'place',
      'removed',
      'added',
      'same'
    ]);
  });
});

describe('what is said aloud', () => {
  const event = {
    path: '',
    kind: 'saved' as const,
    run: 'r',
    store: '',
    name: 'x',
    epoch: 3,
    step: null,
    metrics: { loss: 0.5 },
    held: null,
    text: ''
  };

  it('is a save with its metric, and not every measurement', () => {
    expect(announcement(event, trans)).toBe('Saved: Epoch 3, loss 0.5');
    expect(announcement({ ...event, kind: 'metrics' }, trans)).toBeNull();
  });
});
