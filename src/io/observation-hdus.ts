/** Observations as HDUs of a FITS file, exactly as they were given: what is absent stays absent. */

import type { Observation } from "../data/observation/observation.js";
import { type PsfLaw, withErrors } from "../data/observation/psf-ensemble.js";
import { type Psf, psfSet } from "../data/observation/psf-set.js";
import type { SkyImage } from "../image.js";
import { type FitsHdu, type FitsHduInput, findHdu, imageToSkyImage, wcsCards } from "./fits.js";
import { fitsCard } from "./fits-header.js";
import { isPsfTable } from "./hdu-kind.js";
import {
  isEnsemble,
  type NamedPsfSet,
  psfEnsembleHdus,
  psfPlaces,
  psfPlanes,
  psfSetHdus,
  storedEnsemble,
} from "./psf-set-file.js";
import { image as imageHdu } from "./result-encode.js";

/** Keywords of what is not known of a psf, in its HDU: see `withWidthError`, `withPointingError`, `withPsfLaw`. */
const WIDTH_ERROR = "WIDTHERR";
const POINTING_ERROR = "POINTERR";
const LAW = "PSFLAW";
const IMAGES = ["counts", "psf", "exposure", "background", "mask"] as const;

function hduName(image: string, index: number): string {
  return `${image.toUpperCase()}${index}`;
}

/** Images as HDUs `COUNTS0, PSF0, EXPOSURE0 ... COUNTS1 ...`; sky coordinates go with the counts, names do not. */
export function observationHdus(observations: readonly Observation[]): FitsHduInput[] {
  return observations.flatMap((observation, index) =>
    IMAGES.flatMap((kind): FitsHduInput[] => {
      const image: SkyImage | undefined = observation[kind];
      if (image === undefined) return [];
      const { places, members, components, widthError, pointingError, law } = observation.psf;
      const name = hduName(kind, index);
      const errors = [
        ...(widthError === undefined ? [] : [fitsCard(WIDTH_ERROR, widthError)]),
        ...(pointingError === undefined ? [] : [fitsCard(POINTING_ERROR, pointingError)]),
        ...(law === undefined ? [] : [fitsCard(LAW, law)]),
      ];
      if (kind === "psf" && places !== undefined) return psfSetHdus(places, { name, cards: errors });
      if (kind === "psf" && members !== undefined) {
        return psfEnsembleHdus({ members, ...(components && { components }) }, { name, cards: errors });
      }
      const cards = kind === "counts" ? (observation.wcs ?? []) : kind === "psf" ? errors : [];
      return [imageHdu(name, image, cards)];
    }),
  );
}

/**
 * The observations in HDUs that `observationHdus` made.
 *
 * @param names name of each observation
 */
export function observationsOf(hdus: readonly FitsHdu[], names: readonly string[]): Observation[] {
  const present = new Set(hdus.map((hdu) => hdu.name));
  return names.map((name, index) => {
    const image = (kind: string) => imageToSkyImage(findHdu(hdus, hduName(kind, index)));
    const set = hduName("psf", index);
    const table = hdus.find((hdu) => isPsfTable(hdu, set));
    const given = IMAGES.filter(
      (kind) => present.has(hduName(kind, index)) && !(kind === "psf" && table !== undefined),
    );
    const images = Object.fromEntries(given.map((kind) => [kind, image(kind)])) as unknown as Pick<
      Observation,
      (typeof IMAGES)[number]
    >;
    const wcs = wcsCards(findHdu(hdus, hduName("counts", index)).header);
    const { header } = findHdu(hdus, set);
    const errors = {
      ...{ widthError: header.number(WIDTH_ERROR), pointingError: header.number(POINTING_ERROR) },
      law: header.get(LAW) as PsfLaw | undefined,
    };
    const psf = table ? storedSet({ name, hdu: findHdu(hdus, set), table }) : images.psf;
    return { ...images, psf: withErrors(psf, errors, name), name, ...(wcs.length > 0 ? { wcs } : {}) };
  });
}

function storedSet(set: NamedPsfSet): Psf {
  const psfs = psfPlanes(set);
  if (isEnsemble(set)) return storedEnsemble(set, psfs);
  return psfSet(psfPlaces(set, { wcs: [] }).map((place, index) => ({ psf: psfs[index], ...place })));
}
