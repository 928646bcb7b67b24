/**
 * Ranks of draws and their normal scores (Vehtari, Gelman, Simpson, Carpenter & Buerkner 2021, Bayesian Analysis
 * 16, 667, eq. 14), fast enough for every pixel of an image: a radix sort on the bits of the numbers and a table of
 * scores, all in memory that is reused from pixel to pixel.
 */

import { normalQuantile } from "./normal-quantile.js";

/** Memory for ranking `size` numbers; made by `rankScratch`, reused from call to call. */
export interface RankScratch {
  readonly size: number;
  /** Positions of the numbers in ascending order, after `sortDraws`. */
  readonly order: Uint32Array;
  readonly spare: Uint32Array;
  readonly low: Uint32Array;
  readonly high: Uint32Array;
  readonly counts: Uint32Array;
  readonly digitBits: number;
  /** `normalScores[2 r]` is the score of the (average, so perhaps half-integer) rank `r` in 1 .. size. */
  readonly normalScores: Float64Array;
}

/** Position of the high half of a double seen as two words: engines may run on either byte order. */
const HIGH_WORD = new Uint32Array(new Float64Array([1]).buffer)[1] === 0 ? 0 : 1;
const SIGN_BIT = 0x80000000;

/**
 * Memory for ranking exactly `size` numbers.
 *
 * @param options.scores false when only the sort is wanted: saves the table of normal scores
 */
export function rankScratch(
  size: number,
  { scores = true }: { readonly scores?: boolean } = {},
): RankScratch {
  const normalScores = new Float64Array(scores ? 2 * size + 1 : 0).fill(Number.NaN);
  for (let doubled = 2; doubled < normalScores.length; doubled++) {
    normalScores[doubled] = normalQuantile((doubled / 2 - 3 / 8) / (size + 1 / 4));
  }
  const digitBits = size >= 1500 ? 11 : 8; // long digits mean fewer passes, but longer tables to clear
  return {
    size,
    order: new Uint32Array(size),
    spare: new Uint32Array(size),
    low: new Uint32Array(size),
    high: new Uint32Array(size),
    counts: new Uint32Array(Math.ceil(32 / digitBits) << digitBits),
    digitBits,
    normalScores,
  };
}

/** Flip the bits of a float so that unsigned comparison of the words is comparison of the numbers. */
function sortableKeys(values: Float32Array | Float64Array, { size, low, high }: RankScratch): void {
  if (values instanceof Float32Array) {
    const words = new Uint32Array(values.buffer, values.byteOffset, size);
    for (let i = 0; i < size; i++) {
      const bits = words[i];
      // minus zero must tie with zero
      high[i] = bits === SIGN_BIT ? SIGN_BIT : bits ^ ((bits >> 31) | SIGN_BIT);
    }
    return;
  }
  const words = new Uint32Array(values.buffer, values.byteOffset, 2 * size);
  for (let i = 0; i < size; i++) {
    const top = words[2 * i + HIGH_WORD];
    const bottom = words[2 * i + 1 - HIGH_WORD];
    const flip = top >> 31;
    const minusZero = top === SIGN_BIT && bottom === 0;
    high[i] = minusZero ? SIGN_BIT : top ^ (flip | SIGN_BIT);
    low[i] = minusZero ? 0 : bottom ^ flip;
  }
}

/** Stable sort of `order` by one word a number: least significant digit first, digits that never differ skipped. */
function sortByWord(words: Uint32Array, { size, order, spare, counts, digitBits }: RankScratch): void {
  const buckets = 1 << digitBits;
  const mask = buckets - 1;
  const passes = Math.ceil(32 / digitBits);
  counts.fill(0);
  if (digitBits === 11) {
    for (let i = 0; i < size; i++) {
      const word = words[i];
      counts[word & 2047]++;
      counts[2048 + ((word >>> 11) & 2047)]++;
      counts[4096 + (word >>> 22)]++;
    }
  } else {
    for (let i = 0; i < size; i++) {
      const word = words[i];
      counts[word & 255]++;
      counts[256 + ((word >>> 8) & 255)]++;
      counts[512 + ((word >>> 16) & 255)]++;
      counts[768 + (word >>> 24)]++;
    }
  }
  let from = order;
  let to = spare;
  for (let pass = 0; pass < passes; pass++) {
    const base = pass * buckets;
    const shift = pass * digitBits;
    if (counts[base + ((words[0] >>> shift) & mask)] === size) continue;
    let start = 0;
    for (let bucket = base; bucket < base + buckets; bucket++) {
      const count = counts[bucket];
      counts[bucket] = start;
      start += count;
    }
    for (let i = 0; i < size; i++) {
      const index = from[i];
      const bucket = base + ((words[index] >>> shift) & mask);
      to[counts[bucket]++] = index;
    }
    const swap = from;
    from = to;
    to = swap;
  }
  if (from !== order) order.set(from);
}

/**
 * Sort draws: afterwards `values[scratch.order[k]]` ascends with `k`. `values` is not changed.
 *
 * @param values exactly `scratch.size` finite numbers
 * @param scratch mutated
 */
export function sortDraws(values: Float32Array | Float64Array, scratch: RankScratch): void {
  const { size, order } = scratch;
  if (size === 0) return;
  for (let i = 0; i < size; i++) order[i] = i;
  sortableKeys(values, scratch);
  if (values instanceof Float64Array) sortByWord(scratch.low, scratch);
  sortByWord(scratch.high, scratch);
}

/**
 * Normal scores of sorted draws, ties sharing their average rank: `z = Phi^-1((r - 3/8) / (S + 1/4))`.
 *
 * @param values the numbers that `sortDraws` saw
 * @param scratch as `sortDraws` left it
 * @param scores result, length `scratch.size`: the score of each value, in the order of `values`
 */
export function rankScores(
  values: Float32Array | Float64Array,
  { size, order, normalScores }: RankScratch,
  scores: Float64Array,
): void {
  let first = 0;
  while (first < size) {
    const value = values[order[first]];
    let last = first;
    while (last + 1 < size && values[order[last + 1]] === value) last++;
    const score = normalScores[first + last + 2];
    for (let k = first; k <= last; k++) scores[order[k]] = score;
    first = last + 1;
  }
}

/**
 * Normal scores of the folded draws `|value - median|`, which make R-hat see chains that differ only in their spread
 * (Vehtari et al. 2021, section 3.3).
 *
 * Seen from the median, the sorted draws are two ascending lists of distances: merging them needs no second sort.
 * Arguments as for `rankScores`; `scratch.spare` is mutated.
 */
export function foldedScores(
  values: Float32Array | Float64Array,
  { size, order, spare, normalScores }: RankScratch,
  scores: Float64Array,
): void {
  if (size === 0) return;
  const middle = size >> 1;
  const upper = values[order[middle]];
  const lower = size % 2 === 0 ? values[order[middle - 1]] : upper;
  const median = lower + (upper - lower) / 2;
  let below = middle - 1;
  let above = middle;
  let belowDistance = below >= 0 ? median - values[order[below]] : Infinity;
  let aboveDistance = values[order[above]] - median;
  let first = 0; // where the current run of ties starts
  let tied = Number.NaN; // its distance
  for (let k = 0; k < size; k++) {
    const takeBelow = belowDistance <= aboveDistance;
    const distance = takeBelow ? belowDistance : aboveDistance;
    if (distance !== tied) {
      if (k > first) {
        const score = normalScores[first + k + 1];
        for (let t = first; t < k; t++) scores[spare[t]] = score;
      }
      first = k;
      tied = distance;
    }
    if (takeBelow) {
      spare[k] = order[below--];
      belowDistance = below >= 0 ? median - values[order[below]] : Infinity;
    } else {
      spare[k] = order[above++];
      aboveDistance = above < size ? values[order[above]] - median : Infinity;
    }
  }
  const score = normalScores[first + size + 1];
  for (let t = first; t < size; t++) scores[spare[t]] = score;
}

/**
 * Quantile of sorted draws by linear interpolation between order statistics (type 7 of Hyndman & Fan 1996).
 *
 * @param values the numbers that `sortDraws` saw
 * @param scratch as `sortDraws` left it
 * @param probability in [0, 1]
 * @returns NaN when there are no draws
 */
export function sortedQuantile(
  values: Float32Array | Float64Array,
  { size, order }: RankScratch,
  probability: number,
): number {
  if (size === 0) return Number.NaN;
  const position = (size - 1) * probability;
  const index = Math.min(Math.floor(position), size - 1);
  const lower = values[order[index]];
  const upper = values[order[Math.min(index + 1, size - 1)]];
  return lower + (position - index) * (upper - lower);
}
