import { beforeAll, describe, expect, it } from "vitest";
import type { WcsCard } from "../../src/data/observation/observation.js";
import { skyToPixel } from "../../src/data/sky/sky-position.js";
import { parseWcs } from "../../src/data/sky/sky-wcs.js";
import { figureDocument } from "../../src/figures/document-node.js";
import { plotImage } from "../../src/figures/plot-image.js";
import { plotPanels } from "../../src/figures/plot-panels.js";
import { skyAxes } from "../../src/figures/sky-axes.js";
import { textWidth } from "../../src/figures/svg.js";
import { FONT_SIZE } from "../../src/figures/theme.js";
import { imageOf, textsOf } from "./images.js";

let document: Document;
beforeAll(async () => {
  document = await figureDocument();
});

const sky = (values: Record<string, string | number> = {}): WcsCard[] =>
  Object.entries({
    ...{ CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN", CRVAL1: 266.4, CRVAL2: -29 },
    ...{ CRPIX1: 8.5, CRPIX2: 8.5, CDELT1: -1e-3, CDELT2: 1e-3, ...values },
  }).map(([keyword, value]) => ({ keyword, value }));
const GALACTIC = { CTYPE1: "GLON-CAR", CTYPE2: "GLAT-CAR", CRVAL1: 0, CRVAL2: 0 };
const axesOf = (cards: WcsCard[], width: number, height = width, notation?: "degrees" | "sexagesimal") =>
  skyAxes(parseWcs(cards).wcs!, { nx: 16, ny: 16, width, height }, notation ?? "sexagesimal");
const blob = imageOf(16, 16, (x, y) => Math.exp(-((x - 8) ** 2 + (y - 5) ** 2) / 8));

describe("skyAxes", () => {
  it("puts ticks where round coordinates cross the edge", () => {
    const { x, y } = axesOf(sky({ ...GALACTIC, CDELT1: -0.1, CDELT2: 0.1 }), 240, 240, "degrees")!;
    // Column 7.5 is l = 0 and a pixel is 0.1 deg: l = 0.5 at column 2.5.
    expect(x.ticks.labels).toEqual(["0.5°", "0.0°", "359.5°"]);
    expect(x.ticks.positions.map((at) => Math.round(at * 1e6) / 1e6)).toEqual([2.5, 7.5, 12.5]);
    expect(y.ticks.labels).toEqual(["0.5°", "0.0°", "−0.5°"]);
    expect([x.label, y.label]).toEqual(["Galactic longitude", "Galactic latitude"]);
  });

  it("ticks lie on the coordinate that they name, in a turned image too", () => {
    const cards = sky({ CROTA2: 33, CDELT1: -0.03, CDELT2: 0.03 });
    const { wcs } = parseWcs(cards);
    const { x } = axesOf(cards, 300, 300, "degrees")!;
    expect(x.ticks.positions.length).toBeGreaterThan(1);
    for (const [index, at] of x.ticks.positions.entries()) {
      const lon = Number(x.ticks.labels[index].replace("°", ""));
      // The declination of the edge at the tick by bisection in latitude: its row must be -0.5.
      let [low, high] = [-31, -27];
      for (let step = 0; step < 60; step++) {
        const middle = (low + high) / 2;
        if (skyToPixel(wcs!, lon, middle).y < -0.5) low = middle;
        else high = middle;
      }
      expect(skyToPixel(wcs!, lon, low).x).toBeCloseTo(at, 3);
    }
  });

  it("names in base 60 what changes, in reading order", () => {
    const { x, y } = axesOf(sky(), 300)!;
    expect(x.ticks.labels[0]).toMatch(/^17ʰ45ᵐ\d\dˢ$/);
    expect(x.ticks.labels.slice(1).every((label) => /^\d\dˢ$/.test(label))).toBe(true);
    expect(y.ticks.labels[0]).toMatch(/^−28°59′\d\d″$/);
    expect(y.ticks.positions).toEqual(y.ticks.positions.toSorted((a, b) => b - a));
  });

  it("exchanges the edges of an image turned by 90 degrees", () => {
    const { x, y } = axesOf(sky({ CROTA2: 90 }), 240)!;
    expect([x.label, y.label]).toEqual(["Declination", "Right ascension (ICRS)"]);
  });

  it.each([90, 120, 200, 320, 640])(
    "labels keep apart at %d px for scales from mas to tens of degrees",
    (size) => {
      for (const scale of [1e-7, 3e-6, 1e-4, 7e-3, 0.11, 1.3]) {
        for (const turn of [0, 17, 45, 91]) {
          for (const notation of ["degrees", "sexagesimal"] as const) {
            const cards = sky({ CDELT1: -scale, CDELT2: scale, CROTA2: turn, CRVAL1: 0.001 });
            const axes = axesOf(cards, size, size, notation);
            if (axes === undefined) continue;
            const { positions, labels } = axes.x.ticks;
            for (let index = 1; index < labels.length; index++) {
              const apart = ((positions[index] - positions[index - 1]) * size) / 16;
              const half = (label: string | undefined) => textWidth(label ?? "", FONT_SIZE.tick) / 2;
              expect(apart).toBeGreaterThan(half(labels[index]) + half(labels[index - 1]) + 5);
            }
            // In base 60 a label may come back after the whole has changed: 30′, −29°00′, 30′.
            if (notation === "degrees") expect(new Set(labels).size).toBe(labels.length);
          }
        }
      }
    },
  );

  const oval = { CTYPE1: "GLON-SFL", CTYPE2: "GLAT-SFL", CRVAL1: 0, CRVAL2: 0, CDELT1: -22.5, CDELT2: 11.25 };

  it("has those of the middle row and column where the edges lie off the sky", () => {
    const { x, y } = axesOf(sky(oval), 400, 300, "degrees")!;
    // Row and column 7.5 are the equator and l = 0: 22.5 and 11.25 degrees a pixel.
    expect(x.ticks.labels).toEqual(["180°", "120°", "60°", "0°", "300°", "240°", "180°"]);
    expect(x.ticks.positions[1]).toBeCloseTo(7.5 - 120 / 22.5, 9);
    expect(y.ticks.positions[0]).toBeCloseTo(7.5 + Number.parseFloat(y.ticks.labels[0]) / 11.25, 9);
    expect([x.label, y.label]).toEqual([
      "Galactic longitude (middle row)",
      "Galactic latitude (middle column)",
    ]);
  });

  it("draws both sides of a map of the whole sky, and no line across it", () => {
    for (const CRVAL1 of [0, 30]) {
      const { gridPath } = axesOf(sky({ ...oval, CRVAL1 }), 400, 300, "degrees")!;
      const steps = gridPath.split(/(?=[ML])/);
      const places = steps.map((step) => step.slice(1).split(",").map(Number));
      if (CRVAL1 === 0)
        for (const side of [0, 400]) expect(places.some(([x, y]) => x === side && y === 150)).toBe(true);
      // Samples of a line lie 360 / 64 degrees apart: 6.25 px at the equator.
      for (const [index, [x]] of places.entries())
        if (steps[index].startsWith("L")) expect(Math.abs(x - places[index - 1][0])).toBeLessThan(10);
    }
  });

  it("has no axes off the sky", () => {
    expect(axesOf(sky({ ...oval, CRPIX1: 100 }), 300)).toBeUndefined();
  });
});

describe("plotImage with sky coordinates", () => {
  it("looks as it did", async () => {
    const svg = plotImage(blob, {
      ...{ document, wcs: sky({ CROTA2: 20 }), grid: true, scaleBar: true, compass: true },
      ...{ label: "flux", unit: "cm-2 s-1", size: 240, stretch: "asinh" },
    });
    await expect(svg).toMatchFileSnapshot("snapshots/plot-image-sky.svg.snap");
  });

  it("falls back to pixels without coordinates, with unknown ones, and on demand", () => {
    for (const options of [
      {},
      { wcs: sky({ CTYPE1: "RA---XYZ" }) },
      { wcs: sky(), axes: "pixels" as const },
    ]) {
      expect(textsOf(plotImage(blob, { document, grid: true, ...options }))).toContain("x (pixel)");
    }
  });

  it("writes degrees on demand and for Galactic coordinates", () => {
    const texts = textsOf(plotImage(blob, { document, wcs: sky(), axes: "degrees" }));
    expect(texts).toEqual(expect.arrayContaining(["266.400°", "−29.000°", "Right ascension (ICRS)"]));
    expect(textsOf(plotImage(blob, { document, wcs: sky(GALACTIC) }))).toContain("Galactic latitude");
  });

  it("measures the scale bar on the sky", () => {
    // 16 pixels of 3.6" on 320 px: 10" are 55.6 px.
    const svg = plotImage(blob, { document, wcs: sky(), scaleBar: 10 / 3600 });
    expect(textsOf(svg)).toContain("10″");
    expect(svg).toContain("h55.56m");
  });

  it("points north of the equator in Galactic coordinates too", () => {
    const draw = (cards: WcsCard[]) => plotImage(blob, { document, wcs: cards, compass: true });
    const tip = (svg: string) => /<path d="M0,0L(-?[\d.]+),(-?[\d.]+)M/.exec(svg)!.slice(1).map(Number);
    expect(tip(draw(sky()))).toEqual([0, -24]);
    // At the Galactic Center the north pole of the equator lies at position angle 58.6 deg of Galactic north, to the east (left
    // when l grows to the left): the well-known tilt of the plane there.
    const [x, y] = tip(draw(sky(GALACTIC)));
    expect((Math.atan2(x!, -y!) * 180) / Math.PI).toBeCloseTo(-58.6, 0);
  });

  it("labels panels of other coordinates one by one", () => {
    const panel = (cards: WcsCard[]) => ({ image: blob, wcs: cards });
    const count = (cards: WcsCard[]) =>
      textsOf(plotPanels([panel(sky()), panel(cards)], { document })).filter((text) => text === "Declination")
        .length;
    expect(count(sky())).toBe(1);
    expect(count(sky({ CRVAL2: -30 }))).toBe(2);
  });
});
