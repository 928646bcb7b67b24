import { InvalidInputError } from "../../errors.js";
import type { SkyImage } from "../../image.js";
import { randomStream } from "../random/random.js";
import { pixelError } from "./check-image.js";

/** Counts divided at random. */
export interface ThinnedCounts {
  /** Photons chosen `[ny, nx]`. */
  readonly kept: SkyImage;
  /** All the others `[ny, nx]`. */
  readonly rest: SkyImage;
}

/** Apart from the streams of `simulateCounts` of the same seed. */
const SEED_OFFSET = 0x7468696e; // "thin" in ASCII

/**
 * Divide photons at random: each is kept with probability `fraction`, independently of all others.
 *
 * Given the expected counts lambda, both parts are independent Poisson draws, of `fraction lambda` and of
 * `(1 - fraction) lambda` (Kingman 1993, Poisson Processes, section 5.1). One random number a photon: seconds for 10^8.
 *
 * @param counts whole numbers >= 0 `[ny, nx]`
 * @param fraction in (0, 1)
 * @param seed whole number in [0, 2^53 - 2^31)
 * @throws InvalidInputError when an argument breaks its rule
 */
export function thinCounts(counts: SkyImage, fraction: number, seed = 0): ThinnedCounts {
  if (!(fraction > 0 && fraction < 1)) {
    throw new InvalidInputError(`thinCounts: fraction must lie in (0, 1), got ${fraction}; try 0.5`, {
      fields: { fraction },
    });
  }
  const bad = counts.data.findIndex((value) => !(value >= 0 && Number.isInteger(value)));
  if (bad >= 0) {
    throw pixelError("thinCounts", "counts", counts, bad, "must be whole numbers >= 0", "give raw counts");
  }
  const stream = randomStream(seed + SEED_OFFSET);
  const kept = counts.data.map((count) => {
    let chosen = 0;
    for (let photon = 0; photon < count; photon++) if (stream.uniform() < fraction) chosen++;
    return chosen;
  });
  return {
    kept: { data: kept, shape: counts.shape },
    rest: { data: counts.data.map((count, index) => count - kept[index]), shape: counts.shape },
  };
}
