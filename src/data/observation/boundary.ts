import { checkChoice } from "../../choice.js";

/**
 * What happens to photons that the psf spreads beyond the edge of the detector: they are lost (`"spill"`, the default
 * everywhere in tslira), or enter again on the opposite side (`"wrap"`, the periodic convolution of LIRA and pylira).
 */
export type Boundary = "spill" | "wrap";

/**
 * Check a boundary that came from a caller without types.
 *
 * @throws InvalidInputError unless it is `"spill"` or `"wrap"`
 */
export function checkBoundary(where: string, boundary: Boundary): void {
  checkChoice(`${where}: boundary`, boundary, ["spill", "wrap"], '"spill" suits real detectors');
}
