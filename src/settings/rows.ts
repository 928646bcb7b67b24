/** What a run was told, for readers. */

import { recordedSettings } from "./by-method.js";
import type { Method } from "./methods.js";
import { type SettingValues, wordOf } from "./setting.js";
import { shownOf } from "./value.js";

/** A setting of a run. */
export interface RecordedRow {
  /** Name in the library. */
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly meaning: string;
}

/**
 * The settings that a result holds, in words.
 *
 * @param config by their words, as results have them
 * @param number how numbers are written
 */
export function recordedRows(
  method: Method | "own",
  config: SettingValues,
  number: (value: number) => string,
): RecordedRow[] {
  return recordedSettings(method).flatMap((setting) => {
    const { kind, label, needs } = setting;
    const value = config[wordOf(setting)] ?? setting.absent;
    if (value === undefined) return [];
    const chosen = kind.type === "choice" ? kind.choices.find((choice) => choice.value === value) : undefined;
    const meaning = chosen?.meaning ?? setting.meaning.replace(/ Empty: .*$/, "");
    const idle = needs !== undefined && config[needs] !== true;
    return [
      {
        name: wordOf(setting),
        label: `${label.slice(0, 1).toLowerCase()}${label.slice(1)}`,
        value: shownOf(setting, value, number),
        meaning: idle ? "not used in this run" : meaning,
      },
    ];
  });
}
