import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkObservation, checkObservations } from "../../../src/data/observation/check-observation.js";
import { unexplainedPixels } from "../../../src/data/observation/explained-counts.js";
import type { Observation } from "../../../src/data/observation/observation.js";
import { gaussianPsf } from "../../../src/data/observation/psf.js";
import { constantImage, imageSum, type SkyImage, skyImage } from "../../../src/image.js";
import { transfer } from "../../oracles/convolution.js";
import { amounts, boundaries, psfs, shapes } from "../random-images.js";

const SHAPE = [3, 4] as const;
const psf = skyImage([0, 1, 0, 1, 4, 1, 0, 1, 0], [3, 3]);
const good: Observation = { counts: constantImage(SHAPE, 2), psf };

/** A copy of an image of the shape above with one other pixel. */
function withPixel(
  value: number,
  row: number,
  col: number,
  image: SkyImage = constantImage(SHAPE, 1),
): SkyImage {
  const data = image.data.slice();
  data[row * image.shape[1] + col] = value;
  return { data, shape: image.shape };
}

describe("checkObservation: what it returns", () => {
  it("fills in the defaults and normalises the psf", () => {
    const { observation, warnings } = checkObservation({ counts: good.counts, psf: gaussian() });
    expect(imageSum(observation.psf)).toBeCloseTo(1, 14);
    expect(observation.exposure).toEqual(constantImage(SHAPE, 1));
    expect(observation.background).toEqual(constantImage(SHAPE, 0));
    expect(observation.name).toBe("observation");
    expect(observation.mask).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  it("counts exposures at the edge of a map as none, unless light needs them", () => {
    const edge = withPixel(1e-300, 0, 0, withPixel(1e-13, 2, 3, withPixel(1e-11, 1, 1)));
    const dark = withPixel(0, 0, 0, constantImage(SHAPE, 0));
    const { observation } = checkObservation({ counts: dark, psf, exposure: edge });
    expect(observation.exposure).toEqual(withPixel(0, 0, 0, withPixel(0, 2, 3, withPixel(1e-11, 1, 1))));
    expect(edge.data[0]).toBe(1e-300);
    const point = skyImage([1], [1, 1]);
    expect(() => checkObservation({ counts: withPixel(1, 0, 0, dark), psf: point, exposure: edge })).toThrow(
      /counts must be 0 where .* got 1 at \[0, 0\]/,
    );
  });

  it.each([1e-300, 1e-29, 1e29, 1e300])("refuses a largest exposure of %s", (value) => {
    expect(() => checkObservation({ ...good, exposure: constantImage(SHAPE, value) })).toThrow(
      /exposure must have its largest value from 1e-28 to 1e\+28, got .* another unit/,
    );
  });

  it("carries wcs, name and the fields of a simulation through", () => {
    const wcs = [{ keyword: "CTYPE1", value: "RA---TAN" }];
    const given = { ...good, wcs, name: "obs 4684", flux: constantImage(SHAPE, 5) };
    expect(checkObservation(given).observation).toMatchObject({ wcs, name: "obs 4684", flux: given.flux });
  });

  it("sets counts in masked pixels to 0, whatever they are, and changes nothing of the caller's", () => {
    const counts = withPixel(Number.NaN, 1, 2);
    const mask = withPixel(0, 1, 2);
    const { observation } = checkObservation({ ...good, counts, mask });
    expect(observation.counts.data[6]).toBe(0);
    expect(observation.mask).toEqual(mask);
    expect(counts.data[6]).toBeNaN();
    expect(psf.data[4]).toBe(4);
  });

  it("drops a mask that hides nothing", () => {
    expect(checkObservation({ ...good, mask: constantImage(SHAPE, 1) }).observation).not.toHaveProperty(
      "mask",
    );
  });

  it("accepts other number arrays in place of Float64Array", () => {
    const counts = { data: new Uint16Array([1, 0, 3]) as unknown as Float64Array, shape: [1, 3] as const };
    const { observation } = checkObservation({ counts, psf: skyImage([1], [1, 1]) });
    expect(observation.counts.data).toEqual(Float64Array.of(1, 0, 3));
  });
});

function gaussian(): SkyImage {
  return { data: psf.data.map((value) => value / 8), shape: psf.shape };
}

describe("checkObservation: errors", () => {
  const cases: [string, Observation, string][] = [
    [
      "negative counts",
      { ...good, counts: withPixel(-1, 1, 2) },
      "counts must be finite whole numbers >= 0, got -1 at [1, 2]; give raw counts",
    ],
    [
      "fractional counts",
      { ...good, counts: withPixel(0.5, 0, 0) },
      "counts must be finite whole numbers >= 0, got 0.5 at [0, 0]",
    ],
    [
      "counts that are NaN",
      { ...good, counts: withPixel(Number.NaN, 2, 3) },
      "got NaN at [2, 3]; mask the pixel",
    ],
    [
      "too many counts",
      { ...good, counts: withPixel(2 ** 30, 0, 0) },
      "counts must sum to at most 2^30, got 1073741835",
    ],
    [
      "negative psf",
      { ...good, psf: withPixel(-0.2, 1, 2, psf) },
      "psf must be finite and >= 0, got -0.2 at [1, 2]; clip or rescale it",
    ],
    [
      "infinite psf",
      { ...good, psf: withPixel(Number.POSITIVE_INFINITY, 0, 0, psf) },
      "psf must be finite and >= 0, got Infinity at [0, 0]",
    ],
    ["psf of zeros", { ...good, psf: constantImage([3, 3], 0) }, "psf must have a finite sum > 0, got 0"],
    [
      "negative exposure",
      { ...good, exposure: withPixel(-3, 1, 1) },
      "exposure must be finite and >= 0, got -3 at [1, 1]",
    ],
    [
      "no exposure",
      { ...good, exposure: constantImage(SHAPE, 0) },
      "exposure must be > 0 in at least one pixel, got 0 everywhere",
    ],
    [
      "exposure that is NaN",
      { ...good, exposure: withPixel(Number.NaN, 0, 3) },
      "exposure must be finite and >= 0, got NaN at [0, 3]",
    ],
    [
      "negative background",
      { ...good, background: withPixel(-1, 2, 0) },
      "background must be finite and >= 0, got -1 at [2, 0]",
    ],
    [
      "infinite background",
      { ...good, background: withPixel(Number.POSITIVE_INFINITY, 2, 0) },
      "got Infinity at [2, 0]",
    ],
    [
      "mask of other values",
      { ...good, mask: withPixel(0.5, 0, 1) },
      "mask must be 1 (use) or 0 (ignore), got 0.5 at [0, 1]",
    ],
    [
      "mask over everything",
      { ...good, mask: constantImage(SHAPE, 0) },
      "mask must leave at least one pixel in use",
    ],
    [
      "exposure of another shape",
      { ...good, exposure: constantImage([4, 3], 1) },
      "exposure must have the shape [3, 4] of the counts, got [4, 3]",
    ],
    [
      "background of another shape",
      { ...good, background: constantImage([3, 3], 1) },
      "background must have the shape [3, 4] of the counts, got [3, 3]",
    ],
    [
      "mask of another shape",
      { ...good, mask: constantImage([1, 12], 1) },
      "mask must have the shape [3, 4] of the counts, got [1, 12]",
    ],
    [
      "data that do not fill the shape",
      { ...good, counts: { data: new Float64Array(5), shape: SHAPE } },
      "counts must hold ny * nx = 12 values, got 5",
    ],
    [
      "counts missing",
      { psf } as unknown as Observation,
      "counts must be an image {data, shape}, got undefined",
    ],
    ["nothing at all", null as unknown as Observation, "must be an object {counts, psf, ...}, got null"],
    [
      "a light without exposure",
      { ...unexplained(), counts: withPixel(0, 0, 3, withPixel(0, 1, 3, constantImage(SHAPE, 2))) },
      "got 2 at [2, 3]; mask the pixel, enlarge the psf or mend the exposure",
    ],
    [
      "lights without exposure",
      unexplained(),
      "counts must be 0 where the psf brings no photon from a pixel with exposure > 0 (below 1e-12 of the largest counts as 0), got 2 at [0, 3]; mask all 3 such pixels (6 counts), enlarge the psf or mend the exposure",
    ],
  ];

  /** Exposure in the first two columns only: the psf carries photons to the third, not to the fourth. */
  function unexplained(): Observation {
    const exposure = skyImage(
      Array.from({ length: 12 }, (_, index) => (index % 4 < 2 ? 1 : 0)),
      SHAPE,
    );
    return { ...good, exposure };
  }

  it.each(cases)("refuses %s", (_name, observation, message) => {
    expect(() => checkObservation(observation)).toThrow(
      expect.objectContaining({ code: "INVALID_INPUT", message: expect.stringContaining(message) }),
    );
    expect(() => checkObservation(observation)).toThrow(/^observation: /);
  });

  it("refuses an unknown boundary", () => {
    expect(() => checkObservation(good, { boundary: "reflect" as "wrap" })).toThrow(
      'boundary must be "spill" or "wrap", got "reflect"',
    );
  });

  it("accepts the unexplained pixels once they are masked, or reached around the edge", () => {
    const mask = skyImage(
      Array.from({ length: 12 }, (_, index) => (index % 4 < 3 ? 1 : 0)),
      SHAPE,
    );
    expect(checkObservation({ ...unexplained(), mask }).observation.mask).toBeDefined();
    expect(checkObservation(unexplained(), { boundary: "wrap" }).observation).toBeDefined();
  });
});

describe("checkObservation: warnings", () => {
  it("names the offset of a psf that is off its centre", () => {
    const off = withPixel(0.5, 2, 4, withPixel(0.5, 2, 3, constantImage([3, 5], 0)));
    const { warnings } = checkObservation({ counts: withPixel(0, 0, 0, constantImage(SHAPE, 0)), psf: off });
    expect(warnings.some((text) => text.includes("centroid offset of 1.50 px in x and 1.00 px in y"))).toBe(
      true,
    );
  });

  it("accepts even psfs in silence", () => {
    expect(checkObservation({ ...good, psf: constantImage([4, 6], 1 / 24) }).warnings).toEqual([]);
  });

  it("warns of a psf that stands on a level, not of one cut at two standard deviations", () => {
    const warningsOf = (psf: SkyImage) => checkObservation({ ...good, psf }).warnings;
    const narrow = gaussianPsf(1.5, [15, 15]);
    const raised = (share: number) => ({
      shape: narrow.shape,
      data: narrow.data.map((value) => (1 - share) * value + share / narrow.data.length),
    });
    expect(warningsOf(raised(0.6))).toEqual([
      expect.stringContaining("makes 60 % of its light over all pixels"),
    ]);
    expect(warningsOf(raised(0.25))).toEqual([]);
    expect(warningsOf(gaussianPsf(3, [13, 13]))).toEqual([]);
    // A block of pixels has no wings to lose.
    expect(warningsOf(constantImage([5, 5], 1 / 25))).toEqual([]);
  });

  it("warns of a sum far from 1, not of the 0.98 of simulated psfs", () => {
    const scaled = (sum: number) => ({
      ...good,
      psf: { data: psf.data.map((value) => (value / 8) * sum), shape: psf.shape },
    });
    expect(checkObservation(scaled(0.98)).warnings).toEqual([]);
    expect(checkObservation(scaled(0.9)).warnings).toEqual([
      expect.stringContaining("psf should sum to 1, got 0.9"),
    ]);
  });

  it("warns of no counts", () => {
    const none = { counts: constantImage(SHAPE, 0), psf: gaussian() };
    expect(checkObservation(none).warnings).toEqual([
      expect.stringContaining("got no photon in the pixels in use"),
    ]);
  });

  it("warns of a background in the wrong unit", () => {
    const inCounts = {
      counts: good.counts,
      psf: gaussian(),
      exposure: constantImage(SHAPE, 3e11),
      background: constantImage(SHAPE, 2),
    };
    expect(checkObservation(inCounts).warnings).toEqual([
      expect.stringContaining("divide counts by exposure"),
    ]);
  });
});

describe("checkObservations", () => {
  it("numbers the observations and collects their warnings", () => {
    const { observations, warnings } = checkObservations([
      good,
      { ...good, name: "second" },
      { ...good, psf: gaussian() },
    ]);
    expect(observations.map(({ name }) => name)).toEqual(["observation 1", "second", "observation 3"]);
    expect(warnings).toHaveLength(2);
  });

  it("refuses an empty list and shapes that differ", () => {
    expect(() => checkObservations([])).toThrow("must be a list of at least one observation");
    expect(() => checkObservations([good, { ...good, counts: constantImage([4, 4], 1) }])).toThrow(
      "observation 2: all observations must have the shape of the first, [3, 4], got [4, 4]",
    );
  });
});

describe("unexplainedPixels", () => {
  it("finds the same pixels as the definition", () => {
    const inputs = shapes.chain((shape) => fc.tuple(amounts(shape), amounts(shape), psfs, boundaries));
    fc.assert(
      fc.property(inputs, ([counts, exposure, kernel, boundary]) => {
        const { shape } = counts;
        const at = (index: number): [number, number] => [Math.floor(index / shape[1]), index % shape[1]];
        const expected = [...counts.data.keys()].filter(
          (i) =>
            counts.data[i] > 0 &&
            !exposure.data.some(
              (value, j) => value > 0 && transfer(kernel, shape, boundary, at(i), at(j)) > 0,
            ),
        );
        expect(unexplainedPixels({ counts, psf: kernel, exposure, boundary })).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });
});
