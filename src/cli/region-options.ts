/** Regions on the command line: files and circles. */

import { Option } from "@commander-js/extra-typings";
import type { WcsCard } from "../data/observation/observation.js";
import type { PixelPosition } from "../data/sky/sky-wcs.js";
import { InvalidInputError } from "../errors.js";
import { given } from "../given.js";
import type { Shape } from "../image.js";
import { readRegionFile } from "../io/region-file-node.js";
import { type Circle, circularRegion, type Region } from "../posterior/region.js";
import { collected, parseCircle } from "./option-values.js";

/** What the help of a command says of region files. */
export const REGION_DETAILS = `Regions: DS9 region files (circle, ellipse, box, polygon, annulus, point; image, physical, fk5, icrs,
  galactic; - excludes, || joins), or FITS images of labels, 0 for none. See docs/regions.md.`;

/** Options that name regions, for commands that take them. */
export function regionOptions() {
  return {
    regions: new Option(
      "--regions <file>",
      "DS9 region file or FITS image of labels; may be repeated",
    ).argParser(collected(String)),
    circle: new Option("--circle <x,y,r>", "a circle, in pixels from 0; may be repeated").argParser(
      collected(parseCircle),
    ),
  };
}

/** On which image regions lie. */
export interface RegionPlace {
  /** `[ny, nx]` */
  readonly shape: Shape;
  /** Its header cards. */
  readonly wcs?: readonly WcsCard[];
  /** Its first pixel in the file that it was cut out of. */
  readonly origin?: PixelPosition;
  /** Make one region of all in a file, of this name; several files number theirs. */
  readonly joined?: string;
}

/**
 * The regions that flags name, files first.
 *
 * @param warn told what of a file was left out
 * @throws InvalidInputError when two have the same name, or as `readRegionFile`
 */
export async function readRegions(
  {
    regions: files = [],
    circle: circles = [],
  }: { readonly regions?: readonly string[]; readonly circle?: readonly Circle[] },
  { shape, wcs = [], origin = { x: 0, y: 0 }, joined }: RegionPlace,
  warn: (text: string) => void,
): Promise<Region[]> {
  const regions: Region[] = [];
  for (const file of files) {
    const found = await readRegionFile(file, shape, { wcs, origin, ...given({ joined }) });
    for (const text of found.warnings) warn(text);
    // Several files may number their regions alike.
    const title = (name: string) => (files.length > 1 ? `${file}: ${name}` : name);
    for (const { name, weights } of found.regions) regions.push({ name: title(name), weights });
  }
  regions.push(...circles.map((circle) => circularRegion(circle, shape)));
  const names = new Set<string>();
  for (const { name } of regions) {
    if (names.has(name)) {
      throw new InvalidInputError(`regions: names must differ, got "${name}" twice; leave one out`, {
        fields: { name },
      });
    }
    names.add(name);
  }
  return regions;
}
