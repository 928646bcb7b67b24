/** What an HDU is, for people: one sentence, and what to do with it. */

import { energyAdvice, eventColumns } from "./event-list.js";
import { imageSize } from "./fits-shape.js";
import { isExposureUnit } from "./flux-unit.js";
import type { FitsHduInfo } from "./hdu.js";
import { isRadialPsf } from "./radial-psf.js";
import { isRegionTable } from "./region-table.js";

/** Kinds of HDUs that people take for images, and images. */
export type HduKindName =
  | "image"
  | "cube"
  | "spectrum image"
  | "events"
  | "HEALPix"
  | "regions"
  | "radial psf"
  | "spectrum"
  | "response"
  | "good times"
  | "result"
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
   * events.fits. Absent where no command of tslira helps.
   */
  readonly command?: readonly string[];
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
const BIN = ["bin", "events.fits", "-o", "counts.fits"] as const;

/** What an HDU is, by its header alone. */
export function hduKind(hdu: FitsHduInfo): HduKind {
  const { header } = hdu;
  const path = hdu.label.replace(/\[[^[]*$/, "");
  const name = hdu.name || String(hdu.index);
  // The first HDU is meant by a name without brackets.
  const file = hdu.index === 0 ? path : `${path}[${name}]`;
  if (hdu.kind === "empty") {
    return { kind: "empty", is: "an HDU without pixels", remedy: "name another HDU" };
  }
  if (hdu.kind === "image") {
    const { planes, ny } = imageSize(hdu.shape);
    const packed = hdu.packed === undefined ? "" : `tile-compressed (${header.text("ZCMPTYPE")}) `;
    if (planes > 1) {
      return {
        kind: "cube",
        is: `a ${packed}cube of ${planes} planes (a third axis${header.text("CTYPE3") ? `, ${header.text("CTYPE3")}` : ""})`,
        remedy: `take a plane with --plane 0, sum some with --plane 0:${planes}, or name one, '${path}[${hdu.index}][0]'`,
        command: deconvolveCommand({ counts: file, more: ["--plane", "0"] }),
      };
    }
    if (hdu.shape.length === 1 || ny === 1) {
      return {
        kind: "spectrum image",
        is: `an ${packed}image of one axis, such as a spectrum`,
        remedy: "give an image of two axes, or the event list to tslira bin",
        command: BIN,
      };
    }
    if (isExposureUnit(header.text("BUNIT"))) {
      return {
        kind: "image",
        is: `an exposure map in ${header.text("BUNIT")!.trim()}`,
        remedy: "give it as --exposure",
        command: deconvolveCommand({ more: ["--exposure", file] }),
      };
    }
    return {
      kind: "image",
      is: packed === "" ? "an image" : `a ${packed}image`,
      remedy: "deconvolve it if it holds counts",
      command: deconvolveCommand({ counts: file }),
    };
  }
  if (header.text("PIXTYPE")?.toUpperCase() === "HEALPIX" || header.has("NSIDE")) {
    return {
      kind: "HEALPix",
      is: "a HEALPix map of the sky",
      remedy:
        "project it onto the pixels of the counts first (Python: reproject.reproject_from_healpix; Fermi: gtexpcube2 with the counts as cmap)",
    };
  }
  if (isRegionTable(hdu)) {
    return {
      kind: "regions",
      is: "a table of regions",
      remedy: "give it as --regions or --mask, which read it",
      command: deconvolveCommand({ more: ["--mask", path] }),
    };
  }
  if (isRadialPsf(hdu)) {
    return {
      kind: "radial psf",
      is: "a radial psf, a table over radius",
      remedy: "give it as --psf, where it becomes an image on the pixels of the counts",
      command: deconvolveCommand({ psf: path }),
    };
  }
  const extension = (header.text("HDUCLAS1") ?? "").toUpperCase();
  const title = `${hdu.name} ${extension} ${header.text("HDUCLAS2") ?? ""}`.toUpperCase();
  if (/\bGTI|STDGTI/.test(title)) {
    return { kind: "good times", is: "a table of good times", remedy: "name the HDU of the events" };
  }
  if (/^REJEVT$/i.test(hdu.name)) {
    return {
      kind: "table",
      is: "a table of rejected events (ROSAT)",
      remedy: "name the HDU of the events, STDEVT",
    };
  }
  const events = eventColumns(hdu);
  if (events !== undefined) {
    return {
      kind: "events",
      is: `an event list of ${hdu.rows} rows`,
      remedy: `make an image of it first (${energyAdvice(hdu, events)}): tslira bin '${path}[${name}]' -o counts.fits`,
      command: ["bin", `${path}[${name}]`, "-o", "counts.fits"],
    };
  }
  if (/\bSPECTRUM\b|\bPHA\b/.test(title)) {
    return {
      kind: "spectrum",
      is: "a spectrum, a table over channels",
      remedy: "give an image, or the event list to tslira bin",
      command: BIN,
    };
  }
  if (/RESPONSE|MATRIX|SPECRESP|EBOUNDS/.test(title)) {
    return {
      kind: "response",
      is: "a response, a table over energy",
      remedy: "give an exposure map, or the event list to tslira bin",
      command: BIN,
    };
  }
  return { kind: "table", is: "a table", remedy: "name another HDU" };
}
