import { describe, expect, it } from "vitest";
import {
  DEFAULT_BACKGROUND_SCALE_PRIOR,
  DEFAULT_SMOOTHING_PRIOR,
  DEFAULT_TOTAL_COUNTS_PRIOR,
} from "../../src/data/law/prior-parameters.js";
import { multiscaleLevels } from "../../src/data/observation/multiscale-decomposition.js";
import { checkPriors, startingAlpha } from "../../src/priors/multiscale.js";
import { textbookTreeShapes } from "../oracles/textbook-prior.js";

describe("multiscaleLevels", () => {
  it("counts how often the axes are halved", () => {
    for (let ny = 1; ny <= 40; ny++) {
      for (let nx = 1; nx <= 40; nx++) {
        expect(multiscaleLevels([ny, nx])).toBe(textbookTreeShapes([ny, nx]).length - 1);
      }
    }
    expect(multiscaleLevels([8192, 8192])).toBe(13);
    expect(multiscaleLevels([1, 2 ** 26])).toBe(26);
  });
});

describe("startingAlpha", () => {
  it("repeats one number for every level", () => {
    expect(startingAlpha(0.3, [8, 5])).toEqual([0.3, 0.3, 0.3]);
    expect(startingAlpha(0.3, [1, 1])).toEqual([]);
  });

  it("copies a list", () => {
    const list = [0.1, 0.2];
    const alpha = startingAlpha(list, [4, 4]);
    expect(alpha).toEqual(list);
    expect(alpha).not.toBe(list);
  });

  it("refuses a list of the wrong length", () => {
    const call = () => startingAlpha([0.1, 0.2], [8, 5]);
    expect(call).toThrow(/each of the 3 levels of a 8 x 5 image, got 2 values; give a single number/);
    expect(call).toThrow(
      expect.objectContaining({ code: "INVALID_INPUT", fields: { levels: 3, length: 2 } }),
    );
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("refuses %s", (value) => {
    expect(() => startingAlpha(value, [4, 4])).toThrow(
      expect.objectContaining({ code: "INVALID_INPUT", fields: { "alphaInit[0]": value } }),
    );
    expect(() => startingAlpha([1, value], [4, 4])).toThrow(
      `lira: alphaInit[1] must be > 0, got ${value}; see docs/glossary.md for its meaning`,
    );
  });
});

describe("checkPriors", () => {
  const total = DEFAULT_TOTAL_COUNTS_PRIOR;
  const smoothing = DEFAULT_SMOOTHING_PRIOR;
  const scale = DEFAULT_BACKGROUND_SCALE_PRIOR;

  it("accepts the defaults and the ends of every range", () => {
    expect(() =>
      checkPriors({ totalCountsPrior: total, smoothingPrior: smoothing, backgroundScalePrior: scale }),
    ).not.toThrow();
    expect(() =>
      checkPriors({
        totalCountsPrior: { shape: 1e-9, rate: 0 },
        smoothingPrior: { power: -0.999, rate: 1e-9, exponent: 1e-3 },
        backgroundScalePrior: { shape: 1e-9, rate: 0 },
      }),
    ).not.toThrow();
  });

  const broken: [string, string, Parameters<typeof checkPriors>][] = [
    ["totalCountsPrior.shape", "> 0 and <= 1e9, got 0", [{ totalCountsPrior: { ...total, shape: 0 } }]],
    [
      "totalCountsPrior.shape",
      "> 0 and <= 1e9, got Infinity",
      [{ totalCountsPrior: { ...total, shape: Infinity } }],
    ],
    ["totalCountsPrior.rate", ">= 0 and <= 1e40, got -0.1", [{ totalCountsPrior: { ...total, rate: -0.1 } }]],
    ["smoothingPrior.power", "> -1 and <= 1e9, got -1", [{ smoothingPrior: { ...smoothing, power: -1 } }]],
    ["smoothingPrior.rate", "> 0 and <= 1e40, got 0", [{ smoothingPrior: { ...smoothing, rate: 0 } }]],
    [
      "smoothingPrior.exponent",
      "> 0 and <= 1e3, got NaN",
      [{ smoothingPrior: { ...smoothing, exponent: Number.NaN } }],
    ],
    [
      "backgroundScalePrior.shape",
      "> 0 and <= 1e9, got 0",
      [{ backgroundScalePrior: { ...scale, shape: 0 } }],
    ],
    [
      "backgroundScalePrior.rate",
      ">= 0 and <= 1e40, got -1",
      [{ backgroundScalePrior: { ...scale, rate: -1 } }],
    ],
    [
      "totalCountsPrior.rate",
      ">= 0 and <= 1e40, got 1e+300",
      [{ totalCountsPrior: { ...total, rate: 1e300 } }],
    ],
  ];
  it.each(broken)("refuses %s that is not %s", (name, rule, priors) => {
    expect(() => checkPriors(...priors)).toThrow(`lira: ${name} must be ${rule}; see docs/glossary.md`);
    expect(() => checkPriors(...priors)).toThrow(expect.objectContaining({ code: "INVALID_INPUT" }));
  });
});
