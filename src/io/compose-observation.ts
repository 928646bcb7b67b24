/** An observation from the images of FITS files, wherever these were read. */

import { checkChoice } from "../choice.js";
import type { Observation } from "../data/observation/observation.js";
import type { PsfCentring } from "../data/observation/psf-centring.js";
import { type PsfLaw, withErrors } from "../data/observation/psf-ensemble.js";
import { type Psf, psfSet } from "../data/observation/psf-set.js";
import { parseWcs } from "../data/sky/sky-wcs.js";
import { wcsDoubts } from "../data/sky/wcs-doubts.js";
import { FormatError, InvalidInputError } from "../errors.js";
import { checkSameShape, constantImage, type SkyImage } from "../image.js";
import { regionsFromDs9 } from "../posterior/region-file.js";
import { backgroundUnitNotes } from "./background-unit.js";
import { type CompanionKind, ontoCounts, psfOntoCounts, sharesPixels } from "./companion-image.js";
import { selectedBand } from "./energy-band.js";
import { withinField } from "./field-of-view.js";
import {
  type FitsHdu,
  type FitsHduInfo,
  type FitsImageInfo,
  imageToSkyImage,
  parseFitsName,
  readImageData,
  wcsCards,
} from "./fits.js";
import { type Cutout, type FitsSection, sectionHdu } from "./fits-section.js";
import { imageSize } from "./fits-shape.js";
import { fluxUnit, isCountUnit, isExposureUnit, isRateUnit } from "./flux-unit.js";
import { type NamedPsf, namedPsfImage } from "./named-psf.js";
import { checkPsfTrim, type PsfTrim, placePsf, trimToLight } from "./placed-psf.js";
import { checkNotCounts, checkPlausible } from "./plausible.js";
import {
  farPlaces,
  isEnsemble,
  type NamedPsfSet,
  psfPlaces,
  psfPlanes,
  storedEnsemble,
} from "./psf-set-file.js";
import { type RadialPsf, radialPsfImage, readRadialPsf } from "./radial-psf.js";
import { otherThanCounts } from "./said-of-counts.js";

export type { Cutout } from "./fits-section.js";

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
  /**
   * Share of the light of a psf from a file that is kept, in the square around its centre; `"none"`: all. Default 0.999, where that takes
   * away half of its pixels, and 500 or more.
   */
  readonly psfTrim?: PsfTrim;
  /**
   * Principal components of the psf, an ensemble, that it is made of, a whole number from 1 to 9: how much of each is drawn with the image,
   * see `withComponents`. Default: as the file of the ensemble says, else the psf is one of its members.
   */
  readonly psfComponents?: number;
  /**
   * Relative standard error of the width of the psf, in (0, 0.2]: its width is drawn with the image, see `withWidthError`.
   * Default: its width is known.
   */
  readonly psfWidthError?: number;
  /**
   * Standard error of where this observation lies beside the others, in pixels on each axis, in (0, 2]: it is fitted, see `withPointingError`.
   * Default: it lies where its header or offset says.
   */
  readonly pointingError?: number;
  /** How chains go about what is not known of the psf, see `PsfLaw`; default `"sampled"`. */
  readonly psfLaw?: PsfLaw;
  /**
   * Planes of a cube of counts to use, half-open and from 0: counts and background are summed over them, exposure and psf averaged.
   * What goes with the counts is treated alike where it has as many planes.
   */
  readonly planes?: readonly [start: number, end: number];
  /**
   * `"sky"` (default): what goes with the counts is brought onto their pixels where its sky coordinates say that it has others;
   * `"pixels"`: pixel by pixel, whatever the headers say.
   */
  readonly align?: "sky" | "pixels";
  /** Use the pixels that the mask leaves out, and leave out those that it uses; default false. */
  readonly invertMask?: boolean;
  /** Name of the observation; default the name of the counts file. */
  readonly name?: string;
}

/** An image of a FITS file with the name for messages, usually the file's. */
export interface NamedHdu {
  readonly name: string;
  readonly hdu: FitsHdu;
}

/** A mask drawn as the regions of a DS9 or CIAO file: inside the pixels are used, what is excluded is not. */
export interface RegionMask {
  /** For messages, usually the file's. */
  readonly name: string;
  /** Content of the file. */
  readonly regions: string;
  /** What breaks the standard of FITS in a table of regions, one sentence each. */
  readonly warnings?: readonly string[];
}

/** The images of one observation. */
export interface ObservationHdus {
  readonly counts: NamedHdu;
  /** An image, a table over radius, a cube of psfs with its table, as `findPsfSet` finds them, or a psf by name, as `parsePsfName` reads it. */
  readonly psf: NamedHdu | NamedPsfSet | NamedPsf;
  readonly exposure?: NamedHdu;
  readonly background?: NamedHdu;
  /** 1 = use the pixel, 0 = ignore it. */
  readonly mask?: NamedHdu | RegionMask;
}

/** An observation, and the unit that its flux will have. */
export interface ComposedObservation {
  readonly observation: Observation;
  /** What was done to bring the images together, and what the files have of oddities, one sentence each. */
  readonly notes: readonly string[];
  /** Unit of the flux: counts, by the unit of the exposure if there is one; absent when the exposure's file does not say. */
  readonly unit?: string;
}

/** @throws InvalidInputError when a psf by name should be cut or centred */
function checkUncut(name: string, { psfCutout, psfCentre }: ComposeOptions): void {
  const key = psfCutout !== undefined ? "psf cutout" : "psf centre";
  if (psfCutout === undefined && (psfCentre === undefined || psfCentre === "auto")) return;
  throw new InvalidInputError(`${key}: must go with a psf of a file, got ${name}; leave it out`);
}

/** @throws InvalidInputError unless it is a unit of `ComposeOptions`, or absent */
export function checkBackgroundUnit(unit: unknown): void {
  if (unit !== undefined) checkChoice("background unit:", unit, ["flux", "counts"]);
}

/** What an image is for the counts, or the counts themselves. */
export type ImageRole = "counts" | "psf" | CompanionKind;

/**
 * The part of an image that an observation uses.
 *
 * @param role of the image
 * @param counts the whole image of the counts
 */
export function sectionOf(
  role: ImageRole,
  info: FitsHduInfo,
  counts: FitsHduInfo,
  { cutout, psfCutout, planes, align = "sky" }: ComposeOptions,
): FitsSection {
  if (info.kind !== "image" || counts.kind !== "image") return {};
  const rectangle = role === "psf" ? psfCutout : goesAlike(info, counts, align) ? cutout : undefined;
  const alike = role === "counts" || imageSize(info.shape).planes === imageSize(counts.shape).planes;
  return {
    ...(rectangle === undefined ? {} : { cutout: rectangle }),
    ...(planes === undefined || !alike ? {} : { planes }),
  };
}

/**
 * What is said where planes of the counts are chosen and a cube that goes with them has other planes, such as an exposure at the edges of
 * the bands: which of them are meant nobody knows, and the mean of all is taken.
 *
 * @throws InvalidInputError for a background or a mask, which belong to one band
 */
export function otherPlanes(
  role: ImageRole,
  name: string,
  info: FitsHduInfo,
  counts: FitsHduInfo,
  { planes }: ComposeOptions,
): string[] {
  if (planes === undefined || info.kind !== "image" || counts.kind !== "image") return [];
  const [own, whole] = [imageSize(info.shape).planes, imageSize(counts.shape).planes];
  if (role === "counts" || own <= 1 || own === whole) return [];
  const rule = `${name}: ${role} must have one plane or as many as the counts, ${whole}, got ${own}`;
  const one = `'${plainPath(name)}[${info.index}][0]'`;
  if (role === "exposure" || role === "psf") {
    return [`${rule}; the mean of all was taken, name the one of the band, as ${one}`];
  }
  throw new InvalidInputError(`${rule}; name the one of the band, as ${one}`, {
    fields: { image: role, planes: own, expected: whole },
  });
}

/** Whether an image has the pixels of the whole counts, so that a cut-out of these is one of it. */
function goesAlike(info: FitsImageInfo, counts: FitsImageInfo, align: "sky" | "pixels"): boolean {
  const [own, whole] = [imageSize(info.shape), imageSize(counts.shape)];
  if (own.nx !== whole.nx || own.ny !== whole.ny) return false;
  const grid = { shape: [whole.ny, whole.nx] as const, wcs: wcsCards(counts.header) };
  return align === "pixels" || sharesPixels(grid, wcsCards(info.header));
}

/** An image of one plane; several are summed, averaged, or all needed for a mask. */
function onePlane(role: ImageRole, { name, hdu }: NamedHdu, { planes }: ComposeOptions): SkyImage {
  const size = hdu.kind === "image" ? imageSize(hdu.shape) : undefined;
  if (size === undefined || size.planes <= 1) return imageToSkyImage(hdu);
  if (planes === undefined) {
    const choose =
      role === "counts" ? `take one with --plane 0, sum some with --plane 0:${size.planes}, or ` : "";
    throw new FormatError(
      `${name}: ${role} must be an image of two axes, got a cube of ${size.planes} planes; ${choose}name one in the file, ` +
        `${plainPath(name)}[${hdu.index}][0]`,
      { fields: { image: role, planes: size.planes } },
    );
  }
  const { data: cube } = readImageData(hdu);
  const area = size.nx * size.ny;
  const data = new Float64Array(area);
  if (role === "mask") data.fill(1);
  for (let at = 0; at < cube.length; at++) {
    if (role === "mask") data[at % area] *= cube[at];
    else data[at % area] += cube[at];
  }
  const mean = role === "exposure" || role === "psf";
  return { data: mean ? data.map((value) => value / size.planes) : data, shape: [size.ny, size.nx] };
}

const headerOf = ({ name, hdu }: NamedHdu) => ({ name, header: hdu.header });

const plainPath = (name: string) => parseFitsName(name).path;

/** Expected background counts divided by exposure, 0 where there is none. */
function perExposure(name: string, background: SkyImage, exposure: SkyImage): SkyImage {
  const remedy = "bin it to the same pixels";
  checkSameShape(`${name}: background in counts`, background, "the exposure", exposure, remedy);
  return {
    data: background.data.map((value, index) => {
      const time = exposure.data[index];
      return time === 0 ? 0 : value / time;
    }),
    shape: background.shape,
  };
}

/** 1 for 0 and 0 for 1; other values are left for the checks. */
function inverted({ data, shape }: SkyImage): SkyImage {
  return { data: data.map((value) => (value === 0 || value === 1 ? 1 - value : value)), shape };
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
 * Where counts and other images have sky coordinates, the others are brought onto the pixels of the counts (`align`). Pixels without
 * exposure or background (NaN, blank, beyond the edge) get exposure 0, pixels without counts are masked.
 *
 * Other values are not checked here; `LiraDeconvolver.run` and `checkObservation` do that.
 *
 * @throws InvalidInputError when a cut-out leaves its image, an image shows another part of the sky, or exposure and background have no
 *   value where there are counts
 * @throws FormatError when an HDU is no image
 */
export function composeObservation(hdus: ObservationHdus, options: ComposeOptions = {}): ComposedObservation {
  const notes: string[] = [];
  const part = (role: ImageRole, named: NamedHdu | undefined): NamedHdu | undefined => {
    if (named === undefined) return undefined;
    notes.push(...otherPlanes(role, named.name, named.hdu, hdus.counts.hdu, options));
    const section = sectionOf(role, named.hdu, hdus.counts.hdu, options);
    return { ...named, hdu: sectionHdu(named.name, named.hdu, section) };
  };
  const parts = {
    counts: part("counts", hdus.counts)!,
    psf:
      "form" in hdus.psf || "table" in hdus.psf
        ? hdus.psf
        : (readRadialPsf(hdus.psf.name, [hdus.psf.hdu], hdus.psf.hdu, selectedBand(hdus.counts.hdu.header)) ??
          part("psf", hdus.psf)!),
    exposure: part("exposure", hdus.exposure),
    background: part("background", hdus.background),
    mask: hdus.mask && "regions" in hdus.mask ? hdus.mask : part("mask", hdus.mask),
  };
  const composed = composeParts(parts, options);
  return { ...composed, notes: [...notes, ...composed.notes] };
}

/** The images of one observation, of which only the parts in use are there. */
export interface ObservationParts {
  readonly counts: NamedHdu;
  readonly psf: NamedHdu | NamedPsfSet | RadialPsf | NamedPsf;
  readonly exposure?: NamedHdu | undefined;
  readonly background?: NamedHdu | undefined;
  readonly mask?: NamedHdu | RegionMask | undefined;
}

/**
 * As `composeObservation`, but cut-outs and planes of the options have been taken already.
 *
 * @param sky the counts are a sky to simulate counts from: flux, which is compared with nothing, and masks nothing
 */
export function composeParts(
  hdus: ObservationParts,
  options: ComposeOptions = {},
  sky = false,
): ComposedObservation {
  const { backgroundUnit = "flux", align = "sky", invertMask = false } = options;
  checkBackgroundUnit(backgroundUnit);
  checkChoice("align:", align, ["sky", "pixels"]);
  checkPsfTrim(options.psfTrim);
  const counts = onePlane("counts", hdus.counts, options);
  const wcs = wcsCards(hdus.counts.hdu.header);
  const grid = { shape: counts.shape, wcs };
  const origin = { x: options.cutout?.x[0] ?? 0, y: options.cutout?.y[0] ?? 0 };
  const notes = [
    ...new Set(
      Object.values(hdus).flatMap((one: ObservationParts["psf"] | RegionMask | undefined) => [
        ...((one && "hdu" in one && one.hdu.warnings) || []),
        ...((one && "table" in one && one.table.warnings) || []),
        ...((one && "regions" in one && one.warnings) || []),
      ]),
    ),
  ];
  for (const one of [hdus.counts, hdus.exposure, hdus.background, hdus.mask, hdus.psf]) {
    if (one === undefined || !("hdu" in one)) continue;
    const cards = wcsCards(one.hdu.header);
    const { unread } = parseWcs(cards);
    const doubts =
      unread === undefined
        ? wcsDoubts(cards)
        : [`sky coordinates cannot be read: ${unread}; pixels are used`];
    notes.push(...doubts.map((doubt) => `${one.name}: ${doubt}`));
  }
  const onGrid = (role: CompanionKind, named: NamedHdu): SkyImage => {
    const image = onePlane(role, named, options);
    if (align === "pixels") return image;
    const placed = ontoCounts(role, { name: named.name, image, wcs: wcsCards(named.hdu.header) }, grid);
    notes.push(...placed.notes);
    return placed.image;
  };
  const maskOf = (mask: NamedHdu | RegionMask): SkyImage => {
    if ("hdu" in mask) return onGrid("mask", mask);
    const { name, regions } = mask;
    const drawn = regionsFromDs9(regions, counts.shape, { wcs, origin, name, joined: "mask" });
    notes.push(...drawn.warnings);
    return drawn.regions[0].weights;
  };
  const psfOf = (given: NamedHdu | NamedPsfSet | RadialPsf | NamedPsf): Psf => {
    if ("form" in given) {
      checkUncut(given.name, options);
      const made = namedPsfImage(given, grid);
      notes.push(...made.notes);
      return made.psf;
    }
    if (!("hdu" in given)) {
      notes.push(...given.notes);
      return radialPsfImage(given, grid);
    }
    if (!("table" in given)) return psfFromImage(given, onePlane("psf", given, options));
    if (options.psfCutout !== undefined) {
      throw new InvalidInputError(
        `psf cutout: must go with one psf, got the set ${given.name}; leave it out`,
      );
    }
    const planeName = (plane: number) => ({ ...given, name: `${given.name}[${plane}]` });
    const images = psfPlanes(given).map((image, plane) => psfFromImage(planeName(plane), image));
    if (isEnsemble(given)) return storedEnsemble(given, images);
    const places = psfPlaces(given, grid, origin);
    notes.push(...farPlaces(given.name, places, counts.shape));
    const placed = places.map((place, plane) => ({ psf: images[plane], ...place }));
    return psfSet(placed, given.name);
  };
  const psfFromImage = ({ name, hdu }: NamedHdu, image: SkyImage): SkyImage => {
    checkNotCounts("psf", image, counts, name);
    // Its centre first: pixels of the counts are laid around it.
    const centred = placePsf(image, {
      ...{ name, header: hdu.header, centring: options.psfCentre },
      ...(options.psfCutout && { origin: [options.psfCutout.x[0], options.psfCutout.y[0]] }),
    });
    notes.push(...centred.notes);
    const placed =
      align === "pixels"
        ? { image: centred.psf, notes: [] }
        : psfOntoCounts({ name, image: centred.psf, wcs: wcsCards(hdu.header) }, grid, hdu.header);
    const trimmed = trimToLight(placed.image, name, options.psfTrim);
    notes.push(...placed.notes, ...trimmed.notes);
    return trimmed.psf;
  };
  const { psfComponents: components, psfWidthError: widthError, pointingError, psfLaw: law } = options;
  const psf = withErrors(psfOf(hdus.psf), { components, widthError, pointingError, law }, hdus.psf.name);
  const bunit = (named: NamedHdu | undefined) => named?.hdu.header.text("BUNIT");
  if (hdus.exposure && (isCountUnit(bunit(hdus.exposure)) || isRateUnit(bunit(hdus.exposure)))) {
    throw new InvalidInputError(
      `${hdus.exposure.name}: exposure must be a time, or an area times a time, got BUNIT ${bunit(hdus.exposure)}; ` +
        "give the exposure map, or correct its BUNIT",
      { fields: { image: "exposure" } },
    );
  }
  const exposureUnit = bunit(hdus.exposure)?.trim();
  // Images without sky coordinates are of no instrument, and may have any unit or none.
  const unitless = !exposureUnit && wcs.some(({ keyword }) => keyword === "CTYPE1");
  if (hdus.exposure && (unitless || (exposureUnit && !isExposureUnit(exposureUnit)))) {
    const { name: file } = hdus.exposure;
    notes.push(
      unitless
        ? `${file}: exposure should have its unit, s or cm2 s, got no BUNIT; the flux has no unit either, add it to the header`
        : `${file}: exposure should be a time, or an area times a time, got BUNIT ${exposureUnit}; ` +
            "flux is then counts divided by it, give the exposure map if this is none",
    );
  }
  if (hdus.background) {
    const background = { name: hdus.background.name, bunit: bunit(hdus.background) };
    const exposure = hdus.exposure && (bunit(hdus.exposure) ?? "");
    notes.push(...backgroundUnitNotes(background, exposure, backgroundUnit));
  }
  const countsUnit = bunit(hdus.counts)?.trim();
  if (!sky && countsUnit && !isCountUnit(countsUnit)) {
    notes.push(
      `${hdus.counts.name}: counts should be counts of events, got BUNIT ${countsUnit}; its values are taken as counts, check them`,
    );
  }
  const companion = (role: "exposure" | "background") => {
    const named = hdus[role];
    if (named === undefined) return {};
    const image = onGrid(role, named);
    if (role === "exposure" || !sky) checkNotCounts(role, image, counts, named.name);
    return { [role]: image };
  };
  const given = {
    ...{ counts, ...companion("exposure"), ...companion("background") },
    ...(hdus.mask && { mask: invertMask ? inverted(maskOf(hdus.mask)) : maskOf(hdus.mask) }),
  };
  const field = withinField(sky ? { ...given, counts: constantImage(counts.shape, 0) } : given);
  const { exposure, background } = field.images;
  const inFlux =
    background && exposure && hdus.exposure && backgroundUnit === "counts"
      ? perExposure(hdus.background?.name ?? "background", background, exposure)
      : background;
  const images = { ...field.images, psf, ...(inFlux && { background: inFlux }) };
  if (!sky) {
    const names = { psf: hdus.psf.name, background: hdus.background?.name ?? "background" };
    checkPlausible(images, names, backgroundUnit === "counts");
  }
  const said = (
    role: Parameters<typeof otherThanCounts>[0],
    named: ObservationParts["psf"] | undefined,
    most?: number,
  ) =>
    sky || named === undefined || !("hdu" in named)
      ? []
      : otherThanCounts(role, headerOf(named), headerOf(hdus.counts), most);
  notes.push(
    ...said("psf", hdus.psf),
    ...said(
      "exposure",
      hdus.exposure,
      exposure?.data.reduce((most, value) => Math.max(most, value), 0),
    ),
    ...(backgroundUnit === "counts" ? said("background in counts", hdus.background) : []),
  );
  const unit = fluxUnit(hdus.exposure && (bunit(hdus.exposure) ?? ""));
  return {
    observation: { ...images, counts, wcs, name: options.name ?? plainName(hdus.counts.name) },
    notes: [...notes, ...field.notes],
    ...(unit === undefined ? {} : { unit }),
  };
}
