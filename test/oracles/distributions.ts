// Exact distribution functions, by other methods than the draws that they judge.

import { logGammaOracle } from "./special.js";

const knownLogGamma = new Map<number, number>();

/** The oracle, remembered: it is slow, and the same arguments come back for every edge of a bin. */
function logGamma(x: number): number {
  const value = knownLogGamma.get(x) ?? logGammaOracle(x);
  knownLogGamma.set(x, value);
  return value;
}

/** P(Gamma(shape) <= e^logX), by the power series below shape + 1 and the continued fraction above. */
export function gammaCdf(shape: number, logX: number): number {
  const x = Math.exp(logX);
  if (x < shape + 1) {
    let term = 1;
    let sum = 1;
    for (let n = 1; term > sum * 1e-17; n++) {
      term *= x / (shape + n);
      sum += term;
    }
    return sum * Math.exp(shape * logX - x - logGamma(shape + 1));
  }
  return 1 - gammaTail(shape, logX);
}

/** P(Gamma(shape) > e^logX) for e^logX >= shape + 1, by Lentz's method for the continued fraction. */
export function gammaTail(shape: number, logX: number): number {
  const x = Math.exp(logX);
  if (x < shape + 1) return 1 - gammaCdf(shape, logX);
  if (x === Number.POSITIVE_INFINITY) return 0;
  let b = x + 1 - shape;
  let c = 1e300;
  let d = 1 / b;
  let h = d;
  for (let n = 1, change = 0; Math.abs(change - 1) > 1e-15; n++) {
    const a = n * (shape - n);
    b += 2;
    d = 1 / (b + a * d);
    c = b + a / c;
    change = c * d;
    h *= change;
  }
  return h * Math.exp(shape * logX - x - logGamma(shape));
}

/** P(N(0,1) <= z). */
export function normalCdf(z: number): number {
  const half = gammaTail(0.5, Math.log((z * z) / 2)) / 2;
  return z < 0 ? half : 1 - half;
}

/** Distribution function of an integer law from its probabilities around the mode, by the ratio of neighbours. */
function discreteCdf(
  mode: number,
  atMode: number,
  ratio: (k: number) => number,
  least: number,
  most: number,
): (k: number) => number {
  const below: number[] = [];
  let mass = atMode;
  for (let k = mode; k > least && mass > 1e-22; k--) {
    mass /= ratio(k);
    below.push(mass);
  }
  const masses = below.reverse();
  const first = mode - masses.length;
  mass = atMode;
  masses.push(mass);
  for (let k = mode + 1; k <= most && mass > 1e-22; k++) {
    mass *= ratio(k);
    masses.push(mass);
  }
  let sum = 0;
  const sums = masses.map((m) => {
    sum += m;
    return sum;
  });
  return (k) => (k < first ? 0 : (sums[Math.floor(k) - first] ?? 1));
}

/** P(Poisson(mean) <= k). */
export function poissonCdf(mean: number): (k: number) => number {
  const mode = Math.floor(mean);
  const atMode = Math.exp(mode * Math.log(mean) - mean - logGamma(mode + 1));
  return discreteCdf(mode, mode === 0 ? Math.exp(-mean) : atMode, (k) => mean / k, 0, Infinity);
}

/** P(Binomial(n, p) <= k). */
export function binomialCdf(n: number, p: number): (k: number) => number {
  const mode = Math.min(n, Math.floor((n + 1) * p));
  const ways = logGamma(n + 1) - logGamma(mode + 1) - logGamma(n - mode + 1);
  const atMode = Math.exp(ways + mode * Math.log(p) + (n - mode) * Math.log1p(-p));
  return discreteCdf(mode, atMode, (k) => ((n - k + 1) / k) * (p / (1 - p)), 0, n);
}

/** A lattice law too wide to sum, by the normal law with Edgeworth's first correction; errors of order 1/variance. */
export function edgeworthCdf(mean: number, variance: number, skewness: number): (k: number) => number {
  return (k) => {
    const z = (k + 0.5 - mean) / Math.sqrt(variance);
    return normalCdf(z) - ((skewness / 6) * (z * z - 1) * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
  };
}

/** Kolmogorov-Smirnov p-value (asymptotic series) of sorted numbers that should be uniform. */
export function kolmogorov(sorted: Float64Array | number[]): number {
  const n = sorted.length;
  let distance = 0;
  sorted.forEach((u, i) => {
    distance = Math.max(distance, u - i / n, (i + 1) / n - u);
  });
  const t = (Math.sqrt(n) + 0.12 + 0.11 / Math.sqrt(n)) * distance;
  if (t < 0.3) return 1;
  let sum = 0;
  for (let k = 1; k <= 100; k++) sum += 2 * (-1) ** (k - 1) * Math.exp(-2 * k * k * t * t);
  return Math.min(1, Math.max(0, sum));
}
