/**
 * Quantile of values in ascending order, by linear interpolation between order statistics (type 7 of Hyndman & Fan 1996, the
 * default of numpy and R).
 *
 * @param probability in [0, 1]
 * @returns NaN without values
 */
export function quantileOfSorted(sorted: ArrayLike<number>, probability: number): number {
  if (sorted.length === 0) return Number.NaN;
  const at = probability * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

/**
 * The same quantile of values in any order, in time proportional to their number (Hoare 1961, "Find").
 *
 * @param values without NaN; their order is changed
 * @param probability in [0, 1]
 * @returns NaN without values
 */
export function quantileInPlace(values: Float64Array, probability: number): number {
  const at = Math.floor(probability * (values.length - 1));
  for (let low = 0, high = values.length - 1; low < high; ) {
    const pivot = values[(low + high) >> 1];
    let left = low;
    let right = high;
    while (left <= right) {
      while (values[left] < pivot) left++;
      while (values[right] > pivot) right--;
      if (left > right) break;
      const value = values[left];
      values[left++] = values[right];
      values[right--] = value;
    }
    if (at <= right) high = right;
    else if (at >= left) low = left;
    else break;
  }
  // All values after the one that was sought are at least as large; the smallest of them is its neighbour.
  if (at + 1 < values.length) {
    let least = at + 1;
    for (let index = least + 1; index < values.length; index++)
      if (values[index] < values[least]) least = index;
    [values[at + 1], values[least]] = [values[least], values[at + 1]];
  }
  return quantileOfSorted(values, probability);
}
