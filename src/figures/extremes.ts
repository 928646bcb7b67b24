/** Smallest and largest finite value of some arrays, from an index on; `[Infinity, -Infinity]` when there is none. */
export function extremes(arrays: readonly ArrayLike<number>[], start = 0): [min: number, max: number] {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const values of arrays) {
    for (let index = start; index < values.length; index++) {
      const value = values[index];
      if (!Number.isFinite(value)) continue;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  return [min, max];
}
