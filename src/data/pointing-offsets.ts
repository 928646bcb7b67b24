import { InvalidInputError } from "../errors.js";
import type { Observation } from "./observation.js";
import { pixelToSky, skyToPixel } from "./sky-position.js";
import { type PixelPosition, parseWcs, type SkyWcs } from "./sky-wcs.js";

/** Where several observations point. */
export interface PointingOffsets {
  /** Where pixel (0, 0) of each observation lies in the pixels of the first: (0, 0) for that one itself. */
  readonly offsets: readonly PixelPosition[];
  /** Pixels that do not lie on those of the first as they should, one sentence each. */
  readonly warnings: readonly string[];
}

/** Differences of the offset over the field, in pixels: worth a warning, and too much. */
const DOUBTFUL = 0.1;
const WRONG = 0.5;

/**
 * Displacements of observations from the sky coordinates in their headers: a source at `x` in the pixels of the first is
 * seen at `x - offset.x` of the other. They are what `offsets` of the forward model and `alignObservations` take.
 *
 * The offset is that of the middle of each observation. Pixels must be of the same size and orientation: if the offset differs
 * over the field by more than 0.1 pixel there is a warning, by more than 0.5 an error.
 *
 * @param observations at least one; each with `wcs`
 * @throws InvalidInputError when an observation has no sky coordinates that are supported, another system than the first, or pixels
 *   of another size or orientation
 */
export function pointingOffsets(observations: readonly Observation[]): PointingOffsets {
  const systems = observations.map(skyOf);
  const [first] = systems;
  const warnings: string[] = [];
  const offsets = observations.map((observation, index): PixelPosition => {
    const { name, wcs } = systems[index];
    if (index === 0) return { x: 0, y: 0 };
    if (wcs.system !== first.wcs.system || wcs.equinox !== first.wcs.equinox) {
      throw new InvalidInputError(
        `${name}: sky coordinates must be of the system of ${first.name}, ${first.wcs.system} ${first.wcs.equinox ?? ""}, got ` +
          `${wcs.system} ${wcs.equinox ?? ""}; make both images in one system`,
        { fields: { index } },
      );
    }
    const [ny, nx] = observation.counts.shape;
    const middle = displacement(wcs, first.wcs, (nx - 1) / 2, (ny - 1) / 2);
    let most = 0;
    for (const [x, y] of [
      [0, 0],
      [nx - 1, 0],
      [0, ny - 1],
      [nx - 1, ny - 1],
    ]) {
      const there = displacement(wcs, first.wcs, x, y);
      most = Math.max(most, Math.hypot(there.x - middle.x, there.y - middle.y));
    }
    // Positions beyond the reach of a projection are NaN.
    if (!(most <= WRONG)) {
      throw new InvalidInputError(
        `${name}: pixels must be of the size and orientation of those of ${first.name}, got an offset that changes by ` +
          `${most.toPrecision(2)} pixels over the field; bin both images to the same pixels`,
        { fields: { index, change: most } },
      );
    }
    if (most > DOUBTFUL) {
      warnings.push(
        `${name}: the offset from ${first.name} should be the same all over the field, got one that changes by ` +
          `${most.toPrecision(2)} pixels; bin both images to the same pixels`,
      );
    }
    return middle;
  });
  return { offsets, warnings };
}

function skyOf({ wcs: cards = [], name = "observation" }: Observation, index: number) {
  const { wcs, warnings } = parseWcs(cards);
  if (wcs !== undefined) return { wcs, name };
  throw new InvalidInputError(
    `${name}: sky coordinates must be in the header to find the offset of observation ${index + 1}, got ` +
      `${warnings.length > 0 ? warnings.join(" ") : "none"}; give the offsets, or none for images of the same pixels`,
    { fields: { index } },
  );
}

/** Where a pixel lies in the other's pixels, less where it lies in its own. */
function displacement(from: SkyWcs, to: SkyWcs, x: number, y: number): PixelPosition {
  const { lon, lat } = pixelToSky(from, x, y);
  const there = skyToPixel(to, lon, lat);
  return { x: there.x - x, y: there.y - y };
}
