/** What an HDU is, for people: one sentence, and what to do with it. */

import { detectorColumns, energyAdvice, eventColumns, PLACE_EVENTS } from "./event-list.js";
import { columnTitles } from "./fits-column.js";
import { imageSize } from "./fits-shape.js";
import { isCountUnit, isExposureUnit, isRateUnit } from "./flux-unit.js";
import { type FitsHduInfo, fileOf } from "./hdu.js";
import { isHealpix } from "./healpix-map.js";
import { isRadialPsf } from "./radial-psf.js";
import { isRegionTable } from "./region-table.js";
import { tsliraFile } from "./tslira-file.js";

/** Kinds of HDUs that people take for images, and images. */
export type HduKindName =
  | "image"
  | "exposure"
  | "background"
  | "psf"
  | "mask"
  | "cube"
  | "spectrum image"
  | "events"
  | "detector events"
  | "positions"
  | "HEALPix"
  | "regions"
  | "radial psf"
  | "psf planes"
  | "spectrum"
  | "response"
  | "good times"
  | "light curve"
  | "table"
  | "empty";

/** A kind, in words. */
export interface HduKind {
  readonly kind: HduKindName;
  /** What it is, to follow "got": `a HEALPix map of the sky`. */
  readonly is: string;
  /** What to do, to follow `;`. */
  readonly remedy: string;
  /**
   * The command that does it, word by word and without `tslira`; files that it needs besides are called counts.fits, psf.fits and
   * events.fits.
   */
  readonly command: readonly string[];
}

/** What is known of the values of an image, where they were read. */
export interface ImageValues {
  /** The smallest; null where all are undefined. */
  readonly min: number | null;
  readonly sum: number;
  /** Whether all that are defined are whole numbers. */
  readonly whole: boolean;
}

/** What the name of a cube of psfs ends with for the table of its planes: their places, or the members of an ensemble. */
export const PSF_TABLES = { places: "_PLACES", members: "_MEMBERS" } as const;

/** Whether an HDU is the table of the planes of a cube of psfs. */
export function isPsfTable({ kind, name }: Pick<FitsHduInfo, "kind" | "name">, cube = "PSF"): boolean {
  return (
    kind === "table" && Object.values(PSF_TABLES).some((ending) => name.toUpperCase() === `${cube}${ending}`)
  );
}

/** The command that deconvolves with a file in the place of one of its options. */
function deconvolveCommand(files: {
  readonly counts?: string;
  readonly psf?: string;
  readonly more?: readonly string[];
}): string[] {
  const { counts = "counts.fits", psf = "psf.fits", more = [] } = files;
  return ["deconvolve", counts, "--psf", psf, ...more, "-o", "result.fits"];
}

/** For files from which no image can come. */
const BIN: readonly string[] = ["bin", "events.fits", "-o", "counts.fits"];

const told = (kind: HduKindName, is: string, remedy: string, command = BIN): HduKind => ({
  ...{ kind, is, remedy, command },
});

/** An image in a file of tslira. @param own what the file is @param path of the file */
function imageOfOwn(own: string, path: string): HduKind {
  const picture = `${path.replace(/(\.fits?)?(\.gz)?$/i, "")}.png`;
  const remedy = "look at it (ds9 and astropy open the file as well)";
  return told("image", `part of ${own}, and no counts`, remedy, ["plot", path, "-o", picture]);
}

/** What an image of two axes is for: by its name, its unit and its values. @param file name under which commands find it */
function imageKind(hdu: FitsHduInfo, file: string, values: ImageValues | undefined): HduKind {
  const { header } = hdu;
  const unit = header.text("BUNIT")?.trim();
  const title = `${hdu.name} ${header.text("HDUCLAS1") ?? ""} ${header.text("CONTENT") ?? ""}`;
  const beside = (kind: HduKindName, is: string, more: readonly string[]): HduKind => {
    const command = deconvolveCommand(kind === "psf" ? { psf: file } : { more });
    return told(kind, is, `give it as ${more.filter((word) => word !== file).join(" ")}`, command);
  };
  const whole = values === undefined || (values.whole && (values.min ?? 0) >= 0);
  const noCounts = (is: string, remedy: string): HduKind =>
    told("image", `an image ${is}, which are no counts`, `${remedy}, or the event list to tslira bin`);
  if (/\bflux\b/i.test(title)) {
    return told(
      "image",
      "an image of flux, which is no counts",
      "compare results with it where it is the truth, or simulate counts of it (tslira simulate --sky)",
      ["plot", "result.fits", "--kind", "comparison", "--truth", file, "-o", "comparison.png"],
    );
  }
  if (isExposureUnit(unit)) return beside("exposure", `an exposure map in ${unit}`, ["--exposure", file]);
  const sumOfOne = values !== undefined && !whole && Math.abs(values.sum - 1) < 0.02;
  if (/\b(psf(kernel)?|prf)\b/i.test(title) || (sumOfOne && values.min! >= 0))
    return beside("psf", "a point spread function", ["--psf", file]);
  if (/\bmask\b/i.test(title)) return beside("mask", "a mask", ["--mask", file]);
  if (isRateUnit(unit)) return noCounts(`of rates in ${unit}`, "give the counts and their exposure");
  if (whole)
    return told("image", "an image", "deconvolve it if it holds counts", deconvolveCommand({ counts: file }));
  if (values.min !== null && values.min < 0)
    return noCounts("with values below 0", "give the counts before anything was subtracted or smoothed");
  if (isCountUnit(unit))
    return beside("background", `an image of expected counts, in ${unit}`, [
      ...["--background", file, "--background-unit", "counts"],
    ]);
  if (unit) return noCounts(`of values in ${unit}`, "give the counts");
  const exposure = ["--exposure", file];
  const unknown = beside("exposure", "an image of numbers that are not whole, so no counts", exposure);
  return { ...unknown, remedy: `${unknown.remedy} if it is one` };
}

/**
 * What an HDU is, by its header, and by the values of an image where they were read.
 *
 * @param hdus of its file, where they are at hand: its first says whether the file is of tslira, and of several of one name the name
 *   means the first
 */
export function hduKind(
  hdu: FitsHduInfo,
  {
    values,
    hdus = hdu.index === 0 ? [hdu] : [],
  }: { readonly values?: ImageValues | undefined; readonly hdus?: readonly FitsHduInfo[] } = {},
): HduKind {
  const { header } = hdu;
  const { index: named } = hdus.find((other) => other.name === hdu.name) ?? hdu;
  const name = hdu.name !== "" && named === hdu.index ? hdu.name : hdu.index;
  const path = fileOf(hdu);
  // The first HDU is meant by a name without brackets.
  const file = hdu.index === 0 ? path : `${path}[${name}]`;
  if (hdu.kind === "empty") return told("empty", "an HDU without pixels", "name another HDU");
  if (hdu.kind === "image") {
    const own = tsliraFile(hdus);
    if (own !== undefined) return imageOfOwn(own, path);
    const { planes, nx, ny } = imageSize(hdu.shape);
    if (nx * ny * planes === 0) {
      const is = `an image without pixels, ${[...hdu.shape].reverse().join(" x ")}`;
      return told("empty", is, "give one that has some");
    }
    const packed = hdu.packed === undefined ? "" : `tile-compressed (${header.text("ZCMPTYPE")}) `;
    if (planes > 1) {
      const plane = imageKind(hdu, `${path}[${hdu.index}][0]`, values);
      const axis = header.text("CTYPE3") ? `, ${header.text("CTYPE3")}` : "";
      return told(
        "cube",
        `a ${packed}cube of ${planes} planes (a third axis${axis})`,
        `take a plane with --plane 0, sum some with --plane 0:${planes}, or name one, '${path}[${hdu.index}][0]'`,
        plane.kind === "image" && plane.command !== BIN
          ? deconvolveCommand({ counts: file, more: ["--plane", "0"] })
          : plane.command,
      );
    }
    if (hdu.shape.length === 1 || ny === 1) {
      const remedy = "give an image of two axes, or the event list to tslira bin";
      return told("spectrum image", `an ${packed}image of one axis, such as a spectrum`, remedy);
    }
    const found = imageKind(hdu, file, values);
    return packed === "" ? found : { ...found, is: found.is.replace(/^an? /, `a ${packed}`) };
  }
  const titles = columnTitles(hdu).map((column) => column.name.toUpperCase());
  const binIt = ["bin", `${path}[${name}]`, "-o"];
  if (isHealpix(hdu) && titles.includes("COSBINS"))
    return told("response", "a livetime cube (Fermi)", "make an exposure of it with gtexpcube2 first");
  if (isHealpix(hdu)) {
    return told(
      "HEALPix",
      "a HEALPix map of the sky",
      `make an image of it first (--center lon,lat and --size choose a part, --column a column): tslira bin '${path}[${name}]' -o image.fits`,
      [...binIt, "image.fits"],
    );
  }
  if (isRegionTable(hdu)) {
    const command = deconvolveCommand({ more: ["--mask", path] });
    return told("regions", "a table of regions", "give it as --regions or --mask, which read it", command);
  }
  const asPsf = deconvolveCommand({ psf: path });
  if (isPsfTable(hdu)) {
    const places = hdu.name.toUpperCase().endsWith(PSF_TABLES.places);
    const of = places ? "the places of a set" : "the weights of an ensemble";
    const is = `${of} of ${hdu.rows} psfs, the planes of the cube of this file`;
    return told("psf planes", is, "give the file as --psf", asPsf);
  }
  if (isRadialPsf(hdu)) {
    const remedy = "give it as --psf, where it becomes an image on the pixels of the counts";
    return told("radial psf", "a radial psf, a table over radius", remedy, asPsf);
  }
  const extension = (header.text("HDUCLAS1") ?? "").toUpperCase();
  const title = `${hdu.name} ${extension} ${header.text("HDUCLAS2") ?? ""}`.toUpperCase();
  if (/GTI/.test(title)) return told("good times", "a table of good times", "name the HDU of the events");
  if (/^REJEVT$/i.test(hdu.name)) {
    const command = ["bin", `${path}[STDEVT]`, "-o", "counts.fits"];
    return told("table", "a table of rejected events (ROSAT)", "name the HDU of the events, STDEVT", command);
  }
  const events = eventColumns(hdu);
  if (events !== undefined && hdu.rows === 0)
    return told("events", "an event list without a row", "choose a list with events");
  // Sky positions alone are those of catalogues and of the pointing as well.
  const called = /EVENT|EVT|PHOTON/.test(title);
  const bare = events?.energy === undefined && events?.positions[0].kind !== "pixel";
  if (events !== undefined && !called && bare) {
    return told(
      "positions",
      "a table of positions, such as a catalogue or the pointing",
      `give the event list to tslira bin, or this table where its rows are events: tslira bin '${path}[${name}]' -o counts.fits`,
    );
  }
  if (events !== undefined) {
    return told(
      "events",
      `an event list of ${hdu.rows} rows`,
      `make an image of it first (${energyAdvice(hdu, events)}): tslira bin '${path}[${name}]' -o counts.fits`,
      [...binIt, "counts.fits"],
    );
  }
  const detector = detectorColumns(hdu);
  if (detector.length > 0 && !/BADPIX/.test(title) && (called || titles.includes("TIME")))
    return told("detector events", `a list of events on the detector (${detector.join(", ")})`, PLACE_EVENTS);
  if (/PSF|RPRF|POINT SPREAD/.test(title) || titles.some((column) => /^(EEF|ENCIRCLED)/.test(column))) {
    return told(
      "response",
      "a psf of the calibration, for all places and energies",
      "make an image of the psf where the sources are with the tools of the mission, or give it by name: --psf gaussian:fwhm=2.5",
      deconvolveCommand({ psf: "gaussian:fwhm=2.5" }),
    );
  }
  const image = "give an image, or the event list to tslira bin";
  if (/\bSPECTRUM\b|\bPHA\b/.test(title)) return told("spectrum", "a spectrum, a table over channels", image);
  if (/\bLIGHTCURVE\b|\bRATE\b/.test(title))
    return told("light curve", "a light curve, a table over time", image);
  if (/RESPONSE|MATRIX|SPECRESP|EBOUNDS/.test(title)) {
    const remedy = "give an exposure map, or the event list to tslira bin";
    return told("response", "a response, a table over energy", remedy);
  }
  return told("table", "a table", "name another HDU, or give an event list to tslira bin");
}
