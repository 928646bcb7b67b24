/** A set of psfs from images to a result: `tslira psf stack`, `info`, `deconvolve`, a job of tiles and a run that is resumed. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkObservation } from "../../src/data/observation/check-observation.js";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import {
  psfEnsemble,
  withComponents,
  withPointingError,
  withPsfLaw,
  withWidthError,
} from "../../src/data/observation/psf-ensemble.js";
import { psfSet } from "../../src/data/observation/psf-set.js";
import { simulateCounts } from "../../src/data/observation/simulate.js";
import { constantImage } from "../../src/image.js";
import { readFits, readTable, writeFits } from "../../src/io/fits.js";
import { writeFitsFile } from "../../src/io/fits-file-node.js";
import { observationHdus, observationsOf } from "../../src/io/observation-hdus.js";
import { readObservationFiles } from "../../src/io/public-datasets-node.js";
import { readResult } from "../../src/io/result-file-node.js";
import { tileObservation } from "../../src/jobs/create-job-node.js";
import { planTiles } from "../../src/jobs/tile-plan.js";
import { runCli } from "./run-cli.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslira-psf-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const places = [
  { psf: gaussianPsf(0.8), x: 2, y: 3 },
  { psf: gaussianPsf(1.6), x: 13, y: 3 },
];
const shape = [16, 16] as const;
const flux = constantImage(shape, 2);
const observation = {
  counts: simulateCounts(flux, psfSet(places), { seed: 5 }),
  psf: psfSet(places),
  name: "two",
};

/** Sky coordinates of 10 arcsec a pixel, in which pixel (2, 3) lies at the reference. */
const cards = [
  ["CTYPE1", "RA---TAN"],
  ["CTYPE2", "DEC--TAN"],
  ["CRVAL1", 83.6],
  ["CRVAL2", 22],
  ["CRPIX1", 3],
  ["CRPIX2", 4],
  ["CDELT1", -1 / 360],
  ["CDELT2", 1 / 360],
].map(([keyword, value]) => ({ keyword: String(keyword), value: value as string | number }));

async function writeImages(): Promise<void> {
  const { counts } = observation;
  await writeFitsFile(join(folder, "counts.fits"), [
    { kind: "image", shape: counts.shape, data: counts.data, cards },
  ]);
  for (const [index, { psf }] of places.entries()) {
    await writeFitsFile(join(folder, `${index}.fits`), [
      { kind: "image", name: "PSF", shape: psf.shape, data: psf.data },
    ]);
  }
}

describe("tslira psf stack", () => {
  it.each([
    ["pixels", "0.fits@2,3", "1.fits@13,3"],
    // Eleven pixels of 10 arcsec to the west.
    [
      "degrees",
      "0.fits@83.6deg,22deg",
      `1.fits@${83.6 - 11 / 360 / Math.cos((22 * Math.PI) / 180)}deg,22deg`,
    ],
  ])("writes a set at places in %s, which is read as it was", async (unit, ...psfs) => {
    await writeImages();
    const stacked = await runCli(folder, "psf", "stack", ...psfs, "-o", "set.fits", "--overwrite");
    expect(stacked).toMatchObject({ code: 0 });
    expect(stacked.stderr).toContain(`set.fits: 2 psfs at places in ${unit}`);
    const names = { counts: join(folder, "counts.fits"), psf: join(folder, "set.fits") };
    const { observation: read } = await readObservationFiles(names);
    for (const [index, place] of read.psf.places!.entries()) {
      // A plane tangent to the sky is not one of degrees: 0.001 pixels over eleven.
      expect(place.x).toBeCloseTo(places[index].x, 2);
      expect(place.y).toBeCloseTo(places[index].y, 2);
      const total = (image: Float64Array) => image.reduce((sum, value) => sum + value, 0);
      expect(total(place.psf.data)).toBeCloseTo(total(places[index].psf.data), 12);
      expect(Math.max(...place.psf.data)).toBeCloseTo(Math.max(...places[index].psf.data), 12);
    }
    // Of a part of the counts the places count from its corner.
    const part = await readObservationFiles({ ...names, cutout: { x: [1, 16], y: [2, 16] } });
    expect(part.observation.psf.places![0].x).toBeCloseTo(1, 2);
    expect(part.observation.psf.places![0].y).toBeCloseTo(1, 2);
  });

  it("refuses two psfs at one place before anything is written", async () => {
    await writeImages();
    const twice = await runCli(folder, "psf", "stack", "0.fits@2,3", "1.fits@2,3", "-o", "twice.fits");
    expect(twice.code).toBe(1);
    expect(twice.stderr).toContain("psf stack: places must differ, got two psfs at 2, 3; leave one out");
    await expect(readFile(join(folder, "twice.fits"))).rejects.toThrow("ENOENT");
  });

  it("replaces neither what it reads nor another file", async () => {
    await writeImages();
    const before = await readFile(join(folder, "0.fits"));
    const make = (command: string, output: string, ...more: string[]) =>
      runCli(folder, "psf", command, "0.fits@2,3", "1.fits@13,3", "-o", output, ...more);
    const itself = await make("stack", "0.fits", "--overwrite");
    expect(itself.stderr).toContain("0.fits: output must be a file of its own, got a file that is read");
    for (const [command, ...names] of [["ensemble"], ["components"], ["rings", "--aim", "8,8"]]) {
      const { code, stderr } = await make(command, "counts.fits", ...names);
      expect([code, stderr]).toEqual([1, expect.stringContaining("output must be a new file")]);
    }
    const drawn = await make("ensemble", "psf.png");
    expect(drawn.stderr).toContain(
      "psf ensemble: output is FITS and must be called so, got psf.png; call it psf.fits",
    );
    expect(await readFile(join(folder, "0.fits"))).toEqual(before);
  });

  it("is what deconvolve takes, and info names", async () => {
    await writeImages();
    await runCli(folder, "psf", "stack", "0.fits@2,3", "1.fits@13,3", "-o", "set.fits", "--overwrite");
    const info = await runCli(folder, "info", "set.fits");
    expect(info.stdout).toContain("the places of a set of 2 psfs");
    const brief = ["--iterations", "60", "--burn-in", "20", "--chains", "2", "--quiet"];
    const run = await runCli(
      folder,
      "deconvolve",
      "counts.fits",
      "--psf",
      "set.fits",
      ...brief,
      "-o",
      "r.fits",
    );
    expect(run).toMatchObject({ code: 0 });
    for (const kind of ["dataset", "psf"]) {
      const figure = await runCli(folder, "plot", "r.fits", "--kind", kind, "-o", `${kind}.svg`);
      expect(figure).toMatchObject({ code: 0 });
      expect(await readFile(join(folder, `${kind}.svg`), "utf8")).toContain("Psf at 13, 3");
    }
  });

  it("lies on rings about the optical axis, in pixels and on the sky", async () => {
    await writeImages();
    const rings = ["0.fits@0", "1.fits@5", "--aim", "8,8", "--angles", "4", "-o", "rings.fits"];
    const made = await runCli(folder, "psf", "rings", ...rings);
    expect(made).toMatchObject({ code: 0 });
    expect(made.stderr).toContain("5 psfs at places in pixels");
    const read = async (psf: string) =>
      (await readObservationFiles({ counts: join(folder, "counts.fits"), psf: join(folder, psf) }))
        .observation.psf.places!;
    const near = (places: readonly { readonly x: number; readonly y: number }[]) =>
      places.map(({ x, y }) => [x, y].map((value) => Math.round(1000 * value) / 1000 + 0));
    expect(near(await read("rings.fits"))).toEqual([
      [8, 8],
      [8, 13],
      [3, 8],
      [8, 3],
      [13, 8],
    ]);
    // The same about RA 83.6, Dec 22, the reference, at pixel (2, 3); pixels are 10 arcsec wide.
    const sky = ["0.fits@0arcmin", "1.fits@0.5arcmin", "--aim", "83.6deg,22deg", "--angles", "4"];
    expect(await runCli(folder, "psf", "rings", ...sky, "-o", "sky.fits")).toMatchObject({ code: 0 });
    // North is up and east is left.
    expect(near(await read("sky.fits"))).toEqual([
      [2, 3],
      [2, 6],
      [-1, 3],
      [2, 0],
      [5, 3],
    ]);
    const mixed = await runCli(folder, "psf", "rings", "0.fits@5arcmin", "--aim", "8,8", "-o", "m.fits");
    expect(mixed.stderr).toContain("in pixels as the aim is, got 0.fits@5arcmin; write psf.fits@40");
  });

  it("is what several psfs with places make of the option, and of a list in a config file", async () => {
    await writeImages();
    await runCli(folder, "psf", "stack", "0.fits@2,3", "1.fits@13,3", "-o", "set.fits", "--overwrite");
    const given = [
      "deconvolve",
      "counts.fits",
      "-n",
      "60",
      "--burn-in",
      "20",
      "-c",
      "2",
      "-q",
      "--overwrite",
    ];
    const psfs = ["--psf", "0.fits@2,3", "--psf", "1.fits@13,3"];
    await writeFile(
      join(folder, "run.json"),
      JSON.stringify({ counts: "counts.fits", psf: ["0.fits@2,3", "1.fits@13,3"] }),
    );
    const runs = [
      await runCli(folder, ...given, "--psf", "set.fits", "-o", "a.fits"),
      await runCli(folder, ...given, ...psfs, "-o", "b.fits"),
      await runCli(folder, "deconvolve", "--config", "run.json", ...given.slice(2), "-o", "c.fits"),
    ];
    for (const { code, stderr } of runs) expect(code, stderr).toBe(0);
    const [first, ...others] = await Promise.all(
      ["a", "b", "c"].map((name) => readResult(join(folder, `${name}.fits`))),
    );
    for (const { mean, provenance } of others) {
      expect(mean).toEqual(first.mean);
      expect(provenance.inputs.map(({ name }) => name)).toContainEqual(expect.stringMatching(/0.fits@2,3$/));
    }
    // The observation is found again by the command, with all of its psfs.
    const told = await runCli(folder, "plot", "b.fits", "--kind", "psf", "-o", "b.svg", "--overwrite");
    expect(told).toMatchObject({ code: 0 });
    expect(await readFile(join(folder, "b.svg"), "utf8")).toContain("Psf at 13, 3");
  });

  it.each([
    ["0.fits", "must be named with its place, got 0.fits; write psf.fits@12,34"],
    ["1.fits@3deg,4deg", "must all be in pixels or all in degrees"],
  ])("refuses %s beside pixels", async (name, words) => {
    await writeImages();
    const found = await runCli(folder, "psf", "stack", "0.fits@2,3", name, "-o", "refused.fits");
    expect(found.code).toBe(1);
    expect(found.stderr).toContain(words);
  });
});

describe("a set of psfs", () => {
  it("goes through the files of jobs unchanged", () => {
    const [read] = observationsOf(readFits(writeFits(observationHdus([observation]))), ["two"]);
    // Also after it was checked: a run that is resumed knows its data by their bytes.
    expect(read).toEqual(observation);
    expect(checkObservation(read)).toEqual(checkObservation(observation));
  });

  it("moves with a tile", () => {
    const { tiles } = planTiles(shape, [5, 5], { tile: [8, 8], margin: 5 });
    const tile = tiles.find(({ sky }) => sky.rows[0] > 0 && sky.cols[0] > 0)!;
    const part = tileObservation(observation, tile);
    expect(part.psf.places?.[1]).toMatchObject({ x: 13 - tile.sky.cols[0], y: 3 - tile.sky.rows[0] });
  });
});

describe("tslira psf ensemble", () => {
  const brief = ["--iterations", "60", "--burn-in", "20", "--chains", "2", "--quiet"];
  const columnsOf = async (name: string) => {
    const hdus = readFits(await readFile(join(folder, name)));
    return hdus.flatMap((hdu) => (hdu.kind === "table" ? readTable(hdu).columns.map((one) => one.name) : []));
  };

  it("writes psfs of which the sampler draws one, and the result keeps them", async () => {
    await writeImages();
    const made = await runCli(
      folder,
      ...["psf", "ensemble", "0.fits", "1.fits", "--weights", "2,1", "-o", "ensemble.fits"],
    );
    expect(made).toMatchObject({ code: 0 });
    expect(made.stderr).toContain("ensemble.fits: an ensemble of 2 psfs");
    const info = await runCli(folder, "info", "ensemble.fits");
    expect(info.stdout).toContain("the weights of an ensemble of 2 psfs");
    const { observation: read } = await readObservationFiles({
      counts: join(folder, "counts.fits"),
      psf: join(folder, "ensemble.fits"),
    });
    expect(read.psf).toEqual(psfEnsemble([{ psf: places[0].psf, weight: 2 }, { psf: places[1].psf }]));
    const run = await runCli(
      folder,
      ...["deconvolve", "counts.fits", "--psf", "ensemble.fits", ...brief, "-o", "drawn.fits"],
    );
    expect(run).toMatchObject({ code: 0 });
    expect(await columnsOf("drawn.fits")).toContain("psfMember");
    const figure = await runCli(folder, "plot", "drawn.fits", "--kind", "psf", "-o", "members.svg");
    expect(figure).toMatchObject({ code: 0 });
    expect(await readFile(join(folder, "members.svg"), "utf8")).toContain("Member 1");
  });

  it("is made of principal components, and the result keeps how many", async () => {
    await writeImages();
    const made = await runCli(folder, "psf", "components", "0.fits", "1.fits", "-o", "components.fits");
    expect(made).toMatchObject({ code: 0 });
    expect(made.stderr).toContain("1 components of 2 psfs, which explain 100.0 % of their variance");
    await runCli(folder, "psf", "ensemble", "0.fits", "1.fits", "-o", "two.fits");
    const given = ["deconvolve", "counts.fits", ...brief, "--overwrite", "--seed", "3"];
    for (const psf of [["components.fits"], ["two.fits", "--psf-components", "1"]]) {
      const run = await runCli(folder, ...given, "--psf", ...psf, "-o", "mixed.fits");
      expect(run).toMatchObject({ code: 0 });
      expect(await columnsOf("mixed.fits")).toContain("psfComponent0");
    }
    const many = await runCli(folder, ...given, "--psf", "two.fits", "--psf-components", "2", "-o", "m.fits");
    expect(many.stderr).toContain(
      "psf components: count must be a whole number from 1 to 1 for an ensemble of 2",
    );
    const one = await runCli(folder, ...given, "--psf", "0.fits", "--psf-components", "1", "-o", "m.fits");
    expect(one.stderr).toContain("psf components: must go with an ensemble of psfs");
  });

  it("stays as it is in pairs of chains, and is taken for its mean, where that is asked for", async () => {
    await writeImages();
    await runCli(folder, "psf", "ensemble", "0.fits", "1.fits", "-o", "two.fits");
    const given = ["deconvolve", "counts.fits", "--psf", "two.fits", ...brief, "--overwrite"];
    const fixed = await runCli(folder, ...given, "--psf-law", "fixed", "-o", "fixed.fits");
    expect(fixed).toMatchObject({ code: 0 });
    expect(await columnsOf("fixed.fits")).not.toContain("psfMember");
    const four = [...given, "--psf-law", "ensemble", "--chains", "12"];
    expect(await runCli(folder, ...four, "-o", "kept.fits")).toMatchObject({ code: 0 });
    const { trace } = await readResult(join(folder, "kept.fits"));
    const { names, chains } = trace.parameters;
    const column = names.indexOf("psfMember");
    const members = chains.map((rows) => {
      const values = rows.filter((_, index) => index % names.length === column);
      expect(new Set(values).size).toBe(1);
      return values[0];
    });
    for (let pair = 0; pair < 12; pair += 2) expect(members[pair + 1]).toBe(members[pair]);
    // Six pairs choose between two: all the same once in 32 seeds.
    expect(new Set(members).size).toBe(2);
    const none = await runCli(folder, ...four, "--cycle-spin", "none", "-o", "none.fits");
    expect(none.code).toBe(1);
    expect(none.stderr).toContain(
      'must go with shifts of the tree that a pair keeps, cycleSpin "ensemble", got none',
    );
    const known = ["deconvolve", "counts.fits", "--psf", "0.fits", "--psf-law", "ensemble", ...brief];
    const refused = await runCli(folder, ...known, "-o", "known.fits");
    expect(refused.stderr).toContain("psf law: must go with a psf that is not known exactly");
  });

  it("is what a width error makes of one psf; other methods say that they use the mean", async () => {
    await writeImages();
    const given = ["deconvolve", "counts.fits", "--psf", "0.fits", "--psf-width-error", "10%"];
    const run = await runCli(folder, ...given, ...brief, "-o", "width.fits");
    expect(run).toMatchObject({ code: 0 });
    expect(await columnsOf("width.fits")).toContain("psfWidth");
    const image = await runCli(folder, ...given, "--method", "richardson-lucy", "-o", "rl.fits");
    expect(image).toMatchObject({ code: 0 });
    expect(image.stderr).toContain("the psf is taken as it is given");
  });

  it.each([
    [["--weights", "1"], "must have a number for each of 2 psfs, got 1"],
    [["--weights", "1,0"], "weight must be a finite number > 0, got 0"],
  ])("refuses %s", async (weights, words) => {
    await writeImages();
    const found = await runCli(folder, "psf", "ensemble", "0.fits", "1.fits", ...weights, "-o", "e.fits");
    expect(found.code).toBe(1);
    expect(found.stderr).toContain(words);
  });

  it("goes through the files of jobs unchanged", () => {
    const two = psfEnsemble([{ psf: places[0].psf, weight: 2 }, { psf: places[1].psf }]);
    for (const psf of [
      withPointingError(withWidthError(places[0].psf, 0.1), 0.3),
      withPointingError(withWidthError(psfSet(places), 0.1), 0.3),
      withPsfLaw(withWidthError(withComponents(two, 1), 0.1), "ensemble"),
    ]) {
      const given = { ...observation, psf };
      const [read] = observationsOf(readFits(writeFits(observationHdus([given]))), ["two"]);
      expect(read).toEqual(given);
      expect(checkObservation(read)).toEqual(checkObservation(given));
    }
  });
});
