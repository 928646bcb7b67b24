import { describe, expect, it } from "vitest";
import { gaussianPsf } from "../../../src/data/observation/psf.js";
import { psfComponents } from "../../../src/data/observation/psf-components.js";
import {
  psfAt,
  psfAxes,
  psfEnsemble,
  psfEnvelope,
  withComponents,
} from "../../../src/data/observation/psf-ensemble.js";
import { imageSum, type SkyImage, skyImage } from "../../../src/image.js";

const widths = [1, 1.1, 1.3, 1.6, 1.7, 2];
const ensemble = psfEnsemble(
  widths.map((width, index) => ({ psf: gaussianPsf(width, [9, 9]), weight: 1 + (index % 3) })),
);
const members = ensemble.members!;
const dot = (one: SkyImage, other: SkyImage) =>
  one.data.reduce((sum, value, cell) => sum + value * other.data[cell], 0);

describe("psfComponents", () => {
  it("are the covariance of the members, cell by cell", () => {
    const { images, explained } = psfComponents(members, widths.length - 1);
    expect(explained).toBeCloseTo(1, 12);
    const cells = ensemble.data.length;
    for (const [one, other] of [
      [40, 40],
      [40, 41],
      [30, 50],
      [0, cells - 1],
    ]) {
      const deviation = ({ data }: SkyImage, cell: number) => data[cell] - ensemble.data[cell];
      const covariance = members.reduce(
        (sum, { psf, weight }) => sum + weight * deviation(psf, one) * deviation(psf, other),
        0,
      );
      const found = images.reduce((sum, { data }) => sum + data[one] * data[other], 0);
      expect(found).toBeCloseTo(covariance, 14);
    }
  });

  it("are orthogonal, take no light and are ordered by what they explain", () => {
    const { images } = psfComponents(members, 4);
    for (const [index, image] of images.entries()) {
      expect(Math.abs(imageSum(image))).toBeLessThan(1e-14);
      for (const other of images.slice(0, index)) {
        expect(Math.abs(dot(image, other))).toBeLessThan(1e-14);
        expect(dot(other, other)).toBeGreaterThan(dot(image, image));
      }
    }
    // Gaussians of a row of widths differ mostly in one way.
    expect(psfComponents(members, 1).explained).toBeGreaterThan(0.9);
    expect(psfComponents(members, 2).explained).toBeGreaterThan(0.99);
  });

  it("of two psfs are their difference", () => {
    const [one, other] = [skyImage([0, 4, 0], [1, 3]), skyImage([1, 2, 1], [1, 3])];
    const { images } = psfComponents(psfEnsemble([{ psf: one }, { psf: other, weight: 3 }]).members!, 1);
    // Weights 1/4 and 3/4: a standard deviation is sqrt(3) / 4 of the difference 0.25, -0.5, 0.25.
    const sign = Math.sign(images[0].data[0]);
    for (const [cell, value] of [0.25, -0.5, 0.25].entries()) {
      expect(sign * images[0].data[cell]).toBeCloseTo((Math.sqrt(3) / 4) * value, 14);
    }
  });
});

describe("withComponents", () => {
  const psf = withComponents(ensemble, 3);
  const axes = psfAxes(psf);

  it("has an axis for each, and the mean in the middle of all", () => {
    expect(axes.map(({ name }) => name)).toEqual(["psfComponent0", "psfComponent1", "psfComponent2"]);
    const drawn = psfAt(psf, axes, [500, 500, 500]);
    for (const [cell, value] of drawn.data.entries()) expect(value).toBeCloseTo(ensemble.data[cell], 15);
  });

  it("adds standard deviations of components, never below 0 and with sum 1", () => {
    const { images } = psfComponents(members, 3);
    // 0.5 and -1 standard deviations of the first two.
    const drawn = psfAt(psf, axes, [600, 300, 500]);
    const raw = ensemble.data.map((value, cell) =>
      Math.max(0, value + 0.5 * images[0].data[cell] - images[1].data[cell]),
    );
    const sum = raw.reduce((all, value) => all + value, 0);
    for (const [cell, value] of raw.entries()) expect(drawn.data[cell]).toBeCloseTo(value / sum, 14);
    for (const chosen of [
      [0, 0, 0],
      [1000, 0, 1000],
    ]) {
      const far = psfAt(psf, axes, chosen);
      expect(imageSum(far)).toBeCloseTo(1, 14);
      expect(far.data.every((value) => value >= 0)).toBe(true);
    }
  });

  it("lies within its envelope", () => {
    const { data } = psfEnvelope(psf);
    for (const chosen of [
      [0, 0, 0],
      [1000, 0, 1000],
      [0, 1000, 0],
    ]) {
      for (const [cell, value] of psfAt(psf, axes, chosen).data.entries()) {
        if (value > 0) expect(data[cell]).toBeGreaterThan(0);
      }
    }
  });

  it.each([
    ["one psf", gaussianPsf(1), 1, /^psf components: must go with an ensemble of psfs, got one that has no/],
    ["more than the members allow", ensemble, 6, /^psf components: count must be .* from 1 to 5 .* got 6; /],
    ["a part of one", ensemble, 1.5, /^psf components: count must be a whole number .* got 1.5; /],
  ])("refuses %s", (_, given, count, words) => {
    expect(() => withComponents(given, count)).toThrow(words);
  });
});
