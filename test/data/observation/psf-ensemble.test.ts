import { describe, expect, it } from "vitest";
import { gaussianPsf, psfCentroid } from "../../../src/data/observation/psf.js";
import { pointingEnsemble, psfEnsemble, widthEnsemble } from "../../../src/data/observation/psf-ensemble.js";
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
    [
      "widths for some",
      [{ psf: narrow, width: 1 }, { psf: wide }],
      /width must be given for all .* 1 of 2; /,
    ],
    ["a psf below 0", [{ psf: skyImage([-1, 2, 0], [1, 3]) }], /^psf ensemble: member 0: psf must be /],
  ])("refuses %s", (_, given, words) => {
    expect(() => psfEnsemble(given)).toThrow(words);
  });
});

describe("widthEnsemble", () => {
  it("draws a Gaussian out to one of another width, by a normal law", () => {
    const { members } = widthEnsemble(gaussianPsf(2, [33, 33]), 0.1);
    expect(members!.length).toBe(33);
    for (const { psf, width = 0, weight } of members!) {
      const exact = gaussianPsf(2 * width, psf.shape);
      // Cubic interpolation of a Gaussian of 2 pixels: within 1 % of its peak.
      const worst = psf.data.reduce(
        (most, value, cell) => Math.max(most, Math.abs(value - exact.data[cell])),
        0,
      );
      expect(worst).toBeLessThan(0.01 * Math.max(...exact.data));
      const z = (width - 1) / 0.1;
      expect(weight / members![16].weight).toBeCloseTo(Math.exp(-0.5 * z * z), 10);
    }
    expect(members![16].width).toBe(1);
    expect(members![0].width).toBeCloseTo(0.75, 12);
    const std = Math.sqrt(
      members!.reduce((sum, { width = 0, weight }) => sum + weight * (width - 1) ** 2, 0),
    );
    // A normal law whose outermost cells end at 2.58 standard deviations: 0.0962.
    expect(std).toBeCloseTo(0.0962, 4);
  });

  it("keeps a psf that is not round, and its light", () => {
    const skew = skyImage([0, 1, 0, 2, 8, 1, 0, 0, 3], [3, 3]);
    for (const { psf, width } of widthEnsemble(skew, 0.05).members!) {
      expect(imageSum(psf)).toBeCloseTo(1, 12);
      if (width !== 1) continue;
      const [ny, nx] = psf.shape;
      const middle = ((ny - 1) / 2) * nx + (nx - 1) / 2;
      expect(psf.data[middle]).toBeCloseTo(8 / 15, 12);
      expect(psf.data[middle - 1]).toBeCloseTo(2 / 15, 12);
      expect(psf.data[middle + nx + 1]).toBeCloseTo(3 / 15, 12);
    }
  });

  it.each([
    ["an error of 0", narrow, 0, /^psf width error: must be a share above 0 and at most 0.2, got 0; /],
    ["an error of 30 %", narrow, 0.3, /at most 0.2, got 0.3; /],
    [
      "an ensemble",
      psfEnsemble([{ psf: narrow }, { psf: wide }]),
      0.1,
      /must go with one psf, got an ensemble; /,
    ],
    [
      "psfs at places",
      psfSet([
        { psf: narrow, x: 0, y: 0 },
        { psf: wide, x: 5, y: 0 },
      ]),
      0.1,
      /must go with one psf, got psfs at places; /,
    ],
  ])("refuses %s", (_, psf, error, words) => {
    expect(() => widthEnsemble(psf, error)).toThrow(words);
  });
});

describe("pointingEnsemble", () => {
  it("moves the psf against the pointing, by a normal law on each axis", () => {
    const { members = [] } = pointingEnsemble(gaussianPsf(1.5, [17, 17]), 0.4);
    expect(members.length).toBe(225);
    for (const { psf, pointing = { x: 9, y: 9 }, weight } of members) {
      const centroid = psfCentroid(psf);
      // Cubic interpolation moves the centroid of a Gaussian of 1.5 pixels to 0.002 pixels.
      expect(Math.hypot(centroid.x + pointing.x, centroid.y + pointing.y)).toBeLessThan(0.002);
      const squares = (pointing.x ** 2 + pointing.y ** 2) / 0.4 ** 2;
      expect(weight / members[112].weight).toBeCloseTo(Math.exp(-0.5 * squares), 10);
    }
    expect(members[112].pointing).toEqual({ x: 0, y: 0 });
    // Row after row: the next is a step to the right, fifteen on a step up.
    expect(members[113].pointing!.x).toBeCloseTo((0.4 * 5) / 14, 12);
    expect(members[127].pointing!.y).toBeCloseTo((0.4 * 5) / 14, 12);
  });

  it.each([
    ["an error of 3 pixels", narrow, 3, /^pointing error: must be above 0 and at most 2 pixels, got 3; /],
    ["an ensemble", widthEnsemble(narrow, 0.1), 0.3, /must go with one psf, got an ensemble; /],
  ])("refuses %s", (_, psf, error, words) => {
    expect(() => pointingEnsemble(psf, error)).toThrow(words);
  });
});
