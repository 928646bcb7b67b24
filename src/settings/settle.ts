/** From what was given to what a run is told. */

import { settingsOf } from "./by-method.js";
import { SETTINGS } from "./list.js";
import type { Method } from "./methods.js";
import { givenValue, type Setting, type SettingValues, wordOf } from "./setting.js";
import { checkValue } from "./value.js";

/**
 * Values of all settings of a method that the list or the caller knows a default of, checked, by their words (`traceKeep` of
 * `trace.keep`). Copies: what was given stays the caller's.
 *
 * @param given by keys
 * @param defaults that come before those of the list
 * @throws InvalidInputError naming the first that breaks its rule
 */
export function settle(
  method: Method,
  given: SettingValues,
  where: string,
  defaults: SettingValues = {},
): Record<string, unknown> {
  const settled: Record<string, unknown> = {};
  for (const setting of settingsOf(method)) {
    const value = givenValue(setting, given) ?? givenValue(setting, defaults) ?? setting.default;
    // A prior may be an object of functions: it is its method's to check.
    if (value === undefined || setting.key === "prior" || setting.key === "method") continue;
    checkValue(setting, value, where);
    settled[wordOf(setting)] = structuredClone(value);
  }
  return settled;
}

/** The first setting among values that is none of the method's, if any. */
export function foreignSetting(method: Method, given: SettingValues): Setting | undefined {
  return SETTINGS.find(
    (setting) => !setting.methods.includes(method) && givenValue(setting, given) !== undefined,
  );
}
