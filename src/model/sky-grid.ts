import type { Boundary } from "../data/observation/boundary.js";
import type { CheckedObservation } from "../data/observation/check-observation.js";
import { modulo } from "../data/observation/convolution.js";
import type { PixelPosition } from "../data/sky/sky-wcs.js";
import { InvalidInputError } from "../errors.js";
import { imageSum, MAX_PIXELS, type Shape, type SkyImage } from "../image.js";

/** How the pixels of the sky lie over those of the detector. */
export interface SkyGridOptions {
  /** Sky pixels a detector pixel on each axis: 1 (default), 2 or 3. */
  readonly upsampling?: number;
  /** Detector pixels by which the sky goes beyond the detector on every side, whole >= 0; default 0. */
  readonly margin?: number;
}

/** A grid of sky pixels over a detector. */
export interface SkyGrid {
  /** `[ny, nx]` of the detector. */
  readonly detector: Shape;
  /** `[ny, nx]` of the sky: `upsampling * (n + 2 margin)` on each axis. */
  readonly shape: Shape;
  readonly upsampling: number;
  readonly margin: number;
}

/**
 * Lay the sky over a detector.
 *
 * @param where beginning of messages
 * @throws InvalidInputError for another upsampling than 1, 2, 3, a margin that is not a whole number >= 0, a margin with
 *   `"wrap"`, or more pixels than `MAX_PIXELS`
 */
export function skyGrid(
  detector: Shape,
  boundary: Boundary,
  { upsampling = 1, margin = 0 }: SkyGridOptions = {},
  where = "model",
): SkyGrid {
  if (upsampling !== 1 && upsampling !== 2 && upsampling !== 3) {
    throw new InvalidInputError(
      `${where}: upsampling must be 1, 2 or 3, got ${upsampling}; finer pixels hold no more information`,
      { fields: { upsampling } },
    );
  }
  if (!Number.isInteger(margin) || margin < 0) {
    throw new InvalidInputError(
      `${where}: margin must be a whole number of detector pixels >= 0, got ${margin}; the psf's radius is a good choice`,
      { fields: { margin } },
    );
  }
  if (boundary === "wrap" && margin > 0) {
    throw new InvalidInputError(
      `${where}: margin must be 0 with the boundary "wrap", got ${margin}; a periodic sky has no outside, choose "spill"`,
      { fields: { margin } },
    );
  }
  const shape: Shape = [upsampling * (detector[0] + 2 * margin), upsampling * (detector[1] + 2 * margin)];
  if (shape[0] * shape[1] > MAX_PIXELS) {
    throw new InvalidInputError(
      `${where}: the sky must have at most ${MAX_PIXELS} pixels, got ${shape[0]} x ${shape[1]}; lower upsampling or margin`,
      { fields: { shape } },
    );
  }
  return { detector, shape, upsampling, margin };
}

/** Whether sky and detector have the same pixels. */
export function isPlain({ upsampling, margin }: SkyGrid): boolean {
  return upsampling === 1 && margin === 0;
}

/** `[ny, nx]` of the frame: the sky over the detector, without the margin. */
export function frameShape({ detector: [ny, nx], upsampling }: SkyGrid): Shape {
  return [upsampling * ny, upsampling * nx];
}

/**
 * The part of an image of the sky that lies over the detector.
 *
 * @param sky `ny * nx` values of the sky
 * @returns `ny * nx` values of the frame: the same array without a margin, else a copy
 */
export function frameOf(sky: Float64Array, grid: SkyGrid): Float64Array {
  if (grid.margin === 0) return sky;
  const [ny, nx] = frameShape(grid);
  const frame = new Float64Array(ny * nx);
  for (let row = 0; row < ny; row++) {
    const start = frameStart(grid, row);
    frame.set(sky.subarray(start, start + nx), row * nx);
  }
  return frame;
}

/** `frameOf` for images. */
export function frameImage({ data }: SkyImage, grid: SkyGrid): SkyImage {
  return { data: frameOf(data, grid), shape: frameShape(grid) };
}

/**
 * Put an image of the frame into one of the sky.
 *
 * @param frame `ny * nx` values of the frame
 * @param sky `ny * nx` values of the sky; changed over the detector
 */
export function setFrame(sky: Float64Array, frame: ArrayLike<number>, grid: SkyGrid): void {
  const [ny, nx] = frameShape(grid);
  for (let row = 0; row < ny; row++) {
    const start = frameStart(grid, row);
    for (let col = 0; col < nx; col++) sky[start + col] = frame[row * nx + col];
  }
}

/** Index in the sky of the first pixel of a row of the frame. */
function frameStart({ shape, upsampling, margin }: SkyGrid, row: number): number {
  return (upsampling * margin + row) * shape[1] + upsampling * margin;
}

/**
 * A starting image on the sky: one of the sky as it is, one of the frame with its edge going on over the margin.
 *
 * @throws InvalidInputError for another shape
 */
export function startOnSky(image: SkyImage, grid: SkyGrid, where: string): SkyImage {
  const [ny, nx] = image.shape;
  const frame = frameShape(grid);
  if (ny === grid.shape[0] && nx === grid.shape[1]) return image;
  if (ny !== frame[0] || nx !== frame[1]) {
    const sky = isPlain(grid) ? "" : ` (or with the margin [${grid.shape.join(", ")}])`;
    throw new InvalidInputError(
      `${where} must have the shape of the ${grid.upsampling === 1 ? "counts" : "finer pixels"}, [${frame.join(", ")}]${sky}, ` +
        `got [${image.shape.join(", ")}]; cut it out`,
      { fields: { shape: image.shape, expected: frame } },
    );
  }
  const width = grid.upsampling * grid.margin;
  const laid: SkyGrid = { detector: frame, shape: grid.shape, upsampling: 1, margin: width };
  return ontoSky(image, laid, { x: 0, y: 0 }, "spill");
}

/**
 * An image of the detector on the sky, by linear interpolation between the centres of its pixels; beyond the edge the
 * nearest pixel counts (`spill`), or the opposite side (`wrap`).
 *
 * @param image `[ny, nx]` of the detector
 * @param offset where the detector's pixel (0, 0) lies on the sky, in detector pixels
 * @returns `[ny, nx]` of the sky
 */
export function ontoSky(
  image: SkyImage,
  grid: SkyGrid,
  offset: { readonly x: number; readonly y: number },
  boundary: Boundary,
): SkyImage {
  if (isPlain(grid) && offset.x === 0 && offset.y === 0) return image;
  const [ny, nx] = grid.shape;
  const rows = axisPlaces(ny, grid, offset.y, grid.detector[0], boundary);
  const cols = axisPlaces(nx, grid, offset.x, grid.detector[1], boundary);
  const data = new Float64Array(ny * nx);
  for (const [row, { low: top, high: bottom, part: down }] of rows.entries()) {
    for (const [col, { low: left, high: right, part: across }] of cols.entries()) {
      const value = (imageRow: number, imageCol: number) => image.data[imageRow * image.shape[1] + imageCol];
      const upper = (1 - across) * value(top, left) + across * value(top, right);
      const lower = (1 - across) * value(bottom, left) + across * value(bottom, right);
      data[row * nx + col] = (1 - down) * upper + down * lower;
    }
  }
  return { data, shape: [ny, nx] };
}

interface Place {
  readonly low: number;
  readonly high: number;
  readonly part: number;
}

function axisPlaces(
  size: number,
  { upsampling, margin }: SkyGrid,
  offset: number,
  detectorSize: number,
  boundary: Boundary,
): Place[] {
  const inside = (index: number) =>
    boundary === "wrap" ? modulo(index, detectorSize) : Math.max(0, Math.min(detectorSize - 1, index));
  return Array.from({ length: size }, (_, index) => {
    const position = (index + 0.5) / upsampling - 0.5 - margin - offset;
    const base = Math.floor(position);
    return { low: inside(base), high: inside(base + 1), part: position - base };
  });
}

/**
 * Check that there is one place for each observation.
 *
 * @param where beginning of the message
 * @throws InvalidInputError when there is not
 */
export function checkOffsets(
  offsets: readonly PixelPosition[],
  { length }: { readonly length: number },
  where: string,
): void {
  if (
    Array.isArray(offsets) &&
    offsets.length === length &&
    offsets.every((offset) => Number.isFinite(offset?.x) && Number.isFinite(offset?.y))
  ) {
    return;
  }
  throw new InvalidInputError(
    `${where}: offsets must be one finite {x, y} for each of the ${length} observations, got ${JSON.stringify(offsets)}; ` +
      "leave them out when all observations share one grid",
  );
}

/**
 * Mask the detector pixels whose middle lies beyond the edge of the sky: light from there has no sky pixel to come from.
 *
 * @param observations checked
 * @param offsets where the pixel (0, 0) of each detector lies on the sky, in detector pixels
 * @returns the same objects where all pixels in use lie on the sky; else their counts there are 0. Warnings say how many they are
 * @throws InvalidInputError when an observation has no pixel in use on the sky
 */
export function withinSky(
  observations: readonly CheckedObservation[],
  { margin }: Pick<SkyGrid, "margin">,
  offsets: readonly PixelPosition[],
  boundary: Boundary,
): { readonly observations: readonly CheckedObservation[]; readonly warnings: readonly string[] } {
  if (boundary === "wrap") return { observations, warnings: [] };
  const warnings: string[] = [];
  const onSky = (place: number, size: number) => place >= -0.5 - margin && place <= size - 0.5 + margin;
  const seen = observations.map((observation, number) => {
    const { counts, mask, name } = observation;
    const [ny, nx] = counts.shape;
    const { x, y } = offsets[number];
    const kept = counts.data.map((_, index) =>
      onSky((index % nx) + x, nx) && onSky(Math.floor(index / nx) + y, ny) ? (mask?.data[index] ?? 1) : 0,
    );
    const used = imageSum({ data: kept, shape: counts.shape });
    if (used === 0) {
      throw new InvalidInputError(
        `${name}: detector must overlap with the sky of the first observation, got an offset of (${x.toFixed(2)}, ${y.toFixed(2)}) ` +
          `pixels for an image of ${nx} x ${ny}; leave the observation out, or check its header`,
        { fields: { offset: { x, y } } },
      );
    }
    const lost = (mask === undefined ? kept.length : imageSum(mask)) - used;
    if (lost === 0) return observation;
    warnings.push(
      `${name}: all pixels should lie on the sky of the first observation, got ${lost} beyond its edge; they are not used` +
        (margin > 0 ? "" : ", unless a margin is given, which methods of one image can have"),
    );
    return {
      ...observation,
      counts: { data: counts.data.map((count, index) => count * kept[index]), shape: counts.shape },
      mask: { data: kept, shape: counts.shape },
    };
  });
  return { observations: seen, warnings };
}
