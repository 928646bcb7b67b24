import { beforeAll, describe, expect, it } from "vitest";
import { multiscaleDecomposition } from "../../src/data/observation/multiscale-decomposition.js";
import type { WcsCard } from "../../src/data/observation/observation.js";
import { radialProfile } from "../../src/data/observation/radial-profile.js";
import { poissonInterval } from "../../src/data/random/poisson-interval.js";
import { figureDocument } from "../../src/figures/document-node.js";
import { plotComparison } from "../../src/figures/plot-comparison.js";
import { plotDataset } from "../../src/figures/plot-dataset.js";
import { plotMultiscale } from "../../src/figures/plot-multiscale.js";
import { plotPosterior } from "../../src/figures/plot-posterior.js";
import { plotRadialProfile } from "../../src/figures/plot-radial-profile.js";
import { plotResiduals } from "../../src/figures/plot-residuals.js";
import { residualDistribution } from "../../src/figures/residual-distribution.js";
import type { SkyImage } from "../../src/image.js";
import { residuals } from "../../src/model/predicted-counts.js";
import { imageOf, picturesOf, textsOf, uniforms } from "./images.js";

let document: Document;
beforeAll(async () => {
  document = await figureDocument();
});

const INVALID = expect.objectContaining({ code: "INVALID_INPUT" });
const wcs: WcsCard[] = Object.entries({
  ...{ CTYPE1: "GLON-CAR", CTYPE2: "GLAT-CAR", CRVAL1: 0, CRVAL2: 0 },
  ...{ CRPIX1: 6.5, CRPIX2: 5.5, CDELT1: -0.05, CDELT2: 0.05 },
}).map(([keyword, value]) => ({ keyword, value }));

const predicted = imageOf(10, 12, (x, y) => 0.3 + 9 * Math.exp(-((x - 5) ** 2 + (y - 4) ** 2) / 5));
/** Poisson counts by inversion of the uniforms. */
function countsOf(mean: SkyImage, seed: number): SkyImage {
  const random = uniforms(seed);
  const data = mean.data.map((value) => {
    let [count, weight, left] = [0, Math.exp(-value), random()];
    while (left > weight && count < 1000) {
      left -= weight;
      count++;
      weight *= value / count;
    }
    return count;
  });
  return { data, shape: mean.shape };
}
const counts = countsOf(predicted, 7);
const psf = imageOf(5, 5, (x, y) => Math.exp(-((x - 2) ** 2 + (y - 2) ** 2) / 2));
const mask = imageOf(10, 12, (x) => (x === 9 ? 0 : 1));
const wellFormed = (svg: string) => {
  expect(svg).not.toMatch(/NaN|undefined|Infinity| id=| class=/);
  expect(svg.match(/<g[ >]/g)?.length).toBe(svg.match(/<\/g>/g)?.length);
};

describe("plotDataset", () => {
  const dataset = {
    ...{ counts, psf, wcs, mask, flux: predicted, name: "Blob" },
    exposure: imageOf(10, 12, (x) => 1e10 * (1 + x / 20)),
    background: imageOf(10, 12, () => 0.3),
  };

  it("looks as it did", async () => {
    const svg = plotDataset(dataset, { document, size: 120, exposureUnit: "cm2 s", grid: true });
    wellFormed(svg);
    await expect(svg).toMatchFileSnapshot("snapshots/plot-dataset.svg.snap");
  });

  it("shows what the observation has", () => {
    const texts = textsOf(plotDataset(dataset, { document, exposureUnit: "cm2 s", theme: "dark" }));
    for (const title of ["Blob", "Counts", "True flux", "Exposure", "Background", "Point spread function"])
      expect(texts).toContain(title);
    expect(texts).toEqual(
      expect.arrayContaining(["exposure (×10¹⁰ cm² s)", "x offset (pixel)", "Galactic latitude"]),
    );
    expect(picturesOf(plotDataset({ counts, psf }, { document }))).toBe(4);
  });

  it("puts four images in two rows of two", () => {
    const { flux: _, ...four } = dataset;
    expect(plotDataset(four, { document })).toBe(plotDataset(four, { document, columns: 2 }));
  });

  it("counts the pixels of the psf from its centre", () => {
    const texts = textsOf(plotDataset({ counts, psf }, { document }));
    expect(texts.filter((text) => text === "−2").length).toBeGreaterThanOrEqual(2);
  });
});

describe("plotPosterior", () => {
  const result = {
    ...{ mean: predicted, std: imageOf(10, 12, () => 0.5), wcs, name: "blob", unit: "cm-2 s-1" },
    quantiles: { probabilities: [0.16, 0.5, 0.84], images: [predicted, predicted, predicted] },
    diagnostics: { rhat: imageOf(10, 12, (x) => 1 + x / 200), ess: imageOf(10, 12, (_, y) => 100 * y) },
  };

  it("looks as it did", async () => {
    const svg = plotPosterior(result, { document, counts, size: 110, scaleBar: true });
    wellFormed(svg);
    await expect(svg).toMatchFileSnapshot("snapshots/plot-posterior.svg.snap");
  });

  it("has sky coordinates and ESS when the result has them", () => {
    const texts = textsOf(plotPosterior(result, { document, counts }));
    expect(texts).toEqual(expect.arrayContaining(["Effective sample size", "draws", "Galactic longitude"]));
  });

  it("draws what is asked for, in order", () => {
    const texts = textsOf(plotPosterior(result, { document, show: ["ess", "quantiles"] }));
    const titles = texts.filter((text) => /Quantile|Median|Effective|mean/.test(text));
    expect(titles).toEqual(["Effective sample size", "Quantile 16 %", "Median", "Quantile 84 %"]);
  });

  it("refuses to draw what is not there", () => {
    expect(() => plotPosterior(result, { document, show: ["counts"] })).toThrow(INVALID);
  });
});

describe("plotResiduals", () => {
  it("looks as it did", async () => {
    const svg = plotResiduals({ counts, predicted, mask, wcs }, { document, size: 140, title: "Blob" });
    wellFormed(svg);
    await expect(svg).toMatchFileSnapshot("snapshots/plot-residuals.svg.snap");
  });

  it("needs no residuals to draw them: they are those of the model", () => {
    const { sigma } = residuals(counts, predicted, mask);
    expect(plotResiduals({ counts, predicted, mask }, { document })).toBe(
      plotResiduals({ counts, predicted, mask, sigma }, { document }),
    );
  });

  it("shows counts and prediction on one scale, residuals about zero", () => {
    const texts = textsOf(plotResiduals({ counts, predicted }, { document, reach: 4 }));
    expect(texts.filter((text) => text === "−4").length).toBeGreaterThanOrEqual(1);
    expect(texts).toEqual(expect.arrayContaining(["residual (σ)", "unit normal", "pixels"]));
    const bars = (image: SkyImage) =>
      textsOf(plotResiduals({ counts, predicted: image }, { document })).filter((text) => text === "20")
        .length;
    // The scale of both reaches what the brighter one needs.
    expect(bars({ ...predicted, data: predicted.data.map((value) => 3 * value) })).toBeGreaterThanOrEqual(2);
  });

  it("refuses shapes that differ and a reach that is not positive", () => {
    expect(() => plotResiduals({ counts, predicted: psf }, { document })).toThrow(INVALID);
    expect(() => plotResiduals({ counts, predicted }, { document, reach: 0 })).toThrow(INVALID);
  });
});

describe("residualDistribution", () => {
  it("expects every pixel once, and what the Poisson law says", () => {
    // One pixel of mean ln 2: no counts with probability 1/2, residual -sqrt(2 ln 2) = -1.177; one with ln 2 / 2 =
    // 0.3466, residual sqrt(2 (ln 2 - 1 - ln ln 2)) = 0.346.
    const mean = imageOf(1, 1, () => Math.LN2);
    const none = imageOf(1, 1, () => 0);
    const { edges, expected, observed, pixels } = residualDistribution(residuals(none, mean).sigma, mean, 3);
    const bin = (value: number) => edges.findLastIndex((edge) => edge <= value);
    expect(pixels).toBe(1);
    expect(observed[bin(-1.177)]).toBe(1);
    expect(expected[bin(-1.177)]).toBeCloseTo(0.5, 9);
    expect(expected[bin(0.346)]).toBeCloseTo(Math.LN2 / 2, 9);
    expect(expected.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 6);
  });

  it.each([0, 0.01, 3, 80, 199, 250, 1e5])("expects all of a pixel of mean %d", (value) => {
    const mean = imageOf(1, 1, () => value);
    const { expected } = residualDistribution(
      imageOf(1, 1, () => 0),
      mean,
      5,
    );
    expect(expected.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 4);
  });

  it("Poisson counts follow it", () => {
    // 10,000 pixels; the fullest bin has mean about 3,000, five sigma are 270: false alarms below 1e-5 over all bins.
    const mean = imageOf(100, 100, (x) => 0.2 + x / 20);
    const sample = countsOf(mean, 11);
    const { observed, expected } = residualDistribution(residuals(sample, mean).sigma, mean, 4);
    for (const [bin, share] of expected.entries())
      expect(Math.abs(observed[bin] - share)).toBeLessThan(5 * Math.sqrt(share) + 5);
  });
});

describe("plotRadialProfile", () => {
  const centre = { x: 5, y: 4 };
  const edges = [0, 1, 2, 3, 4.5, 6];
  const draws = [0.85, 0.95, 1, 1.05, 1.15].map((factor) => ({
    data: predicted.data.map((value) => factor * value),
    shape: predicted.shape,
  }));
  const profile = radialProfile(counts, centre, { edges, predicted: draws });

  it("looks as it did", async () => {
    const svg = plotRadialProfile(profile, { document, title: "Blob", wcs });
    wellFormed(svg);
    await expect(svg).toMatchFileSnapshot("snapshots/plot-radial-profile.svg.snap");
  });

  it.each(["linear", "log"] as const)("draws %s axes, rings without counts or pixels too", (scale) => {
    const empty = {
      centre,
      probabilities: [],
      rings: [
        { inner: 0, outer: 2, pixels: 13, observed: 40, quantiles: [] },
        { inner: 2, outer: 4, pixels: 36, observed: 0, quantiles: [] },
        { inner: 6, outer: 8, pixels: 60, observed: 3, quantiles: [] },
      ],
    };
    const svg = plotRadialProfile(empty, { document, xScale: scale, yScale: scale, theme: "dark" });
    wellFormed(svg);
    expect(textsOf(svg)).toEqual(
      expect.arrayContaining([
        "Radial profile about x = 5, y = 4",
        "radius (pixel)",
        "counts (pixel⁻¹)",
        "observed",
      ]),
    );
    expect(textsOf(svg)).not.toContain("predicted");
  });

  it("takes a unit from the sky, and any bands", () => {
    const rings = profile.rings.map((ring) => ({ ...ring, quantiles: ring.quantiles.slice(1, 4) }));
    const texts = textsOf(
      plotRadialProfile({ ...profile, rings, probabilities: [0.16, 0.5, 0.84] }, { document, wcs }),
    );
    // Six pixels of 3 arc minutes.
    expect(texts).toEqual(expect.arrayContaining(["radius (arcmin)", "counts (arcmin⁻²)", "68 %"]));
    expect(texts).not.toContain("95 %");
  });

  it("refuses quantiles without probabilities, and no ring", () => {
    expect(() => plotRadialProfile({ ...profile, probabilities: [0.5] }, { document })).toThrow(INVALID);
    expect(() => plotRadialProfile({ ...profile, rings: [] }, { document })).toThrow(INVALID);
  });
});

describe("plotMultiscale", () => {
  it("looks as it did", async () => {
    const svg = plotMultiscale(counts, { document, size: 90, label: "counts" });
    wellFormed(svg);
    await expect(svg).toMatchFileSnapshot("snapshots/plot-multiscale.svg.snap");
  });

  it("shows the levels asked for", () => {
    const texts = textsOf(plotMultiscale(counts, { document, levels: [0, 2, 4] }));
    expect(texts).toEqual(
      expect.arrayContaining(["Pixels", "Blocks of 4 × 4 pixels", "Blocks of 16 × 16 pixels"]),
    );
    // 12 x 10 pixels: six by five blocks of two, three by three of four.
    const own = textsOf(plotMultiscale(counts, { document }));
    expect(own).toContain("Blocks of 2 × 2 pixels");
    expect(own).not.toContain("Blocks of 4 × 4 pixels");
    expect(own).toContain(`Total flux ${counts.data.reduce((sum, count) => sum + count, 0)}`);
    const perPixel = plotMultiscale(counts, { document, unit: "photon / (cm2 s pixel)" });
    expect(textsOf(perPixel).find((text) => text.startsWith("Total"))).toMatch(/ photon \/ \(cm² s\)$/);
    expect(picturesOf(plotMultiscale(counts, { document, levels: [4] }))).toBe(2);
    expect(() => plotMultiscale(counts, { document, levels: [5] })).toThrow(INVALID);
  });
});

describe("multiscaleDecomposition", () => {
  it("sums blocks and takes shares, odd axes too", () => {
    const levels = multiscaleDecomposition(imageOf(3, 2, (x, y) => 2 * y + x));
    expect(levels.map(({ image }) => image.shape)).toEqual([
      [3, 2],
      [2, 1],
      [1, 1],
    ]);
    expect(Array.from(levels[1].image.data)).toEqual([6, 9]);
    expect(Array.from(levels[0].fractions!.data)).toEqual([0, 1 / 6, 2 / 6, 3 / 6, 4 / 9, 5 / 9]);
    expect(Array.from(levels[1].fractions!.data)).toEqual([6 / 15, 9 / 15]);
    expect(levels[2]).toEqual({ image: imageOf(1, 1, () => 15) });
  });

  it("has no share in nothing", () => {
    expect(Array.from(multiscaleDecomposition(imageOf(1, 2, () => 0))[0].fractions!.data)).toEqual([
      NaN,
      NaN,
    ]);
  });
});

describe("plotComparison", () => {
  const images = [
    { title: "A", image: predicted },
    { title: "B", image: counts },
  ];

  it("looks as it did", async () => {
    const truth = { ...predicted, data: predicted.data.map((value) => 1.2 * value) };
    const svg = plotComparison(images, { document, truth, size: 110, wcs, title: "Two results" });
    wellFormed(svg);
    await expect(svg).toMatchFileSnapshot("snapshots/plot-comparison.svg.snap");
  });

  it("subtracts the truth, the first, or nothing", () => {
    const pictures = (options: object) => picturesOf(plotComparison(images, { document, ...options }));
    // Three images with one bar, two differences with one bar; a cut is lines.
    expect(pictures({ truth: imageOf(10, 12, () => 1) })).toBe(7);
    expect(pictures({})).toBe(5);
    expect(pictures({ residuals: "none" })).toBe(3);
    const texts = textsOf(plotComparison(images, { document, unit: "cm-2" }));
    expect(texts).toEqual(
      expect.arrayContaining(["flux (cm⁻²), asinh scale", "flux − A (cm⁻²), asinh scale"]),
    );
  });

  it("refuses nothing, shapes that differ, and a truth that is missing", () => {
    expect(() => plotComparison([], { document })).toThrow(INVALID);
    expect(() => plotComparison([...images, { title: "C", image: psf }], { document })).toThrow(INVALID);
    expect(() => plotComparison(images, { document, residuals: "truth" })).toThrow(INVALID);
  });
});

describe("poissonInterval", () => {
  it.each([
    // Gehrels 1986, tables 1 and 2, confidence 0.8413.
    [0, 0, 1.841],
    [1, 0.1727, 3.3],
    [5, 2.84, 8.382],
    [30, 24.54, 36.55],
  ])("of %d counts is %d to %d within 2 %%", (count, low, high) => {
    const [from, to] = poissonInterval(count);
    expect(Math.abs(from - low)).toBeLessThanOrEqual(0.02 * low + (count === 1 ? 0.001 : 0));
    expect(Math.abs(to - high)).toBeLessThanOrEqual(0.02 * high);
  });
});
