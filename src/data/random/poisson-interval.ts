/**
 * Interval of about 68 % (one standard deviation on each side) for the mean behind an observed count: equations 9 and 14 of Gehrels
 * 1986 (ApJ 303, 336) with S = 1, good to 2 %.
 *
 * @param count whole number >= 0
 * @returns limits of the mean, `low` = 0 for no counts
 */
export function poissonInterval(count: number): [low: number, high: number] {
  const above = count + 1;
  const high = above * (1 - 1 / (9 * above) + 1 / (3 * Math.sqrt(above))) ** 3;
  if (count === 0) return [0, high];
  return [Math.max(count * (1 - 1 / (9 * count) - 1 / (3 * Math.sqrt(count))) ** 3, 0), high];
}
