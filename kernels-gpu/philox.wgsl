// Random bits by counting: Philox 4x32-10 (Salmon, Moraes, Dror & Shaw 2011, SC '11, "Parallel random numbers: as easy as 1, 2, 3").
// A draw is a function of the seed, the chain, the sweep, the step of the sweep and the place that it is for, so that it is the same in
// whatever order threads run, and no generator has a state that would have to be kept.

/** Upper half of the product of two whole numbers. */
fn mulHigh(a: u32, b: u32) -> u32 {
  let aLow = a & 0xffffu;
  let aHigh = a >> 16u;
  let bLow = b & 0xffffu;
  let bHigh = b >> 16u;
  let first = aHigh * bLow + ((aLow * bLow) >> 16u);
  let second = aLow * bHigh + (first & 0xffffu);
  return aHigh * bHigh + (first >> 16u) + (second >> 16u);
}

/** Ten rounds of Philox 4x32. */
fn philox(counter: vec4<u32>, key: vec2<u32>) -> vec4<u32> {
  var c = counter;
  var k = key;
  for (var round = 0u; round < 10u; round++) {
    let first = mulHigh(0xd2511f53u, c.x);
    let second = mulHigh(0xcd9e8d57u, c.z);
    c = vec4<u32>(second ^ c.y ^ k.x, 0xcd9e8d57u * c.z, first ^ c.w ^ k.y, 0xd2511f53u * c.x);
    k += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}

var<private> streamKey: vec2<u32>;
var<private> streamCounter: vec4<u32>;

/**
 * Begin the numbers of one place in one step of a sweep.
 *
 * @param key the seed, low bits first
 * @param chain number of the chain, below 2^27
 * @param step below 32: no two steps share numbers
 */
fn beginStream(key: vec2<u32>, chain: u32, sweep: u32, step: u32, index: u32) {
  streamKey = key;
  streamCounter = vec4<u32>(0u, index, sweep, chain * 32u + step);
}

/** The next 128 random bits of the stream. */
fn nextBits() -> vec4<u32> {
  let bits = philox(streamCounter, streamKey);
  streamCounter.x += 1u;
  return bits;
}
