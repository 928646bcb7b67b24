/**
 * tslira/figures: figures as SVG, the player of draws and the report as HTML. In Node `figureDocument` of `tslira/node` makes the document that
 * they draw into.
 *
 * @module
 */

export type { ColorScaleOptions, Stretch, StretchOptions } from "./figures/color-scale.js";
export type { Colormap } from "./figures/colormap.js";
export type { ContourImage } from "./figures/contours.js";
export { type DrawPlayerOptions, drawPlayerPage } from "./figures/draw-player.js";
export type { FigureOptions } from "./figures/figure.js";
export type { ImagePanelOptions, SkyPanelOptions } from "./figures/image-panel.js";
export type { Marker } from "./figures/marker.js";
export { type PlotAutocorrelationOptions, plotAutocorrelation } from "./figures/plot-autocorrelation.js";
export { type ComparedImage, type PlotComparisonOptions, plotComparison } from "./figures/plot-comparison.js";
export { type DatasetImages, type PlotDatasetOptions, plotDataset } from "./figures/plot-dataset.js";
export {
  type EstimatedImages,
  type PlotEstimateOptions,
  plotEstimate,
} from "./figures/plot-estimate.js";
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
export { type PlotRgbOptions, plotRgb } from "./figures/plot-rgb.js";
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
export type { TracedQuantities, TracedQuantity } from "./figures/traced-quantity.js";
export type { ReportMark } from "./report/report-data.js";
export type { ReportFigure, ReportSection, ReportTable } from "./report/report-figure.js";
export { type ReportOptions, type ReportResult, reportHtml } from "./report/report-html.js";
export type { ReportInputFiles } from "./report/reproduce.js";
