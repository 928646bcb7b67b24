/** Observations from FITS files, and the loaders of public datasets built on them. */

import { access } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Observation } from "../data/observation/observation.js";
import { InvalidInputError } from "../errors.js";
import {
  type ComposedObservation,
  type ComposeOptions,
  type Cutout,
  checkBackgroundUnit,
  composeParts,
  type ImageRole,
  type NamedHdu,
  otherPlanes,
  type RegionMask,
  sectionOf,
} from "./compose-observation.js";
import { bandOfPlanes, type EnergyBand, hasBands, selectedBand } from "./energy-band.js";
import { fileSha256 } from "./file-sha256-node.js";
import { type FitsHdu, type FitsHduInfo, findHdu, parseFitsName, readFits, writeFits } from "./fits.js";
import { type FitsFile, openFitsFile } from "./fits-file-node.js";
import { splitSection } from "./fits-name.js";
import { imageSize } from "./fits-shape.js";
import { isPsfName, type NamedPsf, parsePsfName } from "./named-psf.js";
import { findPsfSet, type NamedPsfSet } from "./psf-set-file.js";
import { stackPsfs } from "./psf-stack-node.js";
import { type RadialPsf, readRadialPsf } from "./radial-psf.js";
import { readRegionText } from "./region-file-node.js";

/**
 * Files of one observation; each is a path, with an extension in brackets where needed: `file.fits[PSF]`, `file.fits[1]`. Counts and psf may
 * also name their part as CFITSIO does, `counts.fits[1:16,1:16]`: columns and rows from 1 with their ends.
 */
export interface ObservationFileNames extends ComposeOptions {
  readonly counts: string;
  /**
   * A file, or a psf by name, as `parsePsfName` reads it: `gaussian:fwhm=0.8arcsec`; or several files with their places, `psf.fits@x,y`, as
   * `tslira psf stack` takes them.
   */
  readonly psf: string | readonly string[];
  readonly exposure?: string;
  readonly background?: string;
  /**
   * An image, 1 = use the pixel, 0 = ignore it, or a region file of DS9 or CIAO (also a FITS table of regions), whose inside is used; a name
   * that begins with `!` turns it round.
   */
  readonly mask?: string;
}

/**
 * The planes of a cube of counts as observations of one sky, such as the bands of an energy cube: names of each. What goes with the counts
 * is taken plane by plane too where it has as many.
 *
 * @throws InvalidInputError when the file does not exist, or some planes were chosen besides
 * @throws FormatError when it is no image
 */
export async function separatePlanes(names: ObservationFileNames): Promise<ObservationFileNames[]> {
  if (names.planes !== undefined) {
    throw new InvalidInputError(
      `${names.counts}: planes must be all or chosen, got ${names.planes.join(":")} besides separate ones; leave out --plane`,
    );
  }
  const { path, extension } = parseFitsName(splitSection(names.counts).name);
  const file = await openFitsFile(path);
  try {
    const hdu = findHdu(file.hdus, extension);
    const planes = hdu.kind === "image" ? imageSize(hdu.shape).planes : 1;
    const plain = names.name ?? basename(path).replace(/\.(fits?|fts|img)(\.gz|\.fz)?$/i, "");
    return Array.from({ length: planes }, (_, plane) => ({
      ...names,
      planes: [plane, plane + 1] as const,
      name: `${plain} plane ${plane}`,
    }));
  } finally {
    await file.close();
  }
}

/** The parts that names of counts and psf choose, as cut-outs. @throws InvalidInputError for one that is cut twice */
function cutByName(files: ObservationFileNames): ObservationFileNames {
  const part = (role: "counts" | "psf", key: "cutout" | "psfCutout") => {
    const given = files[role];
    if (typeof given !== "string") return {};
    const { name, cutout } = splitSection(given);
    if (cutout === undefined) return {};
    if (files[key] === undefined) return { [role]: name, [key]: cutout };
    throw new InvalidInputError(
      `${given}: ${role} must be cut once, got a part in the name and a cut-out besides; leave one out`,
    );
  };
  return { ...files, ...part("counts", "cutout"), ...part("psf", "psfCutout") };
}

/** An observation read from files. */
export interface ObservationFiles extends ComposedObservation {
  /** Name as given and SHA-256 of each file, for the provenance of a result. */
  readonly inputs: readonly { readonly name: string; readonly sha256: string }[];
}

/** Opens each file once, however many images of it are wanted. */
function fileOpener() {
  const files = new Map<string, Promise<FitsFile>>();
  return {
    open(path: string): Promise<FitsFile> {
      const file = files.get(path) ?? openFitsFile(path);
      files.set(path, file);
      return file;
    },
    async close(): Promise<void> {
      for (const file of files.values()) await file.then(({ close }) => close()).catch(() => {});
    },
  };
}

/**
 * Read an observation from FITS files, plain or gzip, as `composeObservation` puts it together. Of images that are cut out only the part
 * is read. The sky coordinates of the counts come along, shifted by the cut-out.
 *
 * Values are not checked here; `LiraDeconvolver.run` and `checkObservation` do that.
 *
 * @throws InvalidInputError when a file or extension does not exist or a cut-out leaves its image; as `composeObservation`
 * @throws FormatError when a file is damaged or an extension is no image
 */
export async function readObservationFiles(files: ObservationFileNames): Promise<ObservationFiles> {
  return readFiles(files, false);
}

/**
 * The same for a simulation: `counts` names a sky, a flux a pixel. Exposure, background and psf are brought onto its pixels.
 *
 * @returns an observation whose counts are the sky
 */
export async function readSkyFiles(files: ObservationFileNames): Promise<ObservationFiles> {
  return readFiles(files, true);
}

async function readFiles(files: ObservationFileNames, sky: boolean): Promise<ObservationFiles> {
  const { counts, psf, exposure, background, mask, ...options } = cutByName(files);
  checkBackgroundUnit(options.backgroundUnit);
  const opener = fileOpener();
  const inputs: { name: string; sha256: string }[] = [];
  const notes: string[] = [];
  try {
    const find = async (name: string) => {
      const { path, extension, plane } = parseFitsName(name);
      const file = await opener.open(path);
      const info = findHdu(file.hdus, extension);
      const alike = (hdu: FitsHduInfo) =>
        hdu.kind === "image" && info.kind === "image" && `${hdu.shape}` === `${info.shape}`;
      const other = extension === undefined && info.index > 0 && file.hdus.slice(info.index + 1).find(alike);
      if (other)
        notes.push(
          `${name}: file should have one image of this size, got ${file.hdus.filter(alike).length}; the first is taken, ` +
            `${info.name || info.index}, choose otherwise with ${path}[${other.name || other.index}]`,
        );
      return { file, path, info, plane };
    };
    const found = await find(counts);
    const whole = found.info;
    const bandOfCounts = async (): Promise<EnergyBand | undefined> => {
      const { file, plane } = found;
      const size = whole.kind === "image" ? imageSize(whole.shape).planes : 1;
      const planes = plane === undefined ? (options.planes ?? [0, size]) : ([plane, plane + 1] as const);
      const bands = file.hdus.find((hdu) => hdu.kind === "table" && hasBands(hdu, size));
      const table = bands && (await file.readHdu(bands.index));
      return (
        (table?.kind === "table" ? bandOfPlanes(table, planes) : undefined) ?? selectedBand(whole.header)
      );
    };
    const load = async (role: ImageRole, name: string): Promise<NamedHdu> => {
      const { file, path, info, plane } = await find(name);
      if (plane === undefined) notes.push(...otherPlanes(role, name, info, whole, options));
      const section = sectionOf(role, info, whole, options);
      const planes = plane === undefined ? {} : { planes: [plane, plane + 1] as const };
      const hdu = await file.readHdu(info.index, { ...section, ...planes });
      inputs.push({ name, sha256: await fileSha256(path) });
      return { name, hdu };
    };
    const loadPsf = async (
      name: string | readonly string[],
    ): Promise<NamedHdu | NamedPsfSet | RadialPsf | NamedPsf> => {
      if (typeof name !== "string") {
        const stack = await stackPsfs(name, "psf");
        for (const [index, path] of stack.paths.entries()) {
          inputs.push({ name: name[index], sha256: await fileSha256(path) });
        }
        notes.push(...stack.notes);
        const [hdu, table] = readFits(writeFits(stack.hdus));
        return { name: "psf set", hdu, table };
      }
      if (isPsfName(name)) return parsePsfName(name);
      const { path, extension } = parseFitsName(name);
      const file = await opener.open(path);
      const images = file.hdus.some((hdu) => hdu.kind === "image" && hdu.dataLength > 0);
      const set = extension === undefined ? findPsfSet(file.hdus) : undefined;
      if (set !== undefined) {
        const [hdu, table] = await Promise.all([file.readHdu(set.hdu.index), file.readHdu(set.table.index)]);
        inputs.push({ name, sha256: await fileSha256(path) });
        return { name, hdu, table };
      }
      if (images && extension === undefined) return load("psf", name);
      const tables: FitsHdu[] = [];
      for (const hdu of file.hdus) if (hdu.kind === "table") tables.push(await file.readHdu(hdu.index));
      const { index } = extension === undefined ? { index: -1 } : findHdu(file.hdus, extension);
      const chosen = tables.find((table) => table.index === index);
      const radial =
        extension === undefined || chosen
          ? readRadialPsf(name, tables, chosen, await bandOfCounts())
          : undefined;
      if (radial === undefined) return load("psf", name);
      inputs.push({ name, sha256: await fileSha256(path) });
      return radial;
    };
    const loadMask = async (name: string): Promise<NamedHdu | RegionMask> => {
      const found = await readRegionText(name);
      if (!("text" in found)) return load("mask", name);
      inputs.push({ name, sha256: await fileSha256(parseFitsName(name).path) });
      const { text: regions, warnings = [] } = found;
      return { name, regions, warnings };
    };
    const composed = composeParts(
      {
        counts: await load("counts", counts),
        psf: await loadPsf(psf),
        ...(exposure !== undefined && { exposure: await load("exposure", exposure) }),
        ...(background !== undefined && { background: await load("background", background) }),
        ...(mask !== undefined && { mask: await loadMask(mask.replace(/^!/, "")) }),
      },
      { ...options, ...(mask?.startsWith("!") && { invertMask: options.invertMask !== true }) },
      sky,
    );
    return { ...composed, notes: [...new Set(notes), ...composed.notes], inputs };
  } finally {
    await opener.close();
  }
}

/** Options of `chandraGalacticCenter`. */
export interface ChandraGalacticCenterOptions {
  /** Folder that holds the files. */
  readonly directory: string;
  /** Observation: 4683 or 4684. */
  readonly obsId: 4683 | 4684;
  /** Part of the 256 x 256 counts; default columns 64:192, rows 65:193. `"none"`: all of it. */
  readonly cutout?: Cutout | "none";
  /** Part of the 48 x 48 psf; default columns 15:32, rows 15:32, with the peak in the middle. `"none"`: all of it. */
  readonly psfCutout?: Cutout | "none";
}

const CHANDRA_CUTOUT: Cutout = { x: [64, 192], y: [65, 193] };
const CHANDRA_PSF_CUTOUT: Cutout = { x: [15, 32], y: [15, 32] };

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
      { fields: { obsId } },
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
