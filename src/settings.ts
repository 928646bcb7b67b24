/**
 * `#settings` within the package: the list of settings, and what doors to the package make of it: values as text and back, commands and code that
 * repeat a run, options of the library. For pages and programs that offer settings to people.
 *
 * @module
 */

export { settingOf, settingsOf } from "./settings/by-method.js";
export { brokenCode, codeOf, flatCode, optionsOf, settingWords } from "./settings/code.js";
export { libraryOptions } from "./settings/library-options.js";
export { SETTINGS } from "./settings/list.js";
export { isSampler } from "./settings/methods.js";
export {
  type Choice,
  type ColumnValue,
  flagOf,
  givenValue,
  gpuRule,
  type Kind,
  type NumberRange,
  type Setting,
  type SettingColumns,
  type SettingText,
  type SettingValues,
  valuesOf,
} from "./settings/setting.js";
export { type ReadText, readText, textOf } from "./settings/value.js";
