/** An observation from the images of FITS files, wherever these were read. */

import type { Observation } from "../data/observation.js";
import type { PsfCentring } from "../data/psf-centring.js";
import { InvalidInputError } from "../errors.js";
import { cutout, type SkyImage } from "../image.js";
import { type FitsHdu, imageToSkyImage, parseFitsName, shiftWcs, wcsCards } from "./fits.js";
import { placePsf } from "./placed-psf.js";

/** A rectangle of an image: half-open, 0-based ranges of columns (x) and rows (y). */
export interface Cutout {
  readonly x: readonly [start: number, end: number];
  readonly y: readonly [start: number, end: number];
}

/** How to put images together. */
export interface ComposeOptions {
  /**
   * `"flux"` (default): the background is counts a pixel for unit exposure, before the psf. `"counts"`: it is expected counts a
   * pixel and is divided by the exposure (0 where that is 0).
   */
  readonly backgroundUnit?: "flux" | "counts";
  /** Part of the counts to use; exposure, background and mask are cut alike unless they have the cut-out's shape already. */
  readonly cutout?: Cutout;
  /** Part of the psf to use. */
  readonly psfCutout?: Cutout;
  /** Where the centre of the psf is, a position in pixels of its file from 0; default `"auto"`, the rules of `centrePsf`. */
  readonly psfCentre?: PsfCentring;
  /** Name of the observation; default the name of the counts file. */
  readonly name?: string;
}

/** An image of a FITS file with the name for messages, usually the file's. */
export interface NamedHdu {
  readonly name: string;
  readonly hdu: FitsHdu;
}

/** The images of one observation. */
export interface ObservationHdus {
  readonly counts: NamedHdu;
  readonly psf: NamedHdu;
  readonly exposure?: NamedHdu;
  readonly background?: NamedHdu;
  /** 1 = use the pixel, 0 = ignore it. */
  readonly mask?: NamedHdu;
}

/** An observation, and the unit that its flux will have. */
export interface ComposedObservation {
  readonly observation: Observation;
  /** What was done to bring the images together, one sentence each. */
  readonly notes: readonly string[];
  /** Unit of the flux: counts, by the unit of the exposure if there is one; absent when the exposure's file does not say. */
  readonly unit?: string;
}

/** @throws InvalidInputError unless it is a unit of `ComposeOptions`, or absent */
export function checkBackgroundUnit(unit: unknown): void {
  if (unit === undefined || unit === "flux" || unit === "counts") return;
  throw new InvalidInputError(
    `background unit: must be "flux" or "counts", got ${JSON.stringify(unit)}; choose one`,
  );
}

/** Cut a rectangle out of an image. @throws InvalidInputError that names the file when it leaves the image */
function cut(name: string, image: SkyImage, rectangle: Cutout): SkyImage {
  const { x, y } = rectangle;
  const [ny, nx] = image.shape;
  const inside = ([start, end]: readonly [number, number], size: number) =>
    Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start < end && end <= size;
  if (inside(x, nx) && inside(y, ny)) return cutout(image, y, x);
  throw new InvalidInputError(
    `${name}: cut-out must lie inside the image, columns 0:${nx} and rows 0:${ny}, got ${x.join(":")},${y.join(":")}; ` +
      "ranges are 0-based and half-open, x first",
    { fields: { cutout: rectangle, shape: image.shape } },
  );
}

/** Cut an image that goes with the counts, unless it has the shape of their cut-out but not of the whole. */
function cutAlike(name: string, image: SkyImage, full: SkyImage, rectangle: Cutout | undefined): SkyImage {
  const whole = image.shape[0] === full.shape[0] && image.shape[1] === full.shape[1];
  return rectangle === undefined || !whole ? image : cut(name, image, rectangle);
}

/** Expected background counts divided by exposure, 0 where there is none. */
function perExposure(name: string, background: SkyImage, exposure: SkyImage): SkyImage {
  if (background.data.length !== exposure.data.length || background.shape[0] !== exposure.shape[0]) {
    throw new InvalidInputError(
      `${name}: background in counts must have the shape of the exposure, [${exposure.shape.join(", ")}], ` +
        `got [${background.shape.join(", ")}]; bin it to the same pixels`,
      { fields: { shape: background.shape, expected: exposure.shape } },
    );
  }
  return {
    data: background.data.map((value, index) => {
      const time = exposure.data[index];
      return time === 0 ? 0 : value / time;
    }),
    shape: background.shape,
  };
}

/** A file's name without folders and without the endings of FITS. */
function plainName(name: string): string {
  return parseFitsName(name)
    .path.replace(/^.*[\\/]/, "")
    .replace(/\.gz$/i, "")
    .replace(/\.(fits?|fts|img)$/i, "");
}

/**
 * Put an observation together from images of FITS files. The sky coordinates of the counts come along, shifted by the cut-out;
 * the psf is moved to have its centre on index `floor(n / 2)` (`psfCentre`), with a note.
 *
 * Values are not checked here; `LiraDeconvolver.run` and `checkObservation` do that.
 *
 * @throws InvalidInputError when a cut-out leaves its image
 * @throws FormatError when an HDU is no image
 */
export function composeObservation(hdus: ObservationHdus, options: ComposeOptions = {}): ComposedObservation {
  const { cutout: rectangle, psfCutout, backgroundUnit = "flux" } = options;
  checkBackgroundUnit(backgroundUnit);
  const counts = imageToSkyImage(hdus.counts.hdu);
  const wholePsf = imageToSkyImage(hdus.psf.hdu);
  const { psf, notes } = placePsf(
    psfCutout === undefined ? wholePsf : cut(hdus.psf.name, wholePsf, psfCutout),
    {
      ...{ name: hdus.psf.name, header: hdus.psf.hdu.header, centring: options.psfCentre },
      ...(psfCutout && { origin: [psfCutout.x[0], psfCutout.y[0]] }),
    },
  );
  const companion = (named: NamedHdu | undefined) =>
    named === undefined ? undefined : cutAlike(named.name, imageToSkyImage(named.hdu), counts, rectangle);
  const exposure = companion(hdus.exposure);
  const background = companion(hdus.background);
  const mask = companion(hdus.mask);
  const inFlux =
    background && exposure && backgroundUnit === "counts"
      ? perExposure(hdus.background?.name ?? "background", background, exposure)
      : background;
  const sky = wcsCards(hdus.counts.hdu.header);
  const per = hdus.exposure?.hdu.header.text("BUNIT");
  const unit = hdus.exposure === undefined ? "count" : per ? `count / (${per})` : undefined;
  return {
    observation: {
      counts: rectangle === undefined ? counts : cut(hdus.counts.name, counts, rectangle),
      psf,
      ...(exposure === undefined ? {} : { exposure }),
      ...(inFlux === undefined ? {} : { background: inFlux }),
      ...(mask === undefined ? {} : { mask }),
      wcs: rectangle === undefined ? sky : shiftWcs(sky, rectangle.x[0], rectangle.y[0]),
      name: options.name ?? plainName(hdus.counts.name),
    },
    notes,
    ...(unit === undefined ? {} : { unit }),
  };
}
