/**
 * A longest common subsequence, as pairs of places.
 *
 * Ties are broken as `jupyter_ckpt.record.merge` does: from the front, equal ones are a pair; else `first` goes on
 * where that loses nothing, `second` otherwise.
 */
export function matches(
  first: readonly string[],
  second: readonly string[]
): [number, number][] {
  const width = second.length + 1;
  const length = new Uint32Array((first.length + 1) * width);
  for (let i = first.length - 1; i >= 0; i--) {
    for (let j = second.length - 1; j >= 0; j--) {
      length[i * width + j] =
        first[i] === second[j]
          ? length[(i + 1) * width + j + 1] + 1
          : Math.max(length[(i + 1) * width + j], length[i * width + j + 1]);
    }
  }
  const pairs: [number, number][] = [];
  let [i, j] = [0, 0];
  while (i < first.length && j < second.length) {
    if (first[i] === second[j]) {
      pairs.push([i++, j++]);
    } else if (length[(i + 1) * width + j] >= length[i * width + j + 1]) {
      i++;
    } else {
      j++;
    }
  }
  return pairs;
}
