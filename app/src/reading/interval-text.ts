/** Intervals in words. */

import { numberText } from "#viewer";

/** Part of its upper end below which the lower end of an interval says nothing but that the flux is positive. */
const NOTHING = 1e-3;

/**
 * An interval in words: from where to where, or what the flux is below.
 *
 * @param central its ends, with as much probability beyond each
 * @param most value below which the same probability lies
 */
export function intervalText([low, high]: readonly [number, number], most: number): string {
  return low < NOTHING * high ? `< ${numberText(most, 3)}` : `${numberText(low)} to ${numberText(high)}`;
}
