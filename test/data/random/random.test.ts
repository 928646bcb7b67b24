import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { randomStream, splitMix64, xoshiro256pp } from "../../../src/data/random/random.js";

const MASK = 0xffffffffffffffffn;
const rotate = (x: bigint, k: bigint) => ((x << k) | (x >> (64n - k))) & MASK;

/** xoshiro256++ of Blackman & Vigna in 64-bit integers. */
function oracle(state: readonly bigint[], length: number): bigint[] {
  let [s0, s1, s2, s3] = state;
  return Array.from({ length }, () => {
    const result = (rotate((s0 + s3) & MASK, 23n) + s0) & MASK;
    const t = (s1 << 17n) & MASK;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= t;
    s3 = rotate(s3, 45n);
    return result;
  });
}

function take(state: readonly bigint[], length: number): bigint[] {
  const stream = xoshiro256pp(state);
  return Array.from({ length }, () => {
    const [high, low] = stream.bits();
    return (BigInt(high) << 32n) | BigInt(low);
  });
}

describe("xoshiro256pp", () => {
  it("gives the published sequence of state 1, 2, 3, 4", () => {
    // Origin: reference implementation of Blackman & Vigna, as listed in the tests of the Rust crate rand_xoshiro.
    expect(take([1n, 2n, 3n, 4n], 4)).toEqual([41943041n, 58720359n, 3588806011781223n, 3591011842654386n]);
  });

  it("equals 64-bit integer arithmetic from any state", () => {
    const word = fc.bigInt({ min: 0n, max: MASK });
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), (state) => {
        expect(take(state, 20)).toEqual(oracle(state, 20));
      }),
    );
  });
});

describe("splitMix64", () => {
  it("gives the published sequence", () => {
    // Origin: Vigna's splitmix64.c, as listed in the tests of the Rust crate rand_xoshiro.
    expect(splitMix64(1477776061723855037n, 2)).toEqual([1985237415132408290n, 2979275885539914483n]);
  });
});

describe("randomStream", () => {
  it("draws uniform numbers in [0, 1) with mean 1/2 and variance 1/12", () => {
    const stream = randomStream(0);
    const draws = 100_000;
    let sum = 0;
    let squares = 0;
    for (let draw = 0; draw < draws; draw++) {
      const u = stream.uniform();
      expect(u >= 0 && u < 1).toBe(true);
      sum += u - 0.5;
      squares += (u - 0.5) * (u - 0.5);
    }
    // The seed is fixed; 5 standard errors would fail for 1 seed in 1.7 million.
    expect(Math.abs(sum / draws)).toBeLessThan(5 * Math.sqrt(1 / 12 / draws));
    expect(Math.abs(squares / draws - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / draws));
  });

  it("repeats for a seed and differs between seeds", () => {
    const first = (seed: number) => randomStream(seed).uniform();
    expect(first(7)).toBe(first(7));
    expect(first(7)).not.toBe(first(8));
    expect(first(2 ** 53 - 1)).not.toBe(first(0));
  });

  it.each([-1, 0.5, 2 ** 53, Number.NaN])("refuses the seed %s", (seed) => {
    expect(() => randomStream(seed)).toThrow(
      expect.objectContaining({
        code: "INVALID_INPUT",
        message: expect.stringContaining("seed must be a whole number"),
      }),
    );
  });
});
