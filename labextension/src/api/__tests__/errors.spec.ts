import { describe, expect, it } from 'vitest';
import { errorOf, IFailureWords, lineOf } from '../errors';

const words: IFailureWords = {
  network: 'network',
  forbidden: 'forbidden',
  absent: 'absent',
  server: status => `server ${status}`
};

describe('errorOf', () => {
  it("carries the server's one line and its kind", () => {
    const body = JSON.stringify({ message: 'no  run\nx', kind: 'unknown' });
    const error = errorOf(404, body, words);
    expect(error.message).toBe('no run x');
    expect(error.kind).toBe('unknown');
    expect(error.status).toBe(404);
  });

  it('never shows an HTML page', () => {
    const page = '<html><body>502 Bad Gateway</body></html>';
    expect(errorOf(502, page, words).message).toBe('server 502');
    expect(errorOf(404, page, words).kind).toBe('absent');
    expect(errorOf(403, page, words).kind).toBe('forbidden');
  });

  it('knows the answers of a server without our part', () => {
    expect(errorOf(404, '{"message": "Not Found"}', words).kind).toBe('absent');
    expect(errorOf(500, '[]', words).message).toBe('server 500');
    expect(errorOf(500, '{"message": 5, "kind": "x"}', words).kind).toBe(
      'server'
    );
  });
});

describe('lineOf', () => {
  it('is one line of bounded length', () => {
    expect(lineOf(new Error('a\n b'))).toBe('a b');
    expect(lineOf('x'.repeat(2000)).length).toBe(501);
  });
});
