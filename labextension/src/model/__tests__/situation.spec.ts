import { describe, expect, it } from 'vitest';
import { ApiError, ErrorKind } from '../../api/errors';
import { IFacts, situationOf } from '../situation';

const error = (kind: ErrorKind) => new ApiError('why', kind, 500);
const shown: IFacts = {
  runsError: null,
  rowsError: null,
  runs: 2,
  shown: true,
  rows: 5,
  filtered: false,
  notebook: true,
  kernel: 'ready'
};
const of = (change: Partial<IFacts>) => situationOf({ ...shown, ...change });

describe('situationOf', () => {
  it('is nothing special when there are rows, even old ones', () => {
    expect(of({})).toBeNull();
    expect(of({ runsError: error('network') })).toBeNull();
  });

  it('tells a missing server part from a store that cannot be read', () => {
    expect(of({ runs: null, runsError: error('absent') })).toBe('no_server');
    expect(of({ runs: null, runsError: error('store') })).toBe('unreachable');
    expect(of({ rows: null, rowsError: error('store') })).toBe('unreachable');
    expect(of({ runs: null })).toBe('loading');
    expect(of({ rows: null })).toBe('loading');
  });

  it('says what a notebook without runs needs', () => {
    const nothing = { shown: false, rows: null };
    expect(of({ ...nothing, kernel: 'not_loaded' })).toBe('not_loaded');
    expect(of({ ...nothing })).toBe('nothing_saved');
    expect(of({ ...nothing, notebook: false, runs: 0 })).toBe('no_notebook');
  });

  it('tells an empty run from a filter that nothing matches', () => {
    expect(of({ rows: 0 })).toBe('empty_run');
    expect(of({ rows: 0, filtered: true })).toBe('no_match');
    expect(of({ rows: 0, filtered: true, rowsError: error('usage') })).toBe(
      'no_match'
    );
    expect(of({ rows: null, filtered: true, rowsError: error('usage') })).toBe(
      'no_match'
    );
  });
});
