/** What the desk does with chains and with what came of them, and with data that few open: fetched after the first screen. */

export { encodeResult } from "tslira/fits";
export { fetchGpuPool } from "#studio";
export { readContourImage } from "./contour-image.js";
export { bandsOf, correlate, lookAtRegion } from "./look.js";
export { maskOut } from "./mask.js";
export { onOneSky } from "./one-sky.js";
export { pictureObservation } from "./picture.js";
export { openResult } from "./results.js";
export { runChains } from "./run.js";
