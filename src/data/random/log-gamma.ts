import { naturalLog } from "./exponential.js";

const HALF_LOG_TWO_PI = 0.9189385332046728;
/** From here on Stirling's series is exact to double precision. */
const ASYMPTOTIC = 10;

/** Logarithm of the gamma function for x > 0: Stirling's series after the recurrence has made x large. */
export function logGamma(x: number): number {
  let factor = 1;
  let shifted = x;
  while (shifted < ASYMPTOTIC) {
    factor *= shifted;
    shifted++;
  }
  const inverse = 1 / shifted;
  const z = inverse * inverse;
  const series =
    inverse *
    (1 / 12 - z * (1 / 360 - z * (1 / 1260 - z * (1 / 1680 - z * (1 / 1188 - (691 / 360360) * z)))));
  return (shifted - 0.5) * naturalLog(shifted) - shifted + HALF_LOG_TWO_PI + series - naturalLog(factor);
}

/** Derivative of `logGamma` for x > 0. */
export function digamma(x: number): number {
  let sum = 0;
  let shifted = x;
  while (shifted < ASYMPTOTIC) {
    sum -= 1 / shifted;
    shifted++;
  }
  const z = 1 / (shifted * shifted);
  const series =
    z * (1 / 12 - z * (1 / 120 - z * (1 / 252 - z * (1 / 240 - z * (1 / 132 - (691 / 32760) * z)))));
  return sum + naturalLog(shifted) - 0.5 / shifted - series;
}
