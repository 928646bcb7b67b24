/** Headers of counts and of what goes with them, which should speak of one observation. */

import type { FitsHeader } from "./fits-header.js";
import { exposureParts } from "./flux-unit.js";

/** A header with the name of its file for messages. */
export interface NamedHeader {
  readonly name: string;
  readonly header: FitsHeader;
}

/** By how much times of one observation may differ: dead time, and good time of single chips. */
const TIMES = 0.2;
/** How much less than the time of the counts a vignetted exposure may be at its brightest, far off the axis. */
const VIGNETTED = 0.1;
const SECONDS: Readonly<Record<string, number>> = { s: 1, ks: 1000 };

const text = ({ header }: NamedHeader, keyword: string): string => String(header.get(keyword) ?? "").trim();
/** Seconds of EXPOSURE; NaN without. */
const time = ({ header }: NamedHeader): number => {
  const value = header.number("EXPOSURE") ?? 0;
  return value > 0 ? value : Number.NaN;
};
const short = (value: number) => Number(value.toPrecision(4));
const differ = (one: number, other: number) => Math.abs(one - other) > TIMES * Math.max(one, other);

/**
 * What an exposure, a background in counts or a psf should say as the counts do, and does not: telescope, instrument, observation, time. One
 * sentence each; nothing is refused, since headers of mosaics and of blank fields are those of parts.
 *
 * @param most largest value of an exposure
 */
export function otherThanCounts(
  role: "exposure" | "background in counts" | "psf",
  of: NamedHeader,
  counts: NamedHeader,
  most = Number.NaN,
): string[] {
  // A background may be of a blank field, a psf of a calibration or a model.
  const keywords = role === "exposure" ? ["TELESCOP", "INSTRUME", "OBS_ID"] : ["TELESCOP"];
  const notes = keywords.flatMap((keyword) => {
    const [own, theirs] = [text(of, keyword), text(counts, keyword)];
    const same = own === "" || theirs === "" || own.toUpperCase() === theirs.toUpperCase();
    return same
      ? []
      : [
          `${of.name}: ${role} should be of the ${keyword} of the counts, ${theirs}, got ${own}; check that it belongs to them`,
        ];
  });
  if (role === "psf") return notes;
  const [own, theirs] = [time(of), time(counts)];
  if (differ(own, theirs)) {
    const remedy =
      role === "exposure"
        ? "check that it belongs to them"
        : "scale it to their time where that was not done";
    notes.push(
      `${of.name}: ${role} should be of the time of the counts, EXPOSURE ${short(theirs)} s, got ${short(own)} s; ${remedy}`,
    );
  }
  const unit = exposureParts(text(of, "BUNIT"));
  const seconds =
    role === "exposure" && unit?.area === undefined
      ? (SECONDS[unit?.time ?? ""] ?? Number.NaN) * most
      : Number.NaN;
  if (seconds > (1 + TIMES) * theirs || seconds < VIGNETTED * theirs) {
    notes.push(
      `${of.name}: exposure should reach about the time of the counts, EXPOSURE ${short(theirs)} s, got at most ${short(seconds)} s; ` +
        "check its unit, and that both hold the same observations",
    );
  }
  return notes;
}
