/**
 * Convergence diagnostics the slow way: every formula written out as a sum, for comparison with src/posterior.
 * Quadratic in the number of draws; uses the host's Math.
 */

/** Standard normal distribution function: Taylor series near 0, continued fraction (Abramowitz & Stegun 26.2.14) in the tail. */
export function slowNormalCdf(x: number): number {
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  const distance = Math.abs(x);
  if (distance < 3) {
    let term = x;
    let sum = x;
    for (let k = 1; Math.abs(term) > 1e-18 && k < 500; k++) {
      term *= (x * x) / (2 * k + 1);
      sum += term;
    }
    return 0.5 + density * sum;
  }
  let fraction = distance;
  for (let k = 200; k >= 1; k--) fraction = distance + k / fraction;
  const tail = density / fraction;
  return x < 0 ? tail : 1 - tail;
}

/** Inverse of the normal distribution function by bisection in the lower half. */
export function slowNormalQuantile(probability: number): number {
  if (probability > 0.5) return -slowNormalQuantile(1 - probability);
  let low = -40;
  let high = 0;
  for (let step = 0; step < 200; step++) {
    const middle = (low + high) / 2;
    if (slowNormalCdf(middle) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function variance(values: readonly number[]): number {
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
}

/** Autocovariance at one lag about the mean of the chain, divisor n. */
export function slowAutocovariance(chain: readonly number[], lag: number): number {
  const centre = mean(chain);
  let sum = 0;
  for (let i = 0; i + lag < chain.length; i++) sum += (chain[i] - centre) * (chain[i + lag] - centre);
  return sum / chain.length;
}

/** First n draws of every chain that has any, n those of the shortest, cut in halves; a middle draw is dropped. */
export function slowHalves(chains: readonly (readonly number[])[]): number[][] {
  const used = chains.filter((chain) => chain.length > 0);
  const draws = Math.min(...used.map((chain) => chain.length));
  const half = Math.floor(draws / 2);
  return used.flatMap((chain) => [chain.slice(0, half), chain.slice(draws - half, draws)]);
}

/** Normal scores of the average ranks over all chains. */
export function slowScores(chains: readonly (readonly number[])[]): number[][] {
  const all = chains.flat();
  return chains.map((chain) =>
    chain.map((value) => {
      const less = all.filter((other) => other < value).length;
      const equal = all.filter((other) => other === value).length;
      return slowNormalQuantile((less + (equal + 1) / 2 - 0.375) / (all.length + 0.25));
    }),
  );
}

/** Type 7 quantile. */
export function slowQuantile(values: readonly number[], probability: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * probability;
  const below = Math.floor(position);
  const above = Math.ceil(position);
  return sorted[below] * (1 - (position - below)) + sorted[above] * (position - below);
}

/** R-hat of chains as they are. */
export function slowPlainRhat(chains: readonly (readonly number[])[]): number {
  const n = chains[0].length;
  const within = mean(chains.map(variance));
  const between = n * variance(chains.map(mean));
  return Math.sqrt((((n - 1) / n) * within + between / n) / within);
}

/** Effective sample size of chains as they are. */
export function slowPlainEss(chains: readonly (readonly number[])[]): number {
  const n = chains[0].length;
  const draws = n * chains.length;
  const within = mean(chains.map(variance));
  const pooled = ((n - 1) / n) * within + variance(chains.map(mean));
  const correlation = (lag: number) =>
    lag === 0 ? 1 : 1 - (within - mean(chains.map((chain) => slowAutocovariance(chain, lag)))) / pooled;
  const pairs: number[] = [];
  let rest = 0;
  for (let lag = 0; ; lag += 2) {
    rest = Math.max(correlation(lag), 0);
    const pair = correlation(lag) + correlation(lag + 1);
    if (lag + 1 > n - 4 || pair <= 0) break;
    pairs.push(Math.min(pair, ...pairs));
  }
  const time = -1 + 2 * pairs.reduce((sum, pair) => sum + pair, 0) + rest;
  return draws / Math.max(time, 1 / Math.log10(draws));
}

/** Rank-normalised split R-hat. */
export function slowRhat(chains: readonly (readonly number[])[]): number {
  const halves = slowHalves(chains);
  const median = slowQuantile(halves.flat(), 0.5);
  const folded = halves.map((half) => half.map((value) => Math.abs(value - median)));
  return Math.max(slowPlainRhat(slowScores(halves)), slowPlainRhat(slowScores(folded)));
}

/** Bulk effective sample size. */
export function slowBulkEss(chains: readonly (readonly number[])[]): number {
  return slowPlainEss(slowScores(slowHalves(chains)));
}

/** Effective sample size for a quantile. */
export function slowQuantileEss(chains: readonly (readonly number[])[], probability: number): number {
  const halves = slowHalves(chains);
  const quantile = slowQuantile(halves.flat(), probability);
  return slowPlainEss(halves.map((half) => half.map((value) => (value <= quantile ? 1 : 0))));
}
