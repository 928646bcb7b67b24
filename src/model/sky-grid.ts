import type { Boundary } from "../data/boundary.js";
import { modulo } from "../data/convolution.js";
import type { Observation } from "../data/observation.js";
import { InvalidInputError } from "../errors.js";
import { MAX_PIXELS, type Shape, type SkyImage } from "../image.js";

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
 * @throws InvalidInputError for another upsampling than 1, 2, 3, a margin that is not a whole number >= 0, a margin with
 *   `"wrap"`, or more pixels than `MAX_PIXELS`
 */
export function skyGrid(
  detector: Shape,
  boundary: Boundary,
  { upsampling = 1, margin = 0 }: SkyGridOptions = {},
): SkyGrid {
  if (upsampling !== 1 && upsampling !== 2 && upsampling !== 3) {
    throw new InvalidInputError(
      `model: upsampling must be 1, 2 or 3, got ${upsampling}; finer pixels hold no more information`,
      { fields: { upsampling } },
    );
  }
  if (!Number.isInteger(margin) || margin < 0) {
    throw new InvalidInputError(
      `model: margin must be a whole number of detector pixels >= 0, got ${margin}; the psf's radius is a good choice`,
      { fields: { margin } },
    );
  }
  if (boundary === "wrap" && margin > 0) {
    throw new InvalidInputError(
      `model: margin must be 0 with the boundary "wrap", got ${margin}; a periodic sky has no outside, choose "spill"`,
      { fields: { margin } },
    );
  }
  const shape: Shape = [upsampling * (detector[0] + 2 * margin), upsampling * (detector[1] + 2 * margin)];
  if (shape[0] * shape[1] > MAX_PIXELS) {
    throw new InvalidInputError(
      `model: the sky must have at most ${MAX_PIXELS} pixels, got ${shape[0]} x ${shape[1]}; lower upsampling or margin`,
      { fields: { shape } },
    );
  }
  return { detector, shape, upsampling, margin };
}

/** Whether sky and detector have the same pixels. */
export function isPlain({ upsampling, margin }: SkyGrid): boolean {
  return upsampling === 1 && margin === 0;
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
 * An observation without the detector pixels that lie beyond the edge of the sky: what they hold came from where the sky has no
 * pixels. Their counts become 0 and the mask leaves them out.
 *
 * @param offset where the detector's pixel (0, 0) lies on the sky, in detector pixels
 * @returns the same object when all lie on the sky, as they do for offsets up to half a pixel
 * @throws InvalidInputError when no pixel in use is left
 */
export function withinSky<Seen extends Pick<Observation, "counts" | "mask" | "name">>(
  observation: Seen,
  { margin }: Pick<SkyGrid, "margin">,
  offset: { readonly x: number; readonly y: number },
  boundary: Boundary,
): Seen {
  const { counts, mask, name = "observation" } = observation;
  const [ny, nx] = counts.shape;
  const onSky = (index: number, size: number, by: number) =>
    index + by >= -0.5 - margin && index + by <= size - 0.5 + margin;
  if (boundary === "wrap" || Math.max(Math.abs(offset.x), Math.abs(offset.y)) <= 0.5 + margin)
    return observation;
  let used = 0;
  const kept = counts.data.map((_, index) => {
    const seen = onSky(Math.floor(index / nx), ny, offset.y) && onSky(index % nx, nx, offset.x);
    const use = Number(seen && mask?.data[index] !== 0);
    used += use;
    return use;
  });
  if (used === 0) {
    throw new InvalidInputError(
      `${name}: must see a part of the sky, got an offset of (${offset.x}, ${offset.y}) pixels for ${ny} x ${nx}; leave it out, or ` +
        "cut it out elsewhere",
      { fields: { offset } },
    );
  }
  return {
    ...observation,
    counts: { data: counts.data.map((count, index) => count * kept[index]), shape: counts.shape },
    mask: { data: kept, shape: counts.shape },
  };
}
