/** Observations that are deconvolved together, wherever their files were read. */

import type { Observation } from "../data/observation/observation.js";
import { InvalidInputError } from "../errors.js";
import type { ComposedObservation } from "./compose-observation.js";

/** Several observations of one sky. */
export interface ComposedTogether {
  readonly observations: readonly Observation[];
  /** What was done to bring the images of each together, one sentence each. */
  readonly notes: readonly string[];
  /** Unit of the flux; missing when an exposure does not say. */
  readonly unit?: string;
}

/**
 * Put observations together.
 *
 * @throws InvalidInputError when their exposures have several units
 */
export function composeTogether(list: readonly ComposedObservation[]): ComposedTogether {
  const [{ unit }] = list;
  const other = list.findIndex((one) => one.unit !== undefined && unit !== undefined && one.unit !== unit);
  if (other > 0) {
    throw new InvalidInputError(
      `observations: exposures must have one unit, got flux in ${unit} by ${list[0].observation.name} and in ${list[other].unit} by ` +
        `observation ${other + 1}; convert them, and BUNIT with them`,
      { fields: { units: list.map((one) => one.unit) } },
    );
  }
  return {
    observations: list.map(({ observation }) => observation),
    notes: [...new Set([...list.flatMap(({ notes }) => notes), ...repeatedCounts(list)])],
    ...(unit !== undefined && list.every((one) => one.unit === unit) && { unit }),
  };
}

/** What is to be said of observations whose counts are those of one before, pixel by pixel: hardly two exposures. */
function repeatedCounts(list: readonly ComposedObservation[]): string[] {
  const all = list.map(({ observation: { counts } }) => counts);
  return all.flatMap(({ data, shape }, index) => {
    const before = all.findIndex(
      (one, at) =>
        at < index &&
        one.shape.every((side, axis) => side === shape[axis]) &&
        one.data.every((value, pixel) => Object.is(value, data[pixel])),
    );
    return before < 0 || !data.some((value) => value > 0)
      ? []
      : [
          `observations: each should have counts of its own, got the same ones in ${before + 1} and ${index + 1}; ` +
            "leave one out, unless they are simulated so: photons that are used twice make errors too small",
        ];
  });
}
