import { describe, expect, it } from "vitest";
import type { Observation } from "../../src/data/observation.js";
import { gaussianPsf } from "../../src/data/psf.js";
import { simulateCounts } from "../../src/data/simulate.js";
import { constantImage, imageSum, type SkyImage } from "../../src/image.js";
import { alignObservations } from "../../src/model/align-observations.js";
import { createForwardModel } from "../../src/model/forward-model.js";
import { exponentialPrior } from "../../src/priors/pixel-priors.js";
import { deconvolve } from "../../src/runs/deconvolve.js";
import { randomObservation, relativeError } from "./random-observation.js";

describe("alignObservations", () => {
  it.each([
    ["spill", { x: 0.5, y: -0.3 }],
    ["spill", { x: -3, y: 2 }],
    ["spill", { x: 4.25, y: -5.5 }],
    ["wrap", { x: -0.5, y: 1.75 }],
  ] as const)("predicts what the forward model does with offsets: %s, %o", (boundary, offset) => {
    const first = randomObservation(1);
    const [ny, nx] = first.counts.shape;
    const { background, exposure } = first;
    // The second has the pixels of the first, its images turned round and another psf.
    const turned = (image: SkyImage) => ({ ...image, data: image.data.slice().reverse() });
    const observations = [
      first,
      {
        ...first,
        psf: randomObservation(2).psf,
        background: turned(background!),
        exposure: turned(exposure!),
      },
    ];
    const offsets = [{ x: 0, y: 0 }, offset];
    const flux = Float64Array.from({ length: ny * nx }, (_, k) => 1 + ((5 * k) % 11));
    const expected = createForwardModel(observations, { boundary, offsets });
    const moved = alignObservations(observations, offsets, { boundary });
    const found = createForwardModel(moved, { boundary });
    for (const [index, image] of found.predict(flux).entries()) {
      expect(relativeError(image.data, expected.predict(flux)[index].data)).toBeLessThan(1e-10);
    }
    expect(moved[0]).toBe(observations[0]);
    expect(found.cash(flux)).toBeCloseTo(expected.cash(flux), 6);
    expect(found.cash(flux)).toBeLessThan(Number.POSITIVE_INFINITY);
    expect(found.totalCounts).toBe(expected.totalCounts);
    // Beyond half a pixel a border of the second lies where the sky has no pixels.
    const lost = boundary === "spill" && Math.max(Math.abs(offset.x), Math.abs(offset.y)) > 0.5;
    expect(found.totalCounts < createForwardModel(observations, { boundary }).totalCounts).toBe(lost);
  });

  it("refuses what cannot be one sky", () => {
    const { mask: _none, ...random } = randomObservation(1);
    const one = { ...random, counts: constantImage([8, 9], 0), exposure: constantImage([8, 9], 1) };
    const { background: _dark, ...bare } = one;
    expect(() => alignObservations([bare], [{ x: 9.6, y: 0 }])).toThrow(
      /must see a part of the sky, got an offset of \(9.6, 0\) pixels for 8 x 9; leave it out/,
    );
    expect(() => alignObservations([bare], [{ x: Number.NaN, y: 0 }])).toThrow(/finite, got \(NaN, 0\)/);
    expect(() => alignObservations([bare], [])).toThrow(/one \{x, y\} for each of the 1 observations, got 0/);
  });
});

/** A Gaussian sampled about a centre that lies `x, y` off the middle pixel, to sum 1: the psf of a displaced detector, exactly. */
function gaussianAt(sigma: number, x: number, y: number): SkyImage {
  const size = 15;
  const data = Float64Array.from({ length: size * size }, (_, index) => {
    const [row, col] = [Math.floor(index / size) - 7, (index % size) - 7];
    return Math.exp(-0.5 * (((col - x) / sigma) ** 2 + ((row - y) / sigma) ** 2));
  });
  const sum = data.reduce((total, value) => total + value, 0);
  return { data: data.map((value) => value / sum), shape: [size, size] };
}

describe("two exposures displaced by half a pixel", () => {
  const shape = [24, 24] as const;
  const offsets = [
    { x: 0, y: 0 },
    { x: 0.5, y: -0.5 },
  ];
  const truth = constantImage(shape, 0);
  truth.data[12 * 24 + 11] = 4_000;
  const background = constantImage(shape, 0.2);
  const pair = offsets.map(({ x, y }, seed): Observation => {
    // The second detector sees the source at (11 - 0.5, 12 + 0.5).
    const psf = gaussianAt(1.5, -x, -y);
    const counts = simulateCounts(truth, psf, { background, seed });
    return { counts, psf: gaussianPsf(1.5, [15, 15]), background };
  });
  /** Part of the flux of the nine pixels around the source that lies in the pixel itself, and the centre of them. */
  const shape9 = ({ data }: SkyImage) => {
    let [sum, x, y] = [0, 0, 0];
    for (let row = 10; row <= 14; row++) {
      for (let col = 9; col <= 13; col++) {
        const value = data[row * 24 + col];
        sum += value;
        x += value * (col - 11);
        y += value * (row - 12);
      }
    }
    return { inside: data[12 * 24 + 11] / sum, x: x / sum, y: y / sum, sum };
  };
  const sparse = { method: "map", prior: exponentialPrior({ rate: 0.05 }), iterations: 2_000 } as const;
  const sampled = { method: "lira", iterations: 1_500, chains: 2, workers: 0, seed: 1 } as const;

  it("map: the point stays a point where offsets are given, and is a blur where not", async () => {
    const with_ = shape9((await deconvolve(pair, { ...sparse, offsets })).flux);
    const without = shape9((await deconvolve(pair, sparse)).flux);
    // 8,000 photons of a psf of 1.5 pixels place a point to 1.5 / sqrt(8000) = 0.017 pixels.
    expect(Math.hypot(with_.x, with_.y)).toBeLessThan(5 * 0.017 * Math.SQRT2);
    // Without offsets it lies half way: 0.25 in both.
    expect(Math.hypot(without.x + 0.25, without.y - 0.25)).toBeLessThan(5 * 0.017 * Math.SQRT2);
    expect(with_.inside).toBeGreaterThan(0.9);
    expect(without.inside).toBeLessThan(0.75);
  });

  it("lira: the same", async () => {
    const with_ = shape9((await deconvolve(pair, { ...sampled, offsets })).mean);
    const without = shape9((await deconvolve(pair, sampled)).mean);
    expect(Math.hypot(with_.x, with_.y)).toBeLessThan(5 * 0.017 * Math.SQRT2);
    expect(Math.hypot(without.x + 0.25, without.y - 0.25)).toBeLessThan(5 * 0.017 * Math.SQRT2);
    expect(with_.inside).toBeGreaterThan(0.9);
    expect(without.inside).toBeLessThan(0.75);
    expect(imageSum(truth)).toBe(4_000);
    // The prior of the total takes 5 % of a single exposure's photons, here of one in 8,000.
    expect(Math.abs(with_.sum / 4_000 - 1)).toBeLessThan(0.1);
  });

  it("finds the offsets from sky coordinates", async () => {
    const cards = (x: number, y: number) =>
      Object.entries({
        ...{ CTYPE1: "RA---TAN", CRVAL1: 10, CRPIX1: 12 - x, CDELT1: -1e-4 },
        ...{ CTYPE2: "DEC--TAN", CRVAL2: 20, CRPIX2: 12 - y, CDELT2: 1e-4 },
      }).map(([keyword, value]) => ({ keyword, value }));
    const placed = pair.map((one, index) => ({ ...one, wcs: cards(offsets[index].x, offsets[index].y) }));
    const found = await deconvolve(placed, { ...sparse, offsets: "wcs", iterations: 50 });
    const given = await deconvolve(pair, { ...sparse, offsets, iterations: 50 });
    expect(relativeError(found.flux.data, given.flux.data)).toBeLessThan(1e-3);
  });
});
