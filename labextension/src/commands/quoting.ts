const PLAIN = /^[A-Za-z0-9._+=@%/~][A-Za-z0-9._+=@%/~-]*$/;
// eslint-disable-next-line no-control-regex
const UNWRITABLE = /[\u0000-\u001f\u007f\u0085\u2028\u2029]/;

/**
 * A checkpoint's name as a word of a `%ckpt` line; null when no line can hold it.
 *
 * Plain names stay as they are. IPython puts variables in for `{x}` and `$x`, and takes a `?` at the end for a
 * question: both are kept from it.
 */
export function quoted(name: string): string | null {
  if (UNWRITABLE.test(name) || name === '') {
    return null;
  }
  if (PLAIN.test(name)) {
    return name;
  }
  const inside = name
    .replace(/'/g, `'"'"'`)
    .replace(/\{/g, '{{')
    .replace(/\}/g, '}}');
  const word = `'${inside}'`.replace(
    /\$(?=\$?[\w.])/g,
    (dollar, at: number, whole: string) =>
      isLeftAlone(whole.slice(at)) ? dollar : '$$'
  );
  return name.startsWith('-') ? `-- ${word}` : word;
}

/** IPython leaves a `$` alone that an odd number of single quotes follows: it takes it for quoted. */
function isLeftAlone(rest: string): boolean {
  return (rest.match(/'/g) ?? []).length % 2 === 1;
}

/** The line that resumes from a checkpoint; null when its name cannot be written. */
export function resumeCode(ref: string, variable: string): string | null {
  const word = quoted(ref);
  return word === null ? null : `${variable} = %ckpt resume ${word}`;
}

/** The name that this notebook gives to the epoch to go on with: as its own cells resume. */
export function epochVariable(sources: Iterable<string>): string {
  for (const source of sources) {
    const found = /^[ \t]*([A-Za-z_]\w*)[ \t]*=[ \t]*%ckpt[ \t]+resume\b/m.exec(
      source
    );
    if (found) {
      return found[1];
    }
  }
  return 'start_epoch';
}
