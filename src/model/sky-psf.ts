import type { Boundary } from "../data/observation/boundary.js";
import type { PsfWindow } from "../data/observation/psf.js";
import { mapPsf, type Psf, type PsfShare, psfShares } from "../data/observation/psf-set.js";
import { movedPsf } from "../data/observation/resample-psf.js";
import { paddedImage, type Shape } from "../image.js";
import { trimPsf } from "./psf-window.js";
import type { SkyGrid } from "./sky-grid.js";

/** The psf of a place, cut down to what can carry light, and the pixels of the sky whose light takes part. */
export interface SkyPsfPart extends PsfWindow, Pick<PsfShare, "row" | "col" | "weights"> {}

/** A psf on the pixels of the sky: one window, or the parts of a psf that varies. */
export type SkyPsf = PsfWindow | { readonly parts: readonly SkyPsfPart[] };

/** How a psf that is given in pixels of the detector lies on those of the sky. */
export interface PsfOnSkyOptions {
  /** Whether the psfs are given in pixels of the sky already; places never are. */
  readonly psfPixels?: "detector" | "sky";
  /** Where the detector's pixel (0, 0) lies on the sky, in detector pixels; default (0, 0). */
  readonly offset?: { readonly x: number; readonly y: number };
}

/** A psf in pixels of the sky and displaced by the offset, its places in pixels of the sky. */
export function psfInSkyPixels(
  psf: Psf,
  { upsampling, margin }: SkyGrid,
  { psfPixels = "detector", offset = { x: 0, y: 0 } }: PsfOnSkyOptions = {},
): Psf {
  const factor = psfPixels === "sky" ? 1 : upsampling;
  const cells = psfPixels === "sky" ? upsampling : 1;
  // A detector that lies farther right sees the source farther left.
  const shift = { x: -offset.x * cells, y: -offset.y * cells };
  const onSky = (place: number) => (place + margin + 0.5) * upsampling - 0.5;
  return mapPsf(
    psf,
    (image) => {
      if (factor === 1 && shift.x === 0 && shift.y === 0) return image;
      return movedPsf(image, shift, factor);
    },
    ({ x, y }) => ({ x: onSky(x + offset.x), y: onSky(y + offset.y) }),
  );
}

/**
 * Cut a psf down to what can carry light on an image, and tell which light goes through which of its places.
 *
 * With `"wrap"` the boxes of the parts are the whole image.
 */
export function trimmedPsf(psf: Psf, shape: Shape, boundary: Boundary): SkyPsf {
  if (psf.places === undefined) return trimPsf(psf, shape, boundary);
  const parts = psfShares(psf.places, shape).map(({ psf: image, ...box }) => ({
    ...trimPsf(image, shape, boundary),
    ...(boundary === "wrap" ? wholeBox(box, shape) : box),
  }));
  return { parts };
}

function wholeBox({ row, col, weights }: Omit<PsfShare, "psf">, shape: Shape): Omit<PsfShare, "psf"> {
  return { row: 0, col: 0, weights: paddedImage(weights, shape, row, col) };
}

/** The smallest window that holds those of all parts about one centre: its shape and the centre's index, which may lie outside. */
export function jointWindow(parts: readonly PsfWindow[]): {
  readonly shape: Shape;
  readonly centre: PsfWindow["centre"];
} {
  const most = (value: (part: PsfWindow) => number) => Math.max(...parts.map(value));
  const before = [most(({ centre }) => centre[0]), most(({ centre }) => centre[1])] as const;
  const after = (axis: 0 | 1) => most(({ psf, centre }) => psf.shape[axis] - centre[axis]);
  return { shape: [before[0] + after(0), before[1] + after(1)], centre: before };
}
