/** Results that are compared, and how. */

import type { SkyImage } from "tslira";
import { durationText } from "#viewer";
import type { Found } from "../run/run-state.js";
import type { MethodSettings } from "../settings/method-fields.js";

/** A result that was kept, of whatever method, with the settings that it came from. */
export interface KeptResult {
  readonly mean: SkyImage;
  /** Absent of one image without errors. */
  readonly std?: SkyImage;
  readonly total: { readonly mean: number; readonly std?: number };
  /** What was done, in a few words. */
  readonly work: string;
  readonly settings: object;
}

/** What was found, to be compared. */
export function keptResult(found: Found): KeptResult {
  if (found.kind === "image") {
    const { flux, std, total, seconds } = found.estimate;
    return {
      ...{ mean: flux, total: { mean: total }, settings: settingsIn(undefined, found.other) },
      ...(std && { std }),
      work: `${found.other.method} in ${durationText(seconds)}`,
    };
  }
  const { result, settings, other } = found;
  const { mean, std, total, chains, seconds } = result;
  return {
    ...{ mean, std, total, settings: settingsIn(settings, other) },
    work: `${chains} chains in ${durationText(seconds)}`,
  };
}

/** Settings side by side with those of other runs. */
function settingsIn(lira: object | undefined, other: MethodSettings | undefined): object {
  if (other === undefined) return { method: "lira", ...lira };
  return { method: other.method, ...(other.prior && { prior: other.prior.id }), ...other.options };
}

/** How two results are shown. */
export type Comparison = "off" | "blink" | "swipe" | "difference" | "ratio";
