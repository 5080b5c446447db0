import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ILine } from '../../kernel/wire';
import { merge, Slot } from '../merge';
import { sha1 } from '../sha1';

interface ICase {
  name: string;
  source: string;
  slots: Slot[];
  lines: ILine[];
  expected_source: string;
  expected_slots: Slot[];
}

const FILE = new URL(
  '../../../../tests/record/merge_cases.json',
  import.meta.url
);
const cases: ICase[] = JSON.parse(readFileSync(FILE, 'utf8'));

describe('merge, by the cases that Python is held to', () => {
  it.each(cases)('$name', one => {
    const { source, slots } = merge(one.source, one.slots, one.lines);
    expect(source).toBe(one.expected_source);
    expect(slots).toEqual(one.expected_slots);
  });

  it('has cases', () => expect(cases.length).toBeGreaterThan(20));
});

describe('sha1', () => {
  it.each([
    '',
    'a',
    '测试 𝄞 ü',
    'x'.repeat(55),
    'x'.repeat(56),
    'y'.repeat(999)
  ])('of %j is what every other one says', text => {
    expect(sha1(text)).toBe(createHash('sha1').update(text).digest('hex'));
  });
  it('keeps half a pair, as Python does', () => {
    const bytes = Uint8Array.from([0xed, 0xa0, 0xbd]);
    expect(sha1('\ud83d')).toBe(createHash('sha1').update(bytes).digest('hex'));
  });
});
