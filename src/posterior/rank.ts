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
  readonly order: Int32Array;
  /** The numbers in ascending order, after `sortDraws`. */
  readonly sorted: Float64Array;
  readonly spare: Int32Array;
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly counts: Int32Array;
  /** `normalScores[2 r]` is the score of the (average, so perhaps half-integer) rank `r` in 1 .. size. */
  readonly normalScores: Float64Array;
}

/** Position of the high half of a double seen as two words: engines may run on either byte order. */
const HIGH_WORD = new Int32Array(new Float64Array([1]).buffer)[1] === 0 ? 0 : 1;
const SIGN_BIT = -0x80000000;
/** Most bits sorted by in one pass: three passes cover a word, and a table of 2^11 counts stays in the fastest cache. */
const LONGEST_DIGIT = 11;

/** Normal scores `z = Phi^-1((r - 3/8) / (S + 1/4))` of the ranks r of S numbers, at `2 r`: r may be half an integer. */
export function normalScoreTable(size: number): Float64Array {
  const table = new Float64Array(2 * size + 1).fill(Number.NaN);
  for (let doubled = 2; doubled < table.length; doubled++) {
    table[doubled] = normalQuantile((doubled / 2 - 3 / 8) / (size + 1 / 4));
  }
  return table;
}

/**
 * Memory for ranking exactly `size` numbers.
 *
 * @param options.scores false when only the sort is wanted: saves the table of normal scores
 */
export function rankScratch(
  size: number,
  { scores = true }: { readonly scores?: boolean } = {},
): RankScratch {
  return {
    size,
    order: new Int32Array(size),
    sorted: new Float64Array(size),
    spare: new Int32Array(size),
    low: new Int32Array(size),
    high: new Int32Array(size),
    counts: new Int32Array(3 << LONGEST_DIGIT),
    normalScores: scores ? normalScoreTable(size) : new Float64Array(0),
  };
}

/**
 * Words that compare, as signed integers, like the numbers they come from: negative numbers have their lower bits
 * flipped. Minus zero becomes zero, since the two must tie.
 */
function sortableWords(values: Float32Array | Float64Array, { size, low, high }: RankScratch): void {
  if (values instanceof Float32Array) {
    const words = new Int32Array(values.buffer, values.byteOffset, size);
    for (let i = 0; i < size; i++) {
      const word = words[i];
      high[i] = word === SIGN_BIT ? 0 : word ^ ((word >> 31) & 0x7fffffff);
    }
    return;
  }
  const words = new Int32Array(values.buffer, values.byteOffset, 2 * size);
  for (let i = 0; i < size; i++) {
    const top = words[2 * i + HIGH_WORD];
    const bottom = words[2 * i + 1 - HIGH_WORD];
    const minusZero = top === SIGN_BIT && bottom === 0;
    high[i] = minusZero ? 0 : top ^ ((top >> 31) & 0x7fffffff);
    low[i] = (minusZero ? 0 : bottom ^ (top >> 31)) ^ SIGN_BIT;
  }
}

/**
 * Stable sort by one word a number, in up to three passes over its digits, least significant first.
 *
 * Words are first counted from the smallest, so that only the bits in which they differ are sorted by. All integers are
 * kept within 32 signed bits, which engines handle faster than unsigned ones.
 *
 * @param words mutated
 * @param fresh whether `order` is still to be set; otherwise ties keep the order that is there
 */
function sortByWord(words: Int32Array, fresh: boolean, { size, order, spare, counts }: RankScratch): void {
  let smallest = words[0];
  let largest = words[0];
  for (let i = 1; i < size; i++) {
    const word = words[i];
    if (word < smallest) smallest = word;
    if (word > largest) largest = word;
  }
  const bits = 32 - Math.clz32((largest - smallest) | 0);
  const passes = Math.ceil(bits / LONGEST_DIGIT);
  const digitBits = passes === 0 ? 0 : Math.ceil(bits / passes);
  const buckets = 1 << digitBits;
  const mask = buckets - 1;
  counts.fill(0, 0, 3 * buckets);
  for (let i = 0; i < size; i++) {
    const word = (words[i] - smallest) | 0;
    words[i] = word;
    counts[word & mask]++;
    counts[buckets + ((word >>> digitBits) & mask)]++;
    counts[2 * buckets + ((word >>> (2 * digitBits)) & mask)]++;
  }
  let identity = fresh;
  let from = order;
  let to = spare;
  for (let pass = 0; pass < passes; pass++) {
    const shift = (pass * digitBits) | 0;
    const table = counts.subarray(pass * buckets, (pass + 1) * buckets);
    let start = 0;
    for (let bucket = 0; bucket < buckets; bucket++) {
      const count = table[bucket];
      table[bucket] = start;
      start = (start + count) | 0;
    }
    if (identity) {
      for (let i = 0; i < size; i++) to[table[(words[i] >>> shift) & mask]++] = i;
      identity = false;
    } else {
      for (let i = 0; i < size; i++) {
        const index = from[i];
        to[table[(words[index] >>> shift) & mask]++] = index;
      }
    }
    const swap = from;
    from = to;
    to = swap;
  }
  if (identity) for (let i = 0; i < size; i++) order[i] = i;
  else if (from !== order) order.set(from);
}

/**
 * Sort draws into `scratch.sorted`, with their positions in `scratch.order`. `values` is not changed.
 *
 * @param values exactly `scratch.size` finite numbers
 * @param scratch mutated
 */
export function sortDraws(values: Float32Array | Float64Array, scratch: RankScratch): void {
  const { size, order, sorted } = scratch;
  if (size === 0) return;
  sortableWords(values, scratch);
  const double = values instanceof Float64Array;
  if (double) sortByWord(scratch.low, true, scratch);
  sortByWord(scratch.high, !double, scratch);
  for (let i = 0; i < size; i++) sorted[i] = values[order[i]];
}

/**
 * Normal scores of sorted draws, ties sharing their average rank: `z = Phi^-1((r - 3/8) / (S + 1/4))`.
 *
 * @param scratch as `sortDraws` left it
 * @param scores result, length `scratch.size`: the score of each value, in the order given to `sortDraws`
 */
export function rankScores({ size, order, sorted, normalScores }: RankScratch, scores: Float64Array): void {
  let first = 0;
  while (first < size) {
    const value = sorted[first];
    let last = first;
    while (last + 1 < size && sorted[last + 1] === value) last++;
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
  { size, order, spare, sorted, normalScores }: RankScratch,
  scores: Float64Array,
): void {
  if (size === 0) return;
  const middle = size >> 1;
  const upper = sorted[middle];
  const lower = size % 2 === 0 ? sorted[middle - 1] : upper;
  const median = lower + (upper - lower) / 2;
  let below = middle - 1;
  let above = middle;
  let belowDistance = below >= 0 ? median - sorted[below] : Infinity;
  let aboveDistance = sorted[above] - median;
  let first = 0; // where the current run of ties starts
  let tied = Number.NaN; // its distance
  for (let k = 0; k < size; k++) {
    const takeBelow = belowDistance <= aboveDistance;
    const distance = takeBelow ? belowDistance : aboveDistance;
    if (distance !== tied) {
      const score = normalScores[first + k + 1];
      for (let t = first; t < k; t++) scores[spare[t]] = score;
      first = k;
      tied = distance;
    }
    if (takeBelow) {
      spare[k] = order[below--];
      belowDistance = below >= 0 ? median - sorted[below] : Infinity;
    } else {
      spare[k] = order[above++];
      aboveDistance = above < size ? sorted[above] - median : Infinity;
    }
  }
  const score = normalScores[first + size + 1];
  for (let t = first; t < size; t++) scores[spare[t]] = score;
}

/**
 * Quantile of sorted draws by linear interpolation between order statistics (type 7 of Hyndman & Fan 1996).
 *
 * @param scratch as `sortDraws` left it
 * @param probability in [0, 1]
 * @returns NaN when there are no draws
 */
export function sortedQuantile({ size, sorted }: RankScratch, probability: number): number {
  if (size === 0) return Number.NaN;
  const position = (size - 1) * probability;
  const index = Math.min(Math.floor(position), size - 1);
  const lower = sorted[index];
  const upper = sorted[Math.min(index + 1, size - 1)];
  return lower + (position - index) * (upper - lower);
}
