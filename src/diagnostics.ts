/**
 * tslira/diagnostics: whether chains agree, whether the model describes the data, how near an image is to the truth, and numbers of
 * single pixels, quantities and regions from the draws.
 *
 * @module
 */

export {
  DISCREPANCIES,
  type DiscrepancyCheck,
  type DiscrepancyName,
  type PredictiveKind,
} from "./checks/discrepancy.js";
export { checkModel, type ModelCheck } from "./checks/model-check.js";
export {
  type PosteriorDraws,
  type PredictiveCheck,
  type PredictiveCheckOptions,
  predictiveCheck,
} from "./checks/predictive-check.js";
export {
  type MultiscaleLevel,
  multiscaleDecomposition,
} from "./data/observation/multiscale-decomposition.js";
export {
  type ProfileRing,
  type RadialProfile,
  type RadialProfileOptions,
  radialProfile,
} from "./data/observation/radial-profile.js";
export { poissonInterval } from "./data/random/poisson-interval.js";
export { createForwardModel, type ForwardModel, type ForwardModelOptions } from "./model/forward-model.js";
export type { FittedSky } from "./model/frame-prediction.js";
export {
  cash,
  cstat,
  type PredictedCountsOptions,
  predictedCounts,
  type Residuals,
  residuals,
} from "./model/predicted-counts.js";
export { type DiagnoseParts, diagnose } from "./pixels/diagnose.js";
export {
  type PixelConvergence,
  type PixelQuantiles,
  type PixelSummary,
  type PixelSummaryOptions,
  type PixelWatchOptions,
  pixelConvergence,
  pixelQuantiles,
  pixelSummary,
} from "./pixels/pixel-summary.js";
export {
  type BurnInCheck,
  type BurnInOptions,
  type BurnInRow,
  type BurnInTrial,
  checkBurnIn,
  type GewekeCheck,
  type GewekeOptions,
  gewekeCheck,
} from "./posterior/burn-in.js";
export { type ChainGroups, chainGroups } from "./posterior/chain-groups.js";
export {
  autocorrelationTime,
  bulkEss,
  type Chains,
  meanEss,
  meanMcse,
  quantileEss,
  quantileMcse,
  splitRhat,
  stdEss,
  stdMcse,
  tailEss,
} from "./posterior/convergence.js";
export type { DrawSource, WatchOptions } from "./posterior/draw-source.js";
export { fittedSky } from "./posterior/fitted-sky.js";
export {
  type PixelCorrelationOptions,
  pixelCorrelation,
  regionCorrelation,
} from "./posterior/pixel-correlation.js";
export {
  type Quantities,
  type QuantitiesOptions,
  type QuantitiesParts,
  summarisePixels,
  summariseQuantities,
} from "./posterior/quantities.js";
export {
  type QuantileEstimate,
  type QuantitySummary,
  summariseQuantity,
} from "./posterior/quantity-summary.js";
export { parameterDraws } from "./posterior/summary.js";
export {
  type HeldOutSplit,
  heldOutCash,
  type SplitPhotonsOptions,
  splitPhotons,
} from "./quality/held-out-cash.js";
export { fluxBias, normalisedRmsError } from "./quality/image-error.js";
export {
  brightPixels,
  type IntervalCoverage,
  type IntervalCoverageOptions,
  intervalCoverage,
} from "./quality/interval-coverage.js";
export { type StructuralSimilarityOptions, structuralSimilarity } from "./quality/structural-similarity.js";
