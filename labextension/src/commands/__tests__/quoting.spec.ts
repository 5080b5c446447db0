import { describe, expect, it } from 'vitest';
import { quoted, resumeCode } from '../quoting';

describe('quoted', () => {
  it('leaves plain names alone', () => {
    expect(quoted('digits-lr1/epoch-0008_step-00012500')).toBe(
      'digits-lr1/epoch-0008_step-00012500'
    );
  });

  it('keeps the shell, IPython and help away from names', () => {
    expect(quoted('my run/x')).toBe("'my run/x'");
    expect(quoted("it's/x")).toBe(`'it'"'"'s/x'`);
    expect(quoted('run/{secret}')).toBe("'run/{{secret}}'");
    expect(quoted('run/$HOME')).toBe("'run/$HOME'");
    expect(quoted("a'$HOME/x")).toBe(`'a'"'"'$HOME/x'`);
    expect(quoted('run/what?')).toBe("'run/what?'");
    expect(quoted('run;rm -rf ~/x')).toBe("'run;rm -rf ~/x'");
    expect(quoted('-run/x')).toBe("-- '-run/x'");
    expect(quoted('实验/x')).toBe("'实验/x'");
  });

  it('refuses names that would begin another line', () => {
    expect(quoted('run\n!rm -rf /')).toBeNull();
    expect(quoted('a\u2028b')).toBeNull();
    expect(quoted('')).toBeNull();
    expect(resumeCode('a\rb/x')).toBeNull();
    expect(resumeCode('run/x')).toBe('%ckpt resume run/x');
  });
});
