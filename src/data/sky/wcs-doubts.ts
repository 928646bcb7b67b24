/** Cards of sky coordinates that contradict each other, of which `parseWcs` takes one. */

import type { WcsCard } from "../observation/observation.js";
import { cardReader } from "./card-reader.js";

/** Part by which sizes of pixels, and degrees by which angles, may differ before they say something else. */
const SIZES = 0.01;
const DEGREES = 0.1;
const LONGITUDE = /^(RA|[A-Z]LON|[A-Z]{2}LN)-/;
const LATITUDE = /^(DEC|[A-Z]LAT|[A-Z]{2}LT)-/;

const short = (value: number) => Number(value.toPrecision(6));

/**
 * What cards of the primary description say twice and differently, one sentence each with what is taken; none of images without sky
 * coordinates.
 */
export function wcsDoubts(cards: readonly WcsCard[]): string[] {
  const { number, keywords, ...read } = cardReader(cards);
  const text = (keyword: string) => (read.text(keyword) ?? "").toUpperCase();
  const matrix = (name: string, diagonal: number) =>
    ["1_1", "1_2", "2_1", "2_2"].map(
      (at, index) => number(`${name}${at}`) ?? (index % 3 === 0 ? diagonal : 0),
    );
  const has = (name: string) => ["1_1", "1_2", "2_1", "2_2"].some((at) => keywords.includes(`${name}${at}`));

  const types = [text("CTYPE1"), text("CTYPE2")];
  if (!types.some((type) => LONGITUDE.test(type)) || !types.some((type) => LATITUDE.test(type))) return [];
  const doubts: string[] = [];
  const [dx, dy] = [number("CDELT1"), number("CDELT2")];
  if (has("CD")) {
    const [a, b, c, d] = matrix("CD", 0) as [number, number, number, number];
    const [size, other] = [Math.sqrt(Math.abs(a * d - b * c)), Math.sqrt(Math.abs((dx ?? 1) * (dy ?? 1)))];
    if (has("PC")) doubts.push("header should have CD or PC, got both; CD is taken");
    // Some programs write 1 where they mean nothing.
    if (other !== 1 && Math.abs(other - size) > SIZES * size)
      doubts.push(`CDELT should be as CD, ${short(size)} a pixel, got ${short(other)}; CD is taken`);
  } else if (dx === undefined && dy === undefined && !has("PC")) {
    doubts.push("header should say how large pixels are, by CD or CDELT, got neither; 1 a pixel is taken");
  } else if (has("PC")) {
    const turned = number(LATITUDE.test(types[1]) ? "CROTA2" : "CROTA1") ?? 0;
    const [along, , across] = matrix("PC", 1) as [number, number, number, number];
    const angle = (Math.atan2(across, along) * 180) / Math.PI;
    const apart = Math.abs(((turned - angle + 540) % 360) - 180);
    if (turned !== 0 && apart > DEGREES)
      doubts.push(
        `CROTA should be left out beside PC, or turn as it does, by ${short(angle)}, got ${short(turned)}; PC is taken`,
      );
  }
  const [frame, older] = [text("RADESYS"), text("RADECSYS")];
  if (frame !== "" && older !== "" && frame !== older)
    doubts.push(`RADECSYS should be as RADESYS, ${frame}, got ${older}; RADESYS is taken`);
  const [system, equinox] = [frame || older, number("EQUINOX")];
  const year = { ICRS: 2000, FK5: 2000, FK4: 1950 }[system];
  if (year !== undefined && equinox !== undefined && Math.abs(equinox - year) > 16)
    doubts.push(
      `EQUINOX should go with RADESYS ${system}, ${year}, got ${equinox}; ${system === "ICRS" ? "RADESYS is taken" : "both are taken as they are"}`,
    );
  if (keywords.includes("A_ORDER") && !types.some((type) => type.endsWith("-SIP")))
    doubts.push("CTYPE should end in -SIP where the header has its polynomials, got none; they are applied");
  return doubts;
}
