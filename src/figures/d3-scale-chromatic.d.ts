/** The colour maps that figures use; d3-scale-chromatic ships no types of its own. */
declare module "d3-scale-chromatic" {
  /** Colour at `t` in [0, 1], as `#rrggbb` or `rgb(r, g, b)`. */
  type Interpolator = (t: number) => string;
  export const interpolateInferno: Interpolator;
  export const interpolateMagma: Interpolator;
  export const interpolateViridis: Interpolator;
  export const interpolateCividis: Interpolator;
  export const interpolateRdBu: Interpolator;
}
