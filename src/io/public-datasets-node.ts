/** Observations from FITS files, and the loaders of public datasets built on them. */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { access } from "node:fs/promises";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Observation } from "../data/observation.js";
import { InvalidInputError } from "../errors.js";
import { cutout, type SkyImage } from "../image.js";
import { type FitsHdu, findHdu, imageToSkyImage, parseFitsName, shiftWcs, wcsCards } from "./fits.js";
import { readFitsFile } from "./fits-file-node.js";
import { withFileErrors } from "./fits-temporary-node.js";

/** A rectangle of an image: half-open, 0-based ranges of columns (x) and rows (y). */
export interface Cutout {
  readonly x: readonly [start: number, end: number];
  readonly y: readonly [start: number, end: number];
}

/** Files of one observation; each is a path, with an extension in brackets where needed: `file.fits[PSF]`, `file.fits[1]`. */
export interface ObservationFileNames {
  readonly counts: string;
  readonly psf: string;
  readonly exposure?: string;
  readonly background?: string;
  /** 1 = use the pixel, 0 = ignore it. */
  readonly mask?: string;
  /**
   * `"flux"` (default): the background is counts a pixel for unit exposure, before the psf. `"counts"`: it is expected counts a
   * pixel and is divided by the exposure (0 where that is 0).
   */
  readonly backgroundUnit?: "flux" | "counts";
  /** Part of the counts to use; exposure, background and mask are cut alike unless they have the cut-out's shape already. */
  readonly cutout?: Cutout;
  /** Part of the psf to use. */
  readonly psfCutout?: Cutout;
  /** Name of the observation; default the name of the counts file. */
  readonly name?: string;
}

/** An observation read from files. */
export interface ObservationFiles {
  readonly observation: Observation;
  /** Name as given and SHA-256 of each file, for the provenance of a result. */
  readonly inputs: readonly { readonly name: string; readonly sha256: string }[];
  /** Unit of the flux: counts, by the unit of the exposure if there is one; absent when the exposure's file does not say. */
  readonly unit?: string;
}

/** SHA-256 of a file as lower-case hexadecimal digits. */
async function fileHash(path: string): Promise<string> {
  const hash = createHash("sha256");
  await withFileErrors(path, () => pipeline(createReadStream(path), hash));
  return hash.digest("hex");
}

/** Reads each file once, however many images of it are wanted. */
function fileReader() {
  const files = new Map<string, Promise<{ hdus: FitsHdu[]; sha256: string }>>();
  const read = async (path: string) => ({ hdus: await readFitsFile(path), sha256: await fileHash(path) });
  return async (name: string) => {
    const { path, extension } = parseFitsName(name);
    const file = files.get(path) ?? read(path);
    files.set(path, file);
    const { hdus, sha256 } = await file;
    const hdu = findHdu(hdus, extension);
    return { hdu, image: imageToSkyImage(hdu), sha256 };
  };
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
  return basename(parseFitsName(name).path)
    .replace(/\.gz$/i, "")
    .replace(/\.(fits?|fts|img)$/i, "");
}

/**
 * Read an observation from FITS files, plain or gzip. The sky coordinates of the counts come along, shifted by the cut-out.
 *
 * Values are not checked here; `LiraDeconvolver.run` and `checkObservation` do that.
 *
 * @throws InvalidInputError when a file or extension does not exist or a cut-out leaves its image
 * @throws FormatError when a file is damaged or an extension is no image
 */
export async function readObservationFiles(files: ObservationFileNames): Promise<ObservationFiles> {
  const { cutout: rectangle, psfCutout, backgroundUnit = "flux" } = files;
  if (backgroundUnit !== "flux" && backgroundUnit !== "counts") {
    throw new InvalidInputError(
      `background unit: must be "flux" or "counts", got ${JSON.stringify(backgroundUnit)}; choose one`,
    );
  }
  const read = fileReader();
  const inputs: { name: string; sha256: string }[] = [];
  const load = async (name: string) => {
    const { hdu, image, sha256 } = await read(name);
    inputs.push({ name, sha256 });
    return { hdu, image };
  };
  const counts = await load(files.counts);
  const companion = async (name: string) => {
    const { hdu, image } = await load(name);
    return { image: cutAlike(name, image, counts.image, rectangle), unit: hdu.header.text("BUNIT") };
  };
  const psf = await load(files.psf);
  const exposure = files.exposure === undefined ? undefined : await companion(files.exposure);
  const background = files.background === undefined ? undefined : await companion(files.background);
  const mask = files.mask === undefined ? undefined : await companion(files.mask);

  const inFlux =
    background && exposure && backgroundUnit === "counts"
      ? perExposure(files.background ?? "background", background.image, exposure.image)
      : background?.image;
  const sky = wcsCards(counts.hdu.header);
  const unit = exposure === undefined ? "count" : exposure.unit ? `count / (${exposure.unit})` : undefined;
  return {
    observation: {
      counts: rectangle === undefined ? counts.image : cut(files.counts, counts.image, rectangle),
      psf: psfCutout === undefined ? psf.image : cut(files.psf, psf.image, psfCutout),
      ...(exposure === undefined ? {} : { exposure: exposure.image }),
      ...(inFlux === undefined ? {} : { background: inFlux }),
      ...(mask === undefined ? {} : { mask: mask.image }),
      wcs: rectangle === undefined ? sky : shiftWcs(sky, rectangle.x[0], rectangle.y[0]),
      name: files.name ?? plainName(files.counts),
    },
    inputs,
    ...(unit === undefined ? {} : { unit }),
  };
}

/** Options of `chandraGalacticCenter`. */
export interface ChandraGalacticCenterOptions {
  /** Folder that holds the files. */
  readonly directory: string;
  /** Observation: 4683 or 4684. */
  readonly obsId: 4683 | 4684;
  /** Part of the 256 x 256 counts; default columns 64:192, rows 65:193. `"none"`: all of it. */
  readonly cutout?: Cutout | "none";
  /** Part of the 48 x 48 psf; default columns 15:32, rows 14:31. `"none"`: all of it. */
  readonly psfCutout?: Cutout | "none";
}

const CHANDRA_CUTOUT: Cutout = { x: [64, 192], y: [65, 193] };
const CHANDRA_PSF_CUTOUT: Cutout = { x: [15, 32], y: [14, 31] };

/**
 * Load a Chandra ACIS image of the Galactic Center with its simulated psf: files `chandra-counts-obs-id-4684.fits.gz` and
 * `chandra-psf-obs-id-4684.fits.gz` of a folder. Exposure 1, no background; sky coordinates included.
 *
 * @throws InvalidInputError when the files are not in the folder, or a cut-out leaves its image
 * @throws FormatError when a file is damaged
 */
export async function chandraGalacticCenter(options: ChandraGalacticCenterOptions): Promise<Observation> {
  const { directory, obsId, cutout: counts = CHANDRA_CUTOUT, psfCutout: psf = CHANDRA_PSF_CUTOUT } = options;
  if (obsId !== 4683 && obsId !== 4684) {
    throw new InvalidInputError(
      `chandraGalacticCenter: obsId must be 4683 or 4684, got ${String(obsId)}; choose one`,
      {
        fields: { obsId },
      },
    );
  }
  const path = (kind: string) => join(directory, `chandra-${kind}-obs-id-${obsId}.fits.gz`);
  for (const name of [path("counts"), path("psf")]) {
    await access(name).catch((cause) => {
      throw new InvalidInputError(
        `chandraGalacticCenter: folder must hold ${basename(name)}, got none in ${directory}; ` +
          "pylira's package has the file in pylira/data/files",
        { fields: { path: name }, cause },
      );
    });
  }
  const { observation } = await readObservationFiles({
    counts: path("counts"),
    psf: path("psf"),
    ...(counts === "none" ? {} : { cutout: counts }),
    ...(psf === "none" ? {} : { psfCutout: psf }),
    name: `Galactic Center, Chandra obs id ${obsId}`,
  });
  return observation;
}
