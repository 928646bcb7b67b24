/** Settings that travel come back as they were: as a file, in an address, from a result. What is wrong is said in words. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compositionOfCommand,
  configurationHash,
  configurationOfResult,
  configurationText,
  readConfiguration,
  readHash,
  readPasted,
} from "../../app/src/settings/configuration.js";
import { methodSettings } from "../../app/src/settings/method-fields.js";
import { commandOf } from "../../app/src/settings/reproduce.js";
import { formIsGood, settingsOf, startForm, wholeForm } from "../../app/src/settings/settings.js";
import { adaptivePriorOf, DEFAULT_ADAPTIVE_PRIOR } from "../../src/data/law/adaptive-prior.js";
import { PRESET_NAMES } from "../../src/data/law/presets.js";
import { simulatePointSource } from "../../src/data/observation/simulated-datasets.js";
import { LiraDeconvolver } from "../../src/runs/lira-deconvolver.js";
import type { LiraDeconvolverOptions } from "../../src/runs/lira-options.js";

const range = fc
  .tuple(fc.nat(500), fc.integer({ min: 1, max: 500 }))
  .map(([start, size]) => [start, start + size] as const);
const cutout = fc.record({ x: range, y: range });
const composition = fc.record(
  {
    ...{ cutout, psfCutout: cutout, backgroundUnit: fc.constantFrom("flux" as const, "counts" as const) },
    psfCentre: fc.oneof(
      fc.constantFrom("auto" as const, "peak" as const, "centroid" as const),
      fc.record({ x: fc.integer({ min: 0, max: 99 }).map((half) => half / 2), y: fc.nat(50) }),
    ),
    psfTrim: fc.constantFrom("none" as const, 0.99, 1),
    psfComponents: fc.integer({ min: 1, max: 9 }),
    psfWidthError: fc.integer({ min: 1, max: 200 }).map((thousandths) => thousandths / 1000),
    pointingError: fc.integer({ min: 1, max: 20 }).map((tenths) => tenths / 10),
    psfLaw: fc.constantFrom("sampled" as const, "ensemble" as const, "fixed" as const),
  },
  { requiredKeys: [] },
);
const form = fc
  .record({
    iterations: fc.integer({ min: 100, max: 1e6 }).map(String),
    seed: fc.nat().map(String),
    cycleSpin: fc.constantFrom("ensemble", "sampled", "random", "none"),
    fitBackgroundScale: fc.constantFrom("", "yes"),
    alphaInit: fc.double({ min: 1e-3, max: 100, noNaN: true }).map(String),
    totalRate: fc.double({ min: 0, max: 1, noNaN: true }).map(String),
    preset: fc.constantFrom(...PRESET_NAMES),
  })
  .map((part) => ({ ...startForm(part.preset), ...part, burnIn: "10" }));
const run = (settings: LiraDeconvolverOptions, command?: string) =>
  new LiraDeconvolver(settings).run(simulatePointSource({ shape: [16, 16] }), {
    workers: 0,
    ...(command !== undefined && { command }),
  });
const SHAPE = [16, 16] as const;
const short = { iterations: 60, burnIn: 10, chains: 2, seed: 9 };

describe("settings that travel", () => {
  it("come back from a file and from an address as they were", () => {
    fc.assert(
      fc.property(form, composition, (given, parts) => {
        expect(formIsGood(given)).toBe(true);
        const file = readConfiguration(configurationText(given, parts), "a.json");
        const hash = readHash(`https://host/studio/${configurationHash(given, parts)}`);
        for (const found of [file, hash]) {
          expect(found?.notes).toEqual([]);
          expect(settingsOf(found!.form)).toEqual(settingsOf(given));
          expect(found?.composition).toEqual(parts);
        }
      }),
      { seed: 5, numRuns: 200 },
    );
  });

  it("come from a result, with the cut-outs of its command", async () => {
    const given = {
      ...startForm("lira"),
      ...{ iterations: "60", burnIn: "10", chains: "2", seed: "9", boundary: "spill", cycleSpin: "ensemble" },
      ...{ alphaInit: "0.3", smoothingPower: "1", smoothingRate: "3", totalRate: "0.01", keep: "20" },
    };
    const parts = {
      cutout: { x: [8, 24] as const, y: [4, 20] as const },
      psfCutout: { x: [1, 4] as const, y: [0, 3] as const },
      psfCentre: { x: 5.5, y: 4 },
    };
    const name = (of: string) => ({ file: 0, hdu: 0, name: of });
    const command = commandOf(
      { counts: name("my counts.fits"), psf: name("psf.fits") },
      parts,
      settingsOf(given),
    );
    const result = await run(settingsOf(given), command);
    const found = configurationOfResult(result.config, SHAPE, command);
    // The counts wanted no margin.
    expect(found).toEqual({ form: { ...given, margin: "0" }, composition: parts, notes: [] });
    // Without a command the thinning says how many draws were kept: every third of 50.
    expect(configurationOfResult(result.config, SHAPE).form.keep).toBe("17");
    expect(configurationOfResult({ ...result.config, upsampling: 2 }, SHAPE).notes).toEqual([
      "The result had upsampling 2; the form has none, and leaves it at 1.",
    ]);
    expect(compositionOfCommand("tslira deconvolve a.fits --psf b.fits -o c.fits")).toEqual({});
    expect(
      compositionOfCommand("tslira deconvolve a.fits --psf b.fits --psf-width-error 5% --psf-law=ensemble"),
    ).toEqual({ psfWidthError: 0.05, psfLaw: "ensemble" });
  });

  it.each(PRESET_NAMES)(
    "keep the preset %s of a result, and of the files and links of it",
    async (preset) => {
      const { config } = await run({ ...short, preset });
      const { form: found, notes } = configurationOfResult(config, SHAPE);
      expect(found).toEqual({
        ...startForm(preset),
        ...{ iterations: "60", burnIn: "10", chains: "2", seed: "9", margin: "0" },
      });
      expect(notes).toEqual([]);
      // What is left out of settings is what the preset says.
      expect(settingsOf(found)).toEqual({ ...short, margin: 0, ...(preset !== "adaptive" && { preset }) });
      expect((await run(settingsOf(found))).config).toEqual(config);
    },
  );

  it.each<[string, LiraDeconvolverOptions]>([
    ["transfers", { pairTransfers: 3 }],
    ["no transfers", { pairTransfers: 0 }],
    ["the prior of the total", { totalCountsPrior: { shape: 2, rate: 0.5 } }],
    [
      "the scale of the background",
      { fitBackgroundScale: true, backgroundScalePrior: { shape: 3, rate: 2 } },
    ],
    ["a sky beyond the frame", { margin: 3 }],
    ["fixed alphas, one a level", { alphaInit: [1, 2, 3, 4], fitAlpha: false }],
    ["the prior of alpha", { smoothingPrior: { power: 2, rate: 0.5, exponent: 1 }, boundary: "wrap" }],
    [
      "states",
      {
        adaptivePrior: adaptivePriorOf(
          [0.1, 10].flatMap((one) => new Array(4).fill(one)),
          [1, 2, 3, 4],
        ),
      },
    ],
    ["the same states, said again", { adaptivePrior: structuredClone(DEFAULT_ADAPTIVE_PRIOR) }],
  ])("lose nothing of a result: %s", async (_, law) => {
    const { config } = await run({ ...short, ...law });
    const found = configurationOfResult(config, SHAPE);
    expect(found.notes).toEqual([]);
    expect(readHash(configurationHash(found.form, {}))).toMatchObject({ form: found.form, notes: [] });
    expect((await run(settingsOf(found.form))).config).toEqual(config);
  });

  it("of an earlier version, which knew of one law only, are that law", () => {
    const form: Record<string, string> = { ...startForm(), boundary: "spill", seed: "4" };
    const { preset: _, totalRate: __, ...old } = form;
    const address = `#settings=1&${new URLSearchParams(old)}`;
    const { form: found, notes } = readHash(address)!;
    expect(notes).toEqual([]);
    expect(settingsOf(found)).toEqual({
      ...{ preset: "lira", boundary: "spill", cycleSpin: "ensemble" },
      ...{ iterations: 2000, burnIn: 200, chains: 4, seed: 4 },
    });
    expect(wholeForm(old)).toEqual(found);
    expect(readHash("#settings=1&preset=upside-down&seed=3")).toMatchObject({
      form: { ...startForm(), seed: "3" },
      notes: ["preset must be one of adaptive, lira, lira-paper, got upside-down; left at its default"],
    });
  });

  it("are taken one by one: what is wrong is named and left at its default", () => {
    const { form: taken, notes } = readHash(
      "#settings=1&iterations=abc&seed=7&cycleSpin=upside-down&colour=red&cutout=9:3,1:2&burnIn=99999",
    )!;
    expect(taken).toEqual({ ...startForm(), seed: "7" });
    expect(notes).toEqual([
      "colour is not a setting of this version; left out",
      "cutout must read x0:x1,y0:y1, got 9:3,1:2; left out",
      "iterations must be a number, got abc; left at its default",
      expect.stringContaining("burnIn must be must leave two sweeps"),
      expect.stringContaining("cycleSpin must be one of ensemble, sampled, random, none, got upside-down"),
    ]);
  });

  it.each([
    ["{", /a\.json: must be JSON, got text that fails/],
    ["[1]", /must be settings of Studio/],
    ["null", /must be settings of Studio/],
    ['{"tslira":"studio-settings","format":2}', /must have format 1, got 2/],
    [
      '{"tslira":"studio-settings","format":1,\n"settings":{"seed":1,"seed":2}}',
      /there once, got "seed" again in line 2/,
    ],
    ['{"tslira":"studio-settings","format":1,"settings":{"__proto__":1}}', /got none that are known/],
    ['{"tslira":"studio-settings","format":1,"settings":7}', /settings must be an object/],
    ['{"tslira":"studio-settings","format":1,"settings":{"seed":[1]}}', /settings\.seed must be text/],
  ])("refuse %s", (text, message) => {
    expect(() => readConfiguration(text, "a.json")).toThrow(message);
  });

  it("bring other methods and tests along, and name what is wrong with them", () => {
    const given = {
      ...startForm(),
      ...{ method: "map", "map-prior": "entropy", "map-prior-entropy-strength": "0.2", "map-strength": "" },
      ...{ "map-iterations": "77", bootstrap: "5", "test-replicates": "30" },
    };
    const text = configurationText(given, {});
    expect(readConfiguration(text, "file")).toMatchObject({ form: given, notes: [] });
    expect(readHash(configurationHash(given, {}))).toMatchObject({ form: given, notes: [] });
    const { options, prior } = methodSettings(given, 1)!;
    expect(options).toEqual({ iterations: 77, bootstrap: { replicates: 5, seed: 0 } });
    expect(prior).toMatchObject({ id: "entropy", values: { strength: 0.2 } });

    const wrong = { ...given, "map-prior": "nonsense", "map-iterations": "many", bootstrap: "1" };
    const { form: mended, notes } = readConfiguration(configurationText(wrong, {}), "file");
    expect(notes.map((note) => note.split(" ")[0])).toEqual(["map-prior", "map-iterations", "bootstrap"]);
    expect(methodSettings(mended, 1)?.options).toEqual({ iterations: 1000 });
    const unknown = readConfiguration(configurationText({ ...given, method: "clean" }, {}), "file");
    expect(unknown.notes).toEqual([
      expect.stringMatching(/^method must be one of lira, .*, got clean; left at LIRA$/),
    ]);
    expect(methodSettings(unknown.form, 1)).toBeUndefined();
  });

  it("are recognised when pasted, and nothing else is", () => {
    const address = `http://127.0.0.1:1/token/${configurationHash({ ...startForm(), seed: "5" }, {})}`;
    expect(readPasted(address)?.form.seed).toBe("5");
    expect(readPasted(configurationText({ ...startForm(), seed: "6" }, {}))?.form.seed).toBe("6");
    for (const text of ["", "hello", "{}", "https://example.org/#top", "a settings=1"])
      expect(readPasted(text)).toBeUndefined();
    expect(() => readPasted("x#settings=9")).toThrow(/format 1, got 9/);
  });
});
