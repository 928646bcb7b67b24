/** Region files in and out. */

import type { WcsCard } from "tslira";
import { formatDs9Regions, type PixelPosition, parseDs9Regions, type RegionSystem } from "tslira/sky";
import { freeId, freeName } from "../pictures/look.js";
import type { DrawnRegion } from "./region-edit.js";

/** Where the image lies in its file, and on the sky. */
export interface RegionPlace {
  readonly wcs: readonly WcsCard[];
  /** Pixel of the file that is the first of the image. */
  readonly origin: PixelPosition;
}

/** Most characters of a region file: what no hand draws. */
const MOST = 2 ** 22;

/** Whether a file is one of regions, by its name. */
export const isRegionFile = (name: string) => /\.(reg|ds9|region|regions)$/i.test(name);

/**
 * Regions of a file behind those that are there. What a file excludes is taken out of each of its regions.
 *
 * @throws FormatError, InvalidInputError in words
 */
export function addRegionFile(
  regions: readonly DrawnRegion[],
  text: string,
  name: string,
  place: RegionPlace,
): { readonly regions: readonly DrawnRegion[]; readonly warnings: readonly string[] } {
  if (text.length > MOST) {
    throw new Error(
      `${name}: a region file must have at most ${MOST} characters, got ${text.length}; choose another`,
    );
  }
  const found = parseDs9Regions(text, { ...place, name });
  if (found.regions.length === 0) {
    throw new Error(`${name}: must hold at least one region, got none; add a line such as circle(10,20,3)`);
  }
  const cut = found.excluded.map((shape) => ({ operator: "not" as const, shape }));
  const all = [...regions];
  for (const region of found.regions) {
    all.push({
      id: freeId(all),
      name: freeName(all, region.name),
      terms: [...region.terms, ...cut],
    });
  }
  return { regions: all, warnings: found.warnings };
}

/** A DS9 region file of regions. */
export function regionFileText(
  regions: readonly DrawnRegion[],
  system: RegionSystem,
  place: RegionPlace,
): string {
  return formatDs9Regions(regions, { system, ...place });
}
