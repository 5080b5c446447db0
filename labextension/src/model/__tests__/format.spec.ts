import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';
import {
  bytesText,
  countText,
  durationText,
  flat,
  groups,
  metricText,
  positionText,
  TimeWords,
  valueText
} from '../format';

const trans = nullTranslator.load('jupyter_ckpt');
const NOW = Date.parse('2026-11-24T12:00:00Z');

describe('numbers', () => {
  it('shows metrics with four significant digits', () => {
    expect(metricText(0.0123456)).toBe('0.01235');
    expect(metricText(0.982)).toBe('0.982');
    expect(metricText(12)).toBe('12');
    expect(metricText(-1.5)).toBe('−1.5');
    expect(metricText(12345.678)).toBe('12345.7');
    expect(metricText(1.2e-9)).toBe('1.2e-9');
  });

  it('shows what JSON has no numbers for, and what is missing', () => {
    expect(metricText('NaN')).toBe('NaN');
    expect(metricText('Infinity')).toBe('∞');
    expect(metricText('-Infinity')).toBe('−∞');
    expect(metricText(undefined)).toBe('–');
    expect(metricText('<b>' as 'NaN')).toBe('–');
  });

  it('shows bytes and counts in units', () => {
    expect(bytesText(0)).toBe('0 B');
    expect(bytesText(999)).toBe('999 B');
    expect(bytesText(44_400)).toBe('44.4 kB');
    expect(bytesText(999_999)).toBe('1 MB');
    expect(bytesText(1.06e6)).toBe('1.06 MB');
    expect(bytesText(2e15)).toBe('2 PB');
    expect(bytesText(null)).toBe('–');
    expect(countText(812)).toBe('812');
    expect(countText(61_706)).toBe('61.7 k');
    expect(countText(124e6)).toBe('124 M');
    expect(groups(1234567)).toBe('1,234,567');
    expect(durationText(0.031)).toBe('0.03 s');
    expect(durationText(200)).toBe('3 min 20 s');
    expect(durationText(7500)).toBe('2 h 5 min');
  });
});

describe('times', () => {
  const words = new TimeWords('en');

  it('are relative when near and dates when far', () => {
    expect(words.ago('2026-11-24T11:57:00Z', NOW)).toBe('3 min. ago');
    expect(words.ago('2026-11-24T08:59:00.123Z', NOW)).toBe('3 hr. ago');
    expect(words.ago('2026-11-23T11:00:00Z', NOW)).toBe('yesterday');
    expect(words.ago('2026-01-02T12:00:00Z', NOW)).toBe('Jan 2, 2026');
    expect(words.ago('2026-11-24T11:59:58Z', NOW)).toBe('now');
  });

  it('take a time without a zone for UTC, and survive nonsense', () => {
    expect(words.ago('2026-11-24T11:57:00', NOW)).toBe('3 min. ago');
    expect(words.ago('yesterday', NOW)).toBe('–');
    expect(words.ago(null, NOW)).toBe('–');
    expect(words.absolute('nonsense')).toBe('');
  });

  it('speak the language of the page', () => {
    const chinese = new TimeWords('zh-CN');
    expect(chinese.ago('2026-11-24T11:57:00Z', NOW)).toContain('3');
    expect(chinese.ago('2026-11-24T11:57:00Z', NOW)).toContain('前');
    expect(() => new TimeWords('not a locale')).not.toThrow();
  });
});

describe('positions and fields', () => {
  it('says how far a checkpoint is', () => {
    expect(positionText({ epoch: 8, step: 1200 }, trans)).toBe(
      'Epoch 8 · step 1,200'
    );
    expect(positionText({ epoch: 0, step: null }, trans)).toBe('Epoch 0');
    expect(positionText({ epoch: null, step: 5 }, trans)).toBe('Step 5');
    expect(positionText({ epoch: null, step: null, name: 'x' }, trans)).toBe(
      'x'
    );
  });

  it('flattens nested fields and cuts long values', () => {
    expect(flat({ a: { b: 1, c: [1, 2] }, d: 'x', e: null })).toEqual([
      ['a.b', '1'],
      ['a.c', '[1,2]'],
      ['d', 'x'],
      ['e', '–']
    ]);
    expect(flat('text')).toEqual([]);
    expect(valueText('x'.repeat(1000))).toHaveLength(400);
  });
});
