/** The list of settings agrees with itself and with the options of the library. */
import { describe, expect, it } from "vitest";
import { PRESET_NAMES, PRESETS } from "../../src/data/law/presets.js";
import type { LiraDeconvolverOptions } from "../../src/runs/lira-options.js";
import type { NutsOptions } from "../../src/runs/nuts-options.js";
import { recordedSettings, settingsOf } from "../../src/settings/by-method.js";
import { optionsOf, settingWords } from "../../src/settings/code.js";
import { settingColumns, settingsOfColumns } from "../../src/settings/columns.js";
import { SETTINGS } from "../../src/settings/list.js";
import type { METHOD_SETTINGS } from "../../src/settings/method-settings.js";
import { METHODS, SAMPLERS } from "../../src/settings/methods.js";
import type { MODEL_SETTINGS } from "../../src/settings/model-settings.js";
import type { SAMPLING_SETTINGS, TRACE_SETTINGS } from "../../src/settings/sampling-settings.js";
import { flagOf, givenValue, wordOf } from "../../src/settings/setting.js";
import { checkValue, readText, textOf } from "../../src/settings/value.js";

type Listed = (
  | typeof METHOD_SETTINGS
  | typeof SAMPLING_SETTINGS
  | typeof MODEL_SETTINGS
  | typeof TRACE_SETTINGS
)[number]["key"];
type Options = keyof LiraDeconvolverOptions | keyof NutsOptions;
// Images, functions and what only code can give are no settings; `trace` stands for its entries.
type NoSetting = "fluxInit" | "start" | "psfPixels" | "offsets" | "backgroundScale" | "trace";
const missing: Exclude<Exclude<Options, NoSetting>, Listed>[] = [];

describe("the list of settings", () => {
  it("has every option of the samplers, by the compiler, and each once", () => {
    expect(missing satisfies never[]).toEqual([]);
    for (const names of [SETTINGS.map(({ key }) => key), SETTINGS.map(flagOf), SETTINGS.map(wordOf)])
      expect(new Set(names).size).toBe(names.length);
    const methods = SETTINGS.find(({ key }) => key === "method")?.kind;
    expect(methods?.type === "choice" && methods.choices.map(({ value }) => value).toSorted()).toEqual(
      [...METHODS].toSorted(),
    );
  });

  it.each(METHODS)("has defaults for %s that obey their rules and come back from text", (method) => {
    for (const setting of settingsOf(method)) {
      for (const value of [setting.default, setting.start]) {
        if (value === undefined) continue;
        checkValue(setting, value, "list");
        expect(readText(setting.kind, textOf(setting.kind, value))).toEqual({ value });
      }
    }
  });

  it("refuses text of an object that says a part twice", () => {
    const { kind } = SETTINGS.find(({ kind }) => kind.type === "object")!;
    expect(readText(kind, '{"alphas": [1], "alphas": [2]}')).toEqual({
      rule: "JSON with each key of an object once",
    });
  });

  it("has every part of the laws with a name", () => {
    for (const name of PRESET_NAMES) {
      for (const [key, value] of Object.entries(PRESETS[name])) {
        const setting = SETTINGS.find((one) => one.key === key)!;
        checkValue(setting, value, key);
        expect(readText(setting.kind, textOf(setting.kind, value))).toEqual({ value });
      }
    }
  });

  it.each(SAMPLERS)("has columns of its own for each setting of %s, read back as written", (method) => {
    const values: Readonly<Record<string, unknown>> = {
      ...{ prior: "a", iterations: 9, burnIn: 3, traceEvery: 2, pairTransfers: 5, alphaInit: [1, 2] },
      ...{ pixelPrior: { shape: 2, rate: 3 }, upsampling: 2, margin: 7, device: "gpu" },
    };
    const config = Object.fromEntries(
      recordedSettings(method)
        .filter(({ prior }) => prior !== "adaptive")
        .map((setting) => [wordOf(setting), values[wordOf(setting)] ?? setting.default]),
    );
    const columns = settingColumns(method, config);
    expect(new Set(columns.map(({ name }) => name)).size).toBe(columns.length);
    const read = (skip: string) =>
      settingsOfColumns(method, (name) =>
        name === skip ? undefined : columns.find((column) => column.name === name)?.value,
      );
    expect(read("")).toEqual({ config, missing: [] });
    expect(read("burn_in").missing).toEqual(["burn_in"]);
    // Options made of it give the same: the words of a command say each of them.
    const options = optionsOf(method, config);
    const given = recordedSettings(method).filter((setting) => givenValue(setting, options) !== undefined);
    const said = given.filter(({ kind }) => kind.type !== "flag").map(flagOf);
    expect(settingWords(options)).toEqual(expect.arrayContaining(said));
  });
});
