/** Keys of JSON files that describe a significance run besides its observations and its sampler. */

import type { Circle } from "../posterior/region.js";
import type { SignificanceSettings } from "../significance/plan.js";
import { flag, number, numberOrList, numbers, type Reader, text, wrong } from "./config-reader.js";

/** What such a file may say. */
export interface SignificanceConfig {
  readonly significance: SignificanceSettings;
  readonly circles?: readonly Circle[];
  readonly thresholds?: readonly number[];
}

/** Settings of the test. */
export const TEST_KEYS: Readonly<Record<string, Reader>> = {
  replicates: number,
  gamma: numberOrList,
  null: text,
  elliptical: flag,
  nullAt: numbers(["x", "y"], true),
  propagate: flag,
  refit: flag,
  fitOutside: flag,
  scan: numbers(["radius", "step"], false),
};

const circle: Reader = (value, where) => {
  const values: unknown[] = typeof value === "string" ? value.split(",").map(Number) : (value as unknown[]);
  if (!Array.isArray(values) || values.length !== 3 || !values.every(Number.isFinite)) {
    throw wrong(where, 'text like "16,16,3" (x, y and radius in pixels from 0)', value);
  }
  const [x, y, radius] = values as number[];
  return { x, y, radius };
};

/** What is measured. */
export const MEASURE_KEYS: Readonly<Record<"circles" | "thresholds", Reader>> = {
  circles: (value, where, folder) => {
    if (!Array.isArray(value)) throw wrong(where, "a list of circles", value);
    return value.map((one, index) => circle(one, `${where}[${index}]`, folder));
  },
  thresholds: (value, where) => {
    if (!Array.isArray(value) || !value.every(Number.isFinite))
      throw wrong(where, "a list of numbers", value);
    return value;
  },
};
