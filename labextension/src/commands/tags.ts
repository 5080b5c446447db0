import { IPatch, IRow } from '../api/types';

/** The tags that all of these have. */
export function commonTags(rows: readonly IRow[]): string[] {
  const [first, ...others] = rows;
  return (first?.tags ?? []).filter(tag =>
    others.every(row => row.tags.includes(tag))
  );
}

/** Words of a line, without the `#` that people write before tags, each once. */
export function wordsOf(text: string): string[] {
  const words = text.split(/[\s,，、]+/).map(word => word.replace(/^#/, ''));
  return [...new Set(words.filter(Boolean))];
}

/** From the tags before to those wanted. */
export function tagChange(
  before: readonly string[],
  wanted: readonly string[],
  add?: unknown,
  remove?: unknown
): IPatch {
  const texts = (list: unknown): string[] =>
    Array.isArray(list)
      ? list.filter((one): one is string => typeof one === 'string')
      : [];
  return {
    add_tags: [...wanted.filter(tag => !before.includes(tag)), ...texts(add)],
    remove_tags: [
      ...before.filter(tag => !wanted.includes(tag)),
      ...texts(remove)
    ]
  };
}
