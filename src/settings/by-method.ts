/** Settings as a method has them. */

import { SETTINGS } from "./list.js";
import { isSampler, type Method, SAMPLERS } from "./methods.js";
import { type Setting, settingUnder } from "./setting.js";

/** A setting by its key, as a method has it. */
export function settingOf(key: string, method: Method = "lira"): Setting {
  const found = SETTINGS.find((setting) => setting.key === key);
  if (found === undefined) throw new TypeError(`settings: ${key} must be in the list, got none; add it`);
  return settingUnder(found, method);
}

/** Settings that a method is given. */
export function settingsOf(method: Method): readonly Setting[] {
  return SETTINGS.filter(({ methods, found }) => methods.includes(method) && found === undefined).map(
    (setting) => settingUnder(setting, method),
  );
}

/** Settings that the result of a sampler holds; of a sampler of somebody's own those that all samplers have, on the frame. */
export function recordedSettings(method: Method | "own"): readonly Setting[] {
  const kept = SETTINGS.filter(({ recorded }) => recorded !== false);
  if (method === "own") {
    return kept.filter(
      ({ key, methods, absent }) =>
        key === "prior" || (absent === undefined && SAMPLERS.every((sampler) => methods.includes(sampler))),
    );
  }
  if (!isSampler(method)) return [];
  return kept
    .filter(({ methods }) => methods.includes(method))
    .map((setting) => settingUnder(setting, method));
}
