// Statistical tests have fixed seeds, so they never flicker. They would reject exact draws with a probability of
// P_MINIMUM each, and (tests + 1) * P_MINIMUM, below 1e-3, for the whole file.

import { beforeAll, describe, expect, it } from "vitest";
import {
  binomialCdf,
  edgeworthCdf,
  gammaCdf,
  gammaTail,
  kolmogorov,
  normalCdf,
  poissonCdf,
} from "../oracles/distributions.js";
import { digammaOf, toDouble, trigammaOf } from "../oracles/special.js";
import { loadRandomKernels, type RandomKernels } from "./random-module.js";

const P_MINIMUM = 3e-6;
const MOST_TESTS = 332;
const pValues: number[] = [];

let kernels: RandomKernels;
beforeAll(async () => {
  kernels = await loadRandomKernels();
}, 60_000);

// --- Chi-square test ------------------------------------------------------------------------------------------------

/** Draws `count` numbers into memory at an address. */
type Fill = (out: number, count: number) => void;

const MOST_DRAWS = 1 << 22;
let buffer = 0;

function drawMany(fill: Fill, seed: bigint, stream: bigint, count: number): Float64Array {
  if (buffer === 0) buffer = kernels.allocate(MOST_DRAWS * 8);
  kernels.seedRandom(seed, stream);
  fill(buffer, count);
  return new Float64Array(kernels.memory.buffer, buffer, count);
}

/** Ranks of the pilot sample that become edges: dense in both tails. */
const RANKS = [
  ...[0.0001, 0.0003, 0.001, 0.003, 0.01, 0.02],
  ...Array.from({ length: 47 }, (_, i) => 0.04 + 0.02 * i),
  ...[0.98, 0.99, 0.997, 0.999, 0.9997, 0.9999],
];

/**
 * p-value of Pearson's test of draws against a distribution function P(X <= x). The edges of the bins are quantiles of a
 * pilot sample from another stream, unless given; bins with fewer than 10 expected draws join their neighbour.
 */
function chiSquare(
  fill: Fill,
  cdf: (x: number) => number,
  seed: bigint,
  count: number,
  fixed?: number[],
): number {
  const pilot = fixed ? [] : [...drawMany(fill, seed, 1n, 40_000)].sort((a, b) => a - b);
  const edges = fixed ?? [...new Set(RANKS.map((rank) => pilot[Math.floor(rank * pilot.length)] ?? 0))];
  const values = drawMany(fill, seed, 0n, count);
  const observed = new Float64Array(edges.length + 1);
  for (const value of values) {
    // First edge >= value: the bin is (edges[i - 1], edges[i]].
    let low = 0;
    let high = edges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((edges[middle] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    observed[low] = (observed[low] ?? 0) + 1;
  }
  const bins: { seen: number; expected: number }[] = [];
  let open = { seen: 0, expected: 0 };
  let previous = 0;
  observed.forEach((seen, i) => {
    const edge = edges[i];
    const next = edge === undefined ? 1 : cdf(edge);
    open.seen += seen;
    open.expected += (next - previous) * count;
    previous = next;
    if (open.expected >= 10) {
      bins.push(open);
      open = { seen: 0, expected: 0 };
    }
  });
  const last = bins.at(-1);
  if (last === undefined || bins.length < 2) {
    if (last && open.expected + open.seen > 0) bins.push(open);
    if (bins.length < 2) throw new Error("chiSquare: needs at least two bins; choose more draws");
  } else {
    last.seen += open.seen;
    last.expected += open.expected;
  }
  const statistic = bins.reduce((sum, { seen, expected }) => sum + (seen - expected) ** 2 / expected, 0);
  return gammaTail((bins.length - 1) / 2, Math.log(statistic / 2));
}

function expectFit(p: number): void {
  pValues.push(p);
  expect(p).toBeGreaterThan(P_MINIMUM);
}

/** Test the mean of as many draws, where small errors of a parameter show first. */
function expectMean(fill: Fill, seed: bigint, count: number, mean: number, variance: number): void {
  const values = drawMany(fill, seed, 2n, count);
  let sum = 0;
  for (const value of values) sum += value - mean;
  expectFit(normalP(sum / Math.sqrt(count * variance)));
}

/** Two-sided p-value of a standard normal statistic. */
const normalP = (z: number): number => 2 * normalCdf(-Math.abs(z));

// --- Reference generators -------------------------------------------------------------------------------------------

const MASK = (1n << 64n) - 1n;
const rotate = (x: bigint, k: bigint): bigint => ((x << k) | (x >> (64n - k))) & MASK;

/** Step number `n` (from 1) of SplitMix64 started at `start`. */
function splitMix(start: bigint, n: bigint): bigint {
  let z = (start + n * 0x9e3779b97f4a7c15n) & MASK;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
  return z ^ (z >> 31n);
}

function seedReference(seed: bigint, stream: bigint): bigint[] {
  const right = stream ^ splitMix(seed, 1n);
  const left = seed ^ splitMix(right, 1n);
  return [splitMix(left, 1n), splitMix(right, 1n), splitMix(left, 2n), splitMix(right, 2n)];
}

/** One step of xoshiro256++, in the order of its authors' description. */
function stepReference(s: bigint[]): bigint {
  const [a = 0n, b = 0n, c = 0n, d = 0n] = s;
  const result = (rotate((a + d) & MASK, 23n) + a) & MASK;
  const third = c ^ a;
  const fourth = d ^ b;
  s.splice(0, 4, a ^ fourth, b ^ third, third ^ ((b << 17n) & MASK), rotate(fourth, 45n));
  return result;
}

const state = (): BigUint64Array =>
  new BigUint64Array(kernels.memory.buffer, kernels.randomState.value as number, 4);

/** Choose the next 64 bits: with the first word 0, they are the last word rotated by 23. */
const forceBits = (bits: bigint): void => {
  state().set([0n, 0x123456789abcdef1n, 0x0fedcba987654321n, rotate(bits, 41n)]);
};

// --- Tests ----------------------------------------------------------------------------------------------------------

describe("generator", () => {
  it("knows the published first output of SplitMix64", () => {
    // Seed 1234567: first values of the reference program of Vigna, as widely reprinted.
    expect(splitMix(1234567n, 1n)).toBe(6457827717110365317n);
    expect(splitMix(1234567n, 2n)).toBe(3203168211198807973n);
  });

  it("knows the first output of xoshiro256++ from state 1, 2, 3, 4", () => {
    const s = [1n, 2n, 3n, 4n];
    // rotl(1 + 4, 23) + 1, worked by hand.
    expect(stepReference(s)).toBe((5n << 23n) + 1n);
    // The state has become 7, 0, 262146, 2^45 * 6.
    expect(s).toEqual([7n, 0n, 262146n, 6n << 45n]);
  });

  it("agrees with xoshiro256++ seeded by SplitMix64, step by step", () => {
    for (const [seed, stream] of [
      [0n, 0n],
      [1n, 0n],
      [0n, 1n],
      [372n, 7n],
      [MASK, MASK],
    ] as const) {
      kernels.seedRandom(seed, stream);
      const reference = seedReference(seed, stream);
      expect([...state()]).toEqual(reference);
      for (let i = 0; i < 1000; i++)
        expect(BigInt.asUintN(64, kernels.nextBits())).toBe(stepReference(reference));
      expect([...state()]).toEqual(reference);
    }
  });

  it("gives different states to different seeds and streams", () => {
    const seen = new Set<string>();
    const values = [...Array.from({ length: 40 }, (_, i) => BigInt(i)), 1n << 32n, 1n << 63n, MASK];
    for (const seed of values) {
      for (const stream of values) {
        kernels.seedRandom(seed, stream);
        for (const word of state()) seen.add(word.toString());
      }
    }
    expect(seen.size).toBe(4 * values.length ** 2);
  });

  /** A bit of everything, as bytes. */
  const drawAll = (): number[] => {
    const out = kernels.allocate(64 * 8);
    const fills: Fill[] = [
      kernels.fillUniform,
      kernels.fillNormal,
      kernels.fillExponential,
      (at, count) => kernels.fillGamma(at, count, 0.3),
      (at, count) => kernels.fillLogGamma(at, count, 0.01),
      (at, count) => kernels.fillPoisson(at, count, 0.7),
      (at, count) => kernels.fillPoisson(at, count, 70),
      (at, count) => kernels.fillBinomial(at, count, 100, 0.4),
      kernels.fillIndex.bind(null) as unknown as Fill,
    ];
    return fills.flatMap((fill, i) => {
      if (i === fills.length - 1) kernels.fillIndex(out, 64, 10);
      else fill(out, 64);
      return [...new Uint8Array(kernels.memory.buffer, out, 64 * 8)];
    });
  };

  it("repeats its bytes for the same seed, and after its state is put back", () => {
    kernels.seedRandom(5n, 3n);
    const first = drawAll();
    const saved = state().slice();
    const second = drawAll();
    expect(second).not.toEqual(first);
    kernels.seedRandom(5n, 3n);
    expect(drawAll()).toEqual(first);
    kernels.seedRandom(99n, 0n);
    state().set(saved);
    expect(drawAll()).toEqual(second);
  });
});

describe("uniform numbers", () => {
  it("stay inside (0, 1) and keep their digits near 0", () => {
    forceBits(MASK);
    expect(kernels.drawUniform()).toBe(1 - 2 ** -53);
    forceBits(1n << 63n);
    expect(kernels.drawUniform()).toBe(0.5);
    for (const bits of [0n, 1n, 5n, 1n << 40n, (1n << 54n) - 1n]) {
      forceBits(bits);
      const u = kernels.drawUniform();
      expect(u).toBeGreaterThan(0);
      expect(u * 2 ** 64).toBeGreaterThanOrEqual(Number(bits));
      expect(u * 2 ** 64).toBeLessThanOrEqual(Number(bits) + 1);
    }
  });

  it("are uniform, with uncorrelated neighbours", () => {
    const edges = Array.from({ length: 999 }, (_, i) => (i + 1) / 1000);
    expectFit(chiSquare(kernels.fillUniform, (x) => x, 11n, 2_000_000, edges));
    const u = drawMany(kernels.fillUniform, 12n, 0n, 1_000_000);
    let sum = 0;
    for (let i = 1; i < u.length; i++) sum += ((u[i - 1] ?? 0) - 0.5) * ((u[i] ?? 0) - 0.5);
    expectFit(normalP((12 * sum) / Math.sqrt(u.length - 1)));
  });

  it.each([2, 3, 7, 1000, 3 * 2 ** 29, 2 ** 31 - 1])("indices below %i are unbiased", (n) => {
    const count = 1_000_000;
    const step = Math.max(1, Math.floor(n / 96));
    const edges = Array.from({ length: Math.min(n - 1, 95) }, (_, i) => (i + 1) * step - 1);
    const fill: Fill = (out, draws) => {
      kernels.fillIndex(out, draws, n);
      const narrow = new Int32Array(kernels.memory.buffer, out, draws).slice();
      expect(narrow.every((index) => index >= 0 && index < n)).toBe(true);
      new Float64Array(kernels.memory.buffer, out, draws).set(narrow);
    };
    expectFit(chiSquare(fill, (k) => (k + 1) / n, 13n, count, edges));
  });

  it("index 0 is the only one below 1", () => {
    expect(kernels.drawIndex(1)).toBe(0);
  });
});

describe("normal and exponential numbers", () => {
  const grid = (low: number, high: number, count: number): number[] =>
    Array.from({ length: count + 1 }, (_, i) => low + ((high - low) * i) / count);

  it("normals have their law, layer by layer and in both tails", () => {
    expectFit(chiSquare(kernels.fillNormal, normalCdf, 21n, MOST_DRAWS, grid(-5.5, 5.5, 440)));
  });

  it("normals beyond the ziggurat's last edge, 3.654, are as many and as far as they must be", () => {
    const values = drawMany(kernels.fillNormal, 22n, 0n, MOST_DRAWS);
    const edge = 3.6541528853610088;
    const tail = values.filter((x) => Math.abs(x) > edge);
    const p = 2 * normalCdf(-edge);
    expectFit(normalP((tail.length - MOST_DRAWS * p) / Math.sqrt(MOST_DRAWS * p)));
    // Kolmogorov-Smirnov of the tail's own law.
    const ranks = tail.map((x) => normalCdf(-Math.abs(x)) / normalCdf(-edge)).sort();
    expectFit(kolmogorov(ranks));
    const positive = tail.filter((x) => x > 0).length;
    expectFit(normalP((2 * positive - tail.length) / Math.sqrt(tail.length)));
  });

  it("normals have uncorrelated neighbours and squares", () => {
    const x = drawMany(kernels.fillNormal, 23n, 0n, 1_000_000);
    let products = 0;
    let squares = 0;
    for (let i = 1; i < x.length; i++) {
      const [a = 0, b = 0] = [x[i - 1], x[i]];
      products += a * b;
      squares += (a * a - 1) * (b * b - 1);
    }
    expectFit(normalP(products / Math.sqrt(x.length - 1)));
    expectFit(normalP(squares / (2 * Math.sqrt(x.length - 1))));
  });

  it("exponentials have their law, also in the tail beyond 7.697", () => {
    const edges = grid(0.01, 14, 600);
    expectFit(chiSquare(kernels.fillExponential, (x) => -Math.expm1(-x), 24n, MOST_DRAWS, edges));
    const tail = drawMany(kernels.fillExponential, 25n, 0n, MOST_DRAWS).filter((x) => x > 7.69711747013105);
    expectFit(kolmogorov(tail.map((x) => Math.exp(7.69711747013105 - x)).sort()));
  });
});

describe("Gamma numbers", () => {
  const shapes = [0.001, 0.02, 0.1, 0.37, 0.7, 0.999, 1, 1.3, 2, 3.02, 7, 30, 100, 1e4, 1e7];

  it.each(shapes)("logarithms of shape %d have their law", (shape) => {
    const fill: Fill = (out, count) => kernels.fillLogGamma(out, count, shape);
    expectFit(chiSquare(fill, (y) => gammaCdf(shape, y), 31n, 400_000));
    expectMean(fill, 31n, 600_000, toDouble(digammaOf(shape)), toDouble(trigammaOf(shape)));
  });

  it.each([0.001, 0.02, 0.06, 0.2, 0.6, 1, 2, 6, 20, 60, 1000])(
    "logarithms from layers of shape %d have their law, in both tails",
    (shape) => {
      const layers = kernels.layOutLogGamma(shape);
      const fill: Fill = (out, count) => kernels.fillKnownLogGamma(out, count, layers);
      expectFit(chiSquare(fill, (y) => gammaCdf(shape, y), 38n, 1_000_000));
      expectMean(fill, 38n, 1_000_000, toDouble(digammaOf(shape)), toDouble(trigammaOf(shape)));
      // Layer by layer: their edges lie within the bulk, where bins are narrow.
      const pilot = drawMany(fill, 39n, 1n, 100_000).toSorted();
      const edges = Array.from({ length: 399 }, (_, index) => pilot[250 * (index + 1)] ?? 0);
      expectFit(chiSquare(fill, (y) => gammaCdf(shape, y), 39n, 2_000_000, edges));
    },
  );

  it.each([0.05, 0.5, 0.95, 1, 1.1, 2.5, 12, 1e3, 1e7])("shape %d has its law", (shape) => {
    const fill: Fill = (out, count) => kernels.fillGamma(out, count, shape);
    expectFit(chiSquare(fill, (x) => gammaCdf(shape, Math.log(x)), 32n, 400_000));
    expectMean(fill, 32n, 600_000, shape, shape);
  });

  it.each([0.001, 0.1, 0.5, 1, 1.1, 4.02, 1e5])("blocks of shape %d have their law", (shape) => {
    const fill: Fill = (out, count) => {
      new Float64Array(kernels.memory.buffer, out, count).fill(shape);
      kernels.fillLogGammas(out, count, 4);
    };
    expectFit(chiSquare(fill, (y) => gammaCdf(shape, y), 33n, 400_000));
  });

  it("the quick test of the rejection loses nothing: a million draws of shape 1", () => {
    const fill: Fill = (out, count) => kernels.fillGamma(out, count, 1);
    const edges = Array.from({ length: 300 }, (_, i) => 0.002 + 0.045 * i);
    expectFit(chiSquare(fill, (x) => -Math.expm1(-x), 34n, 3_000_000, edges));
  });

  it.each([1, 2, 3, 4, 5, 64, 129])("a block of %i equals as many single draws", (count) => {
    const shapes = Float64Array.from(
      { length: count },
      (_, i) => [0.03, 0.03, 1.03, 0.4, 7.5, 0.001, 1][i % 7] ?? 1,
    );
    const at = kernels.allocate((count + 2) * 8);
    const memory = new Float64Array(kernels.memory.buffer, at, count + 2).fill(-1);
    memory.set(shapes, 1);
    kernels.seedRandom(35n, BigInt(count));
    const single = [...shapes].map((shape) => kernels.drawLogGamma(shape));
    const end = [...state()];
    kernels.seedRandom(35n, BigInt(count));
    kernels.drawLogGammas(at + 8, at + 8, count);
    expect([...state()]).toEqual(end);
    single.forEach((value, i) => {
      expect(Math.abs((memory[i + 1] ?? 0) - value)).toBeLessThan(1e-15 * (4 + Math.abs(value)));
    });
    expect([memory[0], memory[count + 1]]).toEqual([-1, -1]);
  });

  it("an empty block touches nothing", () => {
    const before = [...state()];
    kernels.drawLogGammas(0, 0, 0);
    expect([...state()]).toEqual(before);
  });

  it("neighbours of a block are uncorrelated", () => {
    const shape = 0.2;
    const y = drawMany(
      (out, count) => {
        new Float64Array(kernels.memory.buffer, out, count).fill(shape);
        kernels.fillLogGammas(out, count, 4);
      },
      36n,
      0n,
      800_000,
    );
    const mean = toDouble(digammaOf(shape));
    const variance = toDouble(trigammaOf(shape));
    for (const lag of [1, 2, 4]) {
      let sum = 0;
      for (let i = lag; i < y.length; i++) sum += ((y[i - lag] ?? 0) - mean) * ((y[i] ?? 0) - mean);
      expectFit(normalP(sum / (variance * Math.sqrt(y.length - lag))));
    }
  });

  it("never underflows in log space", () => {
    const values = drawMany((out, count) => kernels.fillLogGamma(out, count, 0.001), 37n, 0n, 100_000);
    expect(values.every(Number.isFinite)).toBe(true);
    expect(Math.min(...values)).toBeLessThan(-5000);
    expect(Number.isFinite(kernels.drawLogGamma(1e-6))).toBe(true);
    expect(kernels.drawGamma(1e300)).toBeCloseTo(1e300, -290);
  });
});

describe("Poisson counts", () => {
  const means = [
    1e-3, 0.04, 0.06, 0.3, 0.99, 1, 2.5, 6, 9.99, 10, 11.3, 17, 40, 120, 255, 300, 1e3, 1e5, 1e7,
  ];

  it.each(means)("of mean %d have their law", (mean) => {
    const fill: Fill = (out, count) => kernels.fillPoisson(out, count, mean);
    expectFit(chiSquare(fill, poissonCdf(mean), 41n, 400_000));
    expectMean(fill, 41n, 600_000, mean, mean);
  });

  it.each([1e9, 1e12])("of mean %d have their law", (mean) => {
    const fill: Fill = (out, count) => kernels.fillPoisson(out, count, mean);
    expectFit(chiSquare(fill, edgeworthCdf(mean, mean, 1 / Math.sqrt(mean)), 42n, 400_000));
  });

  it("of mean 1e-5 occur as often as they must", () => {
    let seen = 0;
    kernels.seedRandom(43n, 0n);
    for (let i = 0; i < 5; i++) {
      kernels.fillPoisson(buffer, MOST_DRAWS, 1e-5);
      for (const k of new Float64Array(kernels.memory.buffer, buffer, MOST_DRAWS)) seen += k;
    }
    const expected = 5e-5 * MOST_DRAWS;
    expectFit(normalP((seen - expected) / Math.sqrt(expected)));
  });

  it("honour probabilities far below 2^-53", () => {
    // 17 * 2^-64 = 9.2e-19, 18.9 * 2^-64 = 1.02e-18.
    forceBits(17n);
    expect(kernels.drawPoisson(1e-18)).toBe(1);
    forceBits(19n);
    expect(kernels.drawPoisson(1e-18)).toBe(0);
    // In units of 2^-64, with m = 1e-8: m e^-m = 184467438892.42 (one count), then m^2/2 e^-m = 922.34 (two).
    forceBits(184467438891n);
    expect(kernels.drawPoisson(1e-8)).toBe(1);
    forceBits(184467438893n);
    expect(kernels.drawPoisson(1e-8)).toBe(2);
    forceBits(184467439813n);
    expect(kernels.drawPoisson(1e-8)).toBe(2);
    forceBits(184467439816n);
    expect(kernels.drawPoisson(1e-8)).toBe(0);
  });

  it("of mean 0 are 0", () => {
    expect(kernels.drawPoisson(0)).toBe(0);
  });
});

describe("binomial counts", () => {
  const cases: [number, number][] = [
    [1, 0.3],
    [1, 0.9],
    [1, 1e-3],
    [2, 0.5],
    [3, 0.02],
    [4, 0.7],
    [4, 0.01],
    [5, 0.4],
    [10, 0.01],
    [12, 0.99],
    [20, 0.499],
    [20, 0.5],
    [21, 0.5],
    [30, 0.7],
    [33, 0.2],
    [100, 0.11],
    [255, 0.04],
    [255, 0.6],
    [256, 0.5],
    [1000, 0.001],
    [1000, 0.0123],
    [1000, 0.9],
    [5000, 0.5],
    [1e5, 1e-4],
    [1e5, 1.2e-4],
    [1e6, 0.2],
    [1e7, 1e-6],
    [1e7, 1 - 1e-6],
    [1e7, 0.37],
  ];

  it.each(cases)("of n = %i, p = %d have their law", (n, p) => {
    const fill: Fill = (out, count) => kernels.fillBinomial(out, count, n, p);
    expectFit(chiSquare(fill, binomialCdf(n, p), 51n, 400_000));
    expectMean(fill, 51n, 600_000, n * p, n * p * (1 - p));
  });

  it.each([
    [2 ** 53 - 1, 0.1],
    [1e14, 0.5],
  ])("of n = %i, p = %d have their law", (n, p) => {
    const variance = n * p * (1 - p);
    const fill: Fill = (out, count) => kernels.fillBinomial(out, count, n, p);
    expectFit(
      chiSquare(fill, edgeworthCdf(n * p, variance, (1 - 2 * p) / Math.sqrt(variance)), 52n, 400_000),
    );
  });

  it("of huge n and tiny p are Poisson counts", () => {
    for (const mean of [0.4, 5, 14]) {
      const fill: Fill = (out, count) => kernels.fillBinomial(out, count, 1e15, mean / 1e15);
      expectFit(chiSquare(fill, poissonCdf(mean), 53n, 400_000));
    }
  });

  it("honour probabilities far below 2^-53", () => {
    for (const [n, p] of [
      [1, 1e-18],
      [1e6, 1e-24],
    ] as const) {
      forceBits(17n);
      expect(kernels.drawBinomial(n, p)).toBe(1);
      forceBits(19n);
      expect(kernels.drawBinomial(n, p)).toBe(0);
    }
  });

  it("are sure where nothing is left to chance", () => {
    expect(kernels.drawBinomial(0, 0.5)).toBe(0);
    for (const n of [1, 7, 1e6, 2 ** 53 - 1]) {
      expect(kernels.drawBinomial(n, 0)).toBe(0);
      expect(kernels.drawBinomial(n, 1)).toBe(n);
    }
  });
});

describe("the tests themselves", () => {
  it("notice errors of a percent in a shape and 0.3 percent in a mean", () => {
    const fill: Fill = (out, count) => kernels.fillLogGamma(out, count, 0.1);
    expect(chiSquare(fill, (y) => gammaCdf(0.101, y), 31n, 1_500_000)).toBeLessThan(P_MINIMUM);
    const counts: Fill = (out, count) => kernels.fillPoisson(out, count, 40);
    expect(chiSquare(counts, poissonCdf(40.12), 41n, 400_000)).toBeLessThan(P_MINIMUM);
  });

  it("give p-values that are uniform together", () => {
    expect(pValues.length).toBeGreaterThan(80);
    expect(pValues.length).toBeLessThanOrEqual(MOST_TESTS);
    expect(kolmogorov(pValues.toSorted((a, b) => a - b))).toBeGreaterThan(P_MINIMUM);
  });
});
