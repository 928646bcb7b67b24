import { readFileSync } from "node:fs";
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  type FitsHduInput,
  type FitsImageHdu,
  fitsCard,
  readImageData,
  readTable,
  writeFits,
} from "../../src/io/fits.js";
import { createFitsWriter, openFitsFile, readFitsFile, writeFitsFile } from "../../src/io/fits-file-node.js";
import { fileError } from "../../src/io/fits-temporary-node.js";

let folder = "";
const inFolder = (name: string) => join(folder, name);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslira-fits-"));
});
afterEach(() => rm(folder, { recursive: true }));

const cube: FitsHduInput = {
  kind: "image",
  name: "CUBE",
  shape: [4, 2, 3],
  data: Float32Array.from({ length: 24 }, (_, at) => at),
};
const table: FitsHduInput = {
  kind: "table",
  name: "T",
  columns: [{ name: "a", format: "J", values: [1, 2, 3] }],
};

it.each(["a.fits", "a.fits.gz"])("%s: write, read, read planes", async (name) => {
  const path = inFolder(name);
  await writeFitsFile(path, [cube, table]);
  expect((await readFile(path))[0]).toBe(name.endsWith(".gz") ? 0x1f : 0x53);
  const hdus = await readFitsFile(path);
  expect(readImageData(hdus[0])).toEqual({ shape: [4, 2, 3], data: cube.data });
  const file = await openFitsFile(path);
  try {
    expect(file.hdus.map(({ kind, label }) => [kind, label])).toEqual([
      ["image", `${name}[0]`],
      ["table", `${name}[T]`],
    ]);
    const planes = await file.readPlanes("CUBE", 1, 2);
    expect(planes).toEqual({ shape: [2, 2, 3], data: Float32Array.from({ length: 12 }, (_, at) => at + 6) });
    expect(readTable(await file.readHdu("T")).columns[0].values).toEqual(Int32Array.of(1, 2, 3));
    await expect(file.readPlanes(0, 3, 2)).rejects.toMatchObject({ code: "INVALID_INPUT" });
    await expect(file.readPlanes("T", 0, 1)).rejects.toMatchObject({ code: "FORMAT" });
    await expect(file.readHdu("NONE")).rejects.toMatchObject({ code: "INVALID_INPUT" });
  } finally {
    await file.close();
  }
  expect(await readdir(folder)).toEqual([name]);
});

it("the same input gives the same bytes", async () => {
  await writeFitsFile(inFolder("a.fits.gz"), [cube]);
  await writeFitsFile(inFolder("b.fits.gz"), [cube]);
  expect(await readFile(inFolder("a.fits.gz"))).toEqual(await readFile(inFolder("b.fits.gz")));
});

it("writes through links and replaces files, but not folders or devices", async () => {
  await writeFile(inFolder("real.fits"), "old");
  await symlink("real.fits", inFolder("link.fits"));
  await writeFitsFile(inFolder("link.fits"), [cube]);
  expect(await readFitsFile(inFolder("real.fits"))).toHaveLength(1);
  expect(await readdir(folder)).toEqual(["link.fits", "real.fits"]);
  await expect(writeFitsFile(folder, [cube])).rejects.toThrow(/got a folder/);
  await expect(writeFitsFile("/dev/null", [cube])).rejects.toMatchObject({ code: "INVALID_INPUT" });
});

it("writes through links whose file is to come, as through those whose file is there", async () => {
  await mkdir(inFolder("far"));
  await symlink("far/new.fits", inFolder("link.fits"));
  await symlink("link.fits", inFolder("twice.fits"));
  await writeFitsFile(inFolder("twice.fits"), [cube]);
  expect(await readFitsFile(inFolder("far/new.fits"))).toHaveLength(1);
  for (const name of ["link.fits", "twice.fits"])
    expect((await lstat(inFolder(name))).isSymbolicLink()).toBe(true);
  expect((await readdir(folder)).sort()).toEqual(["far", "link.fits", "twice.fits"]);
  await symlink("gone/new.fits", inFolder("lost.fits"));
  await expect(writeFitsFile(inFolder("lost.fits"), [cube])).rejects.toThrow(/folder must exist/);
  await symlink("b", inFolder("a"));
  await symlink("a", inFolder("b"));
  await expect(writeFitsFile(inFolder("a"), [cube])).rejects.toThrow(/got a loop of links/);
});

it("says what is wrong with a path or file", async () => {
  for (const read of [readFitsFile, openFitsFile]) {
    await expect(read(inFolder("none.fits"))).rejects.toMatchObject({
      code: "INVALID_INPUT",
      fields: { system: "ENOENT" },
    });
    await expect(read(folder)).rejects.toThrow(/got a folder/);
    await writeFile(inFolder("empty.fits"), "");
    await expect(read(inFolder("empty.fits"))).rejects.toThrow(/empty.fits.*got no bytes/);
    await writeFile(inFolder("text.fits"), "no FITS".repeat(1000));
    await expect(read(inFolder("text.fits"))).rejects.toMatchObject({ code: "FORMAT" });
    await writeFile(inFolder("bad.fits.gz"), gzipSync(Buffer.alloc(1000)));
    await expect(read(inFolder("bad.fits.gz"))).rejects.toMatchObject({ code: "FORMAT" });
    await writeFitsFile(inFolder("cut.fits"), [cube, table]);
    await truncate(inFolder("cut.fits"), 2880 * 3 + 5);
    await expect(read(inFolder("cut.fits"))).rejects.toMatchObject({ code: "FORMAT" });
    await expect(read(inFolder("bad.fits.gz"), { maxBytes: 10 })).rejects.toThrow(/at most 10 bytes/);
  }
  await expect(writeFitsFile(inFolder("no/a.fits"), [cube])).rejects.toMatchObject({ code: "INVALID_INPUT" });
  await expect(createFitsWriter(inFolder("no/a.fits"))).rejects.toThrow(/folder must exist/);
});

it("tells a full disk from a wrong path", () => {
  const full = Object.assign(new Error("ENOSPC: no space left on device, write"), {
    code: "ENOSPC",
    syscall: "write",
  });
  expect(fileError("a.fits", full)).toMatchObject({
    code: "JOB",
    message: expect.stringContaining("free some space"),
  });
  const broken = Object.assign(new Error("EIO: i/o error, write"), { code: "EIO", syscall: "write" });
  expect(fileError("a.fits", broken)).toMatchObject({ code: "JOB" });
  // Node refuses such a name before it asks the system.
  const refused = (() => {
    try {
      return readFileSync("a\0.fits");
    } catch (error) {
      return error;
    }
  })();
  expect(fileError("a.fits", refused)).toMatchObject({ code: "INVALID_INPUT" });
  const other = new TypeError("not a file error");
  expect(fileError("a.fits", other)).toBe(other);
});

it("does not load more at once than allowed", async () => {
  await writeFitsFile(inFolder("a.fits"), [cube]);
  await expect(readFitsFile(inFolder("a.fits"), { maxBytes: 1000 })).rejects.toThrow(/at most 1000 bytes/);
  const file = await openFitsFile(inFolder("a.fits"), { maxBytes: 30 });
  await expect(file.readHdu(0)).rejects.toMatchObject({ code: "INVALID_INPUT" });
  expect((await file.readPlanes(0, 2, 1)).data).toHaveLength(6);
  await file.close();
});

it("headers of more than the first look are read in full", async () => {
  const cards = Array.from({ length: 5000 }, (_, at) => fitsCard("HISTORY", `step ${at}`));
  await writeFitsFile(inFolder("long.fits"), [{ ...cube, cards }]);
  const file = await openFitsFile(inFolder("long.fits"));
  expect(file.hdus[0].header.list("HISTORY")).toHaveLength(5000);
  expect((await file.readPlanes(undefined, 3, 1)).data[0]).toBe(18);
  await file.close();
});

it.each(["w.fits", "w.fits.gz"])("%s: grows by planes and rows", async (name) => {
  const writer = await createFitsWriter(inFolder(name));
  await writer.beginTable({
    name: "TRACE",
    columns: [
      { name: "i", format: "J" },
      { name: "v", format: "2D" },
    ],
  });
  await writer.appendRows([[1], [0.1, 0.2]]);
  await writer.appendRows([Int32Array.of(2, 3), Float64Array.of(1, 2, 3, 4)]);
  await writer.writeHdu({ kind: "image", name: "MEAN", shape: [2], data: Int16Array.of(1, 2) });
  await writer.beginImage({ name: "DRAWS", planeShape: [2, 2], cards: [fitsCard("BUNIT", "counts")] });
  const plane = Float64Array.of(1, 2, 3, 4);
  const pending = [writer.appendPlanes(plane)];
  plane.fill(9);
  pending.push(writer.appendPlanes([...plane, ...plane]));
  await Promise.all(pending);
  await expect(writer.appendPlanes([1, 2, 3])).rejects.toMatchObject({ code: "INVALID_INPUT" });
  await expect(writer.appendRows([[1], [1, 2]])).rejects.toMatchObject({ code: "INVALID_INPUT" });
  expect((await readdir(folder)).filter((entry) => entry === name)).toEqual([]);
  await writer.finish();
  await expect(writer.finish()).rejects.toMatchObject({ code: "INVALID_INPUT" });
  await writer.abort();
  expect(await readdir(folder)).toEqual([name]);
  const hdus = await readFitsFile(inFolder(name));
  expect(hdus.map((hdu) => [hdu.name, hdu.kind])).toEqual([
    ["PRIMARY", "empty"],
    ["TRACE", "table"],
    ["MEAN", "image"],
    ["DRAWS", "image"],
  ]);
  const { rows, columns } = readTable(hdus[1]);
  expect([rows, columns[0].values, columns[1].values]).toEqual([
    3,
    Int32Array.of(1, 2, 3),
    Float64Array.of(0.1, 0.2, 1, 2, 3, 4),
  ]);
  expect(readImageData(hdus[3])).toEqual({
    shape: [3, 2, 2],
    data: Float32Array.of(1, 2, 3, 4, 9, 9, 9, 9, 9, 9, 9, 9),
    unit: "counts",
  });
});

it("a growing image may be the first HDU, and of doubles", async () => {
  const writer = await createFitsWriter(inFolder("first.fits"));
  await writer.beginImage({ planeShape: [2], type: "float64" });
  await writer.appendPlanes([0.1, 0.2]);
  await writer.finish();
  const [hdu] = await readFitsFile(inFolder("first.fits"));
  expect(readImageData(hdu!)).toEqual({ shape: [1, 2], data: Float64Array.of(0.1, 0.2) });
});

it("abort leaves nothing behind, and the old file as it was", async () => {
  await writeFitsFile(inFolder("a.fits"), [cube]);
  const writer = await createFitsWriter(inFolder("a.fits"));
  await writer.beginImage({ planeShape: [2] });
  await writer.appendPlanes([1, 2]);
  await writer.abort();
  await writer.abort();
  await expect(writer.appendPlanes([1, 2])).rejects.toMatchObject({ code: "INVALID_INPUT" });
  expect(await readdir(folder)).toEqual(["a.fits"]);
  expect((await readFitsFile(inFolder("a.fits")))[0]).toMatchObject({ shape: [4, 2, 3] });
});

it("refuses growing columns that it cannot patch afterwards", async () => {
  const writer = await createFitsWriter(inFolder("a.fits"));
  await expect(writer.beginTable({ columns: [{ name: "v", format: "PE" }] })).rejects.toThrow(/fixed length/);
  await expect(writer.beginImage({ planeShape: [0] })).rejects.toThrow(/must have pixels/);
  await writer.beginTable({ columns: [{ name: "v", format: "I" }] });
  await expect(writer.appendRows([Uint16Array.of(1)])).rejects.toThrow(/own sign/);
  await writer.abort();
});

/** 64 MiB and a row: a length from which a gzip file is not kept in memory. */
const TALL = 2 ** 15 + 1;

it("reads parts of a large gzip file, forwards and backwards, without keeping it", async () => {
  // Each row holds its number.
  const data = new Int16Array(TALL * 1024);
  for (let row = 0; row < TALL; row++) data.fill(row % 30_000, row * 1024, (row + 1) * 1024);
  const plain = writeFits([{ kind: "image", shape: [TALL, 1024], data }, cube]);
  const bytes = gzipSync(plain, { level: 1 });
  await writeFile(inFolder("large.fits.gz"), bytes);
  const file = await openFitsFile(inFolder("large.fits.gz"));
  expect(file.hdus.map((hdu) => hdu.kind === "image" && hdu.shape)).toEqual([
    [TALL, 1024],
    [4, 2, 3],
  ]);
  const rows = [12_000, 7, TALL - 1];
  const parts = await Promise.all(
    rows.map((row) => file.readHdu(0, { cutout: { x: [1000, 1003], y: [row, row + 1] } })),
  );
  expect(parts.map((part) => [...readImageData(part as FitsImageHdu).data])).toEqual(
    rows.map((row) => [row % 30_000, row % 30_000, row % 30_000]),
  );
  expect([...readImageData((await file.readHdu(1)) as FitsImageHdu).data]).toEqual([...Array(24).keys()]);
  await file.close();
  await truncate(inFolder("large.fits.gz"), bytes.length - 20);
  await expect(openFitsFile(inFolder("large.fits.gz"))).rejects.toThrow(/gzip data must be whole and intact/);
});
