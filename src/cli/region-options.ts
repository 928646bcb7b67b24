/** Regions on the command line: files and circles. */

import { InvalidArgumentError, Option } from "@commander-js/extra-typings";
import {
  type Circle,
  circularRegion,
  InvalidInputError,
  type PixelPosition,
  type Region,
  readRegionFile,
  type Shape,
  type WcsCard,
} from "../node.js";
import { parseNumbers } from "./option-values.js";

/** A circle as `x,y,radius`. */
export function parseCircle(text: string): Circle {
  const values = parseNumbers(text);
  const [x, y, radius] = values;
  if (values.length !== 3 || !(radius >= 0)) {
    throw new InvalidArgumentError("Give x,y,radius in pixels from 0, for example 16,26,3.");
  }
  return { x, y, radius };
}

/** What the help of a command says of region files. */
export const REGION_DETAILS = `Regions: DS9 region files (circle, ellipse, box, polygon, annulus, point; image, physical, fk5, icrs,
  galactic; - excludes, || joins), or FITS images of labels, 0 for none. See docs/regions.md.`;

/** Options that name regions, for commands that take them. */
export function regionOptions() {
  return {
    regions: new Option(
      "--regions <file>",
      "DS9 region file or FITS image of labels; may be repeated",
    ).argParser((text: string, all: string[] | undefined) => [...(all ?? []), text]),
    circle: new Option("--circle <x,y,r>", "a circle, in pixels from 0; may be repeated").argParser(
      (text: string, all: Circle[] | undefined) => [...(all ?? []), parseCircle(text)],
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
  { shape, wcs = [], origin = { x: 0, y: 0 } }: RegionPlace,
  warn: (text: string) => void,
): Promise<Region[]> {
  const regions: Region[] = [];
  for (const file of files) {
    const found = await readRegionFile(file, shape, { wcs, origin });
    for (const text of found.warnings) warn(text);
    // Several files may number their regions alike.
    const title = (name: string) => (files.length > 1 ? `${file}: ${name}` : name);
    regions.push(...found.regions.map(({ name, weights }) => ({ name: title(name), weights })));
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
