const LN2_HIGH = 0.6931471803691238; // ln 2 cut after 32 bits, so that halvings * LN2_HIGH is exact
const LN2_LOW = 1.9082149292705877e-10; // ln 2 - LN2_HIGH
/** Terms of the series after which those of |r| <= ln(2) / 2 are below half a unit in the last place. */
const TERMS = 14;

/**
 * The exponential of `x`, the same to the last bit in every JavaScript engine, as `logarithm` is; within 2 units in the last place.
 *
 * `x = k ln 2 + r`, `|r| <= ln(2) / 2`; then `exp x = 2^k exp r`, by the series of the latter.
 */
export function exponential(x: number): number {
  if (!(x > -746 && x < 710)) return x <= -746 ? 0 : x >= 710 ? Number.POSITIVE_INFINITY : Number.NaN;
  const doublings = Math.round(x / Math.LN2);
  const rest = x - doublings * LN2_HIGH - doublings * LN2_LOW;
  let series = 1;
  for (let term = TERMS; term >= 1; term--) series = 1 + (rest / term) * series;
  // By turns, since half of the way leaves no range.
  const factor = doublings > 0 ? 2 : 0.5;
  for (let turn = Math.abs(doublings); turn > 0; turn--) series *= factor;
  return series;
}
