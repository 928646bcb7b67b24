/** Settings as a command and as code that repeat a run. */

import { PRESETS, presetOf } from "../data/law/presets.js";
import type { AdaptivePrior } from "../data/law/prior-parameters.js";
import { recordedSettings } from "./by-method.js";
import { SETTINGS } from "./list.js";
import type { Method } from "./methods.js";
import { flagOf, givenValue, type SettingValues, valuesOf, wordOf } from "./setting.js";
import { textOf } from "./value.js";

/** Words of a command that give settings: each value that is there, flags without value where it is not the default. */
export function settingWords(values: SettingValues): string[] {
  return SETTINGS.flatMap((setting) => {
    const value = givenValue(setting, values);
    if (value === undefined || setting.found) return [];
    if (setting.kind.type === "flag") return value === setting.default ? [] : [flagOf(setting)];
    return [flagOf(setting), textOf(setting.kind, value)];
  });
}

/** What a run was told, as options that give the same run. The prior of other samplers than LIRA is not among them. */
export function optionsOf(method: Method | "own", config: SettingValues): Record<string, unknown> {
  const options = valuesOf(
    recordedSettings(method)
      .filter(({ key, found }) => key !== "prior" && !found)
      .map((setting) => {
        const { absent } = setting;
        const value = config[wordOf(setting)] ?? (absent === setting.default ? undefined : absent);
        const same = Array.isArray(value) && value.every((one) => one === value[0]);
        return [setting, same ? value[0] : value];
      }),
  );
  const { adaptivePrior, ...others } = options;
  const isDefault =
    adaptivePrior !== undefined &&
    presetOf({ ...PRESETS.adaptive, adaptivePrior: adaptivePrior as AdaptivePrior }) === "adaptive";
  return isDefault ? { preset: "adaptive", ...others } : options;
}

/** A value as code on one line; entries that are undefined are left out. */
export function flatCode(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flatCode).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return entries.length === 0
    ? "{}"
    : `{ ${entries.map(([key, entry]) => `${key}: ${flatCode(entry)}`).join(", ")} }`;
}

/** A value as code, on one line when it is short. */
export function codeOf(value: unknown, indent = "", width = 96): string {
  const flat = flatCode(value);
  if (flat.length + indent.length <= width || typeof value !== "object" || value === null) return flat;
  return brokenCode(value, indent, width);
}

/** A list or an object as code with a line for each entry. */
export function brokenCode(value: object, indent = "", width = 96): string {
  const deeper = `${indent}  `;
  const entry = (one: unknown) => codeOf(one, deeper, width);
  if (Array.isArray(value)) {
    return `[\n${value.map((one) => `${deeper}${entry(one)},\n`).join("")}${indent}]`;
  }
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return `{\n${entries.map(([key, one]) => `${deeper}${key}: ${entry(one)},\n`).join("")}${indent}}`;
}
