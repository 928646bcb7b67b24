/** Observations from FITS files, and the loaders of public datasets built on them. */

import { access } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Observation } from "../data/observation.js";
import { InvalidInputError } from "../errors.js";
import {
  type ComposedObservation,
  type ComposeOptions,
  type Cutout,
  checkBackgroundUnit,
  composeObservation,
} from "./compose-observation.js";
import { fileSha256 } from "./file-sha256-node.js";
import { type FitsHdu, findHdu, parseFitsName } from "./fits.js";
import { readFitsFile } from "./fits-file-node.js";

/** Files of one observation; each is a path, with an extension in brackets where needed: `file.fits[PSF]`, `file.fits[1]`. */
export interface ObservationFileNames extends ComposeOptions {
  readonly counts: string;
  readonly psf: string;
  readonly exposure?: string;
  readonly background?: string;
  /** 1 = use the pixel, 0 = ignore it. */
  readonly mask?: string;
}

/** An observation read from files. */
export interface ObservationFiles extends ComposedObservation {
  /** Name as given and SHA-256 of each file, for the provenance of a result. */
  readonly inputs: readonly { readonly name: string; readonly sha256: string }[];
}

/** Reads each file once, however many images of it are wanted. */
function fileReader() {
  const files = new Map<string, Promise<{ hdus: FitsHdu[]; sha256: string }>>();
  const read = async (path: string) => ({ hdus: await readFitsFile(path), sha256: await fileSha256(path) });
  return async (name: string) => {
    const { path, extension } = parseFitsName(name);
    const file = files.get(path) ?? read(path);
    files.set(path, file);
    const { hdus, sha256 } = await file;
    const hdu = findHdu(hdus, extension);
    return { hdu, sha256 };
  };
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
  const { counts, psf, exposure, background, mask, ...options } = files;
  checkBackgroundUnit(options.backgroundUnit);
  const read = fileReader();
  const inputs: { name: string; sha256: string }[] = [];
  const load = async (name: string) => {
    const { hdu, sha256 } = await read(name);
    inputs.push({ name, sha256 });
    return { name, hdu };
  };
  const composed = composeObservation(
    {
      counts: await load(counts),
      psf: await load(psf),
      ...(exposure !== undefined && { exposure: await load(exposure) }),
      ...(background !== undefined && { background: await load(background) }),
      ...(mask !== undefined && { mask: await load(mask) }),
    },
    options,
  );
  return { ...composed, inputs };
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
