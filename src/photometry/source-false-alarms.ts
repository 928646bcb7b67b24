/** How many peaks of a field without sources look as significant, calibrated by simulation. */

import { exponential, naturalLog } from "../data/random/exponential.js";

/**
 * False alarms are `PLACES * fields * exp(-FALL * statistic)`, with `fields` the number of apertures that the field has room for. The
 * asymptotic law of a likelihood ratio at a given place falls as exp(-statistic / 2); what is not smooth in extended light has a longer tail. The
 * numbers are for the extended skies of `npm run study:sources` (docs/studies/sources.json): in 120 fields of 104 apertures 0.34, 0.15, 0.10
 * and 0.08 peaks a field reach 9.3, 13.9, 16.5 and 18.5. Empty fields have fewer.
 */
const PLACES = 0.08;
const FALL = 0.27;

/** So significant peaks to expect. @param fields apertures in the field */
export function expectedFalseAlarms(statistic: number, fields: number): number {
  return PLACES * fields * exponential(-FALL * statistic);
}

/** The statistic that gives a number of false alarms. */
export function thresholdOf(falseAlarms: number, fields: number): number {
  return Math.max(0, naturalLog((PLACES * fields) / falseAlarms) / FALL);
}
