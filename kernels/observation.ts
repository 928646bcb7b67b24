// What a chain knows of one observation. The host fills exposure, background, psf and counts once; the rest is
// derived here, before the first sweep.

import { allocate } from "./memory";

/** Rows and columns of the psf are padded to multiples of this: they are read four by four. */
const LANES: i32 = 4;
/** The padded image is cut into square tiles of up to this size. */
const LARGEST_TILE: i32 = 16;

@unmanaged
export class Observation {
  /** f64 `[ny, nx]`, >= 0. */
  exposure: usize;
  /** f64 `[ny, nx]`, flux units, >= 0; 0 when there is no background. */
  background: usize;
  /** i32 `[ny, nx]`, counts of the detector pixels in use, 0 elsewhere; only until `photons` takes its place. */
  counts: usize;
  /** i32 `[ny, nx]`, photons assigned to each sky pixel in this sweep; see `layOutPhotons`. */
  photons: usize;
  /** f64 `[psfRows, psfCols]`, sum 1. */
  psf: usize;
  psfRows: i32;
  psfCols: i32;
  /** Index of the psf's centre: detector pixel i sees sky pixel j with weight psf[i - j + centre]. */
  centreRow: i32;
  centreCol: i32;
  /** Scale of the background. */
  scale: f64;
  /** Whether the light of the background is kept by itself (`entryBackground`): then cells hold that of the flux alone. */
  apart: bool;
  /** sum_j exposure q background: expected background counts for scale 1. */
  backgroundCounts: f64;
  /** Background photons of this sweep. */
  backgroundPhotons: f64;

  /** f32 `[psfPaddedRows, psfStride]`: the psf turned by 180 degrees, rows and columns padded with zeros to fours. */
  turned: usize;
  psfPaddedRows: i32;
  psfStride: i32;
  /** i32 `[psfPaddedRows]`: rows of `turned` by what they hold, most first; f32: what each holds. */
  rowOrder: usize;
  rowHeld: usize;
  /** f32 `[psfPaddedRows, psfStride]`: these rows in their order; i32: bytes from a window's first row to the row that each meets. */
  ordered: usize;
  rowOffsets: usize;
  /** Number of rows, first in the order, that are seldom too few: a multiple of 4. */
  firstRows: i32;
  /**
   * f32 `[.., padStride]`, at least ny + psfPaddedRows - 1 rows: expected photons before the psf, padded on all sides.
   * Rows and columns reach to the next multiple of LARGEST_TILE.
   */
  padded: usize;
  padStride: i32;
  /** Rows and columns of padding before the image. */
  padRow: i32;
  padCol: i32;
  /** Detector pixels with counts: first pixel of their window in `padded`, their index in the image, their counts. */
  litCount: i32;
  litWindows: usize;
  litPixels: usize;
  litCounts: usize;
  /**
   * The list of pixels whose lambda is kept while masses are transferred (light.ts): the lit ones, and the dark ones of rows
   * that are lit for the most part. Their indices, counts and lambda.
   */
  entryCount: i32;
  entryPixels: usize;
  entryWeights: usize;
  entryLambdas: usize;
  /** Lambda as it was before transfers. */
  entryStarts: usize;
  /** i32 `[litCount]`: where the lit pixels are in the list. */
  litEntries: usize;
  /** f64 `[entryCount]`: light of the background at scale 1; what lambda gains for each unit of a share. */
  entryBackground: usize;
  entryGains: usize;
  /** i32 `[ny, nx + 1]`: number of entries before each pixel of a row, and up to the row's end. */
  entryBefore: usize;
  /** f64 `[psfRows + 1, reachStride]`: the psf with zeros (`spill`) or periods (`wrap`) on both sides, and a row of zeros. */
  reach: usize;
  reachStride: i32;
  /** Index in a row of `reach` for a detector pixel in the column of the sky pixel. */
  reachOrigin: i32;
  /**
   * Addresses of the psfs at places of a psf that varies, each an Observation of its own that shares background and photons; none
   * where one psf holds everywhere. With parts `psf`, `turned` and `padded` are absent, and psfRows, psfCols and centre are those of
   * the smallest window that holds all parts'.
   */
  parts: usize;
  partCount: i32;
  /** Padded rows of all parts. */
  partRows: i32;
  /** Sky pixels that `exposure` covers: all, but for parts those whose light takes part in their psf. */
  boxTop: i32;
  boxLeft: i32;
  boxRows: i32;
  boxCols: i32;
  /** Detector pixels that the light of the box reaches; windows in `padded` begin at the first. All, but for parts. */
  frameTop: i32;
  frameLeft: i32;
  frameRows: i32;
  frameCols: i32;
  /** Scratch like `reach` for two sky pixels under a psf that varies, see `reachOf`. */
  mixedReach: usize;
  /** Address of the `Tiling` by which photons are redistributed; 0 when all cells of the window are summed instead. */
  tiling: usize;
}

/** Most observations of one chain. */
export const MAX_OBSERVATIONS: i32 = 256;
/** Observations of the chain. */
export let observationCount: i32 = 0;
const addresses = memory.data(1024, 16);

/** Observation number `index`, in the order in which they were appended. */
export function observationAt(index: i32): Observation {
  return changetype<Observation>(load<usize>(addresses + ((<usize>index) << 2)));
}

/** Number of f64 of scratch that the longest psf needs. */
export let longestPsf: i32 = 0;

/**
 * Append an observation and reserve its arrays; the host then fills exposure, background, psf and counts.
 *
 * @returns the observation, or null when memory is refused or there are already MAX_OBSERVATIONS
 */
export function appendObservation(
  ny: i32,
  nx: i32,
  psfRows: i32,
  psfCols: i32,
  centreRow: i32,
  centreCol: i32,
  hasBackground: bool,
  partCount: i32,
): Observation | null {
  if (observationCount === MAX_OBSERVATIONS) return null;
  const pixels = <usize>(ny * nx);
  const address = allocate(offsetof<Observation>());
  if (address === 0) return null;
  const observation = changetype<Observation>(address);
  observation.scale = 1;
  observation.boxRows = ny;
  observation.boxCols = nx;
  observation.frameRows = ny;
  observation.frameCols = nx;
  observation.exposure = allocate(pixels << 3);
  observation.background = hasBackground ? allocate(pixels << 3) : 0;
  observation.counts = allocate(pixels << 2);
  if (
    observation.exposure === 0 ||
    (hasBackground && observation.background === 0) ||
    observation.counts === 0
  ) {
    return null;
  }
  if (partCount > 0) {
    observation.parts = allocate((<usize>partCount) << 2);
    if (observation.parts === 0) return null;
    describePsf(observation, psfRows, psfCols, centreRow, centreCol);
  } else if (!layOutPsf(observation, psfRows, psfCols, centreRow, centreCol)) return null;
  store<usize>(addresses + ((<usize>observationCount) << 2), address);
  observationCount++;
  longestPsf = max(longestPsf, max(psfRows, psfCols));
  return observation;
}

/**
 * Append a psf that holds at a place to an observation made with parts; the host then fills its psf and its exposure.
 *
 * @param top, left, rows, cols the sky pixels whose light takes part; all with `wrap`
 * @returns the part, whose exposure is f64 `[rows, cols]`: that of the observation times the weight of the place; null without memory
 */
export function appendPart(
  observation: Observation,
  ny: i32,
  nx: i32,
  wrap: bool,
  psfRows: i32,
  psfCols: i32,
  centreRow: i32,
  centreCol: i32,
  top: i32,
  left: i32,
  rows: i32,
  cols: i32,
): Observation | null {
  const address = allocate(offsetof<Observation>());
  if (address === 0) return null;
  const part = changetype<Observation>(address);
  part.boxTop = top;
  part.boxLeft = left;
  part.boxRows = rows;
  part.boxCols = cols;
  part.frameTop = wrap ? 0 : max(0, top - centreRow);
  part.frameLeft = wrap ? 0 : max(0, left - centreCol);
  part.frameRows = wrap ? ny : max(0, min(ny, top + rows - 1 - centreRow + psfRows) - part.frameTop);
  part.frameCols = wrap ? nx : max(0, min(nx, left + cols - 1 - centreCol + psfCols) - part.frameLeft);
  part.background = observation.background;
  part.exposure = allocate((<usize>(rows * cols)) << 3);
  if (part.exposure === 0 || !layOutPsf(part, psfRows, psfCols, centreRow, centreCol)) return null;
  store<usize>(observation.parts + ((<usize>observation.partCount) << 2), address);
  observation.partCount++;
  observation.partRows += part.psfPaddedRows;
  longestPsf = max(longestPsf, max(observation.partRows, psfCols));
  return part;
}

/** Part number `index` of an observation. */
export function partAt(observation: Observation, index: i32): Observation {
  return changetype<Observation>(load<usize>(observation.parts + ((<usize>index) << 2)));
}

function describePsf(
  observation: Observation,
  psfRows: i32,
  psfCols: i32,
  centreRow: i32,
  centreCol: i32,
): void {
  observation.psfRows = psfRows;
  observation.psfCols = psfCols;
  observation.centreRow = centreRow;
  observation.centreCol = centreCol;
}

/** Reserve the arrays of a psf, and the padded image for the frame; false when memory is refused. */
function layOutPsf(
  observation: Observation,
  psfRows: i32,
  psfCols: i32,
  centreRow: i32,
  centreCol: i32,
): bool {
  describePsf(observation, psfRows, psfCols, centreRow, centreCol);
  const ny = observation.frameRows;
  const nx = observation.frameCols;
  observation.psf = allocate((<usize>(psfRows * psfCols)) << 3);
  observation.psfStride = (psfCols + LANES - 1) & ~(LANES - 1);
  observation.psfPaddedRows = (psfRows + LANES - 1) & ~(LANES - 1);
  observation.turned = allocate((<usize>(observation.psfPaddedRows * observation.psfStride)) << 2);
  observation.rowOrder = allocate((<usize>observation.psfPaddedRows) << 2);
  observation.rowHeld = allocate((<usize>observation.psfPaddedRows) << 2);
  observation.ordered = allocate((<usize>(observation.psfPaddedRows * observation.psfStride)) << 2);
  observation.rowOffsets = allocate((<usize>observation.psfPaddedRows) << 2);
  // The last window of a row reads psfStride values from column nx - 1.
  observation.padStride = (nx + observation.psfStride - 1 + LARGEST_TILE - 1) & ~(LARGEST_TILE - 1);
  observation.padRow = psfRows - 1 - centreRow;
  observation.padCol = psfCols - 1 - centreCol;
  const tiledRows = (ny + psfRows - 1 + LARGEST_TILE - 1) & ~(LARGEST_TILE - 1);
  const paddedRows = max(ny + observation.psfPaddedRows - 1, tiledRows);
  observation.padded = allocate((<usize>(paddedRows * observation.padStride)) << 2);
  return (
    observation.psf !== 0 &&
    observation.turned !== 0 &&
    observation.rowOrder !== 0 &&
    observation.rowHeld !== 0 &&
    observation.ordered !== 0 &&
    observation.rowOffsets !== 0 &&
    observation.padded !== 0
  );
}

/** Turn the psfs that the host has filled in: one, or that of each part. */
export function turnPsfs(observation: Observation): void {
  if (observation.partCount === 0) turnPsf(observation);
  for (let index = 0; index < observation.partCount; index++) turnPsf(partAt(observation, index));
}

function turnPsf(observation: Observation): void {
  const rows = observation.psfRows;
  const cols = observation.psfCols;
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const value = load<f64>(observation.psf + ((<usize>((rows - 1 - row) * cols + cols - 1 - col)) << 3));
      store<f32>(observation.turned + ((<usize>(row * observation.psfStride + col)) << 2), <f32>value);
    }
  }
  orderRows(observation);
}

/** Part of the psf, of sum 1, that its first rows hold at least. */
const SELDOM: f32 = 0.85;

/** Sort the rows of the turned psf into `rowOrder`, and derive what belongs to it. */
function orderRows(observation: Observation): void {
  const order = observation.rowOrder;
  const held = observation.rowHeld;
  for (let row = 0; row < observation.psfPaddedRows; row++) {
    const cells = observation.turned + ((<usize>(row * observation.psfStride)) << 2);
    let sum: f32 = 0;
    for (let col = 0; col < observation.psfCols; col++) sum += load<f32>(cells + ((<usize>col) << 2));
    store<f32>(held + ((<usize>row) << 2), sum);
    let at = order + ((<usize>row) << 2);
    while (at > order && load<f32>(held + ((<usize>load<i32>(at - 4)) << 2)) < sum) {
      store<i32>(at, load<i32>(at - 4));
      at -= 4;
    }
    store<i32>(at, row);
  }
  const bytes = (<usize>observation.psfStride) << 2;
  let sum: f32 = 0;
  observation.firstRows = 0;
  for (let place = 0; place < observation.psfPaddedRows; place++) {
    if ((place & 3) === 0 && sum < SELDOM) observation.firstRows = place + 4;
    const row = load<i32>(order + ((<usize>place) << 2));
    sum += load<f32>(held + ((<usize>row) << 2));
    memory.copy(observation.ordered + <usize>place * bytes, observation.turned + <usize>row * bytes, bytes);
    store<i32>(observation.rowOffsets + ((<usize>place) << 2), (row * observation.padStride) << 2);
  }
}

/** Derive the turned psf and the list of lit pixels from what the host has filled in; false without memory. */
export function prepareObservation(observation: Observation, ny: i32, nx: i32): bool {
  turnPsfs(observation);
  let lit = 0;
  for (let pixel = 0; pixel < ny * nx; pixel++) {
    if (load<i32>(observation.counts + ((<usize>pixel) << 2)) > 0) lit++;
  }
  observation.litCount = lit;
  observation.litWindows = allocate((<usize>lit) << 2);
  observation.litPixels = allocate((<usize>lit) << 2);
  observation.litCounts = allocate((<usize>lit) << 2);
  if (observation.litWindows === 0 || observation.litPixels === 0 || observation.litCounts === 0) {
    return false;
  }
  lit = 0;
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      const counts = load<i32>(observation.counts + ((<usize>(row * nx + col)) << 2));
      if (counts === 0) continue;
      store<i32>(observation.litWindows + ((<usize>lit) << 2), row * observation.padStride + col);
      store<i32>(observation.litPixels + ((<usize>lit) << 2), row * nx + col);
      store<i32>(observation.litCounts + ((<usize>lit) << 2), counts);
      lit++;
    }
  }
  return true;
}

/** The counts are in lists now: give their place to the photons, as the last step of the preparation. */
export function layOutPhotons(observation: Observation, pixels: i32): void {
  memory.fill(observation.counts, 0, (<usize>pixels) << 2);
  observation.photons = observation.counts;
  for (let index = 0; index < observation.partCount; index++) {
    partAt(observation, index).photons = observation.photons;
  }
}
