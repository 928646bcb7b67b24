/** How wide a source is, how its light falls off, and how far out it must be taken to have all of it. */

import type { PixelPosition } from "../data/sky/sky-wcs.js";
import type { Shape } from "../image.js";
import { normalTwoSidedTail } from "../posterior/normal-tail.js";
import { circlePixels } from "../posterior/region.js";
import type { LikelyFlux } from "./flux-likelihood.js";
import { lightOf, type SourceLight, type SourceProfile } from "./source-light.js";
import type { SourceFit } from "./source-test.js";

/** How wide a source is beyond the psf: standard deviation of a round Gaussian, in pixels of the image. */
export interface SourceExtent {
  /** Most likely width. */
  readonly width: number;
  /** Where the logarithm of the likelihood is lower by 1/2: 68 %. */
  readonly low: number;
  readonly high: number;
  /** Probability that a point looks so wide. */
  readonly chance: number;
  /** `chance` is at most 0.05. */
  readonly extended: boolean;
}

const EXTENDED = 0.05;
/** Widths that are tried of what may be a point, in half-light radii of the psf. */
const WIDTHS = [0.3, 0.45, 0.6, 0.8, 1, 1.25, 1.5];
/** Ratio of the widths that are tried of what is extended. */
const RATIO = 1.25;
/** How far out light is taken, in widths: a Gaussian has 1 % beyond, a beta model a sixth. */
const REACH: Readonly<Record<SourceProfile, number>> = { gaussian: 3, beta: 6 };
/** How many times as far a step of the growth goes. */
const GROWTH = 1.3;
/** Steps over which the flux must not grow. */
const LASTING = 2;
/** By how much the logarithm of the likelihood of a beta model must be greater: Gaussians have no wings that nobody sees. */
const WINGS = 2;

/** The likelihood of the width, by the surroundings bridged in the direction that is the worst for a source. @param half light radius of the psf */
export function extentOf(
  source: SourceFit,
  place: PixelPosition,
  beside: readonly SourceLight[],
  half: number,
  least: number,
): SourceExtent {
  const widths = [0, ...WIDTHS.map((width) => width * half).filter((width) => width >= least)];
  const values = widths.map((width) => source.ratio({ ...place, width }, beside) / 2);
  const { best, low, high, top } = widthLaw(widths, values);
  // Half of all points look wider than the psf.
  const chance = best === 0 ? 1 : normalTwoSidedTail(Math.sqrt(2 * Math.max(0, top - values[0]))) / 2;
  return { width: best, low, high, chance, extended: chance <= EXTENDED };
}

/** The most likely of widths, and where the logarithm of the likelihood has fallen by 1/2 on the way from there outwards. */
function widthLaw(widths: readonly number[], values: readonly number[]) {
  const top = Math.max(...values);
  const best = values.indexOf(top);
  const end = (step: 1 | -1): number => {
    for (let at = best; at + step >= 0 && at + step < widths.length; at += step) {
      if (values[at + step] > top - 0.5) continue;
      const part = (values[at] - (top - 0.5)) / (values[at] - values[at + step]);
      return widths[at] + part * (widths[at + step] - widths[at]);
    }
    return widths[step < 0 ? 0 : widths.length - 1];
  };
  return { best: widths[best], low: end(-1), high: end(1), top };
}

/** The fit at a place with the light within a distance of it, and that of all detections, taken out. */
export type FitWithin = (place: PixelPosition, reach: number) => SourceFit | undefined;

/** An extended source with all of its light. */
export interface GrownSource {
  /** The fit with its light taken out as far as its flux grew. */
  readonly fit: SourceFit;
  readonly extent: SourceExtent;
  /** Lights that it may have, the most likely first. */
  readonly lights: readonly [SourceLight, ...SourceLight[]];
  /** Radius that has all of a Gaussian but 1 %, and five sixths of a beta model; less where the image ends before, in pixels. */
  readonly radius: number;
  /** Part of the flux within. */
  readonly inside: number;
  /** The flux with all errors. */
  readonly flux: LikelyFlux;
}

/**
 * Take the light of an extended source out further and further, until its most likely profile has all but its faint end within, and
 * a step more does not make it brighter than its error allows.
 *
 * @param of how far out it is taken first, how far at most, and the least width that one could see, in pixels
 */
export function grownSource(
  fitWithin: FitWithin,
  source: SourceLight,
  beside: readonly SourceLight[],
  extent: SourceExtent,
  of: { readonly start: number; readonly most: number; readonly least: number; readonly shape: Shape },
): GrownSource | undefined {
  const before: LikelyFlux[] = [];
  for (let reach = Math.min(of.start, of.most); ; reach = Math.min(GROWTH * reach, of.most)) {
    const fit = fitWithin(source, reach);
    if (fit === undefined) return undefined;
    const laws = (["gaussian", "beta"] as const).map((profile) =>
      likelyWidth(fit, { ...source, profile }, beside, of.least, (2 * reach) / REACH[profile]),
    );
    const [gaussian, beta] = laws as [WidthLaw, WidthLaw];
    const order = beta.top > gaussian.top + WINGS ? [beta, gaussian] : [gaussian, beta];
    const light = order[0].best;
    const counted = fit.flux([light], beside);
    const needed = REACH[light.profile ?? "gaussian"] * light.width;
    const isWhole = needed <= reach && counted.best <= (before.at(-LASTING)?.high ?? 0);
    if (!isWhole && reach < of.most) {
      before.push(counted);
      continue;
    }
    const radius = Math.min(needed, reach);
    const inside = partWithin(light, radius, of.shape);
    const others = order.flatMap(({ best, low, high }) => {
      const widths = [low, (low + best.width) / 2, best.width, (best.width + high) / 2, high];
      return widths.map((width) => ({ ...best, width }));
    });
    const lights = [light, ...others] as const;
    return {
      ...{ fit, lights, radius, inside },
      extent: { ...extent, width: gaussian.best.width, low: gaussian.low, high: gaussian.high },
      // What nobody sees of it, and what the last step changed, are in the error.
      flux: widened(fit.flux(lights, beside), (best) => [
        (best * (1 - inside)) / 2,
        best - (before.at(-1)?.best ?? best),
      ]),
    };
  }
}

/** An interval with more errors, in quadrature. */
function widened({ best, low, high }: LikelyFlux, errors: (best: number) => readonly number[]): LikelyFlux {
  const more = Math.hypot(...errors(best));
  return {
    best,
    low: Math.max(0, best - Math.hypot(best - low, more)),
    high: best + Math.hypot(high - best, more),
  };
}

/** Part of the light of a source within a radius. */
function partWithin(source: SourceLight, radius: number, shape: Shape): number {
  const light = lightOf(source, shape);
  return circlePixels({ ...source, radius }, shape).reduce((sum, pixel) => sum + light[pixel], 0);
}

/** The likelihood of the width of a profile. */
interface WidthLaw {
  readonly best: SourceLight;
  readonly low: number;
  readonly high: number;
  /** Logarithm of the greatest likelihood. */
  readonly top: number;
}

/** The most likely width of a profile and its 68 % interval. @param most width that is tried */
function likelyWidth(
  fit: SourceFit,
  source: SourceLight,
  beside: readonly SourceLight[],
  least: number,
  most: number,
): WidthLaw {
  const widths = [least];
  for (let width = RATIO * least; width < most; width *= RATIO) widths.push(width);
  const height = (width: number) => fit.height({ ...source, width }, beside);
  const values = widths.map(height);
  const { best, low, high, top } = widthLaw(widths, values);
  const at = widths.indexOf(best);
  if (at === 0 || at === widths.length - 1) return { best: { ...source, width: best }, low, high, top };
  // The parabola through three of them, whose logarithms are evenly spaced: its vertex, and where it has fallen by 1/2.
  const [before, peak, after] = values.slice(at - 1, at + 2);
  const bend = 2 * peak - before - after;
  const width = best * RATIO ** ((after - before) / (2 * bend));
  const steps = Math.sqrt(1 / bend);
  return {
    best: { ...source, width },
    low: steps < 1 ? width / RATIO ** steps : Math.min(low, width),
    high: steps < 1 ? width * RATIO ** steps : Math.max(high, width),
    top: Math.max(top, height(width)),
  };
}
