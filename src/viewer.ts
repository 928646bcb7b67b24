/**
 * `#viewer` within the package: parts of a page that shows images of the sky: framed pictures with one linked view, colour bars, rulers,
 * selections, small charts, and numbers for readers. Building blocks of the pages of this package (reports, Studio), without their
 * style sheets. For browsers; every function that makes elements takes the document.
 *
 * @module
 */

export { type ColorScale, colorScale, valueAt } from "./figures/color-scale.js";
export { shownPsfs } from "./figures/psf-panels.js";
export { formatUnit } from "./figures/ticks.js";
export {
  type ChartAxis,
  type ChartBox,
  type ChartScales,
  chart,
  type DrawnFlux,
  fluxHistogram,
  linePath,
  paddedRange,
  seriesLines,
} from "./viewer/chart.js";
export { type ColorBar, createColorBar } from "./viewer/color-bar.js";
export {
  type ContourSet,
  contourOverlay,
  contourSet,
  movedContours,
  offeredLevels,
  smoothedImage,
} from "./viewer/contour-overlay.js";
export { coordinateGrid, gridMargin } from "./viewer/coordinate-grid.js";
export { createFrame, type Frame, outlined } from "./viewer/frame.js";
export { crossShape, selectionShape, shapeOutline } from "./viewer/marks.js";
export { countText, durationText, errorText, numberText, rhatText } from "./viewer/numbers.js";
export { type Quantity, quantityScale, type Style } from "./viewer/quantity-scale.js";
export { compass, lengthText, scaleBar } from "./viewer/scale-bar.js";
export {
  movedSelection,
  type Selection,
  selectedPixels,
  selectionCentre,
  selectionText,
} from "./viewer/selection.js";
export { histogram, meanOf, pooled, quantilesOf, stdOf } from "./viewer/statistics.js";
export {
  arrowStep,
  clampView,
  nearestPixel,
  type Viewport,
  viewByKey,
  viewEdges,
  viewHolding,
  wheelFactor,
  wholeView,
  zoomAt,
} from "./viewer/viewport.js";
export { escapeXml } from "./xml-text.js";
