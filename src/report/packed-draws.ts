/**
 * Draws in one byte each.
 *
 * Every series (the draws of a pixel) has its own range `[low, high]`, and code `c` in 0..`top` stands for
 * `low + (high - low) (c / top)^2`: the spacing is proportional to the square root of the distance from the faintest draw,
 * as is the scatter of Poisson-like quantities. The error of a value is at most `errorBound`.
 */

/** Codes that fill a byte. */
export const FINE_TOP = 255;
/** Fewer codes, which compress to about four fifths. */
export const COARSE_TOP = 63;

/** Draws of many series in the same order. */
export interface PackedDraws {
  /** Number of series, for example pixels. */
  readonly series: number;
  /** Draws of each series. */
  readonly draws: number;
  /** Highest code, at most 255. */
  readonly top: number;
  /** `[draws, series]`: codes of all series of one draw side by side. */
  readonly codes: Uint8Array;
  /** Range of each series; numbers whose lower 16 bits are 0, so that two bytes keep them. */
  readonly low: Float32Array;
  readonly high: Float32Array;
}

/** Clear the lower half of every number >= 0, rounding down, or up where that would make it smaller. */
function roundToHalves(values: Float32Array, up: boolean): void {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let index = 0; index < words.length; index++) {
    const rest = words[index] & 0xffff;
    words[index] -= rest;
    if (up && rest > 0) words[index] += 0x10000;
  }
}

/**
 * Quantise draws.
 *
 * @param values `[draws, series]`, finite and >= 0; others count as 0
 */
export function packDraws(
  values: Float32Array,
  draws: number,
  series: number,
  top: number = FINE_TOP,
): PackedDraws {
  const low = new Float32Array(series).fill(draws === 0 ? 0 : Number.MAX_VALUE);
  const high = new Float32Array(series);
  for (let at = 0, index = 0; at < draws * series; at++, index = index + 1 === series ? 0 : index + 1) {
    const value = values[at] > 0 && values[at] < Infinity ? values[at] : 0;
    if (value < low[index]) low[index] = value;
    if (value > high[index]) high[index] = value;
  }
  roundToHalves(low, false);
  roundToHalves(high, true);
  const scale = Float64Array.from(high, (end, index) => (end > low[index] ? 1 / (end - low[index]) : 0));
  const codes = new Uint8Array(draws * series);
  for (let at = 0, index = 0; at < codes.length; at++, index = index + 1 === series ? 0 : index + 1) {
    const place = (values[at] - low[index]) * scale[index];
    codes[at] = place > 0 ? Math.round(top * Math.sqrt(Math.min(place, 1))) : 0;
  }
  return { series, draws, top, codes, low, high };
}

/** Largest distance between a value within the range of a series and what its code stands for. */
export function errorBound(low: number, high: number, top: number): number {
  // Half a step below the top code.
  return (high - low) * (1 - (1 - 0.5 / top) ** 2);
}

/** Values of one draw of all series. */
export function unpackDraw(
  { series, top, codes, low, high }: PackedDraws,
  draw: number,
  out: Float32Array,
): void {
  for (let index = 0; index < series; index++) {
    const place = codes[draw * series + index] / top;
    out[index] = low[index] + (high[index] - low[index]) * place * place;
  }
}

/** Draws as bytes: the ranges, then the codes. `draws`, `series` and `top` are kept elsewhere. */
export function drawsToBytes({ series, codes, low, high }: PackedDraws): Uint8Array {
  const bytes = new Uint8Array(4 * series + codes.length);
  const words = [low, high].map((values) => new Uint32Array(values.buffer, values.byteOffset, series));
  for (let index = 0; index < series; index++) {
    for (const [which, part] of words.entries()) {
      bytes[2 * which * series + index] = part[index] >>> 24;
      bytes[(2 * which + 1) * series + index] = part[index] >>> 16;
    }
  }
  bytes.set(codes, 4 * series);
  return bytes;
}

/** The inverse of `drawsToBytes`; codes are a view of the bytes. */
export function drawsFromBytes(bytes: Uint8Array, draws: number, series: number, top: number): PackedDraws {
  const [low, high] = [0, 1].map((which) => {
    const words = Uint32Array.from(
      { length: series },
      (_, index) =>
        (bytes[2 * which * series + index] << 24) | (bytes[(2 * which + 1) * series + index] << 16),
    );
    return new Float32Array(words.buffer);
  });
  return { series, draws, top, codes: bytes.subarray(4 * series), low, high };
}
