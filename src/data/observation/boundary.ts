import { InvalidInputError } from "../../errors.js";

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
  if (boundary !== "spill" && boundary !== "wrap") {
    throw new InvalidInputError(
      `${where}: boundary must be "spill" or "wrap", got ${JSON.stringify(boundary)}; "spill" suits real detectors`,
      { fields: { boundary } },
    );
  }
}
