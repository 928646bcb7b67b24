/** What Studio writes as a command is what the command line reads: the same settings and files. */
import { describe, expect, it } from "vitest";
import { commandOf, jointConfig, typescriptOf } from "../../app/src/settings/reproduce.js";
import {
  ADVANCED_FIELDS,
  advancedFields,
  fieldError,
  formIsGood,
  MAIN_FIELDS,
  presetField,
  settingsOf,
  startForm,
  withPreset,
} from "../../app/src/settings/settings.js";
import {
  nullField,
  significanceCommand,
  significanceQuestion,
  testForm,
} from "../../app/src/settings/significance-settings.js";
import { flagSettings } from "../../src/cli/deconvolve.js";
import { deconvolveOptions } from "../../src/cli/deconvolve-options.js";
import { shellWords } from "../../src/cli/recorded-data.js";
import { PRESET_NAMES, type Preset, presetOf } from "../../src/data/law/presets.js";
import { planRun } from "../../src/runs/lira-options.js";

const choices = {
  counts: { file: 0, hdu: 0, name: "my counts.fits.gz" },
  psf: { file: 1, hdu: 2, name: "all's.fits[2]" },
  exposure: { file: 2, hdu: 0, name: "exposure.fits" },
  background: { file: 3, hdu: 0, name: "background.fits" },
};

function readBack(command: string) {
  const [program, verb, ...args] = shellWords(command);
  expect([program, verb]).toEqual(["tslira", "deconvolve"]);
  const options = deconvolveOptions().exitOverride();
  options.parse(args, { from: "user" });
  return flagSettings(options.processedArgs[0], options.opts());
}

describe("commandOf", () => {
  it("is read back as the settings of the form, each of them changed", () => {
    const form = {
      ...startForm("lira"),
      ...{
        iterations: "300",
        burnIn: "50",
        chains: "3",
        seed: "11",
        boundary: "spill",
        cycleSpin: "sampled",
      },
      ...{ fitBackgroundScale: "yes", alphaInit: "0.3", smoothingPower: "2", smoothingRate: "0.02" },
      ...{ smoothingExponent: "1", totalRate: "0", keep: "200" },
    };
    expect(formIsGood(form)).toBe(true);
    const settings = settingsOf(form);
    const composition = {
      cutout: { x: [64, 192], y: [65, 193] },
      psfCutout: { x: [15, 32], y: [14, 31] },
      psfCentre: { x: 23.2, y: 23 },
      backgroundUnit: "counts",
    } as const;
    const { common, options, output } = readBack(commandOf(choices, composition, settings));
    expect(options).toEqual(settings);
    expect(common).toEqual({
      ...{ counts: "my counts.fits.gz", psf: "all's.fits[2]", exposure: "exposure.fits" },
      ...{ background: "background.fits", ...composition },
    });
    expect(output).toBe("result.fits");
    const code = typescriptOf(choices, composition, settings);
    expect(code).toContain('  psf: "all\'s.fits[2]",\n');
    expect(code).toContain("  cutout: { x: [64, 192], y: [65, 193] },\n");
    expect(code).toContain('  preset: "lira",\n');
    expect(code).toContain("  totalCountsPrior: { shape: 1, rate: 0 },\n");
    expect(code).toContain("  smoothingPrior: { power: 2, rate: 0.02, exponent: 1 },\n");
  });

  it("names files so that no name is an option", () => {
    const image = (name: string) => ({ file: 0, hdu: 0, name });
    const dashed = { counts: image("-c.fits"), psf: image("--psf.fits") };
    expect(readBack(commandOf(dashed, {}, {})).common).toEqual({
      counts: "./-c.fits",
      psf: "./--psf.fits",
    });
    expect(typescriptOf(dashed, {}, {})).toContain('counts: "./-c.fits"');
  });

  it("says of each psf what is not known of it, where that concerns it", () => {
    const image = (name: string) => ({ file: 0, hdu: 0, name });
    const composition = {
      psfComponents: 2,
      psfWidthError: 0.05,
      pointingError: 0.5,
      psfLaw: "ensemble",
    } as const;
    const ensemble = { counts: image("a.fits"), psf: { ...image("members.fits"), psfs: "members" as const } };
    const psf = { counts: image("b.fits"), psf: image("psf.fits") };
    const common = (...given: Parameters<typeof commandOf>) => readBack(commandOf(...given)).common;
    expect(common(ensemble, composition, {})).toEqual({
      ...{ counts: "a.fits", psf: "members.fits" },
      ...{ psfComponents: 2, psfWidthError: 0.05, psfLaw: "ensemble" },
    });
    expect(common(psf, { psfComponents: 2, pointingError: 0.5, psfLaw: "ensemble" }, {})).toEqual({
      ...{ counts: "b.fits", psf: "psf.fits" },
    });
    const joint = jointConfig({ ...ensemble, others: [psf] }, { ...composition, psfTrim: 0.99 });
    expect(JSON.parse(joint ?? "")).toEqual({
      psfTrim: 0.99,
      observations: [
        {
          ...{ counts: "a.fits", psf: "members.fits" },
          ...{ psfComponents: 2, psfWidthError: 0.05, psfLaw: "ensemble" },
        },
        {
          ...{ counts: "b.fits", psf: "psf.fits" },
          ...{ psfWidthError: 0.05, pointingError: 0.5, psfLaw: "ensemble" },
        },
      ],
    });
    expect(typescriptOf(ensemble, composition, {})).toContain("  psfComponents: 2,\n");
  });

  it.each(PRESET_NAMES)("asks for the preset %s alone, whose settings follow", (preset) => {
    const form = withPreset({ ...startForm(), smoothingPower: "7", boundary: "wrap" }, preset);
    const settings = settingsOf(form);
    expect(settings).toEqual({
      ...{ iterations: 2000, burnIn: 200, chains: 4, seed: 0 },
      ...(preset !== "adaptive" && { preset }),
    });
    const { config } = planRun(readBack(commandOf(choices, {}, settings)).options, [16, 16]);
    expect(presetOf(config)).toBe(preset);
    const question = significanceQuestion({ circle: { x: 3, y: 4, radius: 2 } }, form)!;
    expect(question.settings.preset).toBe(settings.preset);
    const command = significanceCommand(choices, {}, question);
    if (preset === "adaptive") expect(command).not.toContain("--preset");
    else expect(command).toContain(` --preset ${preset} `);
  });

  it("leaves out what is at its default, burn-in and numbers of the run aside", () => {
    const settings = settingsOf(startForm());
    expect(settings).toEqual({ iterations: 2000, burnIn: 200, chains: 4, seed: 0 });
    const { options } = readBack(commandOf(choices, { backgroundUnit: "flux" }, settings));
    expect(options).toEqual(settings);
  });
});

describe("the null hypothesis of a test", () => {
  it("is made of the background only where there is one", () => {
    const offered = (has: boolean) => nullField(has).choices?.map(([value]) => value);
    expect(offered(true)?.slice(0, 2)).toEqual(["background", "scale"]);
    expect(offered(false)).toEqual(offered(true)?.slice(2));
    expect([true, false].map((has) => testForm(startForm(), has)["test-null"])).toEqual([
      "background",
      "gaussian",
    ]);
    expect(testForm({ ...startForm(), "test-null": "beta" }, false)["test-null"]).toBe("beta");
  });
});

describe("fields", () => {
  it("are those of the preset: one smoothness a level for presets of LIRA's kind alone", () => {
    const level = ["alphaInit", "smoothingPower", "smoothingRate", "smoothingExponent"];
    const shown = (preset: Preset) => advancedFields(preset).map(({ key }) => key);
    expect(level.filter((key) => shown("adaptive").includes(key))).toEqual([]);
    expect(shown("lira")).toEqual(expect.arrayContaining(level));
    expect(shown("lira-paper")).toEqual(shown("lira"));
    // What is not shown neither stops a run nor reaches it.
    const hidden = { ...startForm(), alphaInit: "nonsense", smoothingRate: "-3" };
    expect(formIsGood(hidden)).toBe(true);
    expect(settingsOf(hidden)).toEqual(settingsOf(startForm()));
    expect(formIsGood(withPreset(hidden, "lira"))).toBe(false);
    const beliefs = PRESET_NAMES.map((preset) => presetField(preset).help);
    expect(new Set(beliefs).size).toBe(3);
    expect(presetField("lira").choices?.map(([name]) => name)).toEqual(PRESET_NAMES);
  });

  it("say what is wrong", () => {
    const wrong = (key: string, text: string) =>
      fieldError([...MAIN_FIELDS, ...ADVANCED_FIELDS].find((field) => field.key === key)!, {
        ...startForm(),
        [key]: text,
      });
    expect(wrong("iterations", "")).toBe("a number, please");
    expect(wrong("iterations", "2.5")).toBe("a whole number, please");
    expect(wrong("chains", "0")).toBe("at least 1");
    expect(wrong("burnIn", "1999")).toBe("must leave two sweeps");
    expect(wrong("alphaInit", "0.2")).toBeUndefined();
    expect(formIsGood({ ...startForm("lira"), alphaInit: "-1" })).toBe(false);
    expect(formIsGood({ ...startForm(), totalRate: "-1" })).toBe(false);
  });
});
