// The image as a detector sees it before its psf: exposed light in f32, with what lies beyond its edges around it.

import { Observation } from "./observation";
import { imageRunsOf } from "./runs";

/** Below this the f32 image holds 0. */
const TINY: f64 = 1e-28;

/** Write `exposure * (flux + scale * background)`, without a background that is apart, of `count` pixels from [row, col] on to `out`, in f32. */
function fillCells(
  observation: Observation,
  flux: usize,
  row: i32,
  col: i32,
  nx: i32,
  count: i32,
  out: usize,
): void {
  const scale = observation.scale;
  const scales = f64x2.splat(scale);
  const tiny = f64x2.splat(TINY);
  const hasBackground = observation.background !== 0 && !observation.apart;
  const start = (<usize>(row * nx + col)) << 3;
  const exposure = exposureAt(observation, row, col);
  const source = flux + start;
  const background = observation.background + start;
  let cell = 0;
  for (; cell + 2 <= count; cell += 2) {
    const at = (<usize>cell) << 3;
    let emitted = v128.load(source + at);
    if (hasBackground) emitted = f64x2.add(emitted, f64x2.mul(scales, v128.load(background + at)));
    emitted = f64x2.mul(emitted, v128.load(exposure + at));
    emitted = v128.and(emitted, f64x2.ge(emitted, tiny));
    v128.store64_lane(out + ((<usize>cell) << 2), f32x4.demote_f64x2_zero(emitted), 0);
  }
  for (; cell < count; cell++) {
    const at = (<usize>cell) << 3;
    let emitted = load<f64>(source + at);
    if (hasBackground) emitted += scale * load<f64>(background + at);
    emitted *= load<f64>(exposure + at);
    store<f32>(out + ((<usize>cell) << 2), emitted >= TINY ? <f32>emitted : 0);
  }
}

/** Address of the exposure of a sky pixel in the box of an observation. */
export function exposureAt(observation: Observation, row: i32, col: i32): usize {
  const pixel = (row - observation.boxTop) * observation.boxCols + col - observation.boxLeft;
  return observation.exposure + ((<usize>pixel) << 3);
}

/** `index` brought into [0, size) by whole periods. */
export function wrapIndex(index: i32, size: i32): i32 {
  while (index < 0) index += size;
  while (index >= size) index -= size;
  return index;
}

/**
 * Write `exposure * (flux + scale * background)` into the padded f32 image of an observation, with zeros around it
 * (`spill`) or its periodic continuation (`wrap`). The psf's centre may lie outside the psf: then windows meet only
 * part of the image, or with `wrap` parts of it in other places. What is left out of the sweep stays as it was: no window holds it.
 */
export function fillPadded(observation: Observation, flux: usize, ny: i32, nx: i32, wrap: bool): void {
  const bytes = (<usize>observation.padStride) << 2;
  const rows = ny + observation.psfRows - 1;
  const cols = nx + observation.psfCols - 1;
  const first = wrap ? 0 : max(0, observation.padCol);
  const end = wrap ? cols : min(cols, nx + observation.padCol);
  for (let row = 0; row < rows; row++) {
    let skyRow = row - observation.padRow;
    if (wrap) skyRow = wrapIndex(skyRow, ny);
    else if (skyRow < 0 || skyRow >= ny) continue;
    const out = observation.padded + <usize>row * bytes;
    for (let col = first; col < end; ) {
      const skyCol = wrapIndex(col - observation.padCol, nx);
      const count = min(nx - skyCol, end - col);
      for (let run = imageRunsOf(skyRow); load<i32>(run) >= 0; run += 8) {
        const from = max(skyCol, load<i32>(run));
        const runCount = min(skyCol + count, load<i32>(run, 4)) - from;
        if (runCount <= 0) continue;
        fillCells(observation, flux, skyRow, from, nx, runCount, out + ((<usize>(col + from - skyCol)) << 2));
      }
      col += count;
    }
  }
}

/** Write the light of a part's box into its padded image. */
export function fillPart(part: Observation, flux: usize, ny: i32, nx: i32, wrap: bool): void {
  if (wrap) {
    fillPadded(part, flux, ny, nx, wrap);
    return;
  }
  // What no window of the frame meets is left out.
  const down = part.padRow - part.frameTop;
  const across = part.padCol - part.frameLeft;
  const top = max(part.boxTop, -down);
  const bottom = min(part.boxTop + part.boxRows, part.frameRows + part.psfRows - 1 - down);
  const left = max(part.boxLeft, -across);
  const count = min(part.boxLeft + part.boxCols, part.frameCols + part.psfCols - 1 - across) - left;
  for (let row = top; row < bottom; row++) {
    const out = part.padded + ((<usize>((row + down) * part.padStride + left + across)) << 2);
    fillCells(part, flux, row, left, nx, count, out);
  }
}
