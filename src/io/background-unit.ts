/** What BUNIT of a background says beside the unit of the flux. */

import { InvalidInputError } from "../errors.js";
import { exposureParts, fluxUnit, isCountUnit, TIMES } from "./flux-unit.js";

/** Words of units by what they measure, with their size in one of them. */
const WORDS: readonly (readonly [pattern: RegExp, kind: string, size: (word: string) => number])[] = [
  [/^(?:counts?|cts?|photons?|ph|events?)$/i, "count", () => 1],
  [/^pix(?:els?)?$/i, "pixel", () => 1],
  [/^[cdkm]?m$/, "length", (word) => ({ cm: 1e-2, dm: 0.1, km: 1e3, mm: 1e-3 })[word] ?? 1],
  ...TIMES.map(
    ([pattern, unit]) => [pattern, "time", (word: string) => SECONDS[word.replace(pattern, unit)]] as const,
  ),
  [/^(?:sr|steradians?|arc(?:min|sec)s?|deg|degrees?|rad|radians?|mas)$/i, "angle", () => 1],
  [/^(?:[kMGT]?eV|erg|J)$/, "energy", () => 1],
];
const SECONDS: Readonly<Record<string, number>> = { s: 1, ks: 1e3, Ms: 1e6, min: 60, h: 3600, d: 86_400 };

/** Powers of what a unit measures, and the size of the unit in m and s. */
interface Dimension {
  readonly powers: ReadonlyMap<string, number>;
  readonly size: number;
}

/** A unit as in `photon/(cm2 s)`, `count s**-1`, `ph cm^-2 s^-1 sr^-1`; undefined when a word of it is not known. */
function dimensionOf(unit: string): Dimension | undefined {
  const plain = unit.replace(/(?:\*\*|\^)\s*\(?\s*([+-]?\d+)\s*\)?/g, "$1");
  const tokens = plain.match(/[A-Za-z]+(?:[+-]?\d+)?|[()/]|[^\sA-Za-z()/*.]+/g) ?? [];
  const powers = new Map<string, number>();
  let size = 1;
  let sign = 1;
  const signs: number[] = [];
  let divided = false;
  for (const token of tokens) {
    const factor = divided ? -sign : sign;
    if (token === "/") {
      divided = true;
      continue;
    }
    if (token === "(") {
      signs.push(sign);
      sign = factor;
    } else if (token === ")") {
      sign = signs.pop() ?? 1;
    } else if (token !== "1") {
      const [, word, power = "1"] = /^([A-Za-z]+)([+-]?\d+)?$/.exec(token) ?? [];
      const known = WORDS.find(([pattern]) => word !== undefined && pattern.test(word));
      if (known === undefined) return undefined;
      const [, kind, sizeOf] = known;
      powers.set(kind, (powers.get(kind) ?? 0) + factor * Number(power));
      size *= sizeOf(word) ** (factor * Number(power));
    }
    divided = false;
  }
  return { powers, size };
}

/** Whether two units measure the same; counts, photons and pixels are said or left out. */
function sameKind(one: Dimension, two: Dimension): boolean {
  const kinds = new Set([...one.powers.keys(), ...two.powers.keys()]);
  return [...kinds].every(
    (kind) =>
      kind === "count" || kind === "pixel" || (one.powers.get(kind) ?? 0) === (two.powers.get(kind) ?? 0),
  );
}

/**
 * Check a background's unit: that of the flux, or of counts.
 *
 * @param background its file and BUNIT
 * @param exposure BUNIT of the exposure; `undefined` when there is none, empty when its file does not say
 * @returns what to say of counts for a flux, and of a unit that is not known, one sentence
 * @throws InvalidInputError when it is known and another
 */
export function backgroundUnitNotes(
  background: { readonly name: string; readonly bunit: string | undefined },
  exposure: string | undefined,
  unit: "flux" | "counts",
): string[] {
  const { name, bunit } = background;
  const given = bunit?.trim() ?? "";
  if (given === "") return [];
  if (unit === "flux" && exposure !== undefined && isCountUnit(given)) {
    return [
      `${name}: background in flux should have its unit, got BUNIT ${bunit}; ` +
        "add --background-unit counts if it holds expected counts a pixel",
    ];
  }
  const inCounts = unit === "counts" || exposure === undefined;
  const expected = inCounts ? "count / pixel" : exposureParts(exposure) && fluxUnit(exposure);
  const found = dimensionOf(given);
  const advice = "convert it, or correct its BUNIT";
  if (found === undefined) {
    return [
      `${name}: background should be in ${expected ?? "the unit of the flux"}, got BUNIT ${given}, which is not known; ` +
        "its values are taken as they are, check them",
    ];
  }
  if (expected === undefined) {
    // Of an exposure without a unit only so much is known: flux is that of a pixel, at most for an area and a time.
    const power = (kind: string) => found.powers.get(kind) ?? 0;
    if (power("angle") === 0 && power("energy") === 0 && power("length") <= 0 && power("time") <= 0)
      return [];
    throw new InvalidInputError(
      `${name}: background must be the flux of a pixel, got BUNIT ${given}; ${advice}`,
      { fields: { image: "background", unit: given } },
    );
  }
  const wanted = dimensionOf(expected)!;
  const same = sameKind(found, wanted);
  const factor = found.size / wanted.size;
  if (same && Math.abs(factor - 1) < 1e-9) return [];
  const remedy = same
    ? `multiply it by ${Number(factor.toPrecision(12))}, or correct its BUNIT`
    : unit === "counts" && exposure !== undefined
      ? `leave out --background-unit counts if it is in the unit of the flux, ${advice}`
      : advice;
  throw new InvalidInputError(`${name}: background must be in ${expected}, got BUNIT ${given}; ${remedy}`, {
    fields: { image: "background", unit: given, expected },
  });
}
