/** Which rows are selected, where the cursor is and where a range began. Never changed, only replaced. */
export interface ISelection {
  readonly chosen: ReadonlySet<string>;
  /** Index of the row with the focus; -1 when there is none. */
  readonly cursor: number;
  /** Index at which a range begins. */
  readonly anchor: number;
}

/** How a click or a key changes the selection. */
export type Gesture = 'only' | 'toggle' | 'range' | 'cursor';

/** Nothing selected. */
export const NOTHING: ISelection = {
  chosen: new Set(),
  cursor: -1,
  anchor: -1
};

/**
 * The selection after a gesture at a row.
 *
 * `keyOf` gives the key of a row by its index, undefined for one that has not been fetched: those cannot be selected.
 */
export function select(
  before: ISelection,
  index: number,
  gesture: Gesture,
  keyOf: (index: number) => string | undefined
): ISelection {
  const key = keyOf(index);
  if (gesture === 'cursor') {
    return { ...before, cursor: index };
  }
  if (gesture === 'range') {
    const anchor = before.anchor < 0 ? index : before.anchor;
    const chosen = new Set<string>();
    const [from, to] = anchor < index ? [anchor, index] : [index, anchor];
    for (let i = from; i <= to; i++) {
      const one = keyOf(i);
      if (one !== undefined) {
        chosen.add(one);
      }
    }
    return { chosen, cursor: index, anchor };
  }
  if (gesture === 'toggle') {
    const chosen = new Set(before.chosen);
    if (key !== undefined && !chosen.delete(key)) {
      chosen.add(key);
    }
    return { chosen, cursor: index, anchor: index };
  }
  const chosen = new Set(key === undefined ? [] : [key]);
  return { chosen, cursor: index, anchor: index };
}

/** The selection without keys that are gone. */
export function without(
  before: ISelection,
  gone: ReadonlySet<string>
): ISelection {
  const chosen = new Set([...before.chosen].filter(key => !gone.has(key)));
  return { ...before, chosen };
}
