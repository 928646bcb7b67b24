import type { Shape } from "../image.js";

/** The multiscale tree of an image: level 0 is the image, level `l + 1` sums level `l` in 2 x 2 blocks. */
export interface MultiscaleTree {
  /** `[ny, nx]` of every level, finest first; the last is `[1, 1]`. */
  readonly shapes: readonly Shape[];
  /** Values of every level. */
  readonly values: readonly Float64Array[];
}

/** An empty tree over an image of a shape. */
export function multiscaleTree(shape: Shape): MultiscaleTree {
  const shapes: Shape[] = [];
  let [ny, nx] = shape;
  for (;;) {
    shapes.push([ny, nx]);
    if (ny === 1 && nx === 1) break;
    ny = Math.ceil(ny / 2);
    nx = Math.ceil(nx / 2);
  }
  return { shapes, values: shapes.map(([rows, cols]) => new Float64Array(rows * cols)) };
}

/** Index of the parent of a node. */
export function parentIndex(index: number, [, nx]: Shape): number {
  return (Math.floor(index / nx) >> 1) * Math.ceil(nx / 2) + ((index % nx) >> 1);
}

/** Children of the block at a node of the level above: 1, 2 or 4. */
export function childCount(parent: number, [ny, nx]: Shape): number {
  const parentNx = Math.ceil(nx / 2);
  const row = Math.floor(parent / parentNx);
  const col = parent % parentNx;
  return (2 * row + 1 < ny ? 2 : 1) * (2 * col + 1 < nx ? 2 : 1);
}

/** Fill level 0 and sum upwards. */
export function fillTree({ shapes, values }: MultiscaleTree, image: ArrayLike<number>): void {
  values[0].set(image);
  for (let level = 0; level + 1 < shapes.length; level++) {
    const children = values[level];
    const parents = values[level + 1];
    const [ny, nx] = shapes[level];
    const parentNx = shapes[level + 1][1];
    parents.fill(0);
    for (let row = 0, index = 0; row < ny; row++) {
      const line = (row >> 1) * parentNx;
      for (let col = 0; col < nx; col++, index++) parents[line + (col >> 1)] += children[index];
    }
  }
}
