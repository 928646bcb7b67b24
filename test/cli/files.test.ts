/** Files that people bring, through the built command line. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { findHdu, fitsCard, readImageData } from "../../src/io/fits.js";
import { openFitsFile, readFitsFile, writeFitsFile } from "../../src/io/fits-file-node.js";
import { readObservationFiles, separatePlanes } from "../../src/io/public-datasets-node.js";
import { runCli } from "./run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "tslira-files-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = (name: string) => join(folder, name);
const SIZE = 12;
const cards = [
  ...[
    fitsCard("CTYPE1", "RA---TAN"),
    fitsCard("CTYPE2", "DEC--TAN"),
    fitsCard("CRVAL1", 10),
    fitsCard("CRVAL2", 20),
  ],
  ...[
    fitsCard("CRPIX1", 6.5),
    fitsCard("CRPIX2", 6.5),
    fitsCard("CDELT1", -0.001),
    fitsCard("CDELT2", 0.001),
  ],
];
const values = (make: (at: number) => number, planes = 1) =>
  Float64Array.from({ length: planes * SIZE * SIZE }, (_, at) => make(at));

beforeAll(async () => {
  const psf = gaussianPsf(1);
  const write = (name: string, data: Float64Array, shape: readonly number[] = [SIZE, SIZE]) =>
    writeFitsFile(path(name), [{ kind: "image", name: "PRIMARY", shape: [...shape], data, cards }]);
  await write(
    "counts.fits",
    values((at) => at % 4),
  );
  await write(
    "cube.fits",
    values((at) => Math.floor(at / (SIZE * SIZE)), 3),
    [3, SIZE, SIZE],
  );
  await write(
    "background.fits",
    values(() => 1e9),
  );
  await writeFitsFile(path("psf.fits"), [
    { kind: "image", name: "PRIMARY", shape: [...psf.shape], data: psf.data },
  ]);
  writeFileSync(path("holes.reg"), "image\ncircle(3,4,1)\n");
  writeFileSync(path("field.reg"), 'fk5\nbox(10,20,4",400",0)\n-circle(10,20,1")\n');
});

const run = (...args: string[]) =>
  runCli(folder, ...args, "-n", "40", "-c", "2", "-w", "0", "-q", "--overwrite");

describe("parts in names", () => {
  it("are cut-outs of counts and psf, counted from 1", async () => {
    const psf = path("psf.fits");
    const { observation, inputs } = await readObservationFiles({
      counts: `${path("counts.fits")}[0][3:7, 2:5]`,
      psf: `${psf}[2:8,2:8]`,
    });
    const same = await readObservationFiles({
      ...{ counts: path("counts.fits"), cutout: { x: [2, 7], y: [1, 5] } },
      ...{ psf, psfCutout: { x: [1, 8], y: [1, 8] } },
    });
    expect(observation).toEqual(same.observation);
    expect(observation.counts.shape).toEqual([4, 5]);
    expect(inputs.map(({ name }) => name)).toEqual([`${path("counts.fits")}[0]`, psf]);
  });

  it("are told of where they are none", async () => {
    const names = { counts: path("counts.fits"), psf: path("psf.fits") };
    const read = (counts: string, more = {}) => readObservationFiles({ ...names, counts, ...more });
    await expect(read(`${names.counts}[1:4,1:4]`, { cutout: { x: [0, 2], y: [0, 2] } })).rejects.toThrow(
      /counts must be cut once, .* leave one out/,
    );
    await expect(read(names.counts, { exposure: `${names.counts}[1:4,2:5]` })).rejects.toThrow(
      "add --cutout 0:4,1:5",
    );
    await expect(read(`${names.counts}[bin x=1:4]`)).rejects.toThrow(
      "give a name with conditions to tslira bin",
    );
    await expect(read(`${names.counts}[EVENTS][energy=1:4]`)).rejects.toThrow("to tslira bin");
    await expect(read(`${names.counts}[NONE]`)).rejects.toThrow("name one of these");
  });
});

describe("files of several images", () => {
  it("give the first, with a word where others of its size follow and none is named", async () => {
    const image = (name: string, value: number, side = SIZE) =>
      ({
        kind: "image",
        name,
        shape: [side, side],
        data: new Float64Array(side * side).fill(value),
      }) as const;
    const exposures = [image("first", 1), image("small", 1, 9), image("second", 2)];
    await writeFitsFile(path("several.fits"), [{ kind: "empty" }, ...exposures]);
    await writeFitsFile(path("beside.fits"), [image("PRIMARY", 1), image("ERROR", 2)]);
    const read = (name: string) =>
      readObservationFiles({ counts: path(name), psf: path("psf.fits"), align: "pixels" });
    const said = (await read("several.fits")).notes[0];
    expect(said).toMatch(
      /should have one image of this size, got 2; the first is taken, first, choose .*\[second\]$/,
    );
    const second = await read(said!.split("/").at(-1)!);
    expect([second.observation.counts.data[0], second.notes]).toEqual([2, []]);
    expect((await read("beside.fits")).notes).toEqual([]);
  });
});

describe("masks from region files", () => {
  const used = async (mask: string) => {
    const { observation } = await readObservationFiles({
      counts: path("counts.fits"),
      psf: path("psf.fits"),
      mask,
    });
    return [...observation.mask!.data.keys()].filter((at) => observation.mask!.data[at] === 1);
  };

  it("use the inside, and the outside with !", async () => {
    // Pixel (3, 4) from 1 is [3, 2] from 0, with its four neighbours.
    const inside = [
      [2, 2],
      [3, 1],
      [3, 2],
      [3, 3],
      [4, 2],
    ].map(([row, col]) => row! * SIZE + col!);
    expect(await used(path("holes.reg"))).toEqual(inside);
    const outside = await used(`!${path("holes.reg")}`);
    expect(outside).toHaveLength(SIZE * SIZE - 5);
    expect(outside.some((at) => inside.includes(at))).toBe(false);
  });

  it("on the sky, of a cut-out", async () => {
    // 4" are 1.1 pixels: the middle columns 5 and 6 lie half a pixel from the middle; 1" around it holds no centre.
    expect((await used(path("field.reg"))).map((at) => at % SIZE)).toEqual(
      Array.from({ length: 24 }, (_, at) => 5 + (at % 2)),
    );
    const { observation } = await readObservationFiles({
      ...{ counts: path("counts.fits"), psf: path("psf.fits"), mask: path("holes.reg") },
      cutout: { x: [1, 6], y: [2, 6] },
    });
    expect(observation.mask!.data[1 * 5 + 1]).toBe(1);
    expect(observation.mask!.data.reduce((sum, value) => sum + value, 0)).toBe(5);
  });
});

describe("cubes", () => {
  it("by plane, summed, named in the file, or separate", async () => {
    const files = { counts: path("cube.fits"), psf: path("psf.fits") };
    const first = async (names: Parameters<typeof readObservationFiles>[0]) =>
      (await readObservationFiles(names)).observation.counts.data[0];
    expect(await first({ ...files, planes: [2, 3] })).toBe(2);
    expect(await first({ ...files, planes: [1, 3] })).toBe(3);
    expect(await first({ ...files, counts: `${files.counts}[0][1]` })).toBe(1);
    const separate = await separatePlanes(files);
    expect(await Promise.all(separate.map(first))).toEqual([0, 1, 2]);
    expect(separate.map(({ name }) => name)).toEqual(["cube plane 0", "cube plane 1", "cube plane 2"]);
  });

  it("what info advises works", async () => {
    const { stdout } = await runCli(folder, "info", "cube.fits");
    const [, command] = /tslira (deconvolve .*)$/m.exec(stdout) ?? [];
    expect(command).toBe("deconvolve cube.fits --psf psf.fits --plane 0 -o result.fits");
    expect((await run(...command!.replace("--plane 0", "--plane 1").split(" "))).code).toBe(0);
    expect(
      (await run("deconvolve", "cube.fits", "--psf", "psf.fits", "--planes", "separate", "-o", "joint.fits"))
        .code,
    ).toBe(0);
  });
});

describe("what cannot be meant", () => {
  it.each([
    [["counts.fits", "--psf", "counts.fits"], /psf must be an image of the point spread function/],
    [
      ["counts.fits", "--psf", "psf.fits", "-b", "background.fits"],
      /in expected counts a pixel, or their exposure and .*--background-unit/,
    ],
    [
      ["counts.fits", "--psf", "psf.fits", "-n", "1e9", "-c", "64"],
      /draws must fit on the disk, got .* with .* free/,
    ],
    [["counts.fits", "--psf", "psf.fits", "--plane", "1"], /planes must lie in 0:1, got 1:2/],
  ])("%o", async (args, message) => {
    const { code, stderr } = await runCli(
      folder,
      "deconvolve",
      "-c",
      "2",
      "-w",
      "0",
      "-q",
      "-o",
      "none.fits",
      ...args,
    );
    expect(stderr).toMatch(message);
    expect(code).toBe(1);
  });
});

describe("parts of files", () => {
  it("are those of the whole, plain and gzip", async () => {
    await writeFitsFile(
      path("counts.fits.gz"),
      (await readFitsFile(path("counts.fits"))).map((hdu) => ({
        ...{ kind: "image", name: hdu.name, shape: [SIZE, SIZE], cards },
        data: readImageData(hdu).data,
      })) as never,
    );
    const whole = readImageData(findHdu(await readFitsFile(path("counts.fits")))).data;
    for (const name of ["counts.fits", "counts.fits.gz"]) {
      const file = await openFitsFile(path(name));
      const part = await file.readHdu(0, { cutout: { x: [3, 7], y: [2, 4] } });
      await file.close();
      expect([...readImageData(part).data]).toEqual(
        [2, 3].flatMap((row) => [3, 4, 5, 6].map((col) => whole[row * SIZE + col])),
      );
      expect(part.header.get("CRPIX1")).toBe(3.5);
      expect(part.header.get("CRPIX2")).toBe(4.5);
    }
  });
});
