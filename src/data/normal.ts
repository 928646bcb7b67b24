import { naturalLog } from "./exponential.js";
import type { RandomStream } from "./random.js";

/**
 * A source of standard normal numbers by the polar method (Marsaglia & Bray 1964), which needs no trigonometry and so gives the
 * same bytes in every engine.
 *
 * @returns a function that draws the next one
 */
export function normalStream(stream: RandomStream): () => number {
  let spare = 0;
  let hasSpare = false;
  return () => {
    if (hasSpare) {
      hasSpare = false;
      return spare;
    }
    for (;;) {
      const x = 2 * stream.uniform() - 1;
      const y = 2 * stream.uniform() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * naturalLog(square)) / square);
      spare = y * factor;
      hasSpare = true;
      return x * factor;
    }
  };
}
