// The gamma draws of the blocks of a row under the adaptive prior. Most children have no counts or a few: those come from the layers of
// their state and count (log-gamma-layers.ts), and only the others from the general method.

import { alphaOf, states } from "./adaptive-prior";
import { drawKnownLogGamma, layOutLogGamma } from "./log-gamma-layers";
import { allocate } from "./memory";
import { drawLogGammas } from "./random";

/** Counts that have layers: 0 to 3. */
const LAYERED: i32 = 4;
/** u32 `[states, 4 children, LAYERED]`: the layers of each child's alpha and counts. */
const layers = memory.data(4 * 32 * 4 * 4, 16);
/** Shapes of the children with more counts, then the logarithms of their draws; u32: where each belongs. */
let packed: usize = 0;
let places: usize = 0;

/** Lay out the layers of all states, and reserve scratch for an image with `nx` columns; false when memory is refused. */
export function prepareBlockGammas(nx: i32): bool {
  for (let state = 0; state < states; state++) {
    for (let child = 0; child < 4; child++) {
      const alpha = alphaOf(state, child);
      const isRepeated = child > 0 && alpha === alphaOf(state, child - 1);
      for (let count = 0; count < LAYERED; count++) {
        const at = layersOf(state, child) + ((<usize>count) << 2);
        store<usize>(at, isRepeated ? load<usize>(at - 4 * LAYERED) : layOutLogGamma(alpha + <f64>count));
        if (load<usize>(at) === 0) return false;
      }
    }
  }
  packed = allocate((<usize>(2 * nx + 2)) << 3);
  places = allocate((<usize>(2 * nx + 2)) << 2);
  return packed !== 0 && places !== 0;
}

/** Address of the addresses of the layers of a child. */
function layersOf(state: i32, child: i32): usize {
  return layers + ((<usize>(4 * state + child)) << 4);
}

let packedCount: usize = 0;

/** Draw for one child at `out`, or put its shape aside. */
function drawChild(count: i32, state: i32, child: i32, out: usize): void {
  if (count < LAYERED) {
    const own = load<usize>(layersOf(state, child) + ((<usize>count) << 2));
    store<f64>(out, inline.always(drawKnownLogGamma(own)));
    return;
  }
  store<f64>(packed + (packedCount << 3), <f64>count + alphaOf(state, child));
  store<usize>(places + (packedCount << 2), out);
  packedCount++;
}

/**
 * Logarithms of gamma numbers of shapes counts + alpha for the children of a run of blocks, block by block: upper left, upper right, lower
 * left, lower right, as many as there are.
 *
 * @param upper i32 counts of the run's upper row
 * @param lower of its lower row; 0 where the blocks have none
 * @param cols columns of the run; of an odd number the last is half a block
 * @param state address of the u8 state of the first block
 * @param out f64, overwritten
 */
export function drawBlockGammas(upper: usize, lower: usize, cols: i32, state: usize, out: usize): void {
  const end = upper + ((<usize>(cols & ~1)) << 2);
  packedCount = 0;
  if (lower !== 0) {
    const lag = lower - upper;
    for (; upper < end; upper += 8) {
      const kind = load<u8>(state++);
      drawChild(load<i32>(upper), kind, 0, out);
      drawChild(load<i32>(upper, 4), kind, 1, out + 8);
      drawChild(load<i32>(upper + lag), kind, 2, out + 16);
      drawChild(load<i32>(upper + lag, 4), kind, 3, out + 24);
      out += 32;
    }
    if (cols & 1) {
      const kind = load<u8>(state);
      drawChild(load<i32>(upper), kind, 0, out);
      drawChild(load<i32>(upper + lag), kind, 2, out + 8);
    }
  } else {
    for (; upper < end; upper += 8) {
      const kind = load<u8>(state++);
      drawChild(load<i32>(upper), kind, 0, out);
      drawChild(load<i32>(upper, 4), kind, 1, out + 8);
      out += 16;
    }
  }
  drawLogGammas(packed, packed, <i32>packedCount);
  for (let index: usize = 0; index < packedCount; index++) {
    store<f64>(load<usize>(places + (index << 2)), load<f64>(packed + (index << 3)));
  }
}
