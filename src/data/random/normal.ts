import { naturalLog } from "./exponential.js";
import type { RandomStream } from "./random.js";

/** Draws standard normal numbers. */
export interface NormalStream {
  (): number;
  /** The second number of a pair that is not used yet: what has to be saved besides the stream; undefined for none. */
  spare: number | undefined;
}

/**
 * A source of standard normal numbers by the polar method (Marsaglia & Bray 1964), which needs no trigonometry and so gives the
 * same bytes in every engine.
 *
 * @returns a function that draws the next one
 */
export function normalStream(stream: RandomStream): NormalStream {
  const draw: NormalStream = () => {
    const { spare } = draw;
    if (spare !== undefined) {
      draw.spare = undefined;
      return spare;
    }
    for (;;) {
      const x = 2 * stream.uniform() - 1;
      const y = 2 * stream.uniform() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * naturalLog(square)) / square);
      draw.spare = y * factor;
      return x * factor;
    }
  };
  draw.spare = undefined;
  return draw;
}
