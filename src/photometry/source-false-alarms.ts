/** How many peaks of a field without sources look as significant, calibrated by simulation. */

import { exponential, naturalLog } from "../data/random/exponential.js";

/**
 * False alarms are `PLACES * fields * exp(-FALL * statistic)`, with `fields` the number of apertures that the field has room for. The
 * asymptotic law of a likelihood ratio at a given place falls as exp(-statistic / 2); what is not smooth in extended light has a longer tail. The
 * numbers are an upper envelope of five kinds of extended skies (those of `npm run study:sources`, with seeds of their own): of 24 to 34 fields a
 * kind, each of 104 apertures, the worst kind has 0.92, 0.21, 0.12, 0.09 and 0.03 peaks a field that reach 6, 9.3, 13.9, 16.5 and 22.
 */
const PLACES = 0.04;
const FALL = 0.24;

/** So significant peaks to expect. @param fields apertures in the field */
export function expectedFalseAlarms(statistic: number, fields: number): number {
  return PLACES * fields * exponential(-FALL * statistic);
}

/** The statistic that gives a number of false alarms. */
export function thresholdOf(falseAlarms: number, fields: number): number {
  return Math.max(0, naturalLog((PLACES * fields) / falseAlarms) / FALL);
}
