/**
 * tslira: Bayesian deconvolution of low-count images under Poisson noise.
 *
 * This entry runs in browsers and in Node; `tslira/node` adds files.
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
export { DEFAULT_ADAPTIVE_PRIOR } from "./data/adaptive-prior.js";
export type { Boundary } from "./data/boundary.js";
export { brightestPixel } from "./data/brightest-pixel.js";
export {
  type CheckedObservation,
  type CheckObservationOptions,
  checkObservation,
  checkObservations,
  MAX_TOTAL_COUNTS,
  type ObservationCheck,
  type ObservationsCheck,
} from "./data/check-observation.js";
export type { CycleSpin } from "./data/cycle-spin.js";
export {
  type Ds9Regions,
  type Ds9RegionsOptions,
  parseDs9Regions,
  type ShapedRegion,
} from "./data/ds9-region.js";
export { type FormatDs9RegionsOptions, formatDs9Regions } from "./data/ds9-write.js";
export { galacticToIcrs, icrsToGalactic } from "./data/galactic.js";
export {
  type MultiscaleLevel,
  multiscaleDecomposition,
  multiscaleLevels,
} from "./data/multiscale-decomposition.js";
export type { Observation, SimulatedObservation, WcsCard } from "./data/observation.js";
export type { PatchMixture, PatchNorm } from "./data/patch-mixture.js";
export { type FluxFromPictureOptions, fluxFromPicture } from "./data/picture.js";
export { type PointingOffsets, pointingOffsets } from "./data/pointing-offsets.js";
export { poissonInterval } from "./data/poisson-interval.js";
export { type Law, PRESET_NAMES, PRESETS, type Preset, presetOf } from "./data/presets.js";
export type {
  AdaptivePrior,
  BackgroundScalePrior,
  PixelPrior,
  SmoothingPrior,
  TotalCountsPrior,
} from "./data/prior-parameters.js";
export { gaussianPsf, normalisePsf, psfCentroid } from "./data/psf.js";
export { type CentredPsf, centrePsf, type PsfCentreReason, type PsfCentring } from "./data/psf-centring.js";
export {
  type ProfileRing,
  type RadialProfile,
  type RadialProfileOptions,
  radialProfile,
} from "./data/radial-profile.js";
export type { RegionSystem } from "./data/region-frame.js";
export { movedShape, type RegionShape, shapeContains } from "./data/region-shape.js";
export { type RegionTerm, termsContain, termsPixels } from "./data/region-terms.js";
export { exposureGradient, type SimulateCountsOptions, simulateCounts } from "./data/simulate.js";
export {
  type PointSource,
  type SimulateDiskOptions,
  type SimulatedDatasetOptions,
  type SimulateGaussianAndPointsOptions,
  type SimulatePointSourceOptions,
  simulateDisk,
  simulateGaussianAndPoints,
  simulatePointSource,
} from "./data/simulated-datasets.js";
export {
  type AngleStyle,
  type FormatSkyPositionOptions,
  formatAngle,
  formatSkyPosition,
} from "./data/sky-angle.js";
export { pixelToSky, skyToPixel } from "./data/sky-position.js";
export {
  type ParsedWcs,
  type PixelPosition,
  type PlaneDistortion,
  type PlaneTerm,
  parseWcs,
  type SipDistortion,
  type SipTerm,
  type SkyPosition,
  type SkyProjection,
  type SkySystem,
  type SkyWcs,
} from "./data/sky-wcs.js";
export { type ThinnedCounts, thinCounts } from "./data/thin-counts.js";
export { type ThinnedObservation, thinObservation } from "./data/thin-observation.js";
export {
  AbortedError,
  type ErrorCode,
  type ErrorDetails,
  FormatError,
  fromPlainError,
  InvalidInputError,
  JobError,
  NumericsError,
  type PlainError,
  toPlainError,
} from "./errors.js";
export type { ColorScaleOptions, Stretch } from "./figures/color-scale.js";
export type { Colormap } from "./figures/colormap.js";
export { type DrawPlayerOptions, drawPlayer, drawPlayerPage } from "./figures/draw-player.js";
export type { FigureOptions } from "./figures/figure.js";
export { colorImage } from "./figures/heat-map.js";
export type { ImagePanelOptions, SkyPanelOptions } from "./figures/image-panel.js";
export type { Marker } from "./figures/marker.js";
export { labelParameters, parameterLabel } from "./figures/parameter-label.js";
export { type PlotAutocorrelationOptions, plotAutocorrelation } from "./figures/plot-autocorrelation.js";
export { type ComparedImage, type PlotComparisonOptions, plotComparison } from "./figures/plot-comparison.js";
export { type DatasetImages, type PlotDatasetOptions, plotDataset } from "./figures/plot-dataset.js";
export { type PlotHyperpriorOptions, plotHyperprior } from "./figures/plot-hyperprior.js";
export { type PlotImageOptions, plotImage } from "./figures/plot-image.js";
export { type PlotMultiscaleOptions, plotMultiscale } from "./figures/plot-multiscale.js";
export { type Panel, type PlotPanelsOptions, plotPanels } from "./figures/plot-panels.js";
export {
  type PlotQuantitiesOptions,
  type PlotRegionDistributionOptions,
  plotParameterDistributions,
  plotRegionDistribution,
} from "./figures/plot-parameter-distributions.js";
export { type PlotParameterTracesOptions, plotParameterTraces } from "./figures/plot-parameter-traces.js";
export { type PlotPixelTraceOptions, plotPixelTrace } from "./figures/plot-pixel-trace.js";
export {
  type PlotPixelTracesRegionOptions,
  plotPixelTracesRegion,
} from "./figures/plot-pixel-traces-region.js";
export {
  type PlotPosteriorOptions,
  type PosteriorImages,
  type PosteriorPanel,
  plotPosterior,
} from "./figures/plot-posterior.js";
export { type PlotRadialProfileOptions, plotRadialProfile } from "./figures/plot-radial-profile.js";
export { type PlotRankOptions, plotRank } from "./figures/plot-rank.js";
export { type PlotResidualsOptions, plotResiduals, type ResidualImages } from "./figures/plot-residuals.js";
export {
  type PlotLocalSignificanceOptions,
  type PlotSignificanceOptions,
  type PlottedScan,
  type PlottedSignificance,
  plotLocalSignificance,
  plotSignificance,
} from "./figures/plot-significance.js";
export {
  type PlotSmoothnessOptions,
  plotSmoothness,
  type SmoothnessMaps,
} from "./figures/plot-smoothness.js";
export type { SkyNotation } from "./figures/sky-ticks.js";
export type { ThemeName } from "./figures/theme.js";
export {
  regionQuantity,
  type TracedQuantities,
  type TracedQuantity,
} from "./figures/traced-quantity.js";
export {
  constantImage,
  cutout,
  imageSum,
  MAX_PIXELS,
  type Shape,
  type SkyImage,
  sameShape,
  skyImage,
} from "./image.js";
export {
  type BinEventsOptions,
  type BinnedEvents,
  binEvents,
  binnedEventsHdus,
  type EventCut,
  forEachEventChunk,
} from "./io/bin-events.js";
export type { CountsGrid } from "./io/companion-image.js";
export {
  type ComposedObservation,
  type ComposeOptions,
  type Cutout,
  composeObservation,
  type NamedHdu,
  type ObservationHdus,
  type RegionMask,
} from "./io/compose-observation.js";
export type { EnergyUnit } from "./io/energy-unit.js";
export {
  type EventColumn,
  type EventColumns,
  type EventLattice,
  type EventPositions,
  eventColumns,
  findEvents,
} from "./io/event-list.js";
export { type EventName, filterCondition, parseEventName } from "./io/event-name.js";
export {
  columnNumbers,
  type FitsCard,
  type FitsColumn,
  type FitsHdu,
  type FitsHduInfo,
  type FitsHduInput,
  FitsHeader,
  type FitsImage,
  type FitsName,
  type FitsTable,
  type FitsValue,
  findColumn,
  findHdu,
  fitsCard,
  type HduSelector,
  imageToSkyImage,
  parseFitsName,
  readFits,
  readFitsMaybeGzip,
  readImageData,
  readTable,
  shiftWcs,
  wcsCards,
  writeFits,
} from "./io/fits.js";
export type { CellValues, Logical } from "./io/fits-column.js";
export type { CellInput, FitsColumnFormat, FitsColumnInput } from "./io/fits-encode-column.js";
export type {
  Bitpix,
  FitsData,
  FitsEmptyHdu,
  FitsEmptyInfo,
  FitsImageHdu,
  FitsImageInfo,
  FitsTableHdu,
  FitsTableInfo,
} from "./io/fits-hdu.js";
export type { ExactArray, NumberArray } from "./io/fits-scaling.js";
export type { FitsSection } from "./io/fits-section.js";
export type { ReadTableOptions } from "./io/fits-table.js";
export type { FitsEmptyInput, FitsImageInput, PixelArray } from "./io/fits-write.js";
export type { FitsTableInput } from "./io/fits-write-table.js";
export { findGoodTimes, type GoodTimes } from "./io/good-times.js";
export type { GunzipOptions } from "./io/gzip.js";
export { type HduKind, type HduKindName, hduKind, type ImageValues } from "./io/hdu-kind.js";
export {
  type HealpixImage,
  type HealpixImageOptions,
  healpixImage,
  healpixImageHdus,
} from "./io/healpix-image.js";
export { isHealpix } from "./io/healpix-map.js";
export {
  type LegacyImagesOptions,
  type LegacyParameters,
  type LegacySettings,
  parseLegacyImages,
  parseLegacyParameters,
} from "./io/lira-legacy.js";
export { isPsfName, type NamedPsf, namedPsfImage, type PsfLength, parsePsfName } from "./io/named-psf.js";
export { decodePatchMixture, encodePatchMixture } from "./io/patch-mixture-file.js";
export {
  decodePointEstimate,
  type EstimateProvenance,
  encodePointEstimate,
  type StoredEstimate,
} from "./io/point-estimate-file.js";
export { decodeHdus as resultFromHdus, isResult, type ResultSummary } from "./io/result-decode.js";
export { decodeResult, encodeResult } from "./io/result-file.js";
export { shellLine } from "./jobs/shell-command.js";
export {
  type MergedTiles,
  measureSeams,
  mergeTiles,
  type Seam,
  type SeamResiduals,
  seamResiduals,
  type TilePosterior,
} from "./jobs/tile-merge.js";
export {
  type PixelRange,
  type PlanTilesOptions,
  planTiles,
  type Tile,
  type TilePlan,
  tileWeights,
} from "./jobs/tile-plan.js";
export { type BootstrapOptions, parametricBootstrap } from "./methods/bootstrap.js";
export { type EmMultiscaleOptions, emMultiscale } from "./methods/em-multiscale.js";
export type { IterationOptions, IterationReport } from "./methods/estimate.js";
export { type GradientDescentOptions, gradientDescent } from "./methods/gradient-descent.js";
export {
  type CurvatureErrors,
  type MapOptions,
  maximumAPosteriori,
  maximumOfComponents,
  type SkyComponent,
} from "./methods/map.js";
export type { Parametrisation } from "./methods/positive-flux.js";
export type { HeldOutStrength } from "./methods/prior-strength.js";
export { type RichardsonLucyOptions, richardsonLucy } from "./methods/richardson-lucy.js";
export type { StoppingRule } from "./methods/stopping.js";
export { type AlignedObservations, alignObservations } from "./model/align-observations.js";
export { type DetectionOptions, detectionProbability } from "./model/detection.js";
export { type DetectedExposure, detectedExposures } from "./model/exposure.js";
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
export type { SkyGrid, SkyGridOptions } from "./model/sky-grid.js";
export { automaticMargin, type Margin } from "./model/sky-margin.js";
export type { ExtraSource, ExtraSourceOptions, SourceShape } from "./photometry/extra-source.js";
export type { ExtraFluxPrior, FluxLaw } from "./photometry/flux-law.js";
export {
  type MeasuredRegion,
  type MeasureRegionsOptions,
  measureRegions,
} from "./photometry/measure-regions.js";
export {
  encodeMeasuredFits,
  type MeasuredFileOptions,
  measuredVotable,
} from "./photometry/measured-file.js";
export {
  type MeasuredColumn,
  type MeasuredTableOptions,
  measuredColumns,
  measuredCsv,
  measuredPairs,
  regionFluxUnit,
} from "./photometry/measured-table.js";
export type { RegionPixels } from "./photometry/region-meter.js";
export type {
  Centroid,
  CredibleInterval,
  Estimated,
  RegionDraws,
  RegionPair,
  RegionProducts,
} from "./photometry/region-products.js";
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
export type { EstimatedComponent, PointEstimate } from "./posterior/point-estimate.js";
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
export {
  type Circle,
  circleName,
  circularRegion,
  type Region,
  regionDraws,
  summariseRegions,
} from "./posterior/region.js";
export {
  type FileRegions,
  type FileRegionsOptions,
  regionsFromDs9,
  regionsFromLabels,
} from "./posterior/region-file.js";
export type {
  AdaptiveConfig,
  ChainConfig,
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
export { parameterDraws } from "./posterior/summary.js";
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
export {
  type StructuralSimilarityOptions,
  structuralSimilarity,
} from "./quality/structural-similarity.js";
export type { ReportFigure, ReportSection, ReportTable } from "./report/report-figure.js";
export { REPORT_BYTES, type ReportOptions, type ReportResult, reportHtml } from "./report/report-html.js";
export type { ReportInputFiles } from "./report/reproduce.js";
export { significanceSection } from "./report/significance-section.js";
export {
  type ComparedMethod,
  type CompareOptions,
  type CompareProgress,
  compareMethods,
  type MethodComparison,
  type MethodScore,
} from "./runs/compare-methods.js";
export {
  type ComponentChoice,
  type DeconvolveOptions,
  deconvolve,
  type GibbsMethod,
  type LiraMethod,
  type ModelOptions,
  type NutsMethod,
  type OwnMethod,
  type PointMethod,
  type PointMethodOptions,
} from "./runs/deconvolve.js";
export type { GibbsOptions } from "./runs/gibbs-options.js";
export { type HeldOutCheck, type HeldOutOptions, heldOutCheck } from "./runs/held-out-check.js";
export { LiraDeconvolver } from "./runs/lira-deconvolver.js";
export {
  defaultPairTransfers,
  type LiraDeconvolverOptions,
  type RunLength,
  type RunPlan,
} from "./runs/lira-options.js";
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
export {
  type CollectOptions,
  collectSignificance,
  type RegionSignificance,
  type ShareDistribution,
  type SignificanceEstimate,
} from "./significance/collect.js";
export {
  estimateSignificance,
  type RunSignificanceOptions,
  runSignificance,
  type SignificanceProgress,
  type TaskStore,
} from "./significance/estimate.js";
export type { LocalSignificance } from "./significance/local-significance.js";
export {
  type FittedNull,
  NULL_KINDS,
  type NullKind,
  type NullParameter,
} from "./significance/null-model.js";
export { planSignificance, type SignificanceSettings } from "./significance/plan.js";
export type { ScanPlan } from "./significance/scan-meter.js";
export {
  type SignificanceColumn,
  significanceColumns,
  significanceCsv,
  significanceData,
} from "./significance/significance-data.js";
export {
  decodeSignificance,
  encodeSignificance,
  type SignificanceProvenance,
  type StoredSignificance,
} from "./significance/significance-file.js";
export {
  type RunTaskOptions,
  runSignificanceTask,
  type SignificanceRun,
  type SignificanceTask,
  type SignificanceTaskResult,
  significanceTasks,
} from "./significance/task.js";
export { decodeTaskResult, encodeTaskResult } from "./significance/task-file.js";
export {
  bonferroni,
  holm,
  monteCarloP,
  type TailTest,
  tailTest,
} from "./significance/upper-bound.js";
export { VERSION } from "./version.js";
export type { ChainOutput, ChainPreview, ChainState } from "./workers/chain-job.js";
export { holdLifeline, watchLifeline } from "./workers/lifeline.js";
