/** Region files on disk: text of DS9, and images of labels. */
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { imageSum } from "../../src/image.js";
import { writeFits } from "../../src/io/fits.js";
import { readRegionFile } from "../../src/io/region-file-node.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslira-regions-"));
});
afterAll(() => rm(folder, { recursive: true }));

const SHAPE = [4, 5] as const;
// Label 3 in the first column, label 1 in the pixel (4, 3).
const LABELS = Int16Array.from({ length: 20 }, (_, pixel) => (pixel % 5 === 0 ? 3 : pixel === 19 ? 1 : 0));

async function put(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}
const labelFile = (gzip = false) => {
  const bytes = writeFits([
    { kind: "empty" },
    { kind: "image", name: "LABELS", shape: [4, 5], data: LABELS },
  ]);
  return gzip ? gzipSync(bytes) : bytes;
};

describe("region files", () => {
  it("of CASA, and pipes that nobody writes, are refused", async () => {
    const casa = await put("a.crtf", "#CRTFv0\ncircle[[2h, 10deg], 10arcsec]\n");
    await expect(readRegionFile(casa, SHAPE)).rejects.toThrow(/DS9 or CIAO, got those of CASA .*; save them/);
    const pipe = join(folder, "pipe.reg");
    execFileSync("mkfifo", [pipe]);
    await expect(readRegionFile(pipe, SHAPE)).rejects.toThrow("got a device, pipe or socket; choose a file");
  });

  it("text of DS9, with its name in messages", async () => {
    const path = await put("a.reg", "image\ncircle(2,3,1)\ntext(1,1)\n");
    const { regions, warnings } = await readRegionFile(path, SHAPE);
    expect(regions.map(({ name, weights }) => [name, imageSum(weights)])).toEqual([["circle 1", 5]]);
    expect(warnings).toEqual([`${path}, line 3: shape should be an area, got text; it is left out`]);
    await expect(readRegionFile(await put("b.reg", "image\ncircle(2)"), SHAPE)).rejects.toThrow(
      /b\.reg, line 2: circle must/,
    );
  });

  it.each([false, true])("an image of labels, gzip %s", async (gzip) => {
    const path = await put(gzip ? "labels.fits.gz" : "labels.fits", labelFile(gzip));
    const { regions } = await readRegionFile(`${path}[LABELS]`, SHAPE);
    expect(regions.map(({ name, weights }) => [name, imageSum(weights)])).toEqual([
      ["label 1", 1],
      ["label 3", 4],
    ]);
    const { regions: joined } = await readRegionFile(`${path}[LABELS]`, SHAPE, { joined: "all" });
    expect(joined.map(({ name, weights }) => [name, imageSum(weights)])).toEqual([["all", 5]]);
  });

  it("labels of the whole image serve a cut-out of it, and nothing else", async () => {
    const path = await put("whole.fits", labelFile());
    const { regions } = await readRegionFile(`${path}[LABELS]`, [2, 3], { origin: { x: 2, y: 2 } });
    expect(regions.map(({ name, weights }) => [name, [...weights.data]])).toEqual([
      ["label 1", [0, 0, 0, 0, 0, 1]],
    ]);
    await expect(readRegionFile(`${path}[LABELS]`, [2, 3])).rejects.toThrow(
      /shape of the image, \[2, 3\], got \[4, 5\]/,
    );
  });

  it("a file that is not there", () =>
    expect(readRegionFile(join(folder, "none.reg"), SHAPE)).rejects.toMatchObject({ code: "INVALID_INPUT" }));
});
