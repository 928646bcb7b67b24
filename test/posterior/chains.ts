/** Synthetic chains with known properties, from a fixed seed. */

/** Uniform numbers in (0, 1): mulberry32 steps on a 32-bit state, two a number. */
export function uniformSource(seed: number): () => number {
  let state = seed >>> 0;
  const word = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  return () => (word() * 2 ** 21 + (word() >>> 11) + 0.5) / 2 ** 53;
}

/** Standard normal numbers by Box and Muller's method. */
export function normalSource(seed: number): () => number {
  const uniform = uniformSource(seed);
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Stationary AR(1) chains with unit variance: `x' = phi x + sqrt(1 - phi^2) noise`. ESS of the mean: n (1 - phi) / (1 + phi). */
export function ar1Chains(phi: number, chains: number, draws: number, seed: number): number[][] {
  const normal = normalSource(seed);
  return Array.from({ length: chains }, () => {
    let x = normal();
    return Array.from({ length: draws }, () => {
      const now = x;
      x = phi * x + Math.sqrt(1 - phi * phi) * normal();
      return now;
    });
  });
}
