/** What `deconvolve` may be told, by method. */

import type { BootstrapOptions } from "../methods/bootstrap.js";
import type { EmMultiscaleOptions } from "../methods/em-multiscale.js";
import type { GradientDescentOptions } from "../methods/gradient-descent.js";
import type { MapOptions, SkyComponent } from "../methods/map.js";
import type { HeldOutStrength } from "../methods/prior-strength.js";
import type { RichardsonLucyOptions } from "../methods/richardson-lucy.js";
import type { ForwardModelOptions } from "../model/forward-model.js";
import type { GibbsOptions } from "./gibbs-options.js";
import type { LiraDeconvolverOptions } from "./lira-options.js";
import type { NutsOptions } from "./nuts-options.js";
import type { OwnSamplerOptions, Pointing, PriorChoice } from "./prepare-run.js";
import type { RunOptions } from "./run-chains.js";

/**
 * Options of the model that all methods of point estimates share. `margin` is `"auto"` by default for `richardson-lucy` and `map`, 0 for
 * the others; images that come back are of the frame.
 */
export type ModelOptions = Pick<
  ForwardModelOptions,
  "boundary" | "upsampling" | "margin" | "psfPixels" | "backgroundScale"
> &
  Pointing;

/** What methods of point estimates have in common. */
export interface PointMethodOptions extends ModelOptions {
  /** Errors by parametric bootstrap: how many replicates, or its options; default none. */
  readonly bootstrap?: number | BootstrapOptions;
}

/** Where methods work that the GPU has. */
export interface DeviceChoice {
  /**
   * `"gpu"`: on a GPU by WebGPU, in Node with the package `webgpu` (docs/gpu.md), in f32, where `onIteration` of Richardson-Lucy is called
   * after some iterations; not together with `bootstrap`. `"cpu"`, the default, and `"auto"`: here.
   */
  readonly device?: "cpu" | "gpu" | "auto";
}

/** A component of the sky, its prior perhaps made for the model. */
export type ComponentChoice = Omit<SkyComponent, "prior"> & { readonly prior: PriorChoice };

/** Methods that return a `PointEstimate`, with their options. */
export type PointMethod =
  | ({ readonly method: "richardson-lucy" } & RichardsonLucyOptions & DeviceChoice & PointMethodOptions)
  | ({ readonly method: "gradient-descent" } & GradientDescentOptions & PointMethodOptions)
  | ({
      readonly method: "map";
      readonly prior: PriorChoice;
      /**
       * Factor of the prior's log density: a number > 0 (default 1), or `"held-out"`, chosen by photons held out; see
       * `HeldOutStrength`.
       */
      readonly strength?: number | "held-out" | HeldOutStrength;
    } & MapOptions &
      DeviceChoice &
      PointMethodOptions)
  | ({ readonly method: "map"; readonly components: readonly ComponentChoice[] } & Omit<
      MapOptions,
      "measure" | "parametrisation" | "curvature"
    > &
      DeviceChoice &
      PointMethodOptions)
  | ({ readonly method: "em-multiscale" } & EmMultiscaleOptions & PointMethodOptions);

/** The Gibbs sampler, with its options; the default. */
export type LiraMethod = { readonly method?: "lira" } & Pointing & LiraDeconvolverOptions & RunOptions;

/** The gradient sampler, with its options. */
export type NutsMethod = { readonly method: "nuts"; readonly prior: PriorChoice } & Pointing &
  Omit<NutsOptions, "prior" | "offsets"> &
  RunOptions;

/** The Gibbs sampler for independent Gamma pixels, with its options. */
export type GibbsMethod = { readonly method: "gibbs"; readonly prior: PriorChoice } & Pointing &
  Omit<GibbsOptions, "prior"> &
  RunOptions;

/** A sampler of one's own, with its options. */
export type OwnMethod = { readonly method: "own" } & Pointing & OwnSamplerOptions & RunOptions;

/** How to deconvolve: one of the methods, with its options. */
export type DeconvolveOptions = PointMethod | LiraMethod | NutsMethod | GibbsMethod | OwnMethod;
