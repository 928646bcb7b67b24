import { multiscaleLevels } from "../data/observation/multiscale-decomposition.js";
import { type Shape, type SkyImage, skyImage } from "../image.js";
import type { ChainState } from "./sampler.js";

/**
 * Where the data call for points and where for diffuse light: the mean of ln alpha of the block above each pixel, over the sweeps of all
 * chains that counted.
 *
 * A chain whose tree stays where it is keeps one sum a node, others keep one a pixel and level.
 *
 * @param treeMoves whether the shift of the tree changes from sweep to sweep
 * @returns one image `[ny, nx]` a level, finest first; undefined without the adaptive prior, before a sweep counted, or where a chain kept no
 *   sums
 */
export function smoothnessMaps(
  states: readonly ChainState[],
  shape: Shape,
  treeMoves: boolean,
): SkyImage[] | undefined {
  const count = states.reduce((sum, { moments }) => sum + moments.count, 0);
  const levels = multiscaleLevels(shape);
  if (count === 0 || levels === 0 || states.some(({ arrays }) => arrays.smoothness === undefined))
    return undefined;
  const [ny, nx] = shape;
  const maps = Array.from({ length: levels }, () => new Float64Array(ny * nx));
  for (const { smoothness, scalars } of states.map(({ arrays }) => arrays)) {
    // The shift stands behind alpha and the modes of all levels, the total and the log prior (kernels/chain.ts).
    const [downwards, sidewards] = scalars.subarray(2 * levels + 2);
    let start = 0;
    for (const [level, map] of maps.entries()) {
      if (treeMoves) {
        const from = level * map.length;
        for (let pixel = 0; pixel < map.length; pixel++) map[pixel] += smoothness[from + pixel] / count;
        continue;
      }
      const size = 2 ** (level + 1);
      const cols = Math.ceil(nx / size);
      for (let row = 0; row < ny; row++) {
        const nodes = start + Math.floor(row / size) * cols;
        const target = ((row + downwards) % ny) * nx;
        for (let col = 0; col < nx; col++) {
          map[target + ((col + sidewards) % nx)] += smoothness[nodes + Math.floor(col / size)] / count;
        }
      }
      start += Math.ceil(ny / size) * cols;
    }
  }
  return maps.map((map) => skyImage(map, shape));
}
