import { InvalidInputError } from "../errors.js";
import type { Shape } from "../image.js";
import type { GibbsConfig } from "../posterior/result.js";
import { type FluxPrior, priorName } from "../priors/flux-prior.js";
import { settingOf } from "../settings/by-method.js";
import { type LiraDeconvolverOptions, lawOf, planLength, type RunPlan, settleOnSky } from "./lira-options.js";

/** Settings of the Gibbs sampler for independent Gamma pixels: those of `LiraDeconvolver` that are not about its tree. */
export interface GibbsOptions
  extends Omit<
    LiraDeconvolverOptions,
    | "preset"
    | "adaptivePrior"
    | "alphaInit"
    | "fitAlpha"
    | "cycleSpin"
    | "totalCountsPrior"
    | "smoothingPrior"
  > {
  /** `gammaPrior`, `exponentialPrior`, `uniformPrior`, or a product of these: any with `conjugate`. */
  readonly prior: FluxPrior;
}

/**
 * Fill in defaults and check every setting.
 *
 * @throws InvalidInputError when a setting breaks its rule or the prior is not conjugate
 */
export function planGibbs({ prior, ...options }: GibbsOptions, shape?: Shape): RunPlan<GibbsConfig> {
  const pixelPrior = prior?.conjugate;
  if (pixelPrior === undefined) {
    throw new InvalidInputError(
      `gibbs: prior must be Gamma or exponential in every pixel, got ${prior === undefined ? "none" : priorName(prior)}; ` +
        'choose gammaPrior or exponentialPrior, or the method "nuts", which samples any prior with a gradient',
    );
  }
  if (
    !(pixelPrior.shape > 0 && pixelPrior.rate >= 0) ||
    !Number.isFinite(pixelPrior.shape + pixelPrior.rate)
  ) {
    throw new InvalidInputError(
      `gibbs: prior must have a shape > 0 and a rate >= 0, got shape ${pixelPrior.shape} and rate ${pixelPrior.rate}; ` +
        "a product of Gamma priors has the sum of (shape - 1), plus 1",
    );
  }
  const { told } = settleOnSky("gibbs", options, shape);
  const { config, ...length } = planLength(options, "gibbs", {
    iterations: settingOf("iterations", "gibbs").default as number,
    burnIn: (iterations) => Math.floor(iterations / 10),
  });
  return {
    ...length,
    config: {
      method: "gibbs",
      prior: priorName(prior),
      pixelPrior: { ...pixelPrior },
      ...config,
      ...(lawOf(told) as Omit<GibbsConfig, "method" | "prior" | "pixelPrior" | keyof typeof config>),
    },
  };
}

/**
 * Refuse a posterior that cannot be normalised: without a rate, pixels that nobody sees may have any flux.
 *
 * @param exposed counts detected per unit of flux of each pixel
 */
export function checkSeen({ pixelPrior }: GibbsConfig, exposed: Float64Array, [, nx]: Shape): void {
  if (pixelPrior.rate > 0) return;
  const dark = exposed.findIndex((value) => !(value > 0));
  if (dark < 0) return;
  throw new InvalidInputError(
    `gibbs: prior must have a rate > 0 where pixels are not seen, got rate 0 and no exposure at [${Math.floor(dark / nx)}, ` +
      `${dark % nx}]; choose exponentialPrior or gammaPrior`,
  );
}
