import type { Shape } from "../image.js";
import type { Kernels } from "../kernels.js";

/**
 * Which sum over sweeps belongs to each pixel of the image, and to each node above it, of a chain that leaves out what is dark
 * (kernels/dark-layout.ts). It keeps those of what is drawn, in the order of the runs; then one for each dark node, of the pixels below it, or
 * one a level down from each, of the nodes: all at the same depth below a dark node have the same.
 */
export interface DarkSums {
  /** Of each pixel, row after row. */
  pixels(): Int32Array;
  /** Of each node of level 1, then of level 2, .... */
  nodes(): Int32Array;
}

/** Values of all places, from those that are kept. */
export function unpack(kept: Float64Array, places: Int32Array): Float64Array {
  return Float64Array.from(places, (place) => kept[place]);
}

/** Set the values that are kept from those of all places. */
export function pack(values: ArrayLike<number>, places: Int32Array, kept: Float64Array): void {
  for (const [index, place] of places.entries()) kept[place] = values[index];
}

/** Where the sums of a chain are; undefined where nothing is left out. */
export function darkSums(kernels: Kernels, [ny, nx]: Shape): DarkSums | undefined {
  if (!kernels.hasDark.value) return undefined;
  const levels = Number(kernels.levels.value);
  const rowsOf = (level: number) => Math.ceil(ny / 2 ** level);
  const colsOf = (level: number) => Math.ceil(nx / 2 ** level);
  /** Number the columns of the runs of a row. */
  const number = (list: number, row: Int32Array, from: number): number => {
    const runs = new Int32Array(kernels.memory.buffer, list);
    for (let run = 0; runs[run] >= 0; run += 2) {
      for (let col = runs[run]; col < runs[run + 1]; col++) row[col] = from++;
    }
    return from;
  };
  const roots = () => {
    const count = Number(kernels.rootCount.value);
    const data = new Int32Array(kernels.memory.buffer, Number(kernels.roots.value), 3 * count);
    return Array.from({ length: count }, (_, root) => data.subarray(3 * root, 3 * root + 3));
  };
  return {
    pixels() {
      const places = new Int32Array(ny * nx);
      let next = 0;
      for (let row = 0; row < ny; row++) {
        next = number(kernels.imageRunsOf(row), places.subarray(row * nx, (row + 1) * nx), next);
      }
      const [downwards, sidewards] = [kernels.shiftRow(), kernels.shiftCol()];
      for (const [level, top, left] of roots()) {
        const size = 2 ** level;
        for (let row = top * size; row < (top + 1) * size; row++) {
          const start = ((row + downwards) % ny) * nx;
          for (let col = left * size; col < (left + 1) * size; col++)
            places[start + ((col + sidewards) % nx)] = next;
        }
        next++;
      }
      return places;
    },
    nodes() {
      const starts = [0, 0];
      for (let level = 1; level <= levels; level++)
        starts.push(starts[level] + rowsOf(level) * colsOf(level));
      const places = new Int32Array(starts[levels + 1]);
      let next = 0;
      for (let level = 1; level <= levels; level++) {
        for (let row = 0; row < rowsOf(level); row++) {
          const start = starts[level] + row * colsOf(level);
          next = number(kernels.runsOf(level, row), places.subarray(start, start + colsOf(level)), next);
        }
      }
      for (const [level, top, left] of roots()) {
        for (let below = level; below > 0; below--, next++) {
          const size = 2 ** (level - below);
          for (let row = top * size; row < (top + 1) * size; row++) {
            const start = starts[below] + row * colsOf(below);
            places.fill(next, start + left * size, start + (left + 1) * size);
          }
        }
      }
      return places;
    },
  };
}
