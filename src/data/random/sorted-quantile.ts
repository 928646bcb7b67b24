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
