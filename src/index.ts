/**
 * tslira: Bayesian deconvolution of low-count images under Poisson noise: the methods and their priors, simulations, results, errors.
 *
 * Runs in browsers and in Node, as `tslira/fits`, `tslira/sky`, `tslira/figures`, `tslira/diagnostics` and `tslira/significance` do;
 * `tslira/node` and `tslira/cluster` need Node.
 *
 * @module
 */

export { DEFAULT_ADAPTIVE_PRIOR } from "./data/law/adaptive-prior.js";
export type { CycleSpin } from "./data/law/cycle-spin.js";
export type { PatchMixture, PatchNorm } from "./data/law/patch-mixture.js";
export { type Law, PRESETS, type Preset } from "./data/law/presets.js";
export type {
  AdaptivePrior,
  BackgroundScalePrior,
  PixelPrior,
  SmoothingPrior,
  TotalCountsPrior,
} from "./data/law/prior-parameters.js";
export type { Boundary } from "./data/observation/boundary.js";
export {
  type CheckedObservation,
  type CheckObservationOptions,
  checkObservation,
  type ObservationCheck,
  type ObservationsCheck,
} from "./data/observation/check-observation.js";
export {
  type InjectedSources,
  type InjectSourcesOptions,
  injectSources,
} from "./data/observation/inject-sources.js";
export type { Observation, SimulatedObservation, WcsCard } from "./data/observation/observation.js";
export { type FluxFromPictureOptions, fluxFromPicture } from "./data/observation/picture.js";
export { gaussianPsf, normalisePsf, psfCentroid } from "./data/observation/psf.js";
export {
  type CentredPsf,
  centrePsf,
  type PsfCentreReason,
  type PsfCentring,
} from "./data/observation/psf-centring.js";
export {
  type GivenMember,
  type PsfLaw,
  psfEnsemble,
  withComponents,
  withPointingError,
  withPsfLaw,
  withWidthError,
} from "./data/observation/psf-ensemble.js";
export { type PlacedPsf, type Psf, type PsfMember, psfSet } from "./data/observation/psf-set.js";
export { type SimulateCountsOptions, simulateCounts } from "./data/observation/simulate.js";
export {
  type PointSource,
  type SimulateDiskOptions,
  type SimulatedDatasetOptions,
  type SimulateGaussianAndPointsOptions,
  type SimulatePointSourceOptions,
  simulateDisk,
  simulateGaussianAndPoints,
  simulatePointSource,
} from "./data/observation/simulated-datasets.js";
export { type ThinnedCounts, thinCounts } from "./data/observation/thin-counts.js";
export { type ThinnedObservation, thinObservation } from "./data/observation/thin-observation.js";
export {
  AbortedError,
  type ErrorCode,
  type ErrorDetails,
  FormatError,
  InvalidInputError,
  JobError,
  NumericsError,
  type PlainError,
} from "./errors.js";
export { constantImage, cutout, imageSum, type Shape, type SkyImage, skyImage } from "./image.js";
export type { BootstrapOptions } from "./methods/bootstrap.js";
export type { EmMultiscaleOptions } from "./methods/em-multiscale.js";
export type { IterationOptions, IterationReport } from "./methods/estimate.js";
export type { GradientDescentOptions } from "./methods/gradient-descent.js";
export type { CurvatureErrors, MapOptions, SkyComponent } from "./methods/map.js";
export type { Parametrisation } from "./methods/positive-flux.js";
export type { HeldOutStrength } from "./methods/prior-strength.js";
export type { RichardsonLucyOptions } from "./methods/richardson-lucy.js";
export type { StoppingRule } from "./methods/stopping.js";
export type { SkyGrid, SkyGridOptions } from "./model/sky-grid.js";
export type { Margin } from "./model/sky-margin.js";
export type { EstimatedComponent, PointEstimate } from "./posterior/point-estimate.js";
export type {
  AdaptiveConfig,
  ChainConfig,
  ChainDevice,
  Convergence,
  CountsLedger,
  Diagnostics,
  GibbsConfig,
  LevelConfig,
  LiraConfig,
  LiraResult,
  LiraSummary,
  Moments,
  NutsConfig,
  OwnConfig,
  PosteriorResult,
  PosteriorSummary,
  Provenance,
  RunTarget,
  SamplerConfig,
  TransitionReport,
  Verdict,
  WithError,
} from "./posterior/result.js";
export type { ImageTrace, ParameterSource, ParameterTrace } from "./posterior/trace.js";
export {
  type FitPatchPriorOptions,
  type FittedPatchMixture,
  fitPatchPrior,
} from "./priors/fit-patch-prior.js";
export {
  checkGradient,
  type FluxPrior,
  type GradientCheck,
  type PriorData,
  productPrior,
  scaledPrior,
} from "./priors/flux-prior.js";
export { type MultiscalePriorOptions, multiscalePrior } from "./priors/multiscale-prior.js";
export {
  gradientTikhonovPrior,
  markovPrior,
  type Strength,
  smoothnessPrior,
  totalVariationPrior,
} from "./priors/neighbour-priors.js";
export { type ImageNorm, type PatchPriorOptions, patchPrior } from "./priors/patch-prior.js";
export {
  entropyPrior,
  exponentialPrior,
  gammaPrior,
  inverseGammaPrior,
  tikhonovPrior,
  uniformPrior,
} from "./priors/pixel-priors.js";
export { importPrior } from "./priors/prior-data.js";
export {
  type ComparedMethod,
  type CompareOptions,
  type CompareProgress,
  compareMethods,
  type MethodComparison,
  type MethodScore,
} from "./runs/compare-methods.js";
export { deconvolve } from "./runs/deconvolve.js";
export type {
  ComponentChoice,
  DeconvolveOptions,
  DeviceChoice,
  GibbsMethod,
  LiraMethod,
  ModelOptions,
  NutsMethod,
  OwnMethod,
  PointMethod,
  PointMethodOptions,
} from "./runs/deconvolve-options.js";
export type { GibbsOptions } from "./runs/gibbs-options.js";
export { type HeldOutCheck, type HeldOutOptions, heldOutCheck } from "./runs/held-out-check.js";
export { LiraDeconvolver } from "./runs/lira-deconvolver.js";
export type { LiraDeconvolverOptions, RunLength, RunPlan } from "./runs/lira-options.js";
export type { NutsOptions } from "./runs/nuts-options.js";
export type { ChainRunOptions, OwnSamplerOptions, Pointing, PriorChoice } from "./runs/prepare-run.js";
export {
  type ChangedPrior,
  type PriorChange,
  type PriorSensitivity,
  type PriorSensitivityOptions,
  priorSensitivity,
  type SensitivePixel,
} from "./runs/prior-sensitivity.js";
export { parsePrior, type ReadPatches } from "./runs/prior-text.js";
export type { RunOptions } from "./runs/run-chains.js";
export type { ChainPiece, CheckpointRecord, KeptRun, RunCheckpoints } from "./runs/run-checkpoints.js";
export { type RunPause, runPause } from "./runs/run-pause.js";
export type { RunDecisions, RunProgress, SamplingOptions } from "./runs/sample-run.js";
export type { Target } from "./runs/target.js";
export type { MakeSampler, OwnLaw, OwnSamplerInput } from "./samplers/open-chain.js";
export type { Sampler, SavedArrays } from "./samplers/sampler.js";
export { METHODS, type Method } from "./settings/methods.js";
export { VERSION } from "./version.js";
export type { ChainOutput, ChainPreview, ChainState } from "./workers/chain-job.js";
