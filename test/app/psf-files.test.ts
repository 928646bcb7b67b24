/** Files of several psfs at Studio's desk: what they are taken for, and the psf of the command line. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { deskFiles } from "../../app/src/desk/files.js";
import type { Composition } from "../../app/src/desk/observation-view.js";
import { psfText } from "../../app/src/run/psf-facts.js";
import { assignImages, chosenImages } from "../../app/src/start/assign-images.js";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { psfEnsemble } from "../../src/data/observation/psf-ensemble.js";
import { constantImage } from "../../src/image.js";
import { fitsCard, writeFits } from "../../src/io/fits.js";
import { psfEnsembleHdus, psfSetHdus } from "../../src/io/psf-set-file.js";
import { readObservationFiles } from "../../src/io/public-datasets-node.js";

const folder = mkdtempSync(join(tmpdir(), "tslira-desk-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const psfs = [0.8, 1.1, 1.5, 1.9].map((sigma) => ({ psf: gaussianPsf(sigma) }));
const cards = [fitsCard("CTYPE1", "RA---TAN"), fitsCard("CTYPE2", "DEC--TAN")].concat(
  [83.6, 22].map((value, axis) => fitsCard(`CRVAL${axis + 1}`, value)),
  [8, 8].map((value, axis) => fitsCard(`CRPIX${axis + 1}`, value)),
  [-1, 1].map((sign, axis) => fitsCard(`CDELT${axis + 1}`, sign / 3600)),
);
const counts = constantImage([16, 16], 1);
const FILES = {
  "counts.fits": writeFits([{ kind: "image", name: "PRIMARY", ...counts, cards }]),
  "grid.fits": writeFits(
    psfSetHdus(psfs.map((one, index) => ({ ...one, x: 8 * (index % 2), y: index < 2 ? 0 : 9 }))),
  ),
  "sky.fits": writeFits(
    psfSetHdus(
      psfs.slice(0, 3).map((one, index) => ({ ...one, x: 83.6 + index / 3600, y: 22 + index ** 2 / 3600 })),
      { unit: "deg" },
    ),
  ),
  "members.fits": writeFits(psfEnsembleHdus(psfEnsemble(psfs))),
  "components.fits": writeFits(psfEnsembleHdus({ ...psfEnsemble(psfs), components: 2 })),
};

/** What the page makes of counts and a file of psfs, and what the library makes of them. */
async function opened(name: keyof typeof FILES, composition: Composition = {}) {
  const files = deskFiles();
  const rows = [];
  for (const each of ["counts.fits", name] as const) {
    writeFileSync(join(folder, each), FILES[each]);
    const { id, images } = await files.read(new Blob([FILES[each] as Uint8Array<ArrayBuffer>]), each);
    rows.push({ file: id, images: images.map((image) => ({ ...image, use: undefined, of: 0 as const })) });
  }
  const listed = assignImages(rows);
  const { composed, view } = files.compose(chosenImages(listed)[0], composition);
  const { observation } = await readObservationFiles({
    ...{ counts: join(folder, "counts.fits"), psf: join(folder, name) },
    ...composition,
  });
  expect(composed.observations[0].psf).toEqual(observation.psf);
  expect(composed.inputs.map((input) => input.name)).toEqual(["counts.fits", name]);
  return { reason: listed[1].images[0].reason, text: psfText(view.psf).replaceAll("\u00a0", " ") };
}

describe("a file of psfs at the desk", () => {
  it.each([
    ["grid.fits", "4 psfs at places, by its table", /^4 psfs at places, 2 × 2; each 17 × 17 pixels$/],
    ["sky.fits", "3 psfs at places, by its table", /^3 psfs at places; each /],
    ["members.fits", "4 psfs of which one is true, by its table", /^4 psfs of which one is true; /],
    ["components.fits", "4 psfs of which one is true, by its table", /^2 components of 4 psfs; /],
  ] as const)("is the psf that the command line reads: %s", async (name, reason, text) => {
    const found = await opened(name);
    expect(found.reason).toBe(reason);
    expect(found.text).toMatch(text);
  });

  it("is cut and drawn as the composition says", async () => {
    const cutout = { x: [2, 12], y: [3, 14] } as const;
    expect((await opened("grid.fits", { cutout })).text).toMatch(/^4 psfs at places/);
    const errors = { psfComponents: 1, psfWidthError: 0.1, psfLaw: "ensemble" } as const;
    expect((await opened("members.fits", errors)).text).toMatch(/^1 component of 4 psfs; /);
    expect((await opened("members.fits", { psfLaw: "fixed" })).text).toMatch(/^\d+ × \d+$/);
    await expect(opened("grid.fits", { psfCutout: cutout })).rejects.toThrow(
      "psf cutout: must go with one psf, got the set grid.fits; leave it out",
    );
  });
});
