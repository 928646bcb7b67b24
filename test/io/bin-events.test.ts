/** Event lists to images: against an oracle, against what the same data look like, and by properties. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { randomStream } from "../../src/data/random/random.js";
import { pixelToSky, skyToPixel } from "../../src/data/sky/sky-position.js";
import { parseWcs } from "../../src/data/sky/sky-wcs.js";
import { type BinEventsOptions, binEvents, binnedEventsHdus } from "../../src/io/bin-events.js";
import { eventColumns, findEvents, otherEvents } from "../../src/io/event-list.js";
import {
  columnNumbers,
  type FitsCard,
  fitsCard,
  imageToSkyImage,
  readFits,
  readFitsMaybeGzip,
  readTable,
  wcsCards,
  writeFits,
} from "../../src/io/fits.js";
import { findGoodTimes, unusedGoodTimes } from "../../src/io/good-times.js";

const FERMI = fileURLToPath(new URL("../../../shared/data/fermi-gc/", import.meta.url));
const hasFermi = existsSync(FERMI);
if (!hasFermi) {
  if (process.env.TSLIRA_REQUIRE_SHARED === "1")
    throw new Error("no ../shared/data/fermi-gc, and TSLIRA_REQUIRE_SHARED=1");
  console.warn("skipped in part: no ../shared/data/fermi-gc");
}

/** Cards of a plane of Chandra (the numbers of obs id 4684, rounded): column 1 is X, column 2 is Y. */
const PLANE: readonly FitsCard[] = [
  ...[1, 2].flatMap((axis) => [
    fitsCard(`TLMIN${axis}`, 0.5),
    fitsCard(`TLMAX${axis}`, 8192.5),
    fitsCard(`TCTYP${axis}`, axis === 1 ? "RA---TAN" : "DEC--TAN"),
    fitsCard(`TCRPX${axis}`, 4096.5),
    fitsCard(`TCRVL${axis}`, axis === 1 ? 266.4 : -29),
    fitsCard(`TCDLT${axis}`, axis === 1 ? -0.0001366667 : 0.0001366667),
  ]),
  fitsCard("TELESCOP", "CHANDRA"),
];

/** An event list with double columns. */
function eventList(columns: Readonly<Record<string, readonly number[]>>, cards: readonly FitsCard[] = []) {
  const bytes = writeFits([
    { kind: "empty" },
    {
      kind: "table",
      name: "EVENTS",
      cards: [...cards],
      columns: Object.entries(columns).map(([name, values]) => ({
        name,
        format: "1D",
        values: Float64Array.from(values),
      })),
    },
  ]);
  return findEvents(readFits(bytes));
}

const total = ({ data }: { readonly data: Float64Array }) => data.reduce((sum, value) => sum + value, 0);

describe("binEvents, in a plane", () => {
  it("puts events where their sky coordinates are", () => {
    const x = [4000.2, 4000.7, 4011.5, 4020];
    const hdu = eventList({ X: x, Y: [3000, 3001, 3002, 3010.25] }, PLANE);
    const { counts, wcs, binSize, coordinates } = binEvents(hdu, { binSize: 4 });
    expect([coordinates, binSize, total(counts)]).toEqual(["pixel", 4, 4]);
    const sky = parseWcs(wcs).wcs!;
    const plane = parseWcs(eventColumns(hdu)!.positions[0].wcs).wcs!;
    // An event lies in the pixel whose sky is less than half a pixel away; whole numbers are pixel centres in both.
    const at = pixelToSky(plane, 4020 - 1, 3010.25 - 1);
    const lit = counts.data.lastIndexOf(1);
    const pixel = pixelToSky(sky, lit % counts.shape[1], Math.floor(lit / counts.shape[1]));
    expect(Math.abs(at.lat - pixel.lat)).toBeLessThanOrEqual(2.001 * 0.0001366667);
    expect(wcs).toContainEqual({ keyword: "TELESCOP", value: "CHANDRA" });
    // Physical coordinates: pixel p of the image is X = (p - LTV) / LTM.
    const value = (keyword: string) => Number(wcs.find((card) => card.keyword === keyword)?.value);
    expect(((lit % counts.shape[1]) + 1 - value("LTV1")) / value("LTM1_1")).toBeCloseTo(4018.5, 9);
  });

  it("keeps sky positions for every bin size, center and size", () => {
    const column = fc.array(fc.double({ min: 1, max: 8191, noNaN: true }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(column, fc.integer({ min: 8, max: 200 }), (xs, binSize) => {
        const hdu = eventList({ X: xs, Y: xs.map((x) => 8192 - x) }, PLANE);
        const { counts, wcs, binned, outside } = binEvents(hdu, { binSize });
        expect([binned, outside, total(counts)]).toEqual([xs.length, 0, xs.length]);
        const sky = parseWcs(wcs).wcs!;
        const plane = parseWcs(eventColumns(hdu)!.positions[0].wcs).wcs!;
        const [ny, nx] = counts.shape;
        for (const x of xs) {
          const there = pixelToSky(plane, x - 1, 8192 - x - 1);
          // Half a pixel on each axis, and a little for rounding.
          const near = [...counts.data.keys()].some((pixel) => {
            if (counts.data[pixel] === 0) return false;
            const { lat } = pixelToSky(sky, pixel % nx, Math.floor(pixel / nx));
            return Math.abs(lat - there.lat) <= 0.5001 * binSize * 0.0001366667 + 1e-9;
          });
          expect(near).toBe(true);
        }
        expect(ny * nx).toBeLessThan(8192 ** 2);
      }),
      { seed: 7, numRuns: 30 },
    );
  });

  it("counts every event once: binned, filtered, outside or unplaced", () => {
    const event = fc.record({
      X: fc.oneof(fc.double({ min: 0, max: 64, noNaN: true }), fc.constant(Number.NaN)),
      Y: fc.double({ min: 0, max: 64, noNaN: true }),
      ENERGY: fc.oneof(fc.double({ min: 0, max: 10, noNaN: true }), fc.constant(Number.NaN)),
    });
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 60 }), (some) => {
        // One in the image, between whole numbers.
        const events = [...some, { X: 32.25, Y: 32.25, ENERGY: 5 }];
        const columns = Object.fromEntries(
          (["X", "Y", "ENERGY"] as const).map((name) => [name, events.map((one) => one[name])]),
        );
        const hdu = eventList(columns);
        const options: BinEventsOptions = { energy: [2, 7], binSize: 4, center: [32, 32], size: [8, 8] };
        const found = binEvents(hdu, options);
        const passing = events.filter(({ ENERGY }) => ENERGY >= 2 && ENERGY < 7);
        const placed = passing.filter(({ X }) => !Number.isNaN(X));
        const inside = placed.filter(({ X, Y }) => X >= 16 && X < 48 && Y >= 16 && Y < 48);
        expect(found).toMatchObject({
          filtered: events.length - passing.length,
          unplaced: passing.length - placed.length,
          outside: placed.length - inside.length,
          binned: inside.length,
        });
        const oracle = new Float64Array(64);
        for (const { X, Y } of inside) oracle[Math.floor((Y - 16) / 4) * 8 + Math.floor((X - 16) / 4)]++;
        expect(found.counts.data).toEqual(oracle);
      }),
      { seed: 3, numRuns: 60 },
    );
  });

  it("reads lists longer than a chunk of rows", () => {
    const rows = 2 ** 16 + 1_000;
    const hdu = eventList({
      X: Array.from({ length: rows }, (_, row) => (row % 50) + 1),
      Y: Array.from({ length: rows }, (_, row) => (Math.floor(row / 50) % 40) + 1),
    });
    const { counts, size, binned } = binEvents(hdu);
    expect([size, binned, total(counts)]).toEqual([[50, 40], rows, rows]);
  });

  it("reads the keywords of XMM-Newton", () => {
    const cards = ["X", "Y"].flatMap((letter, axis) => [
      fitsCard(`REF${letter}CTYP`, axis === 0 ? "RA---TAN" : "DEC--TAN"),
      fitsCard(`REF${letter}CRPX`, 25921),
      fitsCard(`REF${letter}CRVL`, axis === 0 ? 83.6 : 22),
      fitsCard(`REF${letter}CDLT`, axis === 0 ? -1.38889e-5 : 1.38889e-5),
      fitsCard(`REF${letter}CUNI`, "deg"),
    ]);
    const hdu = eventList({ X: [25921, 26000], Y: [25921, 26000] }, cards);
    const { wcs, size } = binEvents(hdu, { binSize: 80, center: [25921, 25921], size: [3, 3] });
    expect(size).toEqual([3, 3]);
    const sky = parseWcs(wcs).wcs!;
    // Whole numbers: 80 of them have their middle between two, and the reference is half of one beside the middle of the middle pixel.
    expect([sky.referencePixel.x, sky.referencePixel.y]).toEqual([1 + 0.5 / 80, 1 + 0.5 / 80]);
    expect(pixelToSky(sky, 1 + 0.5 / 80, 1 + 0.5 / 80).lat).toBeCloseTo(22, 9);
  });
});

/** A list with columns of any format. */
function formattedList(
  columns: Readonly<Record<string, readonly [format: string, values: readonly number[], unit?: string]>>,
  cards: readonly FitsCard[] = [],
  others: Parameters<typeof writeFits>[0] = [],
  name = "EVENTS",
) {
  // The writer takes no TSCAL and TZERO from others: cards of other names stand in for them until the bytes are there.
  const disguised = cards.map((card) => ({ ...card, keyword: card.keyword.replace(/^T(SCAL|ZERO)/, "Q$1") }));
  const bytes = Buffer.from(
    writeFits([
      { kind: "empty" },
      {
        ...{ kind: "table", name, cards: disguised },
        columns: Object.entries(columns).map(([title, [format, values, unit]]) => ({
          ...{ name: title, format, values: [...values], ...(unit !== undefined && { unit }) },
        })),
      },
      ...others,
    ]),
  );
  const text = bytes.toString("latin1").replace(/Q(SCAL|ZERO)(?=\d+ *=)/g, "T$1");
  const hdus = readFits(new Uint8Array(Buffer.from(text, "latin1")));
  return { hdus, events: findEvents(hdus) };
}

const goodTimesTable = (
  name: string,
  intervals: readonly (readonly [number, number])[],
  cards: FitsCard[] = [],
) => ({
  ...{ kind: "table" as const, name, cards },
  columns: [
    { name: "START", format: "1D", values: Float64Array.from(intervals, ([start]) => start) },
    { name: "STOP", format: "1D", values: Float64Array.from(intervals, ([, stop]) => stop) },
  ],
});

it("leaves out events that TLMIN and TLMAX say have no position, unless these cards leave none", () => {
  // NuSTAR has -1, XMM-Newton -99999999 for events without a place.
  const x = [4000, -1, 4003, -99999999];
  const beyond = binEvents(eventList({ X: x, Y: x }, PLANE));
  expect([beyond.binned, beyond.unplaced, beyond.size, beyond.binSize]).toEqual([2, 2, [4, 4], 1]);
  expect(beyond.notes).toEqual([
    expect.stringMatching(
      /X and Y should lie within TLMIN and TLMAX .* got 2 of 4 events beyond them; they have no/,
    ),
  ]);
  const wrong = binEvents(eventList({ X: [9000, 9001], Y: [9000, 9003] }, PLANE));
  expect([wrong.binned, wrong.unplaced]).toEqual([2, 0]);
  expect(wrong.notes).toEqual([
    expect.stringMatching(/got 2 of 2 events beyond them; these cards are not used/),
  ]);
  // Half a pixel beyond is the edge of the last one.
  const edge = binEvents(eventList({ X: [0.5, 8192.9], Y: [1, 2] }, PLANE), { binSize: 64 });
  expect([edge.binned, edge.notes]).toEqual([2, []]);
});

it("says that a condition on TIME shortens no exposure, and reads conditions of the header", () => {
  const cards = [...PLANE, fitsCard("EXPOSURE", 100), fitsCard("XMMEA_EP", "(FLAG & 0xf0) == 0")];
  const hdu = eventList({ X: [1, 2, 3], Y: [1, 2, 3], TIME: [5, 50, 95], FLAG: [0, 1, 16] }, cards);
  const exposure = ({ wcs }: { readonly wcs: readonly { keyword: string; value: unknown }[] }) =>
    wcs.find(({ keyword }) => keyword === "EXPOSURE")?.value;
  const some = binEvents(hdu, { where: "TIME<60" });
  expect([some.binned, exposure(some)]).toEqual([2, 100]);
  expect(some.notes).toEqual([expect.stringContaining("ranges should be given as such (--time start:stop)")]);
  const header = binEvents(hdu, { where: "#XMMEA_EP && FLAG<2" });
  expect([header.binned, header.notes]).toEqual([2, []]);
  expect(() => binEvents(hdu, { where: "#XMMEA_EM" })).toThrow(
    /#XMMEA_EM must be a condition in the header, got no card/,
  );
});

it("says that sky coordinates of an alternate description alone are not read", () => {
  const alternate = PLANE.map((card) =>
    /^TC/.test(card.keyword)
      ? fitsCard(`${card.keyword.replace("TCTYP", "TCTY")}A`, card.value as number)
      : card,
  );
  const { wcs, notes } = binEvents(eventList({ X: [4000, 4001], Y: [3000, 3001] }, alternate), {
    binSize: 1,
  });
  expect(parseWcs(wcs).wcs).toBeUndefined();
  expect(notes).toEqual([expect.stringContaining("alternate description alone (TCTY1A, TCTY2A)")]);
});

it("names further tables of events", () => {
  const { hdus, events } = formattedList(
    { X: ["1D", [1, 2]], Y: ["1D", [3, 4]] },
    [],
    [
      {
        ...{ kind: "table" as const, name: "EVENTS" },
        columns: ["X", "Y"].map((name) => ({ name, format: "1D", values: Float64Array.of(5) })),
      },
      goodTimesTable("GTI", [[0, 1]]),
    ],
  );
  expect(otherEvents(hdus, events)).toEqual(["2 EVENTS"]);
});

describe("binEvents, whole numbers", () => {
  const xs = [500, 500, 480, 517];
  it.each([
    ["integers", "1I", []],
    [
      "integers with cards that change nothing",
      "1J",
      [fitsCard("TSCAL1", 1), fitsCard("TZERO1", 0), fitsCard("TSCAL2", 1)],
    ],
    ["integers from TLMIN 0", "1I", [fitsCard("TLMIN1", 0), fitsCard("TLMIN2", 0)]],
    ["integers from TLMIN 0.5", "1I", [fitsCard("TLMIN1", 0.5), fitsCard("TLMIN2", 0.5)]],
    ["floating-point numbers", "1E", [fitsCard("TLMIN1", 1), fitsCard("TLMIN2", 1)]],
  ])("are centres of pixels: %s", (_, format, cards) => {
    const sky = PLANE.filter(({ keyword }) => !keyword.startsWith("TLM"));
    const { events } = formattedList({ X: [format, xs], Y: [format, xs.map((x) => x - 20)] }, [
      ...sky,
      ...cards,
    ]);
    const plane = parseWcs(eventColumns(events)!.positions[0].wcs).wcs!;
    for (const options of [
      {},
      { center: [500, 480], size: [64, 64] },
      { center: [500, 480], size: [33, 20] },
      { center: [499.7, 480.2], size: [64, 65] },
      { binSize: 3, center: [500, 480], size: [20, 21] },
    ] as BinEventsOptions[]) {
      const { counts, wcs, binSize = 1 } = binEvents(events, options);
      const image = parseWcs(wcs).wcs!;
      const lit = counts.data.indexOf(Math.max(...counts.data));
      const [col, row] = [lit % counts.shape[1], Math.floor(lit / counts.shape[1])];
      // Where the brightest pixel is on the sky, in X and Y.
      const sky = pixelToSky(image, col, row);
      const back = skyToPixel(plane, sky.lon, sky.lat);
      const off = [back.x + 1 - 500, back.y + 1 - 480].map(Math.abs);
      if (binSize === 1) expect(Math.max(...off)).toBeLessThan(1e-6);
      // The middle of three whole numbers is one of them, at most one away.
      else
        expect(off.map((value) => Math.min(value, Math.abs(value - 1)))).toEqual([
          expect.closeTo(0, 6),
          expect.closeTo(0, 6),
        ]);
    }
  });

  it("has edges half-way between steps of scaled integers", () => {
    const cards = [fitsCard("TSCAL1", 0.25), fitsCard("TZERO1", 10), fitsCard("TSCAL2", 0.25)];
    const { events } = formattedList({ X: ["1J", [1, 2, 3, 4]], Y: ["1J", [1, 1, 1, 1]] }, cards);
    const { wcs, size, counts } = binEvents(events, { binSize: 0.5, center: [10.75, 0.25], size: [4, 1] });
    // X is 10.25, 10.5, 10.75, 11; edges lie at 10.125 + 0.25 k: 9.625, 10.125, 10.625, 11.125.
    expect([size, [...counts.data]]).toEqual([
      [4, 1],
      [0, 2, 2, 0],
    ]);
    expect(wcs.find(({ keyword }) => keyword === "LTV1")?.value).toBeCloseTo(0.5 - 9.625 / 0.5, 12);
    expect(binEvents(events, { binSize: 0.6 }).notes[0]).toMatch(
      /bin size: must be a whole number of the steps of X, 0.25/,
    );
  });
});

describe("binEvents, chosen events", () => {
  const { hdus, events } = formattedList(
    {
      ...{ TIME: ["1D", [0, 1, 2, 3, 4, 5, 6, 7], "s"], X: ["1E", [1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5]] },
      ...{
        Y: ["1E", [1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5]],
        PI: ["1J", [10, 20, 30, 40, 50, 60, 70, 80]],
      },
      ...{
        ENERGY: ["1E", [100, 500, 900, 2000, 3000, 6999, 7000, 9000], "eV"],
        CCD_ID: ["1I", [0, 1, 0, 1, 0, 1, 0, 1]],
      },
    },
    [
      fitsCard("EXPOSURE", 90),
      fitsCard("LIVETIME", 95),
      fitsCard("DATE", "2020-01-02"),
      fitsCard("ONTIME", 100),
    ],
    [
      goodTimesTable("GTI", [
        [4, 6],
        [0, 2],
        [1, 3],
      ]),
    ],
  );
  const count = (options: BinEventsOptions) => binEvents(events, options).binned;

  it("reads units of energy, and names column and unit", () => {
    expect(count({ energy: [500, 7000] })).toBe(5);
    expect(count({ energy: [0.5, 7], energyUnit: "keV" })).toBe(5);
    expect(count({ energy: [5e-4, 7e-3], energyUnit: "MeV" })).toBe(5);
    expect(count({ channels: [20, 50] })).toBe(3);
    expect(() => count({ energy: [0.5, 7] })).toThrow(
      /8 taken by ENERGY in 0.5:7 \(eV\), of ENERGY from 100 to 9000 eV/,
    );
    expect(binEvents(events, { energy: [500, 7000] }).cuts).toEqual([
      { kind: "energy", text: "ENERGY in 500:7000 (eV)", column: "ENERGY", unit: "eV", taken: 3 },
    ]);
  });

  it("keeps to good times, and says what each cut took and what time is left", () => {
    const goodTimes = findGoodTimes(hdus, events);
    // CCD_ID is a column, but the table has no such card: it is for all. 0 to 3 joined of two, and 4 to 6.
    expect(goodTimes).toEqual([
      {
        name: "GTI",
        intervals: [
          [0, 3],
          [4, 6],
        ],
      },
    ]);
    const found = binEvents(events, { goodTimes, where: "CCD_ID == 0 && PI<100", time: [1, 7] });
    expect(found.cuts.map(({ kind, taken }) => [kind, taken])).toEqual([
      ["good times", 3],
      ["time", 1],
      ["where", 2],
    ]);
    expect([found.binned, found.filtered, found.goodTime]).toEqual([2, 6, 4]);
    const value = (keyword: string) => found.wcs.find((card) => card.keyword === keyword)?.value;
    // 4 s of the 5 s of good time.
    expect([value("EXPOSURE"), value("LIVETIME"), value("ONTIME"), value("DATE")]).toEqual([
      72,
      76,
      80,
      "2020-01-02",
    ]);
  });

  it("keeps good times of detectors apart", () => {
    const columns = {
      X: ["1E", [1.5, 2, 3, 4]],
      Y: ["1E", [1.5, 2, 3, 4]],
      TIME: ["1D", [1, 1, 9, 9]],
    } as const;
    for (const [column, tables] of [
      [
        "CCD_ID",
        [
          goodTimesTable("GTI", [[0, 5]], [fitsCard("CCD_ID", 3)]),
          goodTimesTable("GTI", [[8, 10]], [fitsCard("CCD_ID", 7)]),
        ],
      ],
      ["CCDNR", [goodTimesTable("STDGTI03", [[0, 5]]), goodTimesTable("STDGTI07", [[8, 10]])]],
      ["TM_NR", [goodTimesTable("GTI3", [[0, 5]]), goodTimesTable("GTI7", [[8, 10]])]],
    ] as const) {
      const found = formattedList({ ...columns, [column]: ["1I", [3, 7, 3, 7]] }, [], [...tables]);
      const goodTimes = findGoodTimes(found.hdus, found.events);
      expect(goodTimes.map(({ detector }) => detector?.value)).toEqual([3, 7]);
      const { binned, goodTime } = binEvents(found.events, { goodTimes });
      // The first and the last event; 5 s and 2 s, in the mean 3.5 s.
      expect([binned, goodTime]).toEqual([2, 3.5]);
    }
  });

  it.each([
    ["GTI0", [], "GTI0"],
    ["gti", [], "gti"],
    // IBIS of INTEGRAL, SAS and a table that only its class tells.
    ["IBIS-GNRL-GTI", [], "IBIS-GNRL-GTI"],
    ["SRC_GTIS", [], "SRC_GTIS"],
    ["GOODTIME", [fitsCard("HDUCLAS1", "GTI")], "GOODTIME"],
    ["FLAREGTI1", [], undefined],
    ["BADTIMES", [fitsCard("HDUCLAS1", "GTI")], undefined],
    ["OTHER", [], undefined],
  ] as const)("good times of a table called %s", (name, cards, used) => {
    const found = formattedList(
      { X: ["1E", [1]], Y: ["1E", [1]], TIME: ["1D", [2]] },
      [],
      [goodTimesTable(name, [[0, 5]], [...cards])],
    );
    const goodTimes = findGoodTimes(found.hdus, found.events);
    expect(goodTimes.map((one) => one.name)).toEqual(used === undefined ? [] : [used]);
    expect(unusedGoodTimes(found.hdus, goodTimes)).toEqual(
      used === undefined && name !== "OTHER" ? [name] : [],
    );
  });

  it("good times by another clock", () => {
    const between = (own: FitsCard[], other: FitsCard[], unit?: string) => {
      const { columns, ...table } = goodTimesTable("GTI", [[100, 200]], other);
      const { hdus, events } = formattedList(
        { X: ["1E", [1]], Y: ["1E", [1]], TIME: ["1D", [2], "s"] },
        own,
        [
          {
            ...table,
            columns: columns.map((column) => ({ ...column, ...(unit !== undefined && { unit }) })),
          },
        ],
      );
      return findGoodTimes(hdus, events)[0]!.intervals[0];
    };
    const day = (whole: number, part: number) => [fitsCard("MJDREFI", whole), fitsCard("MJDREFF", part)];
    expect(between([], [])).toEqual([100, 200]);
    expect(between([], [], "d")).toEqual([8_640_000, 17_280_000]);
    expect(between([fitsCard("TIMEZERO", 30)], [fitsCard("TIMEZERO", 10)])).toEqual([80, 180]);
    // A header that does not say has the clock of the other.
    expect(between([fitsCard("TIMEZERO", 30)], [])).toEqual([100, 200]);
    expect(between(day(51910, 0.5), day(51911, 0.25))).toEqual([100 + 64_800, 200 + 64_800]);
    expect(between([fitsCard("MJDREF", 51910)], day(51911, 0))).toEqual([100 + 86_400, 200 + 86_400]);
  });

  it("takes a center in degrees where X and Y cannot be meant", () => {
    const list = eventList({ X: [4090.2, 4100.7], Y: [4090.5, 4101] }, PLANE);
    const found = binEvents(list, { center: [266.4, -29], size: [64, 64] });
    expect([found.binned, found.center]).toEqual([2, [expect.closeTo(4096.5, 6), expect.closeTo(4096.5, 6)]]);
    expect(found.notes[0]).toMatch(/taken as degrees on the sky, it is X 4096.5, Y 4096.5/);
    expect(binEvents(list, { center: [266.4, -29], centerUnit: "sky", size: [64, 64] })).toMatchObject({
      notes: [],
      binned: 2,
    });
    expect(() => binEvents(list, { center: [266.4, -29], centerUnit: "pixel", size: [64, 64] })).toThrow(
      /image must hold events/,
    );
    expect(() => binEvents(list, { center: [83, 22], size: [64, 64] })).toThrow(/image must hold events/);
  });
});

describe("binEvents, matrices of columns", () => {
  const [cos, sin] = [Math.cos(0.6), Math.sin(0.6)];
  const scale = 0.0001366667;
  const matrix = (prefix: string, factor: readonly [number, number]) => [
    fitsCard(`${prefix}1_1`, factor[0] * cos),
    fitsCard(`${prefix}1_2`, -factor[0] * sin),
    fitsCard(`${prefix}2_1`, factor[1] * sin),
    fitsCard(`${prefix}2_2`, factor[1] * cos),
  ];
  const noScale = PLANE.filter(({ keyword }) => !keyword.startsWith("TCDLT"));
  it.each([
    ["TPn_k", [...PLANE, ...matrix("TP", [1, 1])]],
    ["TPCn_k", [...PLANE, ...matrix("TPC", [1, 1])]],
    ["TCn_k", [...noScale, ...matrix("TC", [-scale, scale])]],
    ["TCDn_k", [...noScale, ...matrix("TCD", [-scale, scale])]],
    ["TCROTn", [...PLANE, fitsCard("TCROT2", (-0.6 * 180) / Math.PI)]],
  ])("%s turns the image as the columns are turned", (name, cards) => {
    const hdu = eventList({ X: [4000.2, 4011.5], Y: [3000.4, 3010.25] }, cards);
    for (const binSize of [1, 4]) {
      const { wcs } = binEvents(hdu, { binSize, center: [4006, 3005], size: [20, 20] });
      const image = parseWcs(wcs).wcs!;
      // Worked out by hand from the header: the middle of the image is X 4006, Y 3005.
      const turn = name === "TCROTn" ? -0.6 : 0.6;
      const [dx, dy] = [4006 - 4096.5, 3005 - 4096.5];
      const [c, s] = [Math.cos(turn), Math.sin(turn)];
      const expected =
        name === "TCROTn"
          ? [-scale * c * dx - scale * s * dy, -scale * s * dx + scale * c * dy]
          : [-scale * (c * dx - s * dy), scale * (s * dx + c * dy)];
      const { lon, lat } = pixelToSky(image, 9.5, 9.5);
      const straight = parseWcs(
        [...PLANE.entries()].length > 0
          ? eventColumns(eventList({ X: [1.5], Y: [1.5] }, PLANE))!.positions[0].wcs
          : [],
      ).wcs!;
      const there = pixelToSky(straight, 4095.5 - expected[0] / scale, 4095.5 + expected[1] / scale);
      expect([lon, lat]).toEqual([expect.closeTo(there.lon, 9), expect.closeTo(there.lat, 9)]);
    }
  });

  it("a scale that is missing is a degree, with a warning", () => {
    const hdu = eventList({ X: [1.5, 2], Y: [1.5, 2] }, [...noScale, fitsCard("TCROT2", 30)]);
    const { wcs, notes } = binEvents(hdu, { binSize: 2 });
    expect(notes[0]).toMatch(/should have a scale, got no TCDLT1, TCDLT2/);
    expect(wcs).toContainEqual({ keyword: "CDELT2", value: 2 });
  });
});

describe("binEvents, on the sky", () => {
  it.each([
    ["rad", Math.PI / 180],
    ["radian", Math.PI / 180],
    ["arcmin", 60],
    ["deg", 1],
  ])("reads %s", (unit, factor) => {
    const { events } = formattedList({
      RA: ["1D", [83.5, 83.7].map((value) => value * factor), unit],
      DEC: ["1D", [22, 22.1].map((value) => value * factor), unit],
    });
    const { center, binned } = binEvents(events, { binSize: 0.05 });
    expect([center, binned]).toEqual([[expect.closeTo(83.6, 9), expect.closeTo(22.05, 9)], 2]);
  });

  it("unwraps longitudes around 0 and takes all events", () => {
    const hdu = eventList({ RA: [359.5, 0.5, 0], DEC: [10, 10, 10.5] });
    const { center, binned, size, binSize, wcs } = binEvents(hdu);
    expect(Math.abs(center[0] - 360 * Math.round(center[0] / 360))).toBeLessThan(1e-9);
    expect(binned).toBe(3);
    expect(Math.max(...size)).toBeLessThan(1.1 / binSize);
    expect(parseWcs(wcs).wcs).toMatchObject({ projection: "TAN", system: "ICRS" });
  });

  it("has equal steps of longitude and latitude in CAR", () => {
    const hdu = eventList({ L: [120.26, 119.74], B: [40.26, 39.74] });
    const { counts, wcs } = binEvents(hdu, {
      ...{ projection: "CAR", binSize: 0.1, center: [120, 40], size: [10, 10] },
    });
    // Longitude grows to the left: (120.26 - 120) / 0.1 is 2.6 pixels left of the middle, 5.
    expect([counts.data[7 * 10 + 2], counts.data[2 * 10 + 7]]).toEqual([1, 1]);
    const { lon, lat } = pixelToSky(parseWcs(wcs).wcs!, 2, 7);
    expect([lon, lat]).toEqual([expect.closeTo(120.25, 9), expect.closeTo(40.25, 9)]);
  });

  it.skipIf(!hasFermi)("makes the counts image of the Galactic centre from its events", async () => {
    const read = async (name: string) =>
      readFitsMaybeGzip(readFileSync(`${FERMI}fermi-3fhl-gc-${name}.fits.gz`));
    const hdu = findEvents(await read("events"));
    const [image] = await read("counts");
    const theirs = imageToSkyImage(image);
    const options: BinEventsOptions = {
      ...{ coordinates: "galactic", projection: "CAR", center: [0, 0], binSize: 0.05, size: [400, 200] },
    };
    const ours = binEvents(hdu, { ...options, energy: [10_000, 500_000] });

    // The same pixels on the same sky.
    const [a, b] = [ours.wcs, wcsCards(image.header)].map((cards) => parseWcs(cards).wcs!);
    for (const [x, y] of [
      [0, 0],
      [399, 199],
      [13, 150],
    ]) {
      expect(pixelToSky(a, x, y).lon).toBeCloseTo(pixelToSky(b, x, y).lon, 9);
      expect(pixelToSky(a, x, y).lat).toBeCloseTo(pixelToSky(b, x, y).lat, 9);
    }

    // All 32,843 rows bin to what integer arithmetic on L and B says, pixel by pixel.
    const table = readTable(hdu, { columns: ["L", "B"] });
    const [lon, lat] = table.columns.map(columnNumbers);
    const oracle = new Float64Array(80_000);
    for (let row = 0; row < table.rows; row++) {
      const l = lon[row] > 180 ? lon[row] - 360 : lon[row];
      oracle[Math.floor((lat[row] + 5) / 0.05) * 400 + Math.floor((10 - l) / 0.05)]++;
    }
    const all = binEvents(hdu, options);
    expect([all.binned, all.outside]).toEqual([32_843, 0]);
    const moved = all.counts.data.reduce((sum, value, pixel) => sum + Math.abs(value - oracle[pixel]), 0);
    // Events within rounding of an edge: 3e-5 deg of single precision in pixels of 0.05 deg, some 1e-3 of them at most.
    expect(moved).toBeLessThanOrEqual(2 * 33);

    // The image was made below 500 GeV, and without 50 events of times that the list still has (32,734 against 32,684); nine
    // more lie on an edge between two pixels in single precision. Found by comparing the two files event by event.
    expect([ours.binned, ours.filtered, total(theirs)]).toEqual([32_734, 109, 32_684]);
    let [more, fewer] = [0, 0];
    for (const [pixel, value] of ours.counts.data.entries()) {
      more += Math.max(0, value - theirs.data[pixel]);
      fewer += Math.max(0, theirs.data[pixel] - value);
    }
    expect([more, fewer]).toEqual([59, 9]);
  });
});

describe("binEvents, into the pixels of an image", () => {
  const random = randomStream(7);
  const places = Array.from(
    { length: 400 },
    () => [4000 + 200 * random.uniform(), 4050 + 100 * random.uniform()] as const,
  );
  const events = eventList({ X: places.map(([x]) => x), Y: places.map(([, y]) => y) }, PLANE);

  it("of their own gives the same", () => {
    const own = binEvents(events, { binSize: 4 });
    const like = { name: "own.fits", shape: own.counts.shape, wcs: own.wcs };
    const again = binEvents(events, { pixelsOf: like });
    expect(again.counts).toEqual(own.counts);
    expect(again.binSize).toBeCloseTo(4, 6);
    for (const axis of [0, 1]) expect(again.center[axis]).toBeCloseTo(own.center[axis], 6);
    expect([again.size, again.binned, again.outside]).toEqual([own.size, own.binned, own.outside]);
    expect(again.wcs.find(({ keyword }) => keyword === "TELESCOP")?.value).toBe("CHANDRA");
  });

  it("that is turned and coarser follows the sky", () => {
    // Pixels of 3 arcsec, turned by 30 degrees.
    const [size, angle] = [3 / 3600, Math.PI / 6];
    const wcs = [
      ...[
        ["CTYPE1", "RA---TAN"],
        ["CTYPE2", "DEC--TAN"],
        ["CRVAL1", 266.4],
        ["CRVAL2", -29],
        ["CRPIX1", 10.5],
      ],
      ...[
        ["CRPIX2", 8.5],
        ["CD1_1", -size * Math.cos(angle)],
        ["CD1_2", size * Math.sin(angle)],
      ],
      ...[
        ["CD2_1", size * Math.sin(angle)],
        ["CD2_2", size * Math.cos(angle)],
        ["OBJECT", "another"],
      ],
    ].map(([keyword, value]) => ({ keyword: String(keyword), value }));
    const found = binEvents(events, { pixelsOf: { name: "map.fits", shape: [16, 20], wcs } });
    const plane = parseWcs(
      [
        ...[
          ["CTYPE1", "RA---TAN"],
          ["CTYPE2", "DEC--TAN"],
          ["CRVAL1", 266.4],
          ["CRVAL2", -29],
        ],
        ...[
          ["CRPIX1", 4096.5],
          ["CRPIX2", 4096.5],
          ["CDELT1", -0.0001366667],
          ["CDELT2", 0.0001366667],
        ],
      ].map(([keyword, value]) => ({ keyword: String(keyword), value })),
    ).wcs!;
    const image = parseWcs(wcs).wcs!;
    const expected = new Float64Array(16 * 20);
    let outside = 0;
    for (const [x, y] of places) {
      const sky = pixelToSky(plane, x - 1, y - 1);
      const at = skyToPixel(image, sky.lon, sky.lat);
      const [col, row] = [Math.floor(at.x + 0.5), Math.floor(at.y + 0.5)];
      if (col >= 0 && col < 20 && row >= 0 && row < 16) expected[row * 20 + col]++;
      else outside++;
    }
    expect([...found.counts.data]).toEqual([...expected]);
    expect(outside).toBeGreaterThan(20);
    expect([found.binned, found.outside]).toEqual([400 - outside, outside]);
    // 3 arcsec are 6.0976 pixels of the plane; names of the other observation stay with it.
    expect(found.binSize).toBeCloseTo(size / 0.0001366667, 4);
    expect(found.wcs.some(({ value }) => value === "another")).toBe(false);
  });

  it("without a sky is refused, as are two ways to choose pixels", () => {
    const bare = { name: "bare.fits", shape: [4, 4] as const, wcs: [] };
    expect(() => binEvents(events, { pixelsOf: bare })).toThrow(
      /^bare.fits: an image whose pixels events fall into must have sky coordinates .* got none beside ICRS; /,
    );
    expect(() => binEvents(events, { pixelsOf: bare, binSize: 2 })).toThrow(
      /got binSize besides; leave that out/,
    );
  });
});

describe("binned events as a file", () => {
  it("is an image of whole numbers with its sky, and the same bytes every time", () => {
    const hdu = eventList({ X: [4000, 4001], Y: [3000, 3002] }, PLANE);
    const [bytes, again] = [1, 2].map(() => writeFits(binnedEventsHdus(binEvents(hdu))));
    expect(bytes).toEqual(again);
    const [image] = readFits(bytes);
    expect(image).toMatchObject({ kind: "image", bitpix: 32, shape: [3, 2] });
    expect(image.header.text("CTYPE1")).toBe("RA---TAN");
    expect(imageToSkyImage(image).data.reduce((sum, value) => sum + value, 0)).toBe(2);
  });
});

describe("what binEvents refuses", () => {
  const hdu = eventList({ X: [1, 2], Y: [1, 2] });
  it.each([
    [{ binSize: 0 }, /binSize must be a finite number > 0, got 0/],
    [{ size: [0, 4] as const }, /size must be whole numbers of pixels > 0, got 0,4/],
    [{ center: [Number.NaN, 1] as const }, /center must be two finite numbers, got NaN,1/],
    [{ energy: [2, 1] as const }, /energy must be a range .* got \[2, 1\]/],
    [{ energy: [1, 2] as const }, /must have a column ENERGY, PI or PHA/],
    [{ time: [1, 2] as const }, /must have a column TIME/],
    [{ channels: [1, 2] as const }, /must have a column PI or PHA/],
    [{ where: "Z>1" }, /must name columns of the list, got Z; did you mean X\? There are X, Y/],
    [
      { center: [900, 1] as const, size: [3, 3] as const },
      /image must hold events, got none of the 2 left by the cuts .* around 900, 1; they lie at X 1 to 2, Y 1 to 2/,
    ],
    [{ coordinates: "galactic" as const }, /must have columns of galactic positions, got X, Y/],
    [{ binSize: 1e-9 }, /at most 67108864 pixels/],
  ])("%j", (options, message) => {
    expect(() => binEvents(hdu, options)).toThrow(message);
  });

  it("a projection for a plane, which has its own", () => {
    expect(() => binEvents(hdu, { projection: "CAR" })).toThrow(
      /projection must go with positions on the sky, got CAR for X and Y/,
    );
  });

  it("a table without positions, and ranges without events", () => {
    const spectrum = readFits(
      writeFits([
        { kind: "empty" },
        {
          kind: "table",
          name: "SPECTRUM",
          columns: [{ name: "PI", format: "1J", values: Int32Array.from([1]) }],
        },
      ]),
    );
    expect(() => findEvents(spectrum)).toThrow(/must hold a table of events with columns X and Y/);
    expect(() => binEvents(spectrum[1])).toThrow(/must be a table of events/);
    const list = eventList({ X: [1], Y: [1], ENERGY: [5] });
    expect(() => binEvents(list, { energy: [6, 7] })).toThrow(
      /must hold events that pass, got none of 1 \(1 taken by ENERGY in 6:7 \(no unit in the header\), of ENERGY from 5 to 5/,
    );
  });
});
