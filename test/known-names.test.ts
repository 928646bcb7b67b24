/** Doors of the library without TypeScript: a misspelled option, a word that is no choice, an image of another shape are told. */

import { describe, expect, it } from "vitest";
import { predictiveCheck } from "../src/checks/predictive-check.js";
import { injectSources } from "../src/data/observation/inject-sources.js";
import { simulateCounts } from "../src/data/observation/simulate.js";
import {
  simulateDisk,
  simulateGaussianAndPoints,
  simulatePointSource,
} from "../src/data/observation/simulated-datasets.js";
import { colorScale } from "../src/figures/color-scale.js";
import { constantImage } from "../src/image.js";
import { cash, cstat, residuals } from "../src/model/predicted-counts.js";
import { fitPatchPrior } from "../src/priors/fit-patch-prior.js";

const data = simulatePointSource({ seed: 1, shape: [8, 8] });
const misspelled = { sed: 4 } as object;
const no = {} as never;

describe("options", () => {
  it.each<readonly [string, () => unknown]>([
    ["simulatePointSource", () => simulatePointSource(misspelled)],
    ["simulateDisk", () => simulateDisk(misspelled)],
    ["simulateGaussianAndPoints", () => simulateGaussianAndPoints(misspelled)],
    ["simulateCounts", () => simulateCounts(data.flux, data.psf, misspelled)],
    ["injectSources", () => injectSources(data, [{ x: 1, y: 1, flux: 1 }], misspelled)],
    ["predictiveCheck", () => predictiveCheck(data, { parameters: no, images: no }, misspelled)],
  ])("of %s that are misspelled are refused with the nearest", async (name, call) => {
    await expect(async () => call()).rejects.toThrow(
      `${name}: options must be known ones, got "sed"; did you mean "seed"?`,
    );
  });

  it("of a figure are refused when they are no choice", () => {
    const scale = (options: object) => () => colorScale([data.counts], options);
    expect(scale({ stretch: "power" })).toThrow(
      'stretch must be one of linear, sqrt, log, asinh, got "power"',
    );
    expect(scale({ colormap: "jet" })).toThrow(/colormap must be one of inferno, .*, got "jet"/);
  });
});

describe("images", () => {
  it.each<readonly [string, (counts: typeof data.counts, predicted: typeof data.counts) => unknown]>([
    ["residuals", residuals],
    ["cash", cash],
    ["cstat", cstat],
  ])("of another shape than the counts are refused by %s", (name, call) => {
    const message = `${name}: predicted must have the shape [8, 8] of the counts, got`;
    expect(() => call(data.counts, constantImage([16, 16], 1))).toThrow(`${message} [16, 16]`);
    expect(() => call(data.counts, constantImage([4, 16], 1))).toThrow(`${message} [4, 16]`);
    call(data.counts, constantImage([8, 8], 1));
  });

  it("without a value in a pixel are refused by fitPatchPrior", () => {
    const flux = constantImage([16, 16], 1);
    flux.data[17] = Number.NaN;
    expect(() => fitPatchPrior([constantImage([16, 16], 1), flux], { components: 1 })).toThrow(
      "fitPatchPrior: images[1] must be finite and >= 0, got NaN at [1, 1]",
    );
  });
});
