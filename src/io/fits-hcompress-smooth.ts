/**
 * Smoothing of an H-transform whose coefficients were rounded (option SMOOTH of HCOMPRESS_1): within what rounding leaves open, slopes and
 * curvatures follow the neighbouring sums, so that no blocks are seen (White, Postman & Lattanzi 1992; to the bit as CFITSIO does it, since
 * the file says what its readers are to see).
 */

const least = (first: bigint, second: bigint) => (first < second ? first : second);
const most = (first: bigint, second: bigint) => (first > second ? first : second);

/**
 * What a coefficient becomes that should be `wanted / unit`: nearer to it by at most `slack`.
 *
 * @param low, high `wanted` is kept between them, where the image stays monotonic; with `low >= high` nothing is changed
 */
function drawnTo(
  value: bigint,
  wanted: bigint,
  [low, high]: readonly [low: bigint, high: bigint],
  unit: bigint,
  slack: bigint,
): bigint {
  if (low >= high) return value;
  // Division of bigints rounds towards 0, as it should here.
  const change = (most(least(wanted, high), low) - value * unit) / unit;
  return value + most(least(change, slack), -slack);
}

/**
 * Smooth one level in place, its coefficients already beside each other: sum, slope along the row, slope across rows and curvature of each
 * 2 x 2 pixels.
 *
 * @param a changed
 * @param cols length of a row of `a`
 * @param size `[rows, cols]` of the level
 * @param slack most change of a coefficient, half of the scale
 */
export function smoothTransform(
  a: BigInt64Array,
  cols: number,
  [nRows, nCols]: readonly [nRows: number, nCols: number],
  slack: bigint,
): void {
  const down = 2 * cols;
  for (let row = 0; row < nRows; row += 2) {
    for (let col = 0; col < nCols; col += 2) {
      if (row > 0 && row < nRows - 2) smoothSlope(row * cols + col, down, cols);
      if (col > 0 && col < nCols - 2) smoothSlope(row * cols + col, 2, 1);
    }
  }
  for (let row = 2; row < nRows - 2; row += 2) {
    for (let col = 2; col < nCols - 2; col += 2) smoothCurvature(row * cols + col);
  }

  /** @param step to the next sum in this direction @param offset of the slope from its sum */
  function smoothSlope(at: number, step: number, offset: number): void {
    const [before, after] = [a[at] - a[at - step], a[at + step] - a[at]];
    const limits = [4n * least(most(before, after), 0n), 4n * most(least(before, after), 0n)] as const;
    a[at + offset] = drawnTo(a[at + offset], before + after, limits, 8n, slack);
  }

  function smoothCurvature(at: number): void {
    const [above, below] = [at - down, at + down];
    const sum = a[at];
    // Rises to or from the four corners, and what the slopes alone have them be.
    const rises = [a[below + 2] - sum, sum - a[below - 2], sum - a[above + 2], a[above - 2] - sum];
    const [steep, flat] = [2n * (a[at + cols] + a[at + 1]), 2n * (a[at + cols] - a[at + 1])];
    const tilts = [-steep, flat, -flat, steep];
    const limit = (nearer: typeof least, farther: typeof least) =>
      16n * rises.map((rise, corner) => nearer(rise, 0n) + tilts[corner]).reduce(farther);
    const wanted = a[below + 2] + a[above - 2] - a[above + 2] - a[below - 2];
    a[at + cols + 1] = drawnTo(
      a[at + cols + 1],
      wanted,
      [limit(least, most), limit(most, least)],
      64n,
      slack,
    );
  }
}
