import { InvalidInputError } from "../errors.js";
import type { SkyImage } from "../image.js";
import type { Diagnostics } from "../posterior/result.js";
import { pixelsThatMatter } from "../posterior/verdict.js";

/** When chains are good enough. */
export interface Target {
  /** The text it was read from. */
  readonly text: string;
  /** Largest R-hat allowed, exclusive; Infinity when none was named. */
  readonly rhat: number;
  /** Smallest effective sample size allowed, exclusive; 0 when none was named. */
  readonly ess: number;
}

/**
 * Read a target such as `"rhat<1.01,ess>400"`: one or both conditions, in any order.
 *
 * @param where beginning of messages
 * @throws InvalidInputError for anything else
 */
export function parseTarget(text: string, where = "lira"): Target {
  let rhat = Number.POSITIVE_INFINITY;
  let ess = 0;
  for (const condition of text.split(",")) {
    const match = /^\s*(rhat\s*<|ess\s*>)\s*(\d+(?:\.\d+)?)\s*$/i.exec(condition);
    const value = Number(match?.[2]);
    const isRhat = match?.[1].toLowerCase().startsWith("rhat");
    if (match === null || (isRhat && value <= 1)) {
      throw new InvalidInputError(
        `${where}: until must be conditions such as "rhat<1.01,ess>400" with an R-hat above 1, got "${text}"; ` +
          "name rhat, ess or both",
        { fields: { until: text } },
      );
    }
    if (isRhat) rhat = value;
    else ess = value;
  }
  return { text, rhat, ess };
}

/**
 * Whether every parameter, and every pixel that matters (`pixelsThatMatter`), meets a target.
 *
 * A quantity whose R-hat or ESS is undefined does not meet it: a chain that stands still is no evidence.
 *
 * @param mean posterior mean `[ny, nx]`
 * @param std posterior standard deviation `[ny, nx]`
 */
export function meetsTarget(
  diagnostics: Omit<Diagnostics, "verdict">,
  mean: SkyImage,
  std: SkyImage,
  target: Target,
): boolean {
  const meets = (rhat: number, ess: number) =>
    (target.rhat === Number.POSITIVE_INFINITY || rhat < target.rhat) &&
    (target.ess === 0 || ess > target.ess);
  const { parameters, rhat, ess } = diagnostics;
  return (
    parameters.every((row) => meets(row.rhat, row.ess)) &&
    pixelsThatMatter(mean, std).every((pixel) => meets(rhat.data[pixel], ess.data[pixel]))
  );
}
