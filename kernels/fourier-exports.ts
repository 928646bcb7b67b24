// A module of its own for the tests of Fourier transforms and convolution, compiled by test/kernels/fourier-module.ts.

import { Convolution, convolve, prepareConvolution } from "./convolution";
import { allocate as reserve } from "./memory";

export { transformOnce } from "./fourier";

export function allocate(bytes: usize): usize {
  return reserve(bytes);
}

/** Size of the blocks of the convolution prepared last. */
export let blockRows: i32 = 0;
export let blockCols: i32 = 0;

/** Convolve f32 `padded` with f32 `turned`; see `prepareConvolution` and `convolve`. */
export function convolveOnce(
  ny: i32,
  nx: i32,
  psfRows: i32,
  psfCols: i32,
  turned: usize,
  counts: usize,
  padded: usize,
  stride: i32,
  expected: usize,
): bool {
  const address = prepareConvolution(ny, nx, psfRows, psfCols, turned, psfCols, counts);
  if (address === 0) return false;
  const convolution = changetype<Convolution>(address);
  blockRows = convolution.rows;
  blockCols = convolution.cols;
  convolve(convolution, padded, ny + psfRows - 1, stride, expected, ny, nx);
  return true;
}
