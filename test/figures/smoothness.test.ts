/** Maps of smoothness: which levels are shown, on which colours, and how columns of the trace that tell of them are called. */
import { beforeAll, describe, expect, it } from "vitest";
import { figureDocument } from "../../src/figures/document-node.js";
import { labelParameters, parameterLabel } from "../../src/figures/parameter-label.js";
import { plotImage } from "../../src/figures/plot-image.js";
import { plotSmoothness } from "../../src/figures/plot-smoothness.js";
import type { SkyImage } from "../../src/image.js";
import { imageOf, picturesOf, textsOf } from "./images.js";

let document: Document;
beforeAll(async () => {
  document = await figureDocument();
});

const wcs = Object.entries({
  ...{ CTYPE1: "GLON-CAR", CTYPE2: "GLAT-CAR", CRVAL1: 0, CRVAL2: 0 },
  ...{ CRPIX1: 8.5, CRPIX2: 8.5, CDELT1: -0.05, CDELT2: 0.05 },
}).map(([keyword, value]) => ({ keyword, value }));

/** One map for each halving of a side, of values from -3 at the left to 3 at the right. */
function mapsOf(ny: number, nx: number): SkyImage[] {
  const levels = Math.ceil(Math.log2(Math.max(ny, nx)));
  const slope = (x: number, size: number) => (6 * Math.floor(x / size)) / Math.ceil(nx / size) - 3;
  return Array.from({ length: levels }, (_, level) => imageOf(ny, nx, (x) => slope(x, 2 ** (level + 1))));
}
const titlesOf = (svg: string) => textsOf(svg).filter((text) => text.startsWith("Blocks of"));
const hrefsOf = (svg: string) => Array.from(svg.matchAll(/<image [^>]*href="([^"]*)"/g), ([, href]) => href);

describe("plotSmoothness", () => {
  it.each([
    [4, 4, [2]],
    [16, 16, [2, 4]],
    [17, 32, [2, 4, 8]],
    [64, 64, [2, 4, 8, 16]],
    [256, 256, [2, 4, 8, 16]],
  ])("shows of %i x %i pixels the finest levels with blocks enough", (ny, nx, sizes) => {
    const svg = plotSmoothness({ smoothness: mapsOf(ny, nx) }, { document });
    expect(titlesOf(svg)).toEqual(sizes.map((size) => `Blocks of ${size} × ${size} pixels`));
    expect(svg).not.toMatch(/NaN|undefined|Infinity| id=| class=/);
  });

  it("colours all maps alike, white where alpha is 1, and says what the ends mean", () => {
    const smoothness = mapsOf(16, 16);
    const svg = plotSmoothness({ smoothness, wcs, name: "Blob" }, { document, levels: [0, 3, 1] });
    expect(titlesOf(svg).map((title) => title.split(" ")[2])).toEqual(["2", "16", "4"]);
    const texts = textsOf(svg);
    for (const text of ["Blob", "points ← mean ln α → diffuse light", "−4", "0", "4", "Galactic latitude"])
      expect(texts).toContain(text);
    // Three maps and the one colour bar of the row; each map as plotImage colours it between the same limits.
    expect(picturesOf(svg)).toBe(4);
    const [fine, whole, , middle] = [0, 1, 3, 2].map((at) => hrefsOf(svg)[at]);
    for (const [level, href] of [
      [0, fine],
      [3, whole],
    ] as const) {
      const alone = plotImage(smoothness[level], {
        document,
        colormap: "RdBu",
        vmin: -4,
        vmax: 4,
        size: 224,
      });
      expect(href).toBe(hrefsOf(alone)[0]);
    }
    expect(middle).not.toBe(fine);
  });

  it("can be stretched for states that reach farther, and drawn in the other theme", () => {
    const smoothness = mapsOf(16, 16);
    const far = plotSmoothness({ smoothness }, { document, reach: 6, theme: "dark", grid: true });
    expect(textsOf(far)).toEqual(expect.arrayContaining(["−6", "6"]));
    expect(hrefsOf(far)[0]).not.toBe(hrefsOf(plotSmoothness({ smoothness }, { document }))[0]);
  });

  it("says what is missing or wrong", () => {
    const smoothness = mapsOf(8, 8);
    expect(() => plotSmoothness({}, { document })).toThrow(
      /maps of smoothness, which the adaptive prior gives, got none; run with preset adaptive/,
    );
    for (const levels of [[], [3], [0, 0.5]])
      expect(() => plotSmoothness({ smoothness }, { document, levels })).toThrow(/whole numbers from 0 to 2/);
    for (const reach of [0, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => plotSmoothness({ smoothness }, { document, reach })).toThrow(
        /reach must be a number > 0, got/,
      );
  });
});

describe("columns of smoothness", () => {
  it("are called by the size of their blocks", () => {
    expect(["smoothness0", "smoothness4", "smoothingParam1", "smoothness"].map(parameterLabel)).toEqual([
      "mean ln α, 2 × 2",
      "mean ln α, 32 × 32",
      "α₁",
      "smoothness",
    ]);
    expect(labelParameters("R-hat is 1.04 for smoothness1")).toBe("R-hat is 1.04 for mean ln α, 4 × 4");
  });
});
