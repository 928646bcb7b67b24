/**
 * What Studio needs of the package besides its public entries; `#studio` within the package.
 *
 * @module
 */

export { PRESET_NAMES, presetOf } from "./data/law/presets.js";
export { brightestPixel } from "./data/observation/brightest-pixel.js";
export { PSF_LAWS } from "./data/observation/psf-ensemble.js";
export { regionFrame } from "./data/regions/region-frame.js";
export { alongAxes, fromAxes, movedShape } from "./data/regions/region-shape.js";
export { resampleImage } from "./data/sky/resample-image.js";
export { frameName, type PixelMap, pixelMap, skyDistance } from "./data/sky/sky-mapping.js";
export { toPlainError } from "./errors.js";
export { parameterLabel } from "./figures/parameter-label.js";
export { residualPanels } from "./figures/plot-estimate.js";
export { given, givenOptions } from "./given.js";
export { adapterName } from "./gpu.js";
export { angleText } from "./io/companion-image.js";
export { type ComposedTogether, composeTogether } from "./io/compose-together.js";
export { isEnsemble, psfPlanes } from "./io/psf-set-file.js";
export { shellLine } from "./jobs/shell-command.js";
export { repeatedKey } from "./parse-json.js";
export { regionFluxUnit } from "./posterior/region.js";
export { PRIOR_KINDS, type PriorKind } from "./priors/prior-kinds.js";
export { defaultPairTransfers } from "./runs/lira-options.js";
export type { SampAnswer, SampClient } from "./samp/hub.js";
export { type HeardMessage, openWebHub, type WebHub } from "./samp/web-hub.js";
export { holdLifeline, watchLifeline } from "./workers/lifeline.js";
export { fetchGpuPool } from "./workers/pool.js";
export { startWebWorker } from "./workers/start-web-worker.js";
