/** Settings as people give them, as options of the library's `deconvolve`. */

import { InvalidInputError } from "../errors.js";
import { given } from "../given.js";
import { settingsOf } from "./by-method.js";
import type { Method } from "./methods.js";
import { givenValue, type SettingValues, valuesOf } from "./setting.js";

/** Methods of one image that draw nothing by themselves: a seed is for the rules that hold photons out. */
const UNSEEDED: readonly Method[] = ["richardson-lucy", "gradient-descent", "map"];

/** Names of a method's settings among the options of `deconvolve`; parts of an option behind a point, as `trace.keep`. */
export function libraryNames(method: Method): readonly string[] {
  return settingsOf(method)
    .filter(({ key }) => key !== "seed" || !UNSEEDED.includes(method))
    .map(({ key }) => (key === "accelerate" ? "acceleration" : key));
}

/**
 * Options of `deconvolve` for a method, without the prior.
 *
 * @param told values of settings; those of other methods are left out
 * @param where beginning of messages
 * @throws InvalidInputError for a rule to stop that cannot be read
 */
export function libraryOptions(method: Method, told: SettingValues, where: string): Record<string, unknown> {
  const values = valuesOf(settingsOf(method).map((setting) => [setting, givenValue(setting, told)]));
  const { method: _named, prior: _made, stop, strength, accelerate, bootstrap, seed, ...options } = values;
  const seeded = seed === undefined ? {} : { seed };
  const extra = {
    stop: stop === undefined || stop === "" ? undefined : stoppingRule(String(stop), seeded, where),
    strength: strength === "held-out" ? { rule: "held-out", ...seeded } : strength,
    acceleration: accelerate === true ? "biggs-andrews" : undefined,
    bootstrap:
      bootstrap === undefined || bootstrap === 0 ? undefined : { replicates: bootstrap, seed: seed ?? 0 },
    fitAlpha: method === "em-multiscale" ? (options.fitAlpha ?? true) : options.fitAlpha,
    seed: UNSEEDED.includes(method) ? undefined : seed,
  };
  return { ...given({ ...options, ...extra }), method };
}

/** `tolerance=1e-3`, `held-out`, `held-out=0.3`, `discrepancy` or `discrepancy=0.9`. */
function stoppingRule(text: string, seeded: object, where: string): object {
  const [rule, value] = text.split("=");
  const number = value === undefined ? undefined : Number(value);
  if (number === undefined || !Number.isNaN(number)) {
    if (rule === "tolerance" && number !== undefined) return { rule, tolerance: number };
    if (rule === "held-out")
      return { rule, ...(number === undefined ? {} : { fraction: number }), ...seeded };
    if (rule === "discrepancy") return number === undefined ? { rule } : { rule, factor: number };
  }
  throw new InvalidInputError(
    `${where}: --stop must be tolerance=1e-3, held-out or discrepancy, got ${text}; choose one`,
  );
}
