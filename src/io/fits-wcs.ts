/** Sky coordinates (WCS) of images, carried as header cards. */

import type { WcsCard } from "../data/observation/observation.js";
import type { FitsHeader } from "./fits-header.js";

const WCS_KEYWORDS: readonly RegExp[] = [
  // Celestial WCS of axes 1 and 2, primary or alternate (FITS WCS papers I and II).
  /^(CTYPE|CUNIT|CRPIX|CRVAL|CDELT|CROTA|CNAME|CRDER|CSYER)[12][A-Z]?$/,
  /^(CD|PC)[12]_[12][A-Z]?$/,
  /^PC00[12]00[12]$/,
  /^(PV|PS)[12]_\d{1,2}[A-Z]?$/,
  /^(WCSNAME|LONPOLE|LATPOLE|RADESYS|EQUINOX)[A-Z]?$/,
  /^(RADECSYS|EPOCH)$/,
  // SIP distortion, counted from CRPIX.
  /^(A|B|AP|BP)_(ORDER|DMAX|\d_\d)$/,
  // Physical (detector) coordinates: IRAF's, and the types that Chandra files add to their alternate P.
  /^(LTM[12]_[12]|LTV[12])$/,
  /^WCSTY[12][A-Z]?$/,
  // When, with what, at what.
  /^(MJD-OBS|MJD-BEG|MJD-AVG|MJD-END|DATE-OBS|DATE-BEG|DATE-AVG|DATE-END|TIMESYS|MJDREF|MJDREFI|MJDREFF)$/,
  /^(TELESCOP|INSTRUME|DETNAM|OBJECT|OBSERVER|OBS_ID)$/,
];

/**
 * The cards of a header that place axes 1 and 2 on the sky and on the detector, and name the observation.
 *
 * Cards without value and integers beyond 2^53 are left out. Distortion by look-up tables is not carried.
 */
export function wcsCards(header: FitsHeader): WcsCard[] {
  const cards: WcsCard[] = [];
  for (const { keyword, value, comment } of header.cards) {
    if (value === undefined || typeof value === "bigint") continue;
    if (!WCS_KEYWORDS.some((pattern) => pattern.test(keyword))) continue;
    cards.push(comment === undefined ? { keyword, value } : { keyword, value, comment });
  }
  return cards;
}

/** A reference pixel that counts from the image's first pixel, and the card that makes it matter. */
interface PixelOrigin {
  readonly keyword: string;
  readonly axis: 1 | 2;
}

/** Origins that default to 0 when their card is absent but the coordinate system is there. */
function impliedOrigins(cards: readonly WcsCard[]): PixelOrigin[] {
  const present = new Set(cards.map(({ keyword }) => keyword));
  const implied = new Map<string, PixelOrigin>();
  for (const { keyword } of cards) {
    const [, axisText, version = ""] = /^(?:CTYPE|CRVAL|CDELT)([12])([A-Z]?)$/.exec(keyword) ?? [];
    const [, scaled] = /^LTM([12])_[12]$/.exec(keyword) ?? [];
    const axis = axisText ?? scaled;
    if (axis === undefined) continue;
    const origin = scaled === undefined ? `CRPIX${axis}${version}` : `LTV${axis}`;
    if (!present.has(origin)) implied.set(origin, { keyword: origin, axis: axis === "1" ? 1 : 2 });
  }
  return [...implied.values()];
}

/**
 * WCS cards of a cut-out: reference pixels (CRPIX1, CRPIX2, also of alternate systems such as CRPIX1P, and LTV1, LTV2)
 * move by the origin of the cut-out. The cards given stay as they are.
 *
 * @param x0 column of the first pixel of the cut-out in the full image, 0-based
 * @param y0 its row
 */
export function shiftWcs(cards: readonly WcsCard[], x0: number, y0: number): WcsCard[] {
  const shifted = cards.map((card): WcsCard => {
    const [, axis] =
      /^(?:CRPIX([12])[A-Z]?|LTV([12]))$/.exec(card.keyword)?.filter((part) => part !== undefined) ?? [];
    if (axis === undefined || typeof card.value !== "number") return card;
    return { ...card, value: card.value - (axis === "1" ? x0 : y0) };
  });
  for (const { keyword, axis } of impliedOrigins(cards)) {
    const value = axis === 1 ? -x0 : -y0;
    if (value !== 0) shifted.push({ keyword, value });
  }
  return shifted;
}

/**
 * WCS cards of an image with smaller pixels: `factor` along each axis for one of the old. Reference pixels move, and what is said
 * of the size of a pixel (CDELT, CD, LTM) and the terms of its distortion (SIP) change.
 */
export function scaleWcs(cards: readonly WcsCard[], factor: number): WcsCard[] {
  if (factor === 1) return [...cards];
  const hasScale = cards.some(({ keyword }) => /^(CDELT[12]|CD[12]_[12])$/.test(keyword));
  const scaled = cards.map((card): WcsCard => {
    const { keyword, value } = card;
    if (typeof value !== "number") return card;
    // A term c u^p v^q in new pixels, which are `factor` times as many.
    const [, p, q] = /^(?:A|B|AP|BP)_(\d)_(\d)$/.exec(keyword) ?? [];
    if (p !== undefined) return { ...card, value: value * factor ** (1 - Number(p) - Number(q)) };
    if (/^(A|B|AP|BP)_DMAX$/.test(keyword)) return { ...card, value: value * factor };
    // The centre of the first pixel is 1, its edge 1/2.
    if (/^(CRPIX[12][A-Z]?|LTV[12])$/.test(keyword)) return { ...card, value: factor * (value - 0.5) + 0.5 };
    if (/^(CDELT[12][A-Z]?|CD[12]_[12][A-Z]?)$/.test(keyword)) return { ...card, value: value / factor };
    if (/^LTM[12]_[12]$/.test(keyword)) return { ...card, value: value * factor };
    return card;
  });
  if (!hasScale && cards.some(({ keyword }) => /^CTYPE[12]$/.test(keyword))) {
    scaled.push({ keyword: "CDELT1", value: 1 / factor }, { keyword: "CDELT2", value: 1 / factor });
  }
  return scaled;
}
