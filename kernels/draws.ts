// Entry of a third module, for what is made of kept draws: figures of every pixel, and counts that the model would make. An
// instance serves one layout of chains, or one observation; nothing in it is ever freed.

import { allocate as reserve } from "./memory";
import { ChainGroup } from "./pixel-summary";

export { chainStride } from "./effective-size";
export {
  bandArray,
  layOutGroup,
  layOutPixels,
  levelArray,
  quantileArray,
  rhatArray,
  sizeArray,
  sumDraws,
  summarisePixels,
} from "./pixel-summary";
export { seedRandom } from "./random";
export {
  compareCounts,
  countsArray,
  countsStride,
  layOutCounts,
  prepareMeans,
  replicateCounts,
} from "./replicated-counts";

/** Reserve zeroed memory; 0 without. */
export function allocate(bytes: usize): usize {
  return reserve(bytes);
}

/** Address of the places of a group, i32 `[draws]`. */
export function groupPlaces(group: usize): usize {
  return changetype<ChainGroup>(group).places;
}

/** Address of the normal scores of a group, f64 `[2 size + 1]`. */
export function groupTable(group: usize): usize {
  return changetype<ChainGroup>(group).table;
}
