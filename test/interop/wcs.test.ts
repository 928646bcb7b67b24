/**
 * Sky coordinates against astropy (wcslib): every supported projection, rotated and not, and the headers of real images.
 *
 * Needs Python with astropy (environment TSLIRA_PYTHON, else python3 or /usr/bin/python3) and the shared data folder beside
 * the checkout; skipped with a reason when they are absent, failed with TSLIRA_REQUIRE_INTEROP=1, TSLIRA_REQUIRE_SHARED=1.
 */

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { WcsCard } from "../../src/data/observation/observation.js";
import { randomStream } from "../../src/data/random/random.js";
import { galacticToIcrs, icrsToGalactic } from "../../src/data/sky/galactic.js";
import { pixelSize } from "../../src/data/sky/pixel-size.js";
import { PROJECTIONS } from "../../src/data/sky/projections.js";
import { pixelToSky, skyToPixel } from "../../src/data/sky/sky-position.js";
import { parseWcs, type SkyWcs } from "../../src/data/sky/sky-wcs.js";
import { shiftWcs, wcsCards } from "../../src/io/fits.js";
import { readFitsFile } from "../../src/io/fits-file-node.js";
import { scaleWcs } from "../../src/io/fits-wcs.js";
import { findPython } from "./python.js";

const SCRIPT = fileURLToPath(new URL("wcs-astropy.py", import.meta.url));
const SHARED = fileURLToPath(new URL("../../../shared/data", import.meta.url));
const python = findPython("astropy");
const missing =
  python === undefined
    ? "TSLIRA_REQUIRE_INTEROP: astropy must be installed, for example with `apt-get install python3-astropy`"
    : existsSync(SHARED)
      ? undefined
      : "TSLIRA_REQUIRE_SHARED: the shared data folder must stand beside the checkout as ../shared/data";
if (missing !== undefined) {
  if (process.env[missing.split(":")[0]] === "1") throw new Error(missing);
  console.warn(`skipped: ${missing}`);
}

/** Largest distance from astropy that is accepted, in pixels. */
const TOLERANCE = 1e-6;

interface Answer {
  /** That no pole fits the header. */
  readonly refused?: true;
  readonly sky: readonly (readonly [number | null, number | null])[];
  readonly pixels: readonly (readonly [number | null, number | null])[];
}

function astropy(cases: readonly object[]): Answer[] {
  const input = JSON.stringify(cases);
  return JSON.parse(execFileSync(python!, [SCRIPT], { input, encoding: "utf8", maxBuffer: 2 ** 28 }));
}

const grid = (nx: number, ny: number) =>
  [-0.5, 0, 0.31, 0.5, 0.77, 1].flatMap((v) => [-0.5, 0, 0.31, 0.5, 0.77, 1].map((u) => [u * nx, v * ny]));

/** Check one set of coordinates in both directions, to a millionth of a pixel, or to so many degrees. */
function expectSame(
  name: string,
  wcs: SkyWcs,
  pixels: readonly number[][],
  answer: Answer,
  most = TOLERANCE * pixelSize(wcs),
): number {
  let compared = 0;
  for (const [index, [x, y]] of pixels.entries()) {
    const ours = pixelToSky(wcs, x!, y!);
    const [lon, lat] = answer.sky[index];
    const where = `${name} at (${x}, ${y})`;
    if (lon === null || lat === null) {
      expect(ours.lat, where).toBeNaN();
      continue;
    }
    compared++;
    const turn = ours.lon - lon - 360 * Math.round((ours.lon - lon) / 360);
    const apart = Math.hypot(turn * Math.cos((lat * Math.PI) / 180), ours.lat - lat);
    expect(apart, where).toBeLessThan(most);
    const back = skyToPixel(wcs, lon, lat);
    const [theirX, theirY] = answer.pixels[index];
    expect(Math.hypot(back.x - theirX!, back.y - theirY!), `${where}, back`).toBeLessThan(
      most / pixelSize(wcs),
    );
  }
  return compared;
}

/** Headers of every projection, turned and mirrored, with each way to write the matrix and the pole. */
function syntheticHeaders(): { name: string; cards: Record<string, string | number>; minimum: number }[] {
  const headers: { name: string; cards: Record<string, string | number>; minimum: number }[] = [];
  const turn = (37 * Math.PI) / 180;
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const matrices: Record<string, Record<string, number>> = {
    CDELT: { CDELT1: -0.4, CDELT2: 0.4 },
    CROTA: { CDELT1: -0.4, CDELT2: 0.3, CROTA2: 37 },
    PC: { CDELT1: -0.4, CDELT2: 0.3, PC1_1: cos, PC1_2: -sin, PC2_1: sin, PC2_2: cos },
    CD: { CD1_1: -0.4 * cos, CD1_2: 0.35 * sin, CD2_1: 0.4 * sin, CD2_2: 0.35 * cos },
  };
  const centres: [number, number, Record<string, number>][] = [
    [83.6, 22.01, {}],
    [266.4, -29, { LONPOLE: 150 }],
    [0, 0, {}],
    [12, 90, {}],
    [200, -90, {}],
  ];
  for (const projection of Object.keys(PROJECTIONS)) {
    for (const [way, matrix] of Object.entries(matrices)) {
      for (const [lon, lat, pole] of centres) {
        headers.push({
          name: `${projection} ${way} ${lon} ${lat}`,
          cards: {
            CTYPE1: `RA---${projection}`,
            CTYPE2: `DEC--${projection}`,
            CRPIX1: 50.5,
            CRPIX2: 41.25,
            CRVAL1: lon,
            CRVAL2: lat,
            ...matrix,
            ...pole,
          },
          minimum: 36,
        });
      }
    }
  }
  const base = { CRPIX1: 20, CRPIX2: 10, CRVAL1: 121, CRVAL2: -21, CDELT1: -0.02, CDELT2: 0.02 };
  const more = (name: string, cards: Record<string, string | number>, minimum = 36) =>
    headers.push({ name, cards: { ...base, ...cards }, minimum });
  more("latitude first", { CTYPE1: "DEC--TAN", CTYPE2: "RA---TAN", CRVAL1: -21, CRVAL2: 121 });
  more("latitude first, turned", {
    ...{ CTYPE1: "DEC--TAN", CTYPE2: "RA---TAN", CRVAL1: -21, CRVAL2: 121, CROTA1: 21 },
  });
  more("slant SIN", { CTYPE1: "RA---SIN", CTYPE2: "DEC--SIN", PV2_1: 0.11, PV2_2: -0.23 });
  more("arc seconds", {
    ...{ CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN", CUNIT1: "arcsec", CUNIT2: "arcsec" },
    ...{ CRVAL1: 435600, CRVAL2: -75600, CDELT1: -20, CDELT2: 20 },
  });
  more("pole by PV", { CTYPE1: "GLON-CAR", CTYPE2: "GLAT-CAR", PV1_3: 10, PV1_4: 30, CRVAL2: 5 });
  more("oblique CAR, both poles possible", {
    ...{ CTYPE1: "GLON-CAR", CTYPE2: "GLAT-CAR", LONPOLE: 45, LATPOLE: -80, CRVAL2: 10 },
  });
  more("CEA of lambda 0.5", { CTYPE1: "GLON-CEA", CTYPE2: "GLAT-CEA", PV2_1: 0.5, CRVAL2: 0 });
  more("no projection", { CTYPE1: "RA", CTYPE2: "DEC" });
  more(
    "whole sky AIT",
    {
      ...{
        CTYPE1: "GLON-AIT",
        CTYPE2: "GLAT-AIT",
        CRVAL1: 0,
        CRVAL2: 0,
        CDELT1: -4,
        CDELT2: 3,
        CRPIX1: 50,
        CRPIX2: 40,
      },
    },
    8,
  );
  more(
    "half sky SIN",
    { CTYPE1: "RA---SIN", CTYPE2: "DEC--SIN", CRPIX1: 50, CRPIX2: 40, CDELT1: -2, CDELT2: 2 },
    6,
  );
  more("no reference pixel", { CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN", CRPIX1: 0, CRPIX2: 0 });
  return headers;
}

const toCards = (cards: Record<string, string | number>): WcsCard[] =>
  Object.entries(cards).map(([keyword, value]) => ({ keyword, value }));

describe.skipIf(missing !== undefined)("sky coordinates in astropy", () => {
  it("every projection, written in every way", () => {
    const headers = syntheticHeaders();
    const pixels = grid(100, 80);
    const answers = astropy(headers.map(({ cards }) => ({ cards, pixels })));
    for (const [index, { name, cards, minimum }] of headers.entries()) {
      const { wcs, warnings } = parseWcs(toCards(cards));
      expect(warnings, name).toEqual([]);
      expect(expectSame(name, wcs!, pixels, answers[index]), name).toBeGreaterThanOrEqual(minimum);
    }
  });

  it("random headers of every projection to 1e-9 degree, with and without a pole that fits", () => {
    const stream = randomStream(20021);
    const between = (low: number, high: number) => low + (high - low) * stream.uniform();
    const sometimes = (cards: () => Record<string, number>) => (stream.uniform() < 0.5 ? {} : cards());
    const cases = Object.keys(PROJECTIONS).flatMap((code) =>
      Array.from({ length: 40 }, () => {
        // Turned, stretched, one in two mirrored; points are of the plane, as far as cylindrical maps do not repeat.
        const [turn, stretch] = [
          between(0, 2 * Math.PI),
          between(0.5, 2) * (stream.uniform() < 0.5 ? -1 : 1),
        ];
        const [a, b] = [0.3 * Math.cos(turn), -0.3 * Math.sin(turn) * stretch];
        const [c, d] = [0.3 * Math.sin(turn), 0.3 * Math.cos(turn) * stretch];
        const reference = { CRPIX1: between(-50, 50), CRPIX2: between(-50, 50) };
        const pixels = [5, 60, 179.9].flatMap((reach) =>
          Array.from({ length: 12 }, () => {
            const [x, y] = [between(-reach, reach), between(-reach, reach)];
            const determinant = a * d - b * c;
            return [
              reference.CRPIX1 - 1 + (d * x - b * y) / determinant,
              reference.CRPIX2 - 1 + (a * y - c * x) / determinant,
            ];
          }),
        );
        const cards: Record<string, string | number> = {
          ...{ CTYPE1: `GLON-${code}`, CTYPE2: `GLAT-${code}`, ...reference },
          ...{ CRVAL1: between(0, 360), CRVAL2: between(-90, 90), CD1_1: a, CD1_2: b, CD2_1: c, CD2_2: d },
          ...sometimes(() => ({ LONPOLE: between(-180, 180) })),
          ...sometimes(() => ({ LATPOLE: between(-90, 90) })),
          ...(code === "CEA" && sometimes(() => ({ PV2_1: between(0.1, 1) }))),
          ...(code === "SIN" && sometimes(() => ({ PV2_1: between(-1, 1), PV2_2: between(-1, 1) }))),
        };
        return { code, cards, pixels };
      }),
    );
    const answers = astropy(cases);
    const found = new Map<string, number>();
    let refused = 0;
    for (const [index, { code, cards, pixels }] of cases.entries()) {
      const where = JSON.stringify(cards);
      const { wcs, unread } = parseWcs(toCards(cards));
      const answer = answers[index];
      expect(unread !== undefined, where).toBe(answer.refused === true);
      if (wcs === undefined) refused++;
      else found.set(code, (found.get(code) ?? 0) + expectSame(where, wcs, pixels, answer, 1e-9));
    }
    expect(refused).toBeGreaterThan(20);
    // Of at most 40 headers of 36 points; many of SIN, SFL, MOL and AIT lie beside the map, and headers without a pole have none.
    for (const code of Object.keys(PROJECTIONS)) expect(found.get(code), code).toBeGreaterThan(400);
  });

  it("distortion by TPV", () => {
    const base = {
      CRVAL1: 202.4,
      CRVAL2: 47.2,
      CRPIX1: 500,
      CRPIX2: -310,
      CD1_1: -1.1e-3,
      CD1_2: 2e-4,
      CD2_1: 3e-4,
      CD2_2: 1e-3,
    };
    const own = { PV1_1: 1.001, PV2_1: 0.999 };
    // Pixels of distortion at the corners: 1 to 60.
    const distortions: Record<string, Record<string, number>> = {
      second: {
        PV1_0: 1e-4,
        PV1_2: 2e-3,
        PV1_4: 5e-3,
        PV1_5: -2e-3,
        PV1_6: 1e-3,
        PV2_0: -2e-4,
        PV2_2: -1e-3,
        PV2_4: 3e-3,
        PV2_5: 1e-3,
      },
      radial: {
        PV1_3: 1e-4,
        PV1_11: 3e-3,
        PV1_23: 0.01,
        PV1_39: 0.01,
        PV2_3: -1e-4,
        PV2_11: 0.01,
        PV2_39: -0.01,
      },
      "to the seventh": {
        ...{
          PV1_7: 0.01,
          PV1_8: -0.02,
          PV1_9: 0.01,
          PV1_10: 0.004,
          PV1_12: 0.01,
          PV1_17: 0.02,
          PV1_22: -0.01,
          PV1_24: 0.01,
        },
        ...{
          PV1_30: 0.02,
          PV1_31: 0.01,
          PV1_38: 0.01,
          PV2_7: -0.01,
          PV2_16: 0.01,
          PV2_22: 0.02,
          PV2_30: 0.01,
          PV2_38: -0.01,
        },
      },
    };
    const cases = Object.entries(distortions).map(([name, terms]) => ({
      name,
      cards: { CTYPE1: "RA---TPV", CTYPE2: "DEC--TPV", ...base, ...own, ...terms },
    }));
    const pixels = grid(128, 100);
    const answers = astropy(cases.map(({ cards }) => ({ cards, pixels })));
    for (const [index, { name, cards }] of cases.entries()) {
      const { wcs, warnings } = parseWcs(toCards(cards));
      expect(warnings, name).toEqual([]);
      expect(expectSame(name, wcs!, pixels, answers[index]), name).toBe(36);
    }
  });

  it("distortion by SIP, whole, cut out and in finer pixels", () => {
    const base = { CTYPE1: "RA---TAN-SIP", CTYPE2: "DEC--TAN-SIP", CRVAL1: 202.4, CRVAL2: 47.2 };
    const linear = { CD1_1: -1.1e-4, CD1_2: 2e-5, CD2_1: 3e-5, CD2_2: 1e-4 };
    // Pixels of distortion at the corners: 1 to 13.
    const distortions: Record<string, Record<string, string | number>> = {
      second: { A_ORDER: 2, B_ORDER: 2, A_2_0: 2e-5, B_0_2: -2e-5 },
      third: {
        ...{ A_ORDER: 3, B_ORDER: 3, A_2_0: -3.7e-6, A_1_1: 2.4e-5, A_0_3: 1.6e-9, A_2_1: -6e-9 },
        ...{ B_1_1: 3.5e-6, B_0_2: 2.1e-5, B_3_0: -2e-9, AP_ORDER: 1, BP_ORDER: 1, AP_1_0: 0.5, BP_0_1: 0.5 },
      },
      "first and second": { A_ORDER: 2, B_ORDER: 2, A_1_0: 0.02, A_1_1: 1e-5, B_0_1: -0.01, B_1_0: 0.004 },
      "one axis": { A_ORDER: 2, A_0_2: 4e-5, B_ORDER: 2 },
    };
    const cases = Object.entries(distortions).flatMap(([name, terms]) =>
      [
        [500, 500],
        [-20.5, 310],
        [64.5, 64.5],
      ].map(([x, y]) => ({ name, cards: { ...base, ...linear, ...terms, CRPIX1: x!, CRPIX2: y! } })),
    );
    const pixels = grid(128, 100);
    const answers = astropy(cases.map(({ cards }) => ({ cards, pixels })));
    for (const [index, { name, cards }] of cases.entries()) {
      const parsed = parseWcs(toCards(cards));
      expect(parsed.warnings, name).toEqual([]);
      expect(expectSame(name, parsed.wcs!, pixels, answers[index]), name).toBe(36);
      const shifted = pixels.map(([x, y]) => [x! - 13, y! - 7]);
      const cut = parseWcs(shiftWcs(toCards(cards), 13, 7)).wcs!;
      for (const [at, [x, y]] of shifted.entries()) {
        const [lon, lat] = answers[index].sky[at] as [number, number];
        const back = skyToPixel(cut, lon, lat);
        expect(Math.hypot(back.x - x!, back.y - y!), `${name}, cut out`).toBeLessThan(TOLERANCE);
        // Three pixels for one: the middle of pixel x is that of 3 x + 1.
        const fine = skyToPixel(parseWcs(scaleWcs(toCards(cards), 3)).wcs!, lon, lat);
        const [wantedX, wantedY] = pixels[at].map((value) => 3 * value + 1);
        expect(Math.hypot(fine.x - wantedX!, fine.y - wantedY!), `${name}, finer`).toBeLessThan(
          3 * TOLERANCE,
        );
      }
    }
  });

  it.each([
    { file: "chandra-gc/chandra-counts-obs-id-4684.fits.gz", nx: 256, ny: 256, corner: [64, 65] },
    { file: "chandra-gc/chandra-counts-obs-id-4683.fits.gz", nx: 256, ny: 256, corner: [64, 65] },
    { file: "fermi-gc/fermi-3fhl-gc-counts.fits.gz", nx: 400, ny: 200, corner: [151, 33] },
  ])("$file, whole and cut out", async ({ file, nx, ny, corner }) => {
    const path = `${SHARED}/${file}`;
    const cards = wcsCards((await readFitsFile(path))[0].header);
    const pixels = grid(nx, ny);
    const [whole, cut] = astropy([
      { file: path, pixels },
      { file: path, pixels, cutout: corner },
    ]);
    expect(expectSame("whole", parseWcs(cards).wcs!, pixels, whole!)).toBe(36);
    const shifted = parseWcs(shiftWcs(cards, corner[0], corner[1])).wcs!;
    expect(expectSame("cut out", shifted, pixels, cut!)).toBe(36);
  });

  it("Galactic positions in ICRS agree to 0.03 arc seconds, and there and back to rounding", () => {
    const positions = [-85, -30, 0, 12.5, 60].flatMap((lat) => [0.1, 95, 187, 359].map((lon) => [lon, lat]));
    const [{ sky }] = astropy([{ galactic: positions }]) as [Answer];
    for (const [index, [lon, lat]] of positions.entries()) {
      const ours = galacticToIcrs({ lon: lon!, lat: lat! });
      const [ra, dec] = sky[index] as [number, number];
      const turn =
        (ours.lon - ra - 360 * Math.round((ours.lon - ra) / 360)) * Math.cos((dec * Math.PI) / 180);
      expect(Math.hypot(turn, ours.lat - dec) * 3600).toBeLessThan(0.03);
      const back = icrsToGalactic(ours);
      expect(back.lon).toBeCloseTo(lon!, 7);
      expect(back.lat).toBeCloseTo(lat!, 7);
    }
  });
});
