/** `tslira bin` of a HEALPix map. */

import {
  eventColumns,
  type FitsHdu,
  type FitsTableHdu,
  findHdu,
  type HealpixImage,
  healpixImage,
  healpixImageHdus,
  InvalidInputError,
  isHealpix,
  shellLine,
  writeFitsFile,
} from "../node.js";
import type { BinFlags } from "./bin.js";
import { formatCount, formatNumber } from "./format.js";

/** The HEALPix map that is meant: the table that is named, or the first map of a file without events. */
export function healpixOf(
  hdus: readonly FitsHdu[],
  extension: string | number | undefined,
): FitsTableHdu | undefined {
  if (extension === undefined && hdus.some((hdu) => eventColumns(hdu) !== undefined)) return undefined;
  const named = extension === undefined ? hdus.find(isHealpix) : findHdu(hdus, extension);
  return named?.kind === "table" && isHealpix(named) ? named : undefined;
}

/** Options that choose events. */
const OF_EVENTS = ["energy", "pi", "time", "where"] as const;

/** Make an image of a map and say what was done. */
export async function binHealpix(
  name: string,
  hdu: FitsTableHdu,
  filters: readonly string[],
  flags: BinFlags,
): Promise<void> {
  const { output, center, size, binSize, coordinates, projection, column } = flags;
  const refused = [
    ...OF_EVENTS.filter((key) => flags[key] !== undefined).map((key) => `--${key}`),
    ...filters.map((filter) => `[${filter}]`),
  ][0];
  if (refused !== undefined)
    throw new InvalidInputError(
      `bin: ${refused} must go with an event list, got a HEALPix map; leave it out, or choose a column with --column`,
    );
  if (coordinates === "pixel")
    throw new InvalidInputError(
      "bin: coordinates of a HEALPix map must be galactic or equatorial, got pixel; leave --coordinates out",
    );
  const made = healpixImage(hdu, {
    ...(column !== undefined && { column }),
    ...(coordinates && { coordinates }),
    ...(binSize !== undefined && { binSize }),
    ...(center && { center: center.center }),
    ...(size && { size: [size[1], size[0]] as const }),
    ...(projection && { projection }),
  });
  const hdus = healpixImageHdus(made);
  await writeFitsFile(output, hdus);
  if (flags.quiet !== true) process.stderr.write(lines(name, output, made));
  if (flags.json === true) {
    const { image: _, wcs, ...numbers } = made;
    process.stdout.write(`${JSON.stringify({ file: output, ...numbers }, undefined, 2)}\n`);
  }
}

function lines(name: string, output: string, made: HealpixImage): string {
  const { size, binSize, center, nside, column, unit, counts, coordinates, known, notes } = made;
  const [nx, ny] = size;
  return (
    notes.map((note) => `tslira: warning: ${note}\n`).join("") +
    `${name}: HEALPix map of NSIDE ${nside} in ${nx} x ${ny} pixels of ${formatNumber(binSize)} deg around ${coordinates} ` +
    `${center.map(formatNumber).join(", ")}\n` +
    [
      [
        "column",
        `${column}${unit === undefined ? "" : ` [${unit}]`}, ${counts ? "counts summed" : "values at the middle of pixels, or the mean over larger ones"}`,
      ],
      ["with values", `${formatCount(known)} of ${formatCount(nx * ny)} pixels`],
      ["written", output],
      [
        "next",
        `tslira ${shellLine(counts ? ["deconvolve", output, "--psf", "psf.fits", "-o", "result.fits"] : ["info", output])}`,
      ],
    ]
      .map(([label, text]) => `  ${label!.padEnd(11)}  ${text}\n`)
      .join("")
  );
}
