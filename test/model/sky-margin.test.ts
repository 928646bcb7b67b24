import { describe, expect, it } from "vitest";
import { checkObservation } from "../../src/data/observation/check-observation.js";
import { convolve } from "../../src/data/observation/convolution.js";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { drawPoisson } from "../../src/data/random/poisson.js";
import { randomStream } from "../../src/data/random/random.js";
import { constantImage, cutout, type SkyImage } from "../../src/image.js";
import { automaticMargin, psfReach } from "../../src/model/sky-margin.js";

const PSF = gaussianPsf(1.5);

/** Counts of a frame of 24 x 24 pixels in a sky that goes on for 8 pixels on every side. */
function observe(paint: (x: number, y: number) => number, seed: number, background = 0, mask?: SkyImage) {
  const size = 40;
  const sky = constantImage([size, size], 0);
  for (let pixel = 0; pixel < size * size; pixel++) {
    sky.data[pixel] = background + paint((pixel % size) - 8, Math.floor(pixel / size) - 8);
  }
  const expected = cutout(convolve(sky, PSF, "spill"), [8, 32], [8, 32]);
  const stream = randomStream(seed);
  const counts = { data: expected.data.map((mean) => drawPoisson(stream, mean)), shape: expected.shape };
  return checkObservation({
    counts,
    psf: PSF,
    background: constantImage([24, 24], background),
    ...(mask && { mask }),
  }).observation;
}

const point = (x0: number, y0: number, flux: number) => (x: number, y: number) =>
  x === x0 && y === y0 ? flux : 0;

describe("automaticMargin", () => {
  it("is the psf's reach where light goes on beyond the frame", () => {
    // 99 % of the light of a Gaussian of 1.5 pixels on either axis lies within 2.8 sigma = 4.2 pixels, the next whole pixel.
    expect(psfReach(PSF)).toBe(4);
    for (const seed of [1, 2, 3, 4, 5]) {
      expect(automaticMargin([observe(() => 2, seed)], { boundary: "spill" })).toBe(4);
      // A source just outside, of which the frame sees one wing.
      expect(automaticMargin([observe(point(-2, 12, 300), seed)], { boundary: "spill" })).toBe(4);
    }
  });

  it("is 0 for dark skies and for sources inside, whatever their wings", () => {
    // 5 seeds x 4 skies at 4 sigma: a false alarm in less than 1 of 1,000 tries.
    for (const seed of [1, 2, 3, 4, 5]) {
      for (const paint of [() => 0, point(12, 12, 3_000), point(5, 5, 3_000), point(19, 8, 100)]) {
        expect(automaticMargin([observe(paint, seed)], { boundary: "spill" })).toBe(0);
      }
    }
  });

  it("sees that a background goes on which the model ends at the frame", () => {
    expect(automaticMargin([observe(() => 0, 1, 5)], { boundary: "spill" })).toBe(4);
  });

  it("looks at pixels in use alone, and knows that a periodic sky has no outside", () => {
    const inner = constantImage([24, 24], 0);
    for (let row = 1; row < 23; row++) inner.data.fill(1, row * 24 + 1, row * 24 + 23);
    expect(automaticMargin([observe(() => 2, 1, 0, inner)], { boundary: "spill" })).toBe(0);
    expect(automaticMargin([observe(() => 2, 1)], { boundary: "wrap" })).toBe(0);
  });

  it("asks all observations, and takes the widest psf", () => {
    const bright = observe(() => 2, 1);
    const dark = observe(() => 0, 2);
    const wide = { ...dark, psf: gaussianPsf(3) };
    expect(automaticMargin([dark, bright], { boundary: "spill" })).toBe(4);
    expect(automaticMargin([wide, bright], { boundary: "spill" })).toBe(psfReach(wide.psf));
  });
});
