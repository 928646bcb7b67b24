/** Figures at a size for paper, with regions, and in red, green and blue. */

import { beforeAll, describe, expect, it } from "vitest";
import { parseDs9Regions } from "../../src/data/regions/ds9-region.js";
import { figureDocument } from "../../src/figures/document-node.js";
import { paperWidth } from "../../src/figures/figure.js";
import { renderPdf } from "../../src/figures/pdf-node.js";
import { plotImage } from "../../src/figures/plot-image.js";
import { plotPanels } from "../../src/figures/plot-panels.js";
import { plotRgb } from "../../src/figures/plot-rgb.js";
import { renderPixels } from "../../src/figures/png-node.js";
import { imageOf, picturesOf, textsOf } from "./images.js";

let document: Document;
beforeAll(async () => {
  document = await figureDocument();
});
const INVALID = expect.objectContaining({ code: "INVALID_INPUT" });
const image = imageOf(20, 30, (x, y) => x * y);

describe("width on paper", () => {
  it.each([
    ["25.4mm", 96],
    ["2.54 cm", 96],
    ["1in", 96],
    ["72pt", 96],
  ])("%s is %d px", (text, px) => {
    expect(paperWidth(text)).toBeCloseTo(px, 9);
  });

  it.each(["88", "0mm", "wide", "-3in", "88 px"])("refuses %s", (width) => {
    expect(() => plotImage(image, { document, width })).toThrow(INVALID);
  });

  it.each(["60mm", "88mm", "7in"])("fits panels into %s with text of 7 to 8 pt", (width) => {
    const panels = [1, 2, 3].map((factor) => ({
      ...{ image, title: `Panel ${factor}`, label: "flux", unit: "cm-2 s-1" },
    }));
    const svg = plotPanels(panels, { document, width, title: "Three panels with a rather long heading" });
    const [, wide, units] = /width="([\d.]+)mm" height="[\d.]+mm" viewBox="0 0 (\d+) /.exec(svg)!;
    expect(Number(wide)).toBeCloseTo((paperWidth(width) * 25.4) / 96, 3);
    const points = (72 / 25.4) * (Number(wide) / Number(units));
    for (const [, size] of svg.matchAll(/font-size="([\d.]+)"/g)) {
      expect(Number(size) * points).toBeGreaterThan(6.9);
      expect(Number(size) * points).toBeLessThan(10.3);
    }
    expect(textsOf(svg)).toEqual(expect.arrayContaining(["Panel 1", "Panel 3"]));
  });

  it("fits a flux of the sky into a column of a journal, its unit broken where the colour bar is short", () => {
    const wcs = [
      ["CTYPE1", "RA---TAN", 266.417, -1.4e-4],
      ["CTYPE2", "DEC--TAN", -29.008, 1.4e-4],
    ].flatMap(([key, type, value, step]) =>
      Object.entries({ CTYPE: type, CRVAL: value, CDELT: step, CRPIX: 8 }).map(([name, card]) => ({
        keyword: `${name}${String(key).at(-1)}`,
        value: card!,
      })),
    );
    const shape = [200, 200] as const;
    const data = Float64Array.from({ length: 40_000 }, (_, at) => (at === 20_100 ? 5e-5 : 1e-9));
    const flux = { image: { shape, data }, wcs, label: "flux", unit: "photon / (cm2 s pixel)" };
    const panel = { ...flux, title: "Flux", stretch: "asinh", softening: 1e-9 } as const;
    const texts = textsOf(plotPanels([panel], { document, width: "88mm" }));
    expect(texts).toEqual(expect.arrayContaining(["(×10⁻⁵ photon", "/ (cm² s pixel))", "Declination"]));
  });

  it("puts fewer panels in a row where they would be tiny, and says when there is no room at all", () => {
    const panels = Array.from({ length: 3 }, () => ({ image, label: "flux" }));
    const tops = (width: string) =>
      new Set(
        Array.from(
          plotPanels(panels, { document, width }).matchAll(/\n<g transform="translate\(\d+,(\d+)\)">/g),
          ([, y]) => y,
        ),
      );
    expect(tops("260mm").size).toBe(1);
    expect(tops("88mm").size).toBe(3);
    expect(() => plotPanels(panels, { document, width: "20mm" })).toThrow(INVALID);
  });

  it("is the size of the page of a PDF file", async () => {
    const pdf = Buffer.from(await renderPdf(plotImage(image, { document, width: "88mm" }))).toString(
      "latin1",
    );
    const [, width] = /MediaBox \[0 0 ([\d.]+) /.exec(pdf)!;
    expect(Number(width)).toBeCloseTo((88 * 72) / 25.4, 2);
  });
});

describe("regions of a figure", () => {
  it("draws every shape, cuts dashed, and the names that people gave", () => {
    const { regions } = parseDs9Regions(
      [
        "image",
        "circle(11,11,4) # text={knot}",
        "ellipse(8,8,4,2,30)",
        "box(20,8,6,4,45)",
        "polygon(3,3,6,3,6,6)",
        "annulus(15,15,2,4)",
        "point(4,17) # text={core}",
        "circle(25,15,4) -circle(25,15,1)",
      ].join("\n"),
    );
    const svg = plotImage(image, { document, regions, size: 300 });
    // Outlines of eight shapes, two of the annulus.
    expect(svg.match(/stroke="#ffffff" stroke-width="1.2"/g)).toHaveLength(9);
    expect(svg.match(/stroke-dasharray="4,3" fill="none" stroke="#ffffff"/g)).toHaveLength(1);
    expect(textsOf(svg)).toEqual(expect.arrayContaining(["knot", "core"]));
    expect(textsOf(svg).filter((text) => /circle|box|ellipse|polygon|annulus/.test(text))).toEqual([]);
    // The circle around the pixel (10, 10) from 0: 10 px a pixel, 200 px high.
    const [, circle] = /<path d="M([\d.,L]+)Z" fill="none" stroke="#ffffff"/.exec(svg)!;
    for (const corner of circle!.split("L")) {
      const [x, y] = corner.split(",").map(Number) as [number, number];
      expect(Math.hypot(x - 105, y - 95)).toBeCloseTo(40, 1);
    }
  });
});

describe("plotRgb", () => {
  const channel = (column: number) => ({
    title: `band ${column}`,
    image: imageOf(3, 3, (x) => Number(x === column)),
  });

  it("is red, green and blue where one image shines", async () => {
    const svg = plotRgb([channel(0), channel(1), channel(2)], { document, size: 90 });
    expect(picturesOf(svg)).toBe(1);
    expect(textsOf(svg)).toEqual(expect.arrayContaining(["band 0", "band 1", "band 2"]));
    const { width, rgba } = await renderPixels(svg, { scale: 1 });
    const [, left, top] = /\n<g transform="translate\((\d+),(\d+)\)">/.exec(svg)!.map(Number) as [
      number,
      number,
      number,
    ];
    const at = (x: number) => Array.from(rgba.subarray(4 * ((top + 15) * width + left + x)).subarray(0, 3));
    expect([at(15), at(45), at(75)]).toEqual([
      [255, 0, 0],
      [0, 255, 0],
      [0, 0, 255],
    ]);
  });

  it("becomes a PDF file in true colour", async () => {
    const pdf = await renderPdf(plotRgb([channel(0), channel(1), channel(2)], { document }));
    expect(Buffer.from(pdf).toString("latin1")).toContain("/ColorSpace /DeviceRGB");
  });

  it("takes three images of one shape", () => {
    expect(() => plotRgb([channel(0), channel(1)], { document })).toThrow(INVALID);
    const other = { title: "other", image: imageOf(2, 3, () => 1) };
    expect(() => plotRgb([channel(0), channel(1), other], { document })).toThrow(INVALID);
  });
});
