/** Tile-compressed images that astropy wrote, read here; astropy's own reading is the judge. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readFits, readImageData } from "../../src/io/fits.js";
import { openFitsFile } from "../../src/io/fits-file-node.js";
import { pythonWith } from "./python.js";

// Every algorithm with every type that it takes, tiles of several shapes (also ones that do not fit), and all ways to quantise.
// plain.fits is what astropy reads of packed.fits, extension by extension.
const SCRIPT = `
import sys, warnings
import numpy as np
from astropy.io import fits
warnings.simplefilter("ignore")
rng = np.random.default_rng(372)
def whole(dtype, shape):
    top = {"uint8": 200, "int16": 20000, "int32": 3000000}[dtype]
    image = rng.poisson(3, shape) + np.arange(np.prod(shape)).reshape(shape) % 17
    image.flat[5] = top
    return image.astype(dtype)
hdus = [fits.PrimaryHDU()]
def add(data, algorithm, tile, **more):
    hdus.append(fits.CompImageHDU(data, compression_type=algorithm, tile_size=list(tile[::-1]), **more))
for algorithm in ("RICE_1", "GZIP_1", "GZIP_2"):
    for dtype in ("uint8", "int16", "int32"):
        add(whole(dtype, (23, 31)), algorithm, (1, 31))
        add(whole(dtype, (23, 31)), algorithm, (7, 9))
    add(whole("int16", (3, 10, 12)) - 5, algorithm, (1, 4, 12))
add(whole("uint8", (23, 31)), "PLIO_1", (1, 31))
add((whole("int16", (40, 50)) > 10).astype("int16") * 4000, "PLIO_1", (5, 50))
for shape, tile in (((23, 31), (16, 16)), ((64, 64), (64, 64)), ((37, 22), (37, 22)), ((40, 40), (8, 13))):
    add(whole("int16", shape), "HCOMPRESS_1", tile, hcomp_scale=0)
    add((whole("int32", shape) - 9) * 7, "HCOMPRESS_1", tile, hcomp_scale=0)
add((whole("int16", (64, 48)) * 11).astype("int16"), "HCOMPRESS_1", (16, 16), hcomp_scale=4)
y, x = np.mgrid[:61, :70]
smooth = 900 * np.exp(-((x - 30) ** 2 + (y - 25) ** 2) / 300) - 5 * x
for scale in (1, 4, 40, 300):
    for tile in ((61, 70), (16, 16), (17, 23)):
        noisy = rng.normal(smooth, 20)
        add(noisy.astype("int16"), "HCOMPRESS_1", tile, hcomp_scale=scale, hcomp_smooth=1)
        add((noisy * 100).astype("int32"), "HCOMPRESS_1", tile, hcomp_scale=scale, hcomp_smooth=1)
add(rng.normal(smooth, 20).astype("float32"), "HCOMPRESS_1", (30, 70), hcomp_scale=3, hcomp_smooth=1, quantize_level=4)
for dtype in ("float32", "float64"):
    image = rng.normal(10, 2, (40, 50)).astype(dtype)
    image[3, 4] = np.nan
    image[5, 6] = 0
    for algorithm in ("RICE_1", "GZIP_1", "GZIP_2", "HCOMPRESS_1"):
        for method in (-1, 1, 2):
            tile = (1, 50) if algorithm != "HCOMPRESS_1" else (20, 25)
            if algorithm == "HCOMPRESS_1":
                clean = np.nan_to_num(image, nan=1.0)
            else:
                clean = image
            add(clean, algorithm, tile, quantize_level=16, quantize_method=method, dither_seed=123)
    add(image, "GZIP_2", (8, 50), quantize_level=0)
    constant = np.full((6, 30), 2.5, dtype)
    add(constant, "RICE_1", (1, 30), quantize_level=16)
fits.HDUList(hdus).writeto(sys.argv[1], overwrite=True)
with fits.open(sys.argv[1]) as read:
    out = [fits.PrimaryHDU()] + [fits.ImageHDU(np.asarray(hdu.data).astype("float64")) for hdu in read[1:]]
    fits.HDUList(out).writeto(sys.argv[2], overwrite=True)
`;

const python = pythonWith("astropy", "astropy", "python3-astropy");

const folder = mkdtempSync(join(tmpdir(), "tslira-tiles-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(python === undefined)("tile-compressed images of astropy", () => {
  const [script, packed, plain] = ["write.py", "packed.fits", "plain.fits"].map((name) => join(folder, name));
  if (python !== undefined) {
    writeFileSync(script, SCRIPT);
    execFileSync(python, [script, packed, plain]);
  }
  const hdus = python === undefined ? [] : readFits(readFileSync(packed), { name: "packed.fits" }).slice(1);
  const judges = python === undefined ? [] : readFits(readFileSync(plain)).slice(1);
  const title = (index: number) => {
    const { header } = hdus[index];
    const tile = [1, 2].map((axis) => String(header.get(`ZTILE${axis}`))).join(" x ");
    return `${index + 1} ${header.text("ZCMPTYPE")} ${header.get("ZBITPIX")} ${tile} ${header.text("ZQUANTIZ") ?? ""}`;
  };

  it.each(hdus.map((_, index) => [title(index), index] as const))("%s", (_, index) => {
    const mine = readImageData(hdus[index]);
    const theirs = readImageData(judges[index]);
    expect(mine.shape).toEqual(theirs.shape);
    // Quantised values of 32 bits are rounded once here and in steps there.
    const single = hdus[index].header.get("ZBITPIX") === -32;
    for (let at = 0; at < theirs.data.length; at++) {
      const [got, wanted] = [mine.data[at], theirs.data[at]];
      if (Number.isNaN(wanted)) expect(got).toBeNaN();
      else if (Math.abs(got - wanted) > (single ? 1e-6 : 1e-13) * Math.abs(wanted))
        expect(got, `at ${at}`).toBe(wanted);
    }
  });

  it("a cut-out and planes of one are those of the whole", async () => {
    const file = await openFitsFile(packed);
    const cube = hdus.findIndex((hdu) => hdu.kind === "image" && hdu.shape.length === 3);
    const whole = readImageData(judges[cube]).data;
    const part = await file.readHdu(cube + 1, { cutout: { x: [2, 5], y: [1, 3] }, planes: [1, 2] });
    const expected = [1, 2].flatMap((row) => [2, 3, 4].map((col) => whole[(10 + row) * 12 + col]));
    expect([...readImageData(part).data]).toEqual(expected);
    const planes = await file.readPlanes(cube + 1, 2, 1);
    expect([...planes.data]).toEqual([...whole.subarray(240, 360)]);
    await file.close();
  });
});
