import { exponential, naturalLog } from "./exponential.js";
import { halfDeviance } from "./poisson.js";

/** Nodes a decade of the table, which reaches from 1e-4 to 1e3. */
const NODES = 40;
const LOWEST = -4;
const DECADES = 7;
const LN10 = Math.LN10;

/** Mean of the deviance of a Poisson number, `2 (lambda - n + n ln(n / lambda))`, summed over n. */
function meanDeviance(lambda: number): number {
  const spread = 12 * Math.sqrt(lambda) + 30;
  const first = Math.max(0, Math.floor(lambda - spread));
  const last = Math.ceil(lambda + spread);
  // Probabilities relative to that of the most likely number, so that none underflows.
  const middle = Math.floor(lambda);
  let weight = 1;
  let sum = 2 * halfDeviance(middle, lambda);
  let total = 1;
  for (let n = middle + 1; n <= last; n++) {
    weight *= lambda / n;
    total += weight;
    sum += weight * 2 * halfDeviance(n, lambda);
  }
  weight = 1;
  for (let n = middle - 1; n >= first; n--) {
    weight *= (n + 1) / lambda;
    total += weight;
    sum += weight * 2 * halfDeviance(n, lambda);
  }
  return sum / total;
}

/** Mean deviances of pixels that expect 1e-4, 10^(-4 + 1/40), ... 1e3 counts. */
export function meanDeviances(): Float64Array {
  return Float64Array.from({ length: DECADES * NODES + 1 }, (_, node) =>
    meanDeviance(exponential(LN10 * (LOWEST + node / NODES))),
  );
}

/**
 * A function that gives the mean deviance of a pixel that expects `lambda` counts, from a table; relative error below 1e-3.
 * Near 1 for large lambda, but far from it at low counts: at most 1.15 near lambda = 1.5, and below 0.1 at 0.01
 * (Kaastra 2017, A&A 605, A51).
 */
export function expectedDeviance(): (lambda: number) => number {
  const table = meanDeviances();
  return (lambda) => {
    if (!(lambda > 0)) return 0;
    const place = (naturalLog(lambda) / LN10 - LOWEST) * NODES;
    // At tiny lambda one photon decides: lambda 2 (ln(1 / lambda) - 1) + 2 lambda.
    if (place < 0) return -2 * lambda * naturalLog(lambda);
    if (place >= table.length - 1) return 1 + 1 / (6 * lambda);
    const node = Math.floor(place);
    return table[node] + (place - node) * (table[node + 1] - table[node]);
  };
}
