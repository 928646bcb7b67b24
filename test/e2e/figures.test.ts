/**
 * Image figures as a browser draws them: no label over another or outside of the figure at any size, and the picture that
 * resvg makes of the same SVG.
 *
 * Needs Chromium (see `chromium.ts`).
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { decode } from "fast-png";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { WcsCard } from "../../src/data/observation/observation.js";
import { radialProfile } from "../../src/data/observation/radial-profile.js";
import { simulateGaussianAndPoints } from "../../src/data/observation/simulated-datasets.js";
import { figureDocument } from "../../src/figures/document-node.js";
import { plotComparison } from "../../src/figures/plot-comparison.js";
import { plotDataset } from "../../src/figures/plot-dataset.js";
import { plotImage } from "../../src/figures/plot-image.js";
import { plotMultiscale } from "../../src/figures/plot-multiscale.js";
import { plotPosterior } from "../../src/figures/plot-posterior.js";
import { plotRadialProfile } from "../../src/figures/plot-radial-profile.js";
import { plotResiduals } from "../../src/figures/plot-residuals.js";
import { renderPng } from "../../src/figures/png-node.js";
import type { ThemeName } from "../../src/figures/theme.js";
import { predictedCounts } from "../../src/model/predicted-counts.js";
import { hasChromium, itFindsChromium, launchChromium } from "./chromium.js";

/** The font that comes with the package: the browser of this machine may have another. */
const FONT = readFileSync(fileURLToPath(new URL("../../assets/fonts/DejaVuSans.ttf", import.meta.url)));
const STYLE = `@font-face{font-family:"DejaVu Sans";src:url(data:font/ttf;base64,${FONT.toString("base64")})}body{margin:0}`;

const sky = (values: Record<string, string | number>): WcsCard[] =>
  Object.entries({
    ...{ CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN", CRVAL1: 266.4, CRVAL2: -29 },
    ...{ CRPIX1: 16.5, CRPIX2: 16.5, CDELT1: -1e-4, CDELT2: 1e-4, ...values },
  }).map(([keyword, value]) => ({ keyword, value }));

/** Every figure at one size; a wide image, too. */
function figures(document: Document, size: number, theme: ThemeName): Map<string, string> {
  const shapes = { square: [32, 32], wide: [20, 48] } as const;
  const all = new Map<string, string>();
  for (const [shape, [ny, nx]] of Object.entries(shapes)) {
    const data = simulateGaussianAndPoints({ seed: 3, shape: [ny, nx] });
    const { counts, psf, flux, exposure, background } = data;
    const predicted = predictedCounts(
      flux,
      { psf, exposure: exposure!, background: background! },
      { boundary: "spill" },
    );
    const wcs = sky({ CROTA2: 20 });
    const options = { document, theme, size, grid: true, scaleBar: true, compass: true };
    const add = (name: string, svg: string) => all.set(`${name}, ${shape}, ${size} px, ${theme}`, svg);
    for (const turn of [0, 40, 90]) {
      for (const axes of ["sexagesimal", "degrees"] as const) {
        for (const stretch of ["linear", "sqrt", "log", "asinh"] as const) {
          const more = { axes, stretch, wcs: sky({ CROTA2: turn }), label: "flux", unit: "ph cm-2 s-1" };
          add(`image ${turn} ${axes} ${stretch}`, plotImage(predicted, { ...options, ...more }));
        }
      }
    }
    add(
      "dataset",
      plotDataset({ ...data, wcs }, { ...options, exposureUnit: "cm2 s", unit: "ct / (cm2 s)" }),
    );
    const result = {
      ...{ mean: flux, std: predicted, wcs, name: "A rather long name of a posterior", unit: "cm-2 s-1" },
      quantiles: { probabilities: [0.16, 0.5, 0.84], images: [flux, flux, flux] },
      diagnostics: { rhat: predicted, ess: predicted },
    };
    const show = ["counts", "mean", "std", "quantiles", "snr", "rhat", "ess"] as const;
    add("posterior", plotPosterior(result, { ...options, counts, show }));
    add("residuals", plotResiduals({ counts, predicted, wcs }, options));
    add("multiscale", plotMultiscale(counts, { document, theme, size, label: "counts" }));
    const images = ["Posterior mean", "Richardson-Lucy, 100 iterations"].map((title) => ({
      title,
      image: flux,
    }));
    add("comparison", plotComparison(images, { ...options, truth: predicted, wcs, unit: "cm-2 s-1" }));
    const edges = [0, 1, 2, 4, 6, 9];
    const profile = radialProfile(
      counts,
      { x: nx / 2, y: ny / 2 },
      { edges, predicted: [counts, predicted] },
    );
    add("profile", plotRadialProfile(profile, { document, theme, wcs }));
  }
  return all;
}

/** Labels that overlap or leave the figure. Runs in the page. */
function misplacedLabels(): string[] {
  const frame = document.querySelector("svg")!.getBoundingClientRect();
  // A label with an outline is drawn twice.
  const outlined = (element: Element) => element.parentElement?.hasAttribute("stroke-opacity") === true;
  const labels = Array.from(document.querySelectorAll("text"))
    .filter((element) => element.textContent !== "" && !outlined(element))
    .map((element) => ({ text: element.textContent, box: element.getBoundingClientRect() }));
  // Boxes of lines are taller than their glyphs.
  const slack = 2.5;
  const found: string[] = [];
  labels.forEach(({ text, box }, index) => {
    const outside =
      box.left < frame.left || box.right > frame.right || box.top < frame.top || box.bottom > frame.bottom;
    if (outside) found.push(`${text} leaves the figure`);
    for (const other of labels.slice(0, index)) {
      const across = box.left < other.box.right - 0.5 && other.box.left < box.right - 0.5;
      const along = box.top + slack < other.box.bottom - slack && other.box.top + slack < box.bottom - slack;
      if (across && along) found.push(`${text} over ${other.text}`);
    }
  });
  return found;
}

itFindsChromium();

describe.skipIf(!hasChromium)("image figures in Chromium", { timeout: 120_000 }, () => {
  let browser: Browser;
  let page: Page;
  let document: Document;
  beforeAll(async () => {
    document = await figureDocument();
    browser = await launchChromium();
    page = await browser.newPage();
    await page.setContent(
      `<!doctype html><style>${STYLE}</style><p style="font-family:DejaVu Sans">font</p>`,
    );
    await page.evaluate(() => globalThis.document.fonts.ready);
  });
  afterAll(async () => browser?.close());

  const open = (svg: string) =>
    page.evaluate((content) => {
      globalThis.document.body.innerHTML = content;
    }, svg);

  it.each([120, 200, 320])("labels keep apart and inside at %d px", async (size) => {
    for (const theme of ["light", "dark"] as const) {
      for (const [name, svg] of figures(document, size, theme)) {
        if (theme === "dark" && name.startsWith("image")) continue;
        await open(svg);
        expect(await page.evaluate(misplacedLabels), name).toEqual([]);
      }
    }
  });

  it("notices labels that overlap or leave the figure", async () => {
    const text = (x: number) => `<text x="${x}" y="20" font-size="10">label</text>`;
    await open(
      `<svg xmlns="http://www.w3.org/2000/svg" width="100" height="40">${text(10)}${text(20)}${text(90)}</svg>`,
    );
    expect(await page.evaluate(misplacedLabels)).toEqual(["label over label", "label leaves the figure"]);
  });

  it("draws what resvg draws", async () => {
    for (const [name, svg] of figures(document, 200, "light")) {
      if (!/^(dataset|posterior|residuals|multiscale|comparison|profile|image 40 degrees log)/.test(name))
        continue;
      await open(svg);
      const browsers = decode(await page.locator("svg").first().screenshot());
      const ours = decode(await renderPng(svg, { scale: 1 }));
      expect([ours.width, ours.height], name).toEqual([browsers.width, browsers.height]);
      let sum = 0;
      for (let pixel = 0; pixel < ours.width * ours.height; pixel++) {
        for (let channel = 0; channel < 3; channel++) {
          const theirs = browsers.data[pixel * browsers.channels + channel];
          sum += Math.abs(ours.data[pixel * ours.channels + channel] - theirs);
        }
      }
      // Edges of glyphs and lines differ; a picture that is missing, upside down or smoothed changes more.
      expect(sum / (3 * ours.width * ours.height * 255), name).toBeLessThan(0.01);
    }
  });
});
