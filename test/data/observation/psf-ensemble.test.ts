import { describe, expect, it } from "vitest";
import { gaussianPsf, psfCentroid } from "../../../src/data/observation/psf.js";
import {
  psfAt,
  psfAxes,
  psfEnsemble,
  psfEnvelope,
  withPointingError,
  withPsfLaw,
  withWidthError,
} from "../../../src/data/observation/psf-ensemble.js";
import { psfSet } from "../../../src/data/observation/psf-set.js";
import { imageSum, skyImage } from "../../../src/image.js";

const narrow = skyImage([0, 1, 0, 1, 4, 1, 0, 1, 0], [3, 3]);
const wide = skyImage(new Array<number>(25).fill(2), [5, 5]);

describe("psfEnsemble", () => {
  it("scales psfs and weights, and has their mean by weight", () => {
    const { members, ...mean } = psfEnsemble([{ psf: narrow }, { psf: wide, weight: 3 }]);
    expect(members!.map(({ weight }) => weight)).toEqual([0.25, 0.75]);
    for (const { psf } of members!) {
      expect(psf.shape).toEqual([5, 5]);
      expect(imageSum(psf)).toBeCloseTo(1, 14);
    }
    expect(mean.data[12]).toBeCloseTo(0.25 * 0.5 + 0.75 * 0.04, 15);
    expect(mean.data[0]).toBeCloseTo(0.75 * 0.04, 15);
  });

  it("keeps its bytes when it is made again of its members, and is one psf where all are the same", () => {
    const ensemble = psfEnsemble([{ psf: narrow }, { psf: wide, weight: 3 }, { psf: wide, weight: 0.7 }]);
    expect(psfEnsemble(ensemble.members!)).toEqual(ensemble);
    expect(psfEnsemble([{ psf: wide }, { psf: wide, weight: 2 }]).members).toBeUndefined();
  });

  it.each([
    ["no psf", [], /^psf ensemble: must hold 1 to 256 psfs, got 0; /],
    ["a weight of 0", [{ psf: narrow, weight: 0 }], /^psf ensemble: member 0: weight must be .* got 0; /],
    ["a psf below 0", [{ psf: skyImage([-1, 2, 0], [1, 3]) }], /^psf ensemble: member 0: psf must be /],
  ])("refuses %s", (_, given, words) => {
    expect(() => psfEnsemble(given)).toThrow(words);
  });
});

/** Index on the normal axis of so many standard deviations. */
const atSigmas = (z: number) => Math.round(500 + 200 * z);

describe("withWidthError", () => {
  it.each([-2.5, -1, 0, 0.5, 2.5])(
    "draws a Gaussian out to one of another width: %f standard deviations",
    (z) => {
      const psf = withWidthError(gaussianPsf(2, [33, 33]), 0.1);
      const axes = psfAxes(psf);
      expect(axes.map(({ name }) => name)).toEqual(["psfWidth"]);
      const index = atSigmas(z);
      expect(axes[0].value(index)).toBeCloseTo(1 + 0.1 * z, 12);
      expect(axes[0].logWeight(index)).toBeCloseTo(-0.5 * z * z, 12);
      const drawn = psfAt(psf, axes, [index]);
      const exact = gaussianPsf(2 * (1 + 0.1 * z), drawn.shape);
      // Cubic interpolation of a Gaussian of 2 pixels: within 1 % of its peak.
      const worst = drawn.data.reduce(
        (most, value, cell) => Math.max(most, Math.abs(value - exact.data[cell])),
        0,
      );
      expect(worst).toBeLessThan(0.01 * Math.max(...exact.data));
      expect(imageSum(drawn)).toBeCloseTo(1, 12);
    },
  );

  it("keeps a psf that is not round as it is where its width is the one given", () => {
    const skew = skyImage([0, 1, 0, 2, 8, 1, 0, 0, 3], [3, 3]);
    const psf = withWidthError(skew, 0.05);
    expect(psfAt(psf, psfAxes(psf), [500])).toEqual(skew);
  });

  it.each([
    ["an error of 0", narrow, 0, /^psf width error: must be a share above 0 and at most 0.2, got 0; /],
    ["an error of 30 %", narrow, 0.3, /at most 0.2, got 0.3; /],
    [
      "a ring that is narrowed onto its hole",
      skyImage([0, 1, 0, 1, 0, 1, 0, 1, 0], [3, 3]),
      0.2,
      /must go with a psf that has light when it is 0.50 times as wide, got one of 3 x 3 pixels without; /,
    ],
  ])("refuses %s", (_, psf, error, words) => {
    expect(() => withWidthError(psf, error)).toThrow(words);
  });
});

describe("psfs at places with errors", () => {
  const places = [
    { psf: narrow, x: 0, y: 0 },
    { psf: wide, x: 5, y: 0 },
  ];
  const psf = withPointingError(withWidthError(psfSet(places), 0.1), 0.4);
  const axes = psfAxes(psf);

  it("are all wider by one factor and moved alike, and stay at their places", () => {
    const chosen = [atSigmas(1), atSigmas(0.7), atSigmas(-1.3)];
    const drawn = psfAt(psf, axes, chosen);
    for (const [index, { x, y }] of places.entries()) {
      const alone = withPointingError(withWidthError(psfSet(places).places![index].psf, 0.1), 0.4);
      expect(drawn.places![index]).toEqual({ psf: psfAt(alone, axes, chosen), x, y });
      expect(imageSum(drawn.places![index].psf)).toBeCloseTo(1, 12);
    }
    expect(Object.keys(drawn).sort()).toEqual(["data", "places", "shape"]);
  });

  it("are as given under the law that fixes them", () => {
    expect(withPsfLaw(psf, "fixed")).toEqual(psfSet(places));
  });

  it("have an envelope each, as wide as any of them", () => {
    const envelope = psfEnvelope(psf);
    for (const sigmas of [-2.5, 2.5]) {
      const drawn = psfAt(psf, axes, [atSigmas(sigmas), atSigmas(sigmas), atSigmas(-sigmas)]);
      for (const [index, { psf: image }] of drawn.places!.entries()) {
        const { shape } = envelope.places![index].psf;
        expect(shape.every((side, axis) => side >= image.shape[axis])).toBe(true);
      }
    }
  });
});

describe("withPointingError", () => {
  it("moves the psf against the pointing, beside its width", () => {
    const psf = withPointingError(withWidthError(gaussianPsf(1.5, [17, 17]), 0.1), 0.4);
    const axes = psfAxes(psf);
    expect(axes.map(({ name }) => name)).toEqual(["psfWidth", "pointingX", "pointingY"]);
    for (const [x, y] of [
      [0.7, -1.3],
      [2.5, 2.5],
      [-1, 0],
    ]) {
      const centroid = psfCentroid(psfAt(psf, axes, [500, atSigmas(x), atSigmas(y)]));
      // Cubic interpolation moves the centroid of a Gaussian of 1.5 pixels to 0.002 pixels.
      expect(Math.hypot(centroid.x + 0.4 * x, centroid.y + 0.4 * y)).toBeLessThan(0.002);
    }
  });

  it("is refused for 3 pixels", () => {
    expect(() => withPointingError(narrow, 3)).toThrow(
      /^pointing error: must be above 0 and at most 2 pixels, got 3; /,
    );
  });
});
