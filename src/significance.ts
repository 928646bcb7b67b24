/**
 * tslira/significance: what regions hold: beyond a null hypothesis, by replicates of it, and measured in the draws of a result.
 *
 * @module
 */

export {
  type Catalogue,
  type CatalogueSource,
  decodeSources,
} from "./photometry/catalogue-file.js";
export type { ExtraSource, ExtraSourceOptions, SourceShape } from "./photometry/extra-source.js";
export {
  type FindSourcesOptions,
  type FoundSource,
  findSources,
} from "./photometry/find-sources.js";
export type { ExtraFluxPrior, FluxLaw } from "./photometry/flux-law.js";
export type { LikelyFlux } from "./photometry/flux-likelihood.js";
export {
  type MeasuredRegion,
  type MeasureRegionsOptions,
  measureRegions,
} from "./photometry/measure-regions.js";
export { encodeMeasuredFits, type MeasuredFileOptions, measuredVotable } from "./photometry/measured-file.js";
export { type MeasuredColumn, type MeasuredTableOptions, measuredCsv } from "./photometry/measured-table.js";
export type { RegionPixels } from "./photometry/region-meter.js";
export type {
  Centroid,
  CredibleInterval,
  Estimated,
  RegionDraws,
  RegionPair,
  RegionProducts,
} from "./photometry/region-products.js";
export type { SourceExtent } from "./photometry/source-extent.js";
export type { SourceProfile } from "./photometry/source-light.js";
export {
  encodeSourcesFits,
  sourcesCsv,
  sourcesDs9,
  sourcesVotable,
} from "./photometry/source-table.js";
export type { TableColumn, TableOrigin } from "./photometry/table-file.js";
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
export { type FittedNull, NULL_KINDS, type NullKind, type NullParameter } from "./significance/null-model.js";
export { planSignificance, type SignificanceSettings } from "./significance/plan.js";
export type { ScanPlan } from "./significance/scan-meter.js";
export { type SignificanceColumn, significanceCsv } from "./significance/significance-data.js";
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
export type { TailTest } from "./significance/upper-bound.js";
