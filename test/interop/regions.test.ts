/**
 * Masks of region files against astropy-regions: every shape in every coordinate system that it reads.
 *
 * Needs Python with astropy and regions (environment TSLIRA_PYTHON, else python3 or /usr/bin/python3); skipped with a reason when
 * they are absent, failed with TSLIRA_REQUIRE_INTEROP=1.
 */

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { WcsCard } from "../../src/data/observation/observation.js";
import { randomStream } from "../../src/data/random/random.js";
import { parseDs9Regions } from "../../src/data/regions/ds9-region.js";
import { formatDs9Regions } from "../../src/data/regions/ds9-write.js";
import { termsPixels } from "../../src/data/regions/region-terms.js";
import { icrsToGalactic } from "../../src/data/sky/galactic.js";
import { pixelToSky } from "../../src/data/sky/sky-position.js";
import { parseWcs, type SkyWcs } from "../../src/data/sky/sky-wcs.js";
import { imageSum, type SkyImage } from "../../src/image.js";
import { regionsFromDs9 } from "../../src/posterior/region-file.js";
import { pythonWith } from "./python.js";

const SCRIPT = fileURLToPath(new URL("regions-astropy.py", import.meta.url));
const python = pythonWith("astropy, regions", "regions", "python3-regions");

interface Case {
  readonly text: string;
  readonly cards: Readonly<Record<string, string | number>>;
  readonly subpixels: number;
}
interface Answer {
  readonly regions: readonly {
    readonly include: boolean;
    readonly name: string;
    readonly weights: Readonly<Record<string, number>>;
  }[];
}

const SHAPE = [60, 70] as const;

function astropy(cases: readonly Case[]): Answer[] {
  const input = JSON.stringify(cases.map((one) => ({ ...one, shape: SHAPE })));
  return JSON.parse(execFileSync(python!, [SCRIPT], { input, encoding: "utf8", maxBuffer: 2 ** 28 }));
}

/** Weights of astropy's mask as an image. */
function imageOf(weights: Answer["regions"][number]["weights"]): SkyImage {
  const data = new Float64Array(SHAPE[0] * SHAPE[1]);
  for (const [pixel, weight] of Object.entries(weights)) data[Number(pixel)] = weight;
  return { data, shape: SHAPE };
}

/** An image of 0.5″ pixels, turned by 25 degrees, of one of the systems. */
const cardsOf = (system: "FK5" | "ICRS" | "galactic"): Case["cards"] => {
  const [scale, angle] = [0.5 / 3600, (25 * Math.PI) / 180];
  const galactic = system === "galactic";
  return {
    CTYPE1: galactic ? "GLON-TAN" : "RA---TAN",
    CTYPE2: galactic ? "GLAT-TAN" : "DEC--TAN",
    CRVAL1: galactic ? 359.944 : 266.4168,
    CRVAL2: galactic ? -0.046 : -29.0078,
    CRPIX1: 35.2,
    CRPIX2: 29.7,
    CD1_1: -scale * Math.cos(angle),
    CD1_2: scale * Math.sin(angle),
    CD2_1: scale * Math.sin(angle),
    CD2_2: scale * Math.cos(angle),
    ...(galactic ? {} : { RADESYS: system }),
    ...(system === "FK5" ? { EQUINOX: 2000 } : {}),
  };
};
const listOf = (cards: Case["cards"]): WcsCard[] =>
  Object.entries(cards).map(([keyword, value]) => ({ keyword, value }));

/** Random shapes; positions by `place`, lengths by `size` from pixels. */
function shapes(
  seed: number,
  count: number,
  place: (x: number, y: number) => string,
  size: (pixels: number) => string,
): string[] {
  const { uniform } = randomStream(seed);
  const between = (low: number, high: number) => low + (high - low) * uniform();
  return Array.from({ length: count }, (_, index) => {
    const [x, y] = [between(-3, 73), between(-3, 63)];
    const at = place(x, y);
    const [one, two] = [between(2, 15), between(2, 15)];
    const angle = between(-180, 360).toFixed(3);
    switch (index % 5) {
      case 0:
        return `circle(${at},${size(one)})`;
      case 1:
        return `ellipse(${at},${size(one)},${size(two)},${angle})`;
      case 2:
        return `box(${at},${size(2 * one)},${size(two)},${angle})`;
      case 3:
        return `annulus(${at},${size(one)},${size(one + two)})`;
      default: {
        const corners = Array.from({ length: 3 + (index % 4) }, () =>
          place(x + between(-15, 15), y + between(-15, 15)),
        );
        return `polygon(${corners.join(",")})`;
      }
    }
  });
}

const COUNT = 60;

/** Our masks beside astropy's, of shapes that hold a pixel. */
function compare(lines: readonly string[], system: string, cards: Case["cards"], subpixels: number) {
  const answers = astropy(lines.map((line) => ({ text: `${system}\n${line}\n`, cards, subpixels })));
  return lines.flatMap((line, index) => {
    const theirs = imageOf(answers[index].regions[0].weights);
    if (imageSum(theirs) === 0) return [];
    const ours = regionsFromDs9(`${system}\n${line}`, SHAPE, { wcs: listOf(cards), subpixels }).regions[0]
      .weights;
    let different = 0;
    for (const [pixel, weight] of ours.data.entries()) different += Math.abs(weight - theirs.data[pixel]);
    return [{ line, different, size: imageSum(theirs) }];
  });
}

describe.skipIf(python === undefined)("regions", () => {
  const pixels = (pixelsOfImage: number) => pixelsOfImage.toFixed(4);
  const onImage = (x: number, y: number) => `${(x + 1).toFixed(4)},${(y + 1).toFixed(4)}`;

  it.each([1, 5])("in pixels, %i points along a pixel", (subpixels) => {
    // astropy-regions 0.7 has no parts of pixels for annuli.
    const lines = shapes(11, COUNT, onImage, pixels).filter(
      (line) => subpixels === 1 || !line.startsWith("annulus"),
    );
    const found = compare(lines, "image", cardsOf("ICRS"), subpixels);
    expect(found.length).toBeGreaterThan(0.9 * lines.length);
    for (const { line, different } of found) expect(different, line).toBeLessThan(1e-9);
  });

  // Within one frame the same pixels; the small differences are those of positions written with 9 decimals of a degree, 11 of a radian.
  it.each([
    ["fk5", "FK5", "degrees"],
    ["icrs", "ICRS", "radians"],
    ["galactic", "galactic", "degrees"],
  ] as const)("in %s on an image in %s, in %s", (system, of, unit) => {
    const cards = cardsOf(of);
    const wcs = parseWcs(listOf(cards)).wcs as SkyWcs;
    const place = (x: number, y: number) => {
      const { lon, lat } = pixelToSky(wcs, x, y);
      if (unit === "degrees") return `${lon.toFixed(9)},${lat.toFixed(9)}`;
      return [lon, lat].map((degrees) => `${((degrees * Math.PI) / 180).toFixed(11)}r`).join(",");
    };
    const size = (count: number) =>
      unit === "degrees"
        ? `${(0.5 * count).toFixed(5)}"`
        : `${((0.5 * count * Math.PI) / 648_000).toFixed(11)}r`;
    const found = compare(shapes(12, COUNT, place, size), system, cards, 1);
    expect(found.length).toBeGreaterThan(0.9 * COUNT);
    for (const { line, different } of found) expect(different, line).toBe(0);
  });

  it("in galactic coordinates on an equatorial image, within 0.03 arcseconds of its borders", () => {
    const cards = cardsOf("ICRS");
    const wcs = parseWcs(listOf(cards)).wcs as SkyWcs;
    const place = (x: number, y: number) => {
      const { lon, lat } = icrsToGalactic(pixelToSky(wcs, x, y));
      return `${lon.toFixed(9)},${lat.toFixed(9)}`;
    };
    const found = compare(
      shapes(13, COUNT, place, (count) => `${(0.5 * count).toFixed(5)}"`),
      "galactic",
      cards,
      1,
    );
    expect(found.length).toBeGreaterThan(0.9 * COUNT);
    // Borders are up to 2 pi (15 + 30) pixels long, of an annulus; 0.06 of a pixel along them is 17 pixels.
    for (const { line, different } of found) expect(different, line).toBeLessThanOrEqual(17);
    const all = found.reduce((sum, { different }) => sum + different, 0);
    expect(all / found.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(0.01);
  });

  it.each(["image", "icrs", "fk5"] as const)("as we write them in %s", (system) => {
    const cards = cardsOf(system === "fk5" ? "FK5" : "ICRS");
    const wcs = listOf(cards);
    const { regions } = parseDs9Regions(`image\n${shapes(14, COUNT, onImage, pixels).join("\n")}`);
    const texts = regions.map((region) => formatDs9Regions([region], { system, wcs }));
    const answers = astropy(texts.map((text) => ({ text, cards, subpixels: 1 })));
    let compared = 0;
    for (const [index, { name, terms }] of regions.entries()) {
      const [{ weights, name: theirName }] = answers[index].regions;
      expect(theirName).toBe(name);
      const ours = termsPixels(terms, SHAPE);
      expect(Object.keys(weights).map(Number), texts[index]).toEqual(ours);
      compared += ours.length;
    }
    expect(compared).toBeGreaterThan(1000);
  });

  it("positions in base 60, sizes in all units, points, and what is excluded", () => {
    const cards = cardsOf("FK5");
    const lines = [
      'circle(17:45:40.03,-29:00:28.1,4") # text={a b}',
      "circle(17h45m40.03s,-29d00m28.1s,0.07')",
      "box(266.4168,-29.0078,0.002,0.001,12)",
      "ellipse(266.4168d,-29.0078d,0.0015d,0.0005d,30)",
      "point(266.4190,-29.0060)",
      '-circle(266.4168,-29.0078,2")',
    ];
    const [answer] = astropy([{ text: `fk5\n${lines.join("\n")}\n`, cards, subpixels: 1 }]);
    expect(answer.regions.map(({ include }) => include)).toEqual([true, true, true, true, true, false]);
    const cut = imageOf(answer.regions[5].weights);
    const ours = regionsFromDs9(`fk5\n${lines.join("\n")}`, SHAPE, { wcs: listOf(cards) }).regions;
    expect(ours).toHaveLength(5);
    expect(ours[0].name).toBe(answer.regions[0].name);
    for (const [index, { weights, name }] of ours.entries()) {
      const theirs = imageOf(answer.regions[index].weights);
      const kept = theirs.data.map((weight, pixel) => (cut.data[pixel] > 0 ? 0 : weight));
      expect([...weights.data], name).toEqual([...kept]);
    }
  });
});
