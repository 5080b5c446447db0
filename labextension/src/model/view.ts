/** What the panel shows under its header. */
export type View =
  | { kind: 'list' }
  | { kind: 'details'; ref: string }
  | { kind: 'compare'; a: string; b: string }
  | { kind: 'journal'; run: string };

/** The run and the checkpoint of `run/name`. */
export function parts(ref: string): [run: string, name: string] {
  const at = ref.lastIndexOf('/');
  return [ref.slice(0, Math.max(at, 0)), ref.slice(at + 1)];
}
