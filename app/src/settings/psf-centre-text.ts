/** Where the centre of a psf is, as text, as `--psf-centre` takes it. */

import type { PsfCentring } from "tslira";

/** `auto`, `peak`, `centroid` or `x,y`. */
export function psfCentreText(centre: PsfCentring): string {
  return typeof centre === "object" ? `${centre.x},${centre.y}` : centre;
}

/** The centre of a text; undefined when it is none. */
export function psfCentreOf(text: string): PsfCentring | undefined {
  if (text === "auto" || text === "peak" || text === "centroid") return text;
  const [x, y, ...more] = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  return Number.isFinite(x) && Number.isFinite(y) && more.length === 0 ? { x, y } : undefined;
}
