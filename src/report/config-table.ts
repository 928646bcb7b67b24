import { presetOf } from "../data/law/presets.js";
import type { SamplerConfig } from "../posterior/result.js";
import { settingOf } from "../settings/by-method.js";
import { recordedRows } from "../settings/rows.js";
import { countText, numberText } from "../viewer/numbers.js";

/** A setting of the run, for readers. */
export interface SettingRow {
  /** Name in the library. */
  readonly name: string;
  readonly value: string;
  readonly meaning: string;
}

function methodMeaning(method: string): string {
  if (method === "own") return "A sampler of one's own.";
  const { kind, meaning } = settingOf("method");
  return (kind.type === "choice" && kind.choices.find(({ value }) => value === method)?.meaning) || meaning;
}

/** All settings of a run in words. */
export function settingRows(config: SamplerConfig, referenceExposure: number): SettingRow[] {
  const number = (value: number) => (Number.isInteger(value) ? countText(value) : numberText(value));
  return [
    config.method === undefined
      ? {
          name: "preset",
          value: presetOf(config) ?? "none",
          meaning: "The law by its name, when no setting of it was changed.",
        }
      : { name: "method", value: config.method, meaning: methodMeaning(config.method) },
    ...recordedRows(config.method ?? "lira", config as never, number).map(({ name, value, meaning }) => ({
      name,
      value,
      meaning,
    })),
    {
      name: "referenceExposure",
      value: numberText(referenceExposure),
      meaning: "E0; pylira's image is flux · E0.",
    },
  ];
}
