/** What a method minimises, by iteration. */

import type { Curve } from "./method-protocol.js";

/** Most points of a line. */
const POINTS = 400;

/** Every so many values, the first and the last among them. */
export function thinnedCurve(values: readonly number[]): Curve {
  const step = Math.max(1, Math.ceil(values.length / POINTS));
  const at: number[] = [];
  for (let index = 0; index < values.length; index += step) at.push(index);
  if (values.length > 0 && at.at(-1) !== values.length - 1) at.push(values.length - 1);
  return {
    iterations: Float64Array.from(at, (index) => index + 1),
    values: Float64Array.from(at, (index) => values[index]),
  };
}
