/**
 * The list of settings. Whatever takes, writes or shows settings goes through it: flags and their help, config files, Studio's form,
 * CONFIG of results, `tslira info`, the table of a report, the command and the code that repeat a run, and messages about values.
 */

import { METHOD_SETTINGS } from "./method-settings.js";
import { MODEL_SETTINGS } from "./model-settings.js";
import { SAMPLING_SETTINGS, TRACE_SETTINGS } from "./sampling-settings.js";
import type { Setting } from "./setting.js";

/** All settings, in the order in which they are shown. */
export const SETTINGS: readonly Setting[] = [
  ...METHOD_SETTINGS,
  ...SAMPLING_SETTINGS,
  ...MODEL_SETTINGS,
  ...TRACE_SETTINGS,
];

type Key =
  | (typeof METHOD_SETTINGS)[number]["key"]
  | (typeof SAMPLING_SETTINGS)[number]["key"]
  | (typeof MODEL_SETTINGS)[number]["key"]
  | (typeof TRACE_SETTINGS)[number]["key"];

/** Names of all settings, as objects of options have them: `trace` for those in an object of that name. */
export type SettingName = Key extends infer Name
  ? Name extends `${infer Whole}.${string}`
    ? Whole
    : Name
  : never;
