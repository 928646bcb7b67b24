/**
 * FITS files between tslira, astropy and fitsverify.
 *
 * Needs Python with astropy (environment TSLIRA_PYTHON, else python3 or /usr/bin/python3), fitsverify, and the shared
 * data folder beside the checkout. What is missing is skipped with a reason, or fails with
 * TSLIRA_REQUIRE_INTEROP=1 (tools) or TSLIRA_REQUIRE_SHARED=1 (data).
 */

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import {
  carriedCards,
  type FitsColumnInput,
  type FitsHdu,
  type FitsHduInput,
  type FitsValue,
  fitsCard,
  imageToSkyImage,
  readFits,
  readFitsMaybeGzip,
  readImageData,
  readStoredImage,
  readTable,
  shiftWcs,
  wcsCards,
} from "../../src/io/fits.js";
import { createFitsWriter, readFitsFile, writeFitsFile } from "../../src/io/fits-file-node.js";
import { findPython } from "./python.js";

const SCRIPT = fileURLToPath(new URL("fits-astropy.py", import.meta.url));
const SHARED = fileURLToPath(new URL("../../../shared/data", import.meta.url));

const python = findPython("astropy");
const hasFitsverify = spawnSync("fitsverify", ["-l"]).error === undefined;
const required = (name: string) => process.env[name] === "1";

/** `it` when what the test needs is there; otherwise a test that fails or is skipped, with the reason. */
function whenever(present: boolean, variable: string, reason: string): typeof it {
  if (present) return it;
  if (!required(variable)) {
    console.warn(`skipped: ${reason}`);
    return it.skip as typeof it;
  }
  return ((name: string) =>
    it(name, () => {
      throw new Error(`${reason} (required by ${variable}=1)`);
    })) as unknown as typeof it;
}

const tools = whenever(
  python !== undefined && hasFitsverify,
  "TSLIRA_REQUIRE_INTEROP",
  "astropy and fitsverify must be installed, for example with `apt-get install python3-astropy fitsverify`",
);
const shared = whenever(
  existsSync(SHARED),
  "TSLIRA_REQUIRE_SHARED",
  "the shared data folder must stand beside the checkout as ../shared/data",
);
const toolsAndShared = existsSync(SHARED) ? tools : shared;

const folder = mkdtempSync(join(tmpdir(), "tslira-interop-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Values as the script prints them. */
type Plain = { doubles: string } | { integers: string[] } | string[] | boolean[];
interface AstropyColumn {
  name: string;
  values?: Plain;
  shape?: number[];
  cells?: (string | Plain)[];
}
interface AstropyHdu {
  name: string;
  version: number;
  cards: [string, string | number | boolean | null | { integer: string }][];
  shape?: number[];
  data?: Plain;
  rows?: number;
  columns?: AstropyColumn[];
}

function run(...args: string[]): string {
  return execFileSync(python!, [SCRIPT, ...args], { encoding: "utf8", maxBuffer: 2 ** 30 });
}

function dump(...paths: string[]): AstropyHdu[][] {
  return run("dump", ...paths)
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as AstropyHdu[]);
}

function verify(...paths: string[]): void {
  const { stdout } = spawnSync("fitsverify", ["-q", ...paths], { encoding: "utf8" });
  const lines = stdout.trim().split("\n");
  expect(lines.filter((line) => !line.startsWith("verification OK"))).toEqual([]);
  expect(lines).toHaveLength(paths.length);
}

/** Compare without vitest's element-wise printing, which takes minutes on large arrays. */
function expectNumbers(
  actual: ArrayLike<number>,
  expected: Float64Array,
  where: string,
  tolerance = 0,
): void {
  expect(actual.length, where).toBe(expected.length);
  for (let index = 0; index < expected.length; index++) {
    const [ours, theirs] = [actual[index], expected[index]];
    if (Object.is(ours, theirs) || Math.abs(ours - theirs) <= tolerance * Math.abs(theirs)) continue;
    expect.fail(`${where}: value ${index} must be ${theirs}, got ${ours}`);
  }
}

function doubles({ doubles: text }: { doubles: string }): Float64Array {
  return new Float64Array(new Uint8Array(Buffer.from(text, "base64")).buffer);
}

function expectValues(actual: unknown, expected: Plain, where: string, tolerance = 0): void {
  if (Array.isArray(expected)) {
    const logicals = ArrayBuffer.isView(actual)
      ? Array.from(actual as Uint8Array, (bit) => bit === 1)
      : actual;
    expect(typeof expected[0] === "boolean" ? logicals : actual, where).toEqual(expected);
  } else if ("integers" in expected) {
    expect(Array.from(actual as BigInt64Array, String), where).toEqual(expected.integers);
  } else {
    expectNumbers(actual as Float64Array, doubles(expected), where, tolerance);
  }
}

function expectColumns(hdu: FitsHdu, { rows, columns = [] }: AstropyHdu): void {
  const table = readTable(hdu);
  expect(table.rows).toBe(rows);
  expect(table.columns.map(({ name }) => name)).toEqual(columns.map(({ name }) => name));
  table.columns.forEach((column, index) => {
    const where = `${hdu.label} ${column.name}`;
    const { values, cells, shape } = columns[index];
    if (cells !== undefined) {
      expect(column.variable, where).toBe(true);
      cells.forEach((cell, row) => {
        const ours = (column.values as readonly unknown[])[row];
        if (typeof cell === "string") expect(ours, where).toBe(cell);
        else expectValues(ours, cell, `${where} row ${row}`);
      });
      return;
    }
    const complex = /[CM]/.test(column.format);
    expect(complex ? column.shape.slice(0, -1) : column.shape, where).toEqual(shape);
    expectValues(column.values, values!, where);
  });
}

/** Our reading of a file against astropy's: names, cards, pixels, columns. */
function expectSame(hdus: readonly FitsHdu[], expected: readonly AstropyHdu[]): void {
  expect(hdus.map(({ name, version }) => [name, version])).toEqual(
    expected.map(({ name, version }) => [name, version]),
  );
  hdus.forEach((hdu, index) => {
    const theirs = expected[index];
    const cards = hdu.header.cards.filter(({ keyword }) => !["COMMENT", "HISTORY", ""].includes(keyword));
    const value = (ours: FitsValue) =>
      typeof ours === "bigint" ? { integer: String(ours) } : (ours ?? null);
    const same = cards.map((card) => [card.keyword, value(card.value)]);
    expect(same, hdu.label).toEqual(theirs.cards);
    if (theirs.columns !== undefined) expectColumns(hdu, theirs);
    else if (theirs.data !== undefined) expectImage(hdu, theirs);
    else expect(hdu.kind).toBe("empty");
  });
}

function expectImage(hdu: FitsHdu, { shape, data }: AstropyHdu): void {
  const image = readImageData(hdu);
  expect(image.shape).toEqual(shape);
  // astropy scales integers of up to 16 bits in single precision.
  const tolerance = hdu.header.has("BSCALE") ? 1e-14 : 0;
  const integers = typeof data === "object" && !Array.isArray(data) && "integers" in data;
  expectValues(integers ? Array.from(image.data, BigInt) : image.data, data!, hdu.label, tolerance);
}

describe("files that astropy wrote", () => {
  const written: Record<string, AstropyHdu[]> = {};
  if (python !== undefined) {
    run("write", folder);
    Object.assign(written, JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")));
  }

  tools("are many", () => expect(Object.keys(written).length).toBeGreaterThan(20));

  for (const [name, expected] of Object.entries(written)) {
    tools(name, async () => {
      expectSame(await readFitsFile(join(folder, name)), expected);
      expectSame(await readFitsMaybeGzip(readFileSync(join(folder, name))), expected);
    });
  }
});

describe("files that tslira wrote", () => {
  const noise = (length: number) => Uint8Array.from({ length }, (_, at) => ((at + 1) * 2654435761) >>> 13);
  const pixelTypes = [
    Uint8Array,
    Int8Array,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    BigInt64Array,
    BigUint64Array,
  ];

  const cards = [
    fitsCard("OBJECT", "Sgr A*", "target"),
    fitsCard("LONGTEXT", "it's a long text & more ".repeat(12).trim(), "with a comment"),
    fitsCard("ESO DET CHIP ID", "CCD-44"),
    fitsCard("OFFSET", -0.1),
    fitsCard("EXPO", 1e-300, "small"),
    fitsCard("HUGE", 2n ** 62n),
    fitsCard("COMMENT", "a comment ".repeat(20).trim()),
    fitsCard("HISTORY", "a step"),
  ];

  const columns: (FitsColumnInput & { expected?: Plain | (string | Plain)[] })[] = [
    { name: "logical", format: "L", values: [true, false, true] },
    { name: "bits", format: "11X", values: Uint8Array.from({ length: 33 }, (_, at) => (at % 3) & 1) },
    { name: "byte", format: "B", values: Uint8Array.of(0, 128, 255) },
    { name: "sbyte", format: "B", values: Int8Array.of(-128, 0, 127) },
    { name: "short", format: "I", values: [-32768, 0, 32767] },
    { name: "ushort", format: "2I", values: Uint16Array.of(0, 1, 32768, 65535, 5, 6) },
    { name: "int", format: "J", values: Int32Array.of(-(2 ** 31), 0, 2 ** 31 - 1), unit: "s" },
    { name: "uint", format: "J", values: Uint32Array.of(0, 2 ** 31, 2 ** 32 - 1) },
    { name: "long", format: "K", values: BigInt64Array.of(-(2n ** 63n), 0n, 2n ** 63n - 1n) },
    { name: "ulong", format: "K", values: BigUint64Array.of(0n, 2n ** 63n, 2n ** 64n - 1n) },
    { name: "float", format: "E", values: Float32Array.of(1.5, Number.NaN, Number.POSITIVE_INFINITY) },
    { name: "cube", format: "6D", dim: [2, 3], values: Float64Array.from({ length: 18 }, (_, at) => at / 7) },
    { name: "complexes", format: "2M", values: Float64Array.from({ length: 12 }, (_, at) => at) },
    { name: "text", format: "5A", values: ["ab", "", "it's"] },
    { name: "texts", format: "6A", dim: [2], values: ["a", "bc", "def", "", "x y", "z"] },
    { name: "list", format: "PE", values: [Float32Array.of(1, 2), new Float32Array(0), Float32Array.of(3)] },
    { name: "names", format: "PA", values: ["one", "", "three"] },
    {
      name: "ids",
      format: "QK",
      values: [BigInt64Array.of(1n), BigInt64Array.of(-2n, 3n), BigInt64Array.of()],
    },
  ];

  function expectInputs(path: string, inputs: readonly FitsHduInput[]): void {
    const bytes = readFileSync(path);
    const hdus = readFits(bytes);
    const [theirs] = dump(path);
    expectSame(hdus, theirs!);
    const filled = hdus.filter(({ kind }) => kind !== "empty");
    inputs.forEach((input, index) => {
      const hdu = filled[index];
      if (input.kind === "image") {
        const stored = readStoredImage(hdu).data.length;
        expect(stored).toBe(input.data.length);
        if (!(input.data instanceof BigInt64Array || input.data instanceof BigUint64Array)) {
          expect(readImageData(hdu).data).toEqual(input.data);
        }
      }
    });
    verify(path);
  }

  tools("images of every type", async () => {
    for (const Type of pixelTypes) {
      const path = join(folder, `ours-${Type.name}.fits`);
      const whole = Type === BigInt64Array || Type === BigUint64Array;
      const values = Array.from(noise(24), (value) => (whole ? BigInt(value) * 2n ** 40n : value));
      const data = new (Type as unknown as Float64ArrayConstructor)(values as number[]);
      const image = { kind: "image", shape: [2, 3, 4], data } as const;
      const input: FitsHduInput[] = [image, { ...image, name: "AGAIN", cards }];
      await writeFitsFile(path, input);
      expectInputs(path, input);
    }
    const data = Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, -0, 1e-40, 3.5, 1);
    const path = join(folder, "ours-floats.fits");
    const input: FitsHduInput[] = [
      { kind: "image", shape: [1, 1, 2, 3], data, cards },
      { kind: "image", name: "DOUBLE", shape: [6], data: Float64Array.from(data, (value) => value / 3) },
      { kind: "image", name: "DOUBLE", shape: [0, 2], data: new Float64Array(0) },
      { kind: "empty", name: "INFO", cards },
    ];
    await writeFitsFile(path, input);
    verify(path);
    const [theirs] = dump(path);
    expect(theirs!.map(({ name, version }) => [name, version])).toEqual([
      ["PRIMARY", 1],
      ["DOUBLE", 1],
      ["DOUBLE", 2],
      ["INFO", 1],
    ]);
    expectValues(data, theirs![0]!.data!, "floats");
  });

  tools("tables with every format, and cards", async () => {
    const path = join(folder, "ours-table.fits");
    const input: FitsHduInput[] = [{ kind: "table", name: "ALL", columns, cards }];
    await writeFitsFile(path, input);
    expectInputs(path, input);
    const theirs = dump(path)[0][1]!;
    for (const { name, values, format } of columns) {
      const found = theirs.columns!.find((column) => column.name === name)!;
      if (found.values !== undefined) expectValues(values, found.values, `${name} ${format}`);
    }
    expect(theirs.cards).toContainEqual(["LONGTEXT", cards[1].value]);
    expect(theirs.cards).toContainEqual(["ESO DET CHIP ID", "CCD-44"]);
    expect(theirs.cards).toContainEqual(["OFFSET", -0.1]);
  });

  tools("files that grew, plain and gzip", async () => {
    const paths = ["grown.fits", "grown.fits.gz"].map((name) => join(folder, name));
    for (const path of paths) {
      const writer = await createFitsWriter(path);
      await writer.beginImage({ planeShape: [3, 5], cards });
      for (let plane = 0; plane < 4; plane++) await writer.appendPlanes(new Float32Array(15).fill(plane));
      await writer.beginTable({
        name: "TRACE",
        columns: [
          { name: "i", format: "K" },
          { name: "v", format: "2D", unit: "counts" },
          { name: "s", format: "4A" },
        ],
      });
      for (let row = 0; row < 3; row++) await writer.appendRows([[row], [row, 0.5], ["abc"]]);
      await writer.finish();
      const hdus = await readFitsFile(path);
      expectSame(hdus, dump(path)[0]);
      expect(
        hdus.map((hdu) => (hdu.kind === "image" ? hdu.shape : hdu.kind === "table" ? hdu.rows : 0)),
      ).toEqual([[4, 3, 5], 3]);
    }
    verify(paths[0]);
  });
});

describe("real files", () => {
  const files = existsSync(SHARED)
    ? ["chandra-gc", "fermi-gc", "gmm"].flatMap((name) =>
        readdirSync(join(SHARED, name)).map((file) => join(SHARED, name, file)),
      )
    : [];

  for (const path of files.filter((file) => /\.fits(\.gz)?$/.test(file))) {
    toolsAndShared(basename(path), async () => {
      expectSame(await readFitsFile(path), dump(path)[0]);
    });
  }

  shared("hold what their description says", async () => {
    const [counts] = await readFitsFile(join(SHARED, "chandra-gc/chandra-counts-obs-id-4684.fits.gz"));
    const image = imageToSkyImage(counts!);
    expect(image.shape).toEqual([256, 256]);
    expect(image.data.reduce((sum, value) => sum + value, 0)).toBe(13_829);
    expect(Math.max(...image.data)).toBe(112);
    const events = await readFitsFile(join(SHARED, "fermi-gc/fermi-3fhl-gc-events.fits.gz"));
    expect(readTable(events[1], { columns: ["ENERGY"] }).rows).toBe(32_843);
    const [fermi] = await readFitsFile(join(SHARED, "fermi-gc/fermi-3fhl-gc-counts.fits.gz"));
    expect(imageToSkyImage(fermi!).data.reduce((sum, value) => sum + value, 0)).toBe(32_684);
  });

  toolsAndShared("go through tslira with their cards, and a cut-out keeps its place on the sky", async () => {
    const path = join(folder, "carried.fits");
    const hdus = await readFitsFile(join(SHARED, "chandra-gc/chandra-counts-obs-id-4684.fits.gz"));
    const [counts, ...rest] = hdus;
    const { shape, data } = readImageData(counts!);
    const inputs: FitsHduInput[] = [{ kind: "image", shape, data, cards: carriedCards(counts!.header) }];
    for (const hdu of rest) {
      const { columns } = readTable(hdu);
      const cards = carriedCards(hdu.header);
      inputs.push({
        kind: "table",
        name: hdu.name,
        version: hdu.version,
        columns: columns,
        cards,
      });
    }
    await writeFitsFile(path, inputs);
    const again = readFits(readFileSync(path));
    expect(carriedCards(again[0].header)).toEqual(carriedCards(counts!.header));
    expectSame(again, dump(path)[0]);
    expect(readTable(again[2]).columns.map(({ values }) => values)).toEqual(
      readTable(rest[1]).columns.map(({ values }) => values),
    );
    const cut = join(folder, "cut.fits");
    const wcs = shiftWcs(wcsCards(counts!.header), 64, 65);
    const pixels = new Float32Array(2 * 128 * 128);
    await writeFitsFile(cut, [
      { kind: "image", shape: [128, 128], data: pixels.subarray(128 * 128), cards: wcs },
      { kind: "image", name: "CUBE", shape: [2, 128, 128], data: pixels, cards: wcs },
    ]);
    verify(cut);
    const where = (file: string, x: number, y: number, key: string) =>
      execFileSync(
        python!,
        [
          "-c",
          "import sys, warnings; warnings.simplefilter('ignore')\n" +
            "from astropy.io import fits; from astropy.wcs import WCS\n" +
            `print(*WCS(fits.getheader(sys.argv[1]), key=sys.argv[2]).all_pix2world(${x}, ${y}, 0))`,
          file,
          key,
        ],
        { encoding: "utf8" },
      )
        .trim()
        .split(" ")
        .map(Number);
    for (const key of [" ", "P"]) {
      const full = where(path, 64 + 10, 65 + 20, key);
      const part = where(cut, 10, 20, key);
      for (const [axis, value] of part.entries()) expect(value).toBeCloseTo(full[axis], 9);
    }
  });
});
