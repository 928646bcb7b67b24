// Order and ranks of the draws of one pixel: a radix sort of keys that carry the positions of the draws, and normal scores
// of ranks (Vehtari, Gelman, Simpson, Carpenter and Buerkner, Bayesian Analysis 16:667, 2021, eq. 14).

import { allocate } from "./memory";

/** Most bits sorted by in one pass. */
const LONGEST_DIGIT: i32 = 11;

let draws: i32 = 0;
/** u64 `[draws]` each: key in the high half, position in the low one. */
let keyed: usize = 0;
let spare: usize = 0;
/** i32 `[3, 2^11]`. */
let counts: usize = 0;

/** Reserve memory to sort so many draws; false without. */
export function layOutOrder(count: i32): bool {
  draws = count;
  keyed = allocate((<usize>count) << 3);
  spare = allocate((<usize>count) << 3);
  counts = allocate(3 << (LONGEST_DIGIT + 2));
  return keyed !== 0 && spare !== 0 && counts !== 0;
}

/** A word that compares, as a signed integer, like the f32 it comes from; the same function leads back. */
function sortable(word: i32): i32 {
  return word ^ ((word >> 31) & 0x7fffffff);
}

/** The draw at a place of the order that `sortDraws` returned. */
export function drawAt(order: usize, place: i32): f64 {
  return <f64>reinterpret<f32>(sortable(load<i32>(order + ((<usize>place) << 3), 4)));
}

/**
 * Sort draws, least significant digit first. Only the bits in which they differ are sorted by; equal draws keep their order.
 *
 * @param values f32 `[draws]`, any; room for a multiple of 4, the rest filled with draws. Minus zero counts as zero
 * @returns address of u64 `[draws]` in ascending order, the position in the low half of each; 0 when all are equal
 */
export function sortDraws(values: usize): usize {
  const zero = f32x4.splat(0);
  const lowBits = i32x4.splat(0x7fffffff);
  let least = i32x4.splat(0x7fffffff);
  let most = i32x4.splat(-0x80000000);
  const end = values + ((<usize>draws) << 2);
  for (let at = values; at < end; at += 16) {
    const word = f32x4.add(v128.load(at), zero);
    const key = v128.xor(word, v128.and(i32x4.shr_s(word, 31), lowBits));
    v128.store(at, word);
    least = i32x4.min_s(least, key);
    most = i32x4.max_s(most, key);
  }
  const smallest = min(
    min(i32x4.extract_lane(least, 0), i32x4.extract_lane(least, 1)),
    min(i32x4.extract_lane(least, 2), i32x4.extract_lane(least, 3)),
  );
  const largest = max(
    max(i32x4.extract_lane(most, 0), i32x4.extract_lane(most, 1)),
    max(i32x4.extract_lane(most, 2), i32x4.extract_lane(most, 3)),
  );
  if (smallest === largest) return 0;
  const bits = 32 - clz<i32>(largest - smallest);
  const passes = (bits + LONGEST_DIGIT - 1) / LONGEST_DIGIT;
  const digit = (bits + passes - 1) / passes;
  const buckets: usize = 1 << digit;
  const mask = <u32>buckets - 1;
  const second = counts + (buckets << 2);
  const third = second + (buckets << 2);
  memory.fill(counts, 0, (<usize>passes * buckets) << 2);
  let out = keyed;
  for (let position = 0; position < draws; position++) {
    const key = sortable(load<i32>(values + ((<usize>position) << 2)));
    const word = <u32>(key - smallest);
    store<u64>(out, ((<u64>(<u32>key)) << 32) | <u64>position);
    out += 8;
    tally(counts, word & mask);
    if (passes > 1) tally(second, (word >> digit) & mask);
    if (passes > 2) tally(third, word >> (2 * digit));
  }
  let from = keyed;
  let to = spare;
  for (let pass = 0; pass < passes; pass++) {
    const table = counts + ((<usize>pass * buckets) << 2);
    let start: i32 = 0;
    for (let bucket: usize = 0; bucket < buckets << 2; bucket += 4) {
      const count = load<i32>(table + bucket);
      store<i32>(table + bucket, start);
      start += count;
    }
    const shift = pass * digit;
    const last = from + ((<usize>draws) << 3);
    for (let at = from; at < last; at += 8) {
      const element = load<u64>(at);
      const word = <u32>(<i32>(element >> 32) - smallest);
      const entry = table + ((<usize>((word >> shift) & mask)) << 2);
      const place = load<i32>(entry);
      store<i32>(entry, place + 1);
      store<u64>(to + ((<usize>place) << 3), element);
    }
    const swap = from;
    from = to;
    to = swap;
  }
  return from;
}

function tally(table: usize, bucket: u32): void {
  const entry = table + ((<usize>bucket) << 2);
  store<i32>(entry, load<i32>(entry) + 1);
}

/**
 * Normal scores of sorted draws, ties sharing their average rank.
 *
 * @param sorted f64 `[size + 1]` in ascending order, Infinity at the end
 * @param places i32 `[size]`: where the score of each goes in `scores`
 * @param table f64 `[2 size + 1]`: the score of the rank r at 2 r
 * @param scores f64, overwritten at `places`
 */
export function rankScores(sorted: usize, places: usize, table: usize, scores: usize, size: i32): void {
  let first = 0;
  while (first < size) {
    const value = load<f64>(sorted + ((<usize>first) << 3));
    let last = first;
    while (load<f64>(sorted + ((<usize>(last + 1)) << 3)) === value) last++;
    const score = load<f64>(table + ((<usize>(first + last + 2)) << 3));
    for (let k = first; k <= last; k++) {
      store<f64>(scores + ((<usize>load<i32>(places + ((<usize>k) << 2))) << 3), score);
    }
    first = last + 1;
  }
}

/**
 * Normal scores of the folded draws `|draw - median|`, which make R-hat see chains that differ only in their spread (Vehtari
 * et al. 2021, section 3.3). Seen from the median, the sorted draws are two ascending lists of distances: they are merged.
 *
 * @param sorted f64 `[size]` in ascending order, with -Infinity before it and Infinity behind it
 * @param merged i32 `[size]`, scratch; the other arguments as for `rankScores`
 */
export function foldedScores(
  sorted: usize,
  places: usize,
  merged: usize,
  table: usize,
  scores: usize,
  size: i32,
): void {
  const middle = size >> 1;
  const upper = load<f64>(sorted + ((<usize>middle) << 3));
  const lower = size & 1 ? upper : load<f64>(sorted + ((<usize>(middle - 1)) << 3));
  const median = lower + (upper - lower) / 2;
  let below = middle - 1;
  let above = middle;
  let belowDistance = median - load<f64>(sorted + ((<usize>below) << 3));
  let aboveDistance = load<f64>(sorted + ((<usize>above) << 3)) - median;
  let first = 0; // where the current run of ties starts
  let tied: f64 = -1; // its distance
  for (let k = 0; k < size; k++) {
    const takeBelow = belowDistance <= aboveDistance;
    const distance = takeBelow ? belowDistance : aboveDistance;
    if (distance !== tied) {
      giveScore(merged, first, k, table, scores);
      first = k;
      tied = distance;
    }
    const taken = takeBelow ? below : above;
    store<i32>(merged + ((<usize>k) << 2), load<i32>(places + ((<usize>taken) << 2)));
    below -= <i32>takeBelow;
    above += <i32>!takeBelow;
    belowDistance = median - load<f64>(sorted + ((<isize>below) << 3));
    aboveDistance = load<f64>(sorted + ((<usize>above) << 3)) - median;
  }
  giveScore(merged, first, size, table, scores);
}

/** Give the draws first .. end - 1 of a merged list, which tie, the score of their average rank. */
function giveScore(merged: usize, first: i32, end: i32, table: usize, scores: usize): void {
  if (first === end) return;
  const score = load<f64>(table + ((<usize>(first + end + 1)) << 3));
  for (let k = first; k < end; k++) {
    store<f64>(scores + ((<usize>load<i32>(merged + ((<usize>k) << 2))) << 3), score);
  }
}
