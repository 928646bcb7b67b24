import { beforeAll, describe, expect, it } from "vitest";
import {
  digammaOf,
  expOf,
  LN2,
  logGammaOf,
  logOf,
  PI,
  relativeError,
  toDouble,
  toFixedPoint,
  trigammaOf,
} from "../oracles/special.js";
import { loadRandomKernels, type RandomKernels } from "./random-module.js";

let kernels: RandomKernels;
beforeAll(async () => {
  kernels = await loadRandomKernels();
}, 60_000);

/** A fixed, even spread of `count` points of (0, 1). */
const spread = (count: number): number[] =>
  Array.from({ length: count }, (_, i) => (i * 0.6180339887498949 + 0.217) % 1);

const logUniform = (count: number, low: number, high: number): number[] =>
  spread(count).map((u) => Math.exp(Math.log(low) + u * (Math.log(high) - Math.log(low))));

/** Points on both sides of `center`, from far to the next doubles. */
const around = (center: number): number[] =>
  Array.from({ length: 52 }, (_, i) => 2 ** -(i + 1)).flatMap((h) => [center * (1 - h), center * (1 + h)]);

function worst(points: readonly number[], f: (x: number) => number, exact: (x: number) => bigint): number {
  let largest = 0;
  for (const x of points) {
    const truth = exact(x);
    // The zeros themselves must be met exactly; the oracles miss them by less than 1e-60.
    largest = Math.max(
      largest,
      Math.abs(toDouble(truth)) < 1e-60 ? Math.abs(f(x)) : Math.abs(relativeError(f(x), truth)),
    );
  }
  return largest;
}

/** Apply a SIMD function to many points. */
function mapPair(which: number, x: readonly number[]): Float64Array {
  const at = kernels.allocate(x.length * 8);
  new Float64Array(kernels.memory.buffer, at, x.length).set(x);
  kernels.mapPair(which, at, at, x.length);
  return new Float64Array(kernels.memory.buffer, at, x.length).slice();
}

/** Distance in units in the last place of the exact value. */
function ulps(value: number, exact: bigint): number {
  const size = Math.abs(toDouble(exact));
  const unit = 2 ** (Math.floor(Math.log2(size)) - 52);
  return Math.abs(toDouble(toFixedPoint(value) - exact)) / unit;
}

describe("oracles", () => {
  it("know the closed forms", () => {
    expect(toDouble(LN2)).toBe(Math.LN2);
    expect(toDouble(PI)).toBe(Math.PI);
    expect(toDouble(logOf(10))).toBe(Math.LN10);
    // Gamma(1/2) = sqrt(pi); Gamma(21) = 20!; Euler's constant; zeta(2).
    expect(toDouble(logGammaOf(0.5))).toBeCloseTo(Math.log(Math.PI) / 2, 15);
    expect(toDouble(logGammaOf(21))).toBeCloseTo(Math.log(2432902008176640000), 13);
    expect(Math.abs(toDouble(logGammaOf(1)))).toBeLessThan(1e-60);
    expect(toDouble(digammaOf(1))).toBeCloseTo(-0.5772156649015329, 15);
    expect(toDouble(trigammaOf(1))).toBeCloseTo(Math.PI ** 2 / 6, 15);
    expect(toDouble(digammaOf(0.5))).toBeCloseTo(-0.5772156649015329 - 2 * Math.LN2, 14);
  });
});

describe("log-gamma family", () => {
  const points = [...logUniform(900, 1e-6, 1e9), ...logUniform(500, 0.05, 20)];

  it("logGamma is accurate to 2e-15, also beside its zeros", () => {
    const near = [...around(1), ...around(2)];
    expect(worst([...points, ...near], (x) => kernels.logGamma(x), logGammaOf)).toBeLessThan(2e-15);
    expect(kernels.logGamma(1)).toBe(0);
    expect(kernels.logGamma(2)).toBe(0);
  });

  it("digamma is accurate to 2e-15, also beside its root", () => {
    expect(
      worst([...points, ...around(1.4616321449683622)], (x) => kernels.digamma(x), digammaOf),
    ).toBeLessThan(2e-15);
  });

  it("trigamma is accurate to 2e-15", () => {
    expect(worst(points, (x) => kernels.trigamma(x), trigammaOf)).toBeLessThan(2e-15);
  });

  it("continues without steps across the borders of its methods", () => {
    const borders = [0.5, 1, 1.5, 2, 2.5, 3.5, 9, 10, 11].flatMap(around).filter((x) => x > 0.4);
    expect(worst(borders, (x) => kernels.logGamma(x), logGammaOf)).toBeLessThan(2e-15);
    expect(worst(borders, (x) => kernels.digamma(x), digammaOf)).toBeLessThan(2e-15);
    expect(worst(borders, (x) => kernels.trigamma(x), trigammaOf)).toBeLessThan(2e-15);
  });
});

describe("logarithm and exponential", () => {
  const positive = [
    ...logUniform(1500, 1e-300, 1e300),
    ...logUniform(1000, 0.3, 3),
    ...around(1),
    ...around(Math.SQRT1_2),
  ];
  const exponents = [...spread(2000).map((u) => -708 + 1417 * u), ...spread(1000).map((u) => 2 * u - 1)];
  const exactExp = (x: number, value: number): number => {
    const { value: exact, exponent } = expOf(x);
    // In two steps: 2^-exponent alone may overflow.
    const half = Math.trunc(exponent / 2);
    return ulps(value * 2 ** -half * 2 ** -(exponent - half), exact);
  };

  it("scalar log and exp err by less than 0.6 and 0.8 ULP", () => {
    expect(Math.max(...positive.map((x) => ulps(kernels.log(x), logOf(x))))).toBeLessThan(0.6);
    expect(Math.max(...exponents.map((x) => exactExp(x, kernels.exp(x))))).toBeLessThan(0.8);
  });

  it("logPair errs by less than 1 ULP, expPair by less than 1.1 ULP", () => {
    const logs = mapPair(0, positive);
    expect(Math.max(...positive.map((x, i) => ulps(logs[i] ?? 0, logOf(x))))).toBeLessThan(1);
    const exps = mapPair(1, exponents);
    expect(Math.max(...exponents.map((x, i) => exactExp(x, exps[i] ?? 0)))).toBeLessThan(1.1);
  });

  it("meets the special values", () => {
    expect([...mapPair(0, [1, 2])]).toEqual([0, Math.LN2]);
    expect([...mapPair(1, [0, -0])]).toEqual([1, 1]);
    expect([...mapPair(1, [-708.0001, -745])]).toEqual([0, 0]);
    expect([...mapPair(1, [-Infinity, -5000])]).toEqual([0, 0]);
    expect(kernels.exp(-Infinity)).toBe(0);
    expect(kernels.exp(-800)).toBe(0);
  });
});
