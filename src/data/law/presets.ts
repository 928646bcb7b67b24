import type { Boundary } from "../observation/boundary.js";
import { DEFAULT_ADAPTIVE_PRIOR } from "./adaptive-prior.js";
import type { CycleSpin } from "./cycle-spin.js";
import {
  type AdaptivePrior,
  DEFAULT_SMOOTHING_PRIOR,
  DEFAULT_TOTAL_COUNTS_PRIOR,
  type SmoothingPrior,
  type TotalCountsPrior,
} from "./prior-parameters.js";

/** The settings that make up a law: what one word stands for. */
export interface Law {
  readonly boundary: Boundary;
  readonly cycleSpin: CycleSpin;
  readonly totalCountsPrior: TotalCountsPrior;
  /** Smoothing of every block by itself, or ... */
  readonly adaptivePrior?: AdaptivePrior | undefined;
  /** ... of all blocks of a level. */
  readonly smoothingPrior?: SmoothingPrior | undefined;
}

/**
 * Laws with a name.
 *
 * - `"adaptive"`, the default: every block of the tree has its own smoothing, tied to that of the block above it.
 * - `"lira"`: the law of LIRA and pylira with their defaults: one alpha a level, a total pulled down by 5 %, a new shift in every sweep,
 *   a periodic image.
 * - `"lira-paper"`: the same with the hyperprior that the figures of the pylira paper used, which suits extended light.
 */
export type Preset = "adaptive" | "lira" | "lira-paper";

const LIRA: Law = {
  boundary: "wrap",
  cycleSpin: "random",
  totalCountsPrior: { shape: 1, rate: 0.05 },
  smoothingPrior: DEFAULT_SMOOTHING_PRIOR,
};

/** What each preset stands for; settings given beside it come first. */
export const PRESETS: Readonly<Record<Preset, Law>> = {
  adaptive: {
    boundary: "spill",
    cycleSpin: "ensemble",
    totalCountsPrior: DEFAULT_TOTAL_COUNTS_PRIOR,
    adaptivePrior: DEFAULT_ADAPTIVE_PRIOR,
  },
  lira: LIRA,
  "lira-paper": { ...LIRA, smoothingPrior: { power: 2, rate: 0.02, exponent: 1 } },
};

/** Names of the presets. */
export const PRESET_NAMES = Object.keys(PRESETS) as readonly Preset[];

/** The preset that a law is, or undefined when settings were changed. */
export function presetOf(law: Law): Preset | undefined {
  return PRESET_NAMES.find((name) =>
    (["boundary", "cycleSpin", "totalCountsPrior", "adaptivePrior", "smoothingPrior"] as const).every((key) =>
      isSame(PRESETS[name][key], law[key]),
    ),
  );
}

/** Whether two settings are equal, whatever the order of their fields. */
function isSame(first: unknown, second: unknown): boolean {
  if (typeof first !== "object" || typeof second !== "object" || first === null || second === null) {
    return first === second;
  }
  const keys = Object.keys(first);
  return (
    keys.length === Object.keys(second).length &&
    keys.every((key) => isSame(first[key as never], second[key as never]))
  );
}
