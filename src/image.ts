import { InvalidInputError } from "./errors.js";

/** Shape of an image, `[ny, nx]`: rows first, as everywhere in tslira. */
export type Shape = readonly [ny: number, nx: number];

/** A two-dimensional image, row-major: the pixel at column x of row y is `data[y * nx + x]`. */
export interface SkyImage {
  /** Pixel values, length `ny * nx`. Units are stated where the image is used. */
  readonly data: Float64Array;
  readonly shape: Shape;
}

/** Largest number of pixels an image may have (2^26, for example 8192 x 8192). */
export const MAX_PIXELS = 2 ** 26;

/**
 * Check that a shape has two positive whole axes and at most `MAX_PIXELS` pixels.
 *
 * @param where name of the argument or file, the start of the message
 * @throws InvalidInputError otherwise
 */
export function checkShape(where: string, shape: Shape): void {
  const list: readonly number[] = typeof shape === "object" && shape !== null ? Array.from(shape) : [];
  const [ny, nx] = list;
  if (list.length !== 2 || !Number.isInteger(ny) || !Number.isInteger(nx) || ny < 1 || nx < 1) {
    throw new InvalidInputError(
      `${where}: shape must be two whole numbers >= 1, got ${list.length > 0 ? `[${list.join(", ")}]` : shape}; give [ny, nx]`,
      { fields: { shape } },
    );
  }
  if (ny * nx > MAX_PIXELS) {
    throw new InvalidInputError(
      `${where}: an image must have at most ${MAX_PIXELS} pixels, got ${ny} x ${nx}; cut out a part or bin it`,
      { fields: { shape } },
    );
  }
}

/**
 * Wrap pixel values as an image, without copying a `Float64Array`.
 *
 * @param data `ny * nx` values, row-major; any numeric array, converted to `Float64Array` when it is not one
 * @param shape `[ny, nx]`
 * @throws InvalidInputError when the length is not `ny * nx`
 */
export function skyImage(data: ArrayLike<number>, shape: Shape): SkyImage {
  checkShape("image", shape);
  if (data.length !== shape[0] * shape[1]) {
    throw new InvalidInputError(
      `image: data must hold ny * nx = ${shape[0] * shape[1]} values, got ${data.length}; check the shape [ny, nx]`,
      { fields: { length: data.length, shape } },
    );
  }
  return { data: data instanceof Float64Array ? data : Float64Array.from(data), shape: [shape[0], shape[1]] };
}

/** A new image with every pixel set to `value`. */
export function constantImage(shape: Shape, value: number): SkyImage {
  checkShape("image", shape);
  if (typeof value !== "number")
    throw new InvalidInputError(`image: value must be a number, got ${JSON.stringify(value)}; convert it`);
  return { data: new Float64Array(shape[0] * shape[1]).fill(value), shape: [shape[0], shape[1]] };
}

/** Whether two images have the same shape. */
export function sameShape(first: Pick<SkyImage, "shape">, second: Pick<SkyImage, "shape">): boolean {
  return first.shape[0] === second.shape[0] && first.shape[1] === second.shape[1];
}

/**
 * Check that an image has the shape of another.
 *
 * @param what start of the message, and what the image is
 * @param of what the other is
 * @throws InvalidInputError otherwise
 */
export function checkSameShape(
  what: string,
  image: Pick<SkyImage, "shape">,
  of: string,
  other: Pick<SkyImage, "shape">,
  remedy: string,
): void {
  if (sameShape(image, other)) return;
  throw new InvalidInputError(
    `${what} must have the shape of ${of}, [${other.shape.join(", ")}], got [${image.shape.join(", ")}]; ${remedy}`,
    { fields: { shape: image.shape, expected: other.shape } },
  );
}

/** Sum of all pixel values. */
export function imageSum({ data }: SkyImage): number {
  let sum = 0;
  for (let index = 0; index < data.length; index++) sum += data[index];
  return sum;
}

/**
 * Copy a rectangle out of an image.
 *
 * @param rows half-open range of rows `[start, end)`, 0-based
 * @param cols half-open range of columns `[start, end)`, 0-based
 * @throws InvalidInputError when the rectangle is empty or leaves the image
 */
export function cutout(
  image: SkyImage,
  rows: readonly [start: number, end: number],
  cols: readonly [start: number, end: number],
): SkyImage {
  const [ny, nx] = image.shape;
  const ok = ([start, end]: readonly [number, number], size: number) =>
    Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start < end && end <= size;
  if (!ok(rows, ny) || !ok(cols, nx)) {
    throw new InvalidInputError(
      `cutout: rows and columns must lie inside the image of ${ny} x ${nx}, ` +
        `got rows ${rows.join(":")}, columns ${cols.join(":")}; ranges are 0-based and half-open`,
      { fields: { rows, cols, shape: image.shape } },
    );
  }
  const height = rows[1] - rows[0];
  const width = cols[1] - cols[0];
  const data = new Float64Array(height * width);
  for (let row = 0; row < height; row++) {
    const start = (rows[0] + row) * nx + cols[0];
    data.set(image.data.subarray(start, start + width), row * width);
  }
  return { data, shape: [height, width] };
}

/** Neighbouring pixels of one row, columns `[start, end)`. */
export interface PixelRun {
  readonly row: number;
  readonly start: number;
  readonly end: number;
}

/** All runs of pixels of which something holds, row by row. @param holds asked by the index of a pixel */
export function pixelRuns([ny, nx]: Shape, holds: (index: number) => boolean): PixelRun[] {
  const runs: PixelRun[] = [];
  for (let row = 0; row < ny; row++) {
    let start = -1;
    for (let col = 0; col <= nx; col++) {
      const inside = col < nx && holds(row * nx + col);
      if (inside && start < 0) start = col;
      if (!inside && start >= 0) {
        runs.push({ row, start, end: col });
        start = -1;
      }
    }
  }
  return runs;
}

/** `[ny, nx + 1]`: sums of values along each row before each column. */
export function sumsBefore([ny, nx]: Shape, value: (index: number) => number): Float64Array {
  const sums = new Float64Array(ny * (nx + 1));
  for (let row = 0; row < ny; row++) {
    const start = row * (nx + 1);
    for (let col = 0; col < nx; col++) sums[start + col + 1] = sums[start + col] + value(row * nx + col);
  }
  return sums;
}

/** The rectangle, half-open, of all pixels that are not 0; undefined without any. */
export function litRectangle({
  data,
  shape: [ny, nx],
}: SkyImage):
  | { readonly rows: readonly [number, number]; readonly cols: readonly [number, number] }
  | undefined {
  let [top, bottom, left, right] = [ny, 0, nx, 0];
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      if (data[row * nx + col] === 0) continue;
      top = Math.min(top, row);
      bottom = row + 1;
      left = Math.min(left, col);
      right = Math.max(right, col + 1);
    }
  }
  return bottom === 0 ? undefined : { rows: [top, bottom], cols: [left, right] };
}

/** An image with zeros around it: of a larger shape, in which its first pixel is at `top` and `left`. */
export function paddedImage(image: SkyImage, shape: Shape, top: number, left: number): SkyImage {
  const [ny, nx] = image.shape;
  const data = new Float64Array(shape[0] * shape[1]);
  for (let row = 0; row < ny; row++) {
    data.set(image.data.subarray(row * nx, (row + 1) * nx), (row + top) * shape[1] + left);
  }
  return { data, shape };
}

/** Sums over blocks of `bin` x `bin` pixels; those at the upper edges may hold fewer. */
export function binImage({ data, shape }: { data: ArrayLike<number>; shape: Shape }, bin: number): SkyImage {
  const [ny, nx] = shape;
  const binned: Shape = [Math.ceil(ny / bin), Math.ceil(nx / bin)];
  const sums = new Float64Array(binned[0] * binned[1]);
  for (let row = 0; row < ny; row++) {
    const start = Math.floor(row / bin) * binned[1];
    for (let col = 0; col < nx; col++) sums[start + Math.floor(col / bin)] += data[row * nx + col];
  }
  return { data: sums, shape: binned };
}
