/** What BUNIT of a background says beside the unit of the flux. */

import { InvalidInputError } from "../errors.js";
import { exposureParts, fluxUnit, isCountUnit } from "./flux-unit.js";
import { parseUnit, type Unit } from "./unit.js";

/** Whether two units measure the same; counts, photons and pixels are said or left out. */
function sameKind({ powers: one }: Unit, { powers: two }: Unit): boolean {
  return (["length", "time", "angle", "energy"] as const).every((measure) => one[measure] === two[measure]);
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
  const found = parseUnit(given);
  const advice = "convert it, or correct its BUNIT";
  if (!found.known) {
    return [
      `${name}: background should be in ${expected ?? "the unit of the flux"}, got BUNIT ${given}, which is not known; ` +
        "its values are taken as they are, check them",
    ];
  }
  if (expected === undefined) {
    // Of an exposure without a unit only so much is known: flux is that of a pixel, at most for an area and a time.
    const { angle, energy, length, time } = found.powers;
    if (angle === 0 && energy === 0 && length <= 0 && time <= 0) return [];
    throw new InvalidInputError(
      `${name}: background must be the flux of a pixel, got BUNIT ${given}; ${advice}`,
      { fields: { image: "background", unit: given } },
    );
  }
  const wanted = parseUnit(expected);
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
