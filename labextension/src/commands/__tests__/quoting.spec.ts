import { describe, expect, it } from 'vitest';
import { epochVariable, quoted, resumeCode } from '../quoting';

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
    expect(resumeCode('a\rb/x', 'start')).toBeNull();
    expect(resumeCode('run/x', 'start')).toBe('start = %ckpt resume run/x');
  });

  it('gives the next epoch to the name that the notebook uses', () => {
    const cells = ['import torch', 'x = 1\nbegin = %ckpt resume best', 'b=2'];
    expect(epochVariable(cells)).toBe('begin');
    expect(epochVariable(['%ckpt resume', 'print(1)'])).toBe('start_epoch');
  });
});
