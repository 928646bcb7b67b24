/**
 * Positions that are no plain header, against astropy (wcslib), to 1e-6 pixel: columns of event lists with matrices and rotations,
 * companions brought onto the pixels of the counts with and without distortion, declared centres of psfs.
 *
 * Needs Python with astropy (environment TSLIRA_PYTHON, else python3 or /usr/bin/python3); skipped with a reason when it is absent,
 * failed with TSLIRA_REQUIRE_INTEROP=1.
 */

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { centrePsf } from "../../src/data/observation/psf-centring.js";
import { binEvents } from "../../src/io/bin-events.js";
import { ontoCounts } from "../../src/io/companion-image.js";
import { findEvents } from "../../src/io/event-list.js";
import { fitsCard, readFits, writeFits } from "../../src/io/fits.js";
import { pythonWith } from "./python.js";

const SCRIPT = fileURLToPath(new URL("columns-astropy.py", import.meta.url));
const python = pythonWith("astropy", "astropy", "python3-astropy");
/** Largest distance from astropy that is accepted, in pixels. */
const TOLERANCE = 1e-6;

type Cards = readonly (readonly [keyword: string, value: string | number])[];
type Places = readonly (readonly [x: number, y: number])[];

function astropy(cases: readonly object[]): Places[] {
  return JSON.parse(execFileSync(python!, [SCRIPT], { input: JSON.stringify(cases), encoding: "utf8" }));
}

/** Of columns 3 and 4, units of degrees. */
const column = (scale: number | undefined, projection = "TAN", system = ["RA---", "DEC--"]): Cards => [
  ...[3, 4].flatMap(
    (index, axis): Cards => [
      [`TCTYP${index}`, `${system[axis]}${projection}`],
      [`TCRPX${index}`, 500.25 + 40 * axis],
      [`TCRVL${index}`, axis === 0 ? 266.4 : -28.9],
      [`TCUNI${index}`, "deg"],
    ],
  ),
  ...(scale === undefined
    ? []
    : ([
        ["TCDLT3", -scale],
        ["TCDLT4", scale],
      ] as const)),
];
const [cos, sin] = [Math.cos(0.6), Math.sin(0.6)];
const COLUMNS: readonly (readonly [name: string, cards: Cards, binSize: number])[] = [
  ["plain", column(3e-4), 1],
  [
    "TPn_k",
    [
      ...column(3e-4),
      ...([
        ["TP3_3", cos],
        ["TP3_4", -sin],
        ["TP4_3", sin],
        ["TP4_4", cos],
      ] as const),
    ],
    2,
  ],
  [
    "TPCn_k, skewed",
    [
      ...column(3e-4),
      ...([
        ["TPC3_3", 1],
        ["TPC3_4", 0.2],
        ["TPC4_3", -0.1],
        ["TPC4_4", 0.9],
      ] as const),
    ],
    3,
  ],
  [
    "TCn_k",
    [
      ...column(undefined),
      ...([
        ["TC3_3", -3e-4 * cos],
        ["TC3_4", 2e-4 * sin],
        ["TC4_3", 3e-4 * sin],
        ["TC4_4", 2e-4 * cos],
      ] as const),
    ],
    4,
  ],
  ["TCROTn", [...column(2e-4), ["TCROT4", 37.5]], 2],
  ["LONPn, SIN", [...column(2e-4, "SIN"), ["LONP3", 150]], 1],
  ["galactic, ARC", column(5e-4, "ARC", ["GLON-", "GLAT-"]), 5],
];
/** Not on the middle of pixels: two parts of the plane. */
const POSITIONS: Places = [
  [480.3, 500.1],
  [500.25, 540.25],
  [533.9, 571.7],
  [466.6, 590.4],
];

describe.skipIf(python === undefined)("positions in astropy", () => {
  it("columns of events with matrices, binned", () => {
    const cases = COLUMNS.map(([name, cards, binSize]) => {
      const bytes = writeFits([
        { kind: "empty" },
        {
          kind: "table",
          name: "EVENTS",
          cards: cards.map(([keyword, value]) => fitsCard(keyword, value)),
          columns: [
            { name: "TIME", format: "1D", values: POSITIONS.map(() => 1) },
            { name: "PI", format: "1J", values: POSITIONS.map(() => 1) },
            { name: "X", format: "1D", values: POSITIONS.map(([x]) => x) },
            { name: "Y", format: "1D", values: POSITIONS.map(([, y]) => y) },
          ],
        },
      ]);
      const { wcs, center, size, binned } = binEvents(findEvents(readFits(bytes)), { binSize });
      expect([name, binned]).toEqual([name, POSITIONS.length]);
      const image = wcs.map(({ keyword, value }) => [keyword, value] as const);
      // Columns of the image are equal steps of those of the list, the first from its edge.
      const places = POSITIONS.map((position) =>
        position.map((value, axis) => (value - center[axis]) / binSize + size[axis] / 2 - 0.5),
      );
      return {
        name,
        places,
        asked: { kind: "columns", cards, columns: [3, 4], image, positions: POSITIONS },
      };
    });
    const answers = astropy(cases.map(({ asked }) => asked));
    for (const [index, { name, places }] of cases.entries()) {
      for (const [event, place] of places.entries()) {
        for (const axis of [0, 1] as const)
          expect(Math.abs(place[axis] - answers[index][event]![axis]), name).toBeLessThan(TOLERANCE);
      }
    }
  });

  it("companions on other pixels, distorted ones too", () => {
    const header = (x: number, y: number, side: number, turn: number, more: Cards = [], sip = ""): Cards => [
      ["CTYPE1", `RA---TAN${sip}`],
      ["CTYPE2", `DEC--TAN${sip}`],
      ["CRPIX1", x],
      ["CRPIX2", y],
      ["CRVAL1", 150.1],
      ["CRVAL2", 62.3],
      ["CD1_1", -side * Math.cos(turn)],
      ["CD1_2", side * Math.sin(turn)],
      ["CD2_1", side * Math.sin(turn)],
      ["CD2_2", side * Math.cos(turn)],
      ...more,
    ];
    const sip: Cards = [
      ["A_ORDER", 2],
      ["A_2_0", 2e-5],
      ["A_1_1", -1e-5],
      ["B_ORDER", 2],
      ["B_0_2", 3e-5],
      ["B_1_1", 2e-5],
    ];
    const pairs: readonly (readonly [string, Cards, Cards])[] = [
      ["shifted by parts of a pixel", header(20, 20, 2e-4, 0), header(31.37, 27.81, 2e-4, 0)],
      ["turned by 20 degrees", header(20, 20, 2e-4, 0), header(40, 40, 2e-4, 0.35)],
      ["SIP of the companion", header(20, 20, 2e-4, 0.1), header(40.37, 41, 2e-4, 0.1, sip, "-SIP")],
      ["SIP of the counts", header(20, 20, 2e-4, 0, sip, "-SIP"), header(41.5, 39.2, 2e-4, 0.02)],
      ["smaller pixels in the counts", header(20, 20, 1.1e-4, 0), header(40, 40, 2e-4, -0.2)],
    ];
    const positions: Places = [
      [4, 5],
      [20, 19],
      [33, 7],
      [11, 30],
    ];
    const answers = astropy(
      pairs.map(([, counts, other]) => ({ kind: "companion", counts, other, positions })),
    );
    for (const [index, [name, counts, other]] of pairs.entries()) {
      const wcs = (cards: Cards) => cards.map(([keyword, value]) => ({ keyword, value }));
      // Values that are the column, or the row: interpolation of a plane is exact, so they say where a pixel was looked up.
      for (const axis of [0, 1] as const) {
        const data = Float64Array.from({ length: 80 * 80 }, (_, at) =>
          axis === 0 ? at % 80 : Math.floor(at / 80),
        );
        const companion = { name, image: { data, shape: [80, 80] as const }, wcs: wcs(other) };
        const { image } = ontoCounts("exposure", companion, { shape: [40, 40], wcs: wcs(counts) });
        for (const [place, [x, y]] of positions.entries())
          expect(Math.abs(image.data[y * 40 + x] - answers[index][place]![axis]), name).toBeLessThan(
            TOLERANCE,
          );
      }
    }
  });

  it("the declared centre of a psf of even size", () => {
    const cases = [
      [5.5, 5.5],
      [6, 5.5],
      [5.8125, 6.25],
    ].map(([x, y]) => {
      const cards: Cards = [
        ["CTYPE1", "RA---TAN"],
        ["CTYPE2", "DEC--TAN"],
        ["CRPIX1", x! + 1],
        ["CRPIX2", y! + 1],
        ["CRVAL1", 10],
        ["CRVAL2", 20],
        ["CDELT1", -1e-4],
        ["CDELT2", 1e-4],
      ];
      // A header of the sky around the source: its reference position lies on its pixel 0.
      const sky = cards.map(
        ([keyword, value]) => [keyword, keyword.startsWith("CRPIX") ? 1 : value] as const,
      );
      return { x: x!, y: y!, asked: { kind: "companion", counts: sky, other: cards, positions: [[0, 0]] } };
    });
    const answers = astropy(cases.map(({ asked }) => asked));
    for (const [index, { x, y }] of cases.entries()) {
      const data = Float64Array.from({ length: 144 }, (_, at) => {
        const [dx, dy] = [(at % 12) - x, Math.floor(at / 12) - y];
        return Math.exp((-0.5 * (dx * dx + dy * dy)) / 1.5 ** 2);
      });
      const { psf, centre, reason } = centrePsf({ data, shape: [12, 12] }, "auto", { x, y });
      expect(reason).toBe("reference pixel");
      const [judged] = answers[index];
      expect(Math.hypot(centre.x - judged![0], centre.y - judged![1])).toBeLessThan(TOLERANCE);
      // Its light lies around the middle of the new array, as far as cubic convolution keeps moments.
      const [ny, nx] = psf.shape;
      const sum = psf.data.reduce((all, value) => all + value, 0);
      const mean = (of: (at: number) => number) =>
        psf.data.reduce((all, value, at) => all + value * of(at), 0) / sum;
      expect(mean((at) => at % nx)).toBeCloseTo(Math.floor(nx / 2), 2);
      expect(mean((at) => Math.floor(at / nx))).toBeCloseTo(Math.floor(ny / 2), 2);
    }
  });
});
