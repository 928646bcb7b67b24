// Densities written out, up to constants. Nothing here shares code with src.

/** ln of the density of Gamma(shape, rate), without its constant. */
export function logGammaDensity(x: number, shape: number, rate: number): number {
  return (shape - 1) * Math.log(x) - rate * x;
}

/** ln of the density of Dirichlet(alpha, ..., alpha), without its constant. */
export function logDirichlet(fractions: readonly number[], alpha: number): number {
  return fractions.reduce((sum, fraction) => sum + (alpha - 1) * Math.log(fraction), 0);
}
