// The light of lit pixels alone: sums over their windows in f32, each value of the psf read once for several of them.

import { Observation } from "./observation";
import { sumCellsExactly } from "./window";

/**
 * Light of four lit pixels by all cells of their windows, one in each lane: every value of the psf is read once for the four of them.
 * Each is summed by four rows first, as many small roundings as `sumRows` makes.
 */
export function sumLightOfFour(
  observation: Observation,
  window0: usize,
  window1: usize,
  window2: usize,
  window3: usize,
): v128 {
  const bytes = (<usize>observation.psfStride) << 2;
  const stride = (<usize>observation.padStride) << 2;
  const end = observation.turned + <usize>observation.psfRows * bytes;
  let psf = observation.turned;
  let sum0 = f32x4.splat(0);
  let sum1 = f32x4.splat(0);
  let sum2 = f32x4.splat(0);
  let sum3 = f32x4.splat(0);
  // Two rows at a time, of which the first pair of each four waits for the second.
  let before0 = sum0;
  let before1 = sum0;
  let before2 = sum0;
  let before3 = sum0;
  const fours = observation.turned + <usize>(observation.psfRows & ~3) * bytes;
  for (let isSecond = false; psf < fours; isSecond = !isSecond) {
    let even0 = f32x4.splat(0);
    let even1 = f32x4.splat(0);
    let even2 = f32x4.splat(0);
    let even3 = f32x4.splat(0);
    let odd0 = f32x4.splat(0);
    let odd1 = f32x4.splat(0);
    let odd2 = f32x4.splat(0);
    let odd3 = f32x4.splat(0);
    for (let at: usize = 0; at < bytes; at += 16) {
      const even = v128.load(psf + at);
      const odd = v128.load(psf + bytes + at);
      even0 = f32x4.add(even0, f32x4.mul(even, v128.load(window0 + at)));
      even1 = f32x4.add(even1, f32x4.mul(even, v128.load(window1 + at)));
      even2 = f32x4.add(even2, f32x4.mul(even, v128.load(window2 + at)));
      even3 = f32x4.add(even3, f32x4.mul(even, v128.load(window3 + at)));
      odd0 = f32x4.add(odd0, f32x4.mul(odd, v128.load(window0 + stride + at)));
      odd1 = f32x4.add(odd1, f32x4.mul(odd, v128.load(window1 + stride + at)));
      odd2 = f32x4.add(odd2, f32x4.mul(odd, v128.load(window2 + stride + at)));
      odd3 = f32x4.add(odd3, f32x4.mul(odd, v128.load(window3 + stride + at)));
    }
    psf += 2 * bytes;
    window0 += 2 * stride;
    window1 += 2 * stride;
    window2 += 2 * stride;
    window3 += 2 * stride;
    even0 = f32x4.add(even0, odd0);
    even1 = f32x4.add(even1, odd1);
    even2 = f32x4.add(even2, odd2);
    even3 = f32x4.add(even3, odd3);
    if (isSecond) {
      sum0 = f32x4.add(sum0, f32x4.add(before0, even0));
      sum1 = f32x4.add(sum1, f32x4.add(before1, even1));
      sum2 = f32x4.add(sum2, f32x4.add(before2, even2));
      sum3 = f32x4.add(sum3, f32x4.add(before3, even3));
    } else {
      before0 = even0;
      before1 = even1;
      before2 = even2;
      before3 = even3;
    }
  }
  for (; psf < end; psf += bytes) {
    let row0 = f32x4.splat(0);
    let row1 = f32x4.splat(0);
    let row2 = f32x4.splat(0);
    let row3 = f32x4.splat(0);
    for (let at: usize = 0; at < bytes; at += 16) {
      const weights = v128.load(psf + at);
      row0 = f32x4.add(row0, f32x4.mul(weights, v128.load(window0 + at)));
      row1 = f32x4.add(row1, f32x4.mul(weights, v128.load(window1 + at)));
      row2 = f32x4.add(row2, f32x4.mul(weights, v128.load(window2 + at)));
      row3 = f32x4.add(row3, f32x4.mul(weights, v128.load(window3 + at)));
    }
    sum0 = f32x4.add(sum0, row0);
    sum1 = f32x4.add(sum1, row1);
    sum2 = f32x4.add(sum2, row2);
    sum3 = f32x4.add(sum3, row3);
    window0 += stride;
    window1 += stride;
    window2 += stride;
    window3 += stride;
  }
  // Lanes 0 and 2, and 1 and 3, then both.
  const low = f32x4.add(i32x4.shuffle(sum0, sum1, 0, 1, 4, 5), i32x4.shuffle(sum0, sum1, 2, 3, 6, 7));
  const high = f32x4.add(i32x4.shuffle(sum2, sum3, 0, 1, 4, 5), i32x4.shuffle(sum2, sum3, 2, 3, 6, 7));
  return f32x4.add(i32x4.shuffle(low, high, 0, 2, 4, 6), i32x4.shuffle(low, high, 1, 3, 5, 7));
}

/** Light of all cells of a lit pixel in f64, for one that f32 holds too faint. */
export function lightExactly(
  observation: Observation,
  flux: usize,
  pixel: i32,
  ny: i32,
  nx: i32,
  wrap: bool,
): f64 {
  const row = pixel / nx;
  let light: f64 = 0;
  for (let psfRow = 0; psfRow < observation.psfRows; psfRow++) {
    light += sumCellsExactly(observation, flux, row, pixel - row * nx, ny, nx, wrap, psfRow);
  }
  return light;
}

/** Columns of a block of `sumLightOfRow`. */
const BLOCK: i32 = 16;

/**
 * Light of a whole row of detector pixels at once, each value of the psf read once for sixteen of them: for rows of which most
 * pixels are wanted. The padded image is filled.
 *
 * @param nx at least 4
 * @param out f32 `[nx]`
 */
export function sumLightOfRow(observation: Observation, row: i32, nx: i32, out: usize): void {
  const stride = (<usize>observation.padStride) << 2;
  const window = observation.padded + <usize>row * stride;
  const psfBytes = (<usize>observation.psfStride) << 2;
  const psfCols = (<usize>observation.psfCols) << 2;
  const psfRows = observation.psfRows;
  let col = 0;
  for (; col + BLOCK <= nx; col += BLOCK) {
    let cells = window + ((<usize>col) << 2);
    let psf = observation.turned;
    let sum0 = f32x4.splat(0);
    let sum1 = f32x4.splat(0);
    let sum2 = f32x4.splat(0);
    let sum3 = f32x4.splat(0);
    for (let psfRow = 0; psfRow < psfRows; psfRow++) {
      // Summed by rows first, as many small roundings as `sumRows` makes.
      let row0 = f32x4.splat(0);
      let row1 = f32x4.splat(0);
      let row2 = f32x4.splat(0);
      let row3 = f32x4.splat(0);
      for (let at: usize = 0; at < psfCols; at += 4) {
        const weight = v128.load32_splat(psf + at);
        row0 = f32x4.add(row0, f32x4.mul(weight, v128.load(cells + at)));
        row1 = f32x4.add(row1, f32x4.mul(weight, v128.load(cells + at, 16)));
        row2 = f32x4.add(row2, f32x4.mul(weight, v128.load(cells + at, 32)));
        row3 = f32x4.add(row3, f32x4.mul(weight, v128.load(cells + at, 48)));
      }
      sum0 = f32x4.add(sum0, row0);
      sum1 = f32x4.add(sum1, row1);
      sum2 = f32x4.add(sum2, row2);
      sum3 = f32x4.add(sum3, row3);
      psf += psfBytes;
      cells += stride;
    }
    const to = out + ((<usize>col) << 2);
    v128.store(to, sum0);
    v128.store(to, sum1, 16);
    v128.store(to, sum2, 32);
    v128.store(to, sum3, 48);
  }
  for (; col < nx; col += 4) {
    // The last four overlap those before.
    const first = (<usize>min(col, nx - 4)) << 2;
    let cells = window + first;
    let psf = observation.turned;
    let sum = f32x4.splat(0);
    for (let psfRow = 0; psfRow < psfRows; psfRow++) {
      let inRow = f32x4.splat(0);
      for (let at: usize = 0; at < psfCols; at += 4) {
        inRow = f32x4.add(inRow, f32x4.mul(v128.load32_splat(psf + at), v128.load(cells + at)));
      }
      sum = f32x4.add(sum, inRow);
      psf += psfBytes;
      cells += stride;
    }
    v128.store(out + first, sum);
  }
}
