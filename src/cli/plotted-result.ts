/** What `tslira plot` draws: results with draws, images of other methods, mosaics of tiles, and any FITS image beside them. */

import { basename } from "node:path";
import type { WcsCard } from "../data/observation/observation.js";
import { InvalidInputError } from "../errors.js";
import { scatterOf } from "../figures/color-scale.js";
import type { ContourImage } from "../figures/contours.js";
import { figureTitle } from "../figures/figure.js";
import { given } from "../given.js";
import type { SkyImage } from "../image.js";
import { findHdu, imageToSkyImage, parseFitsName, wcsCards } from "../io/fits.js";
import { openFitsFile, readFitsFile } from "../io/fits-file-node.js";
import { decodeMosaicHdus, type Mosaic } from "../io/mosaic-file.js";
import { type OpenResult, openResult } from "../io/open-result-node.js";
import { decodeEstimateHdus } from "../io/point-estimate-file.js";
import { isEstimate, isMosaic } from "../io/tslira-file.js";
import type { PointEstimate } from "../posterior/point-estimate.js";
import type { RecordedInputs } from "./result-inputs.js";

/** A result, whatever its method. */
export interface PlottedResult {
  /** The object of its header, else the name of the result, else that of the file. */
  readonly name: string;
  /** Posterior mean or estimated flux `[ny, nx]`. */
  readonly flux: SkyImage;
  /** Its standard deviation, where it has one. */
  readonly std?: SkyImage;
  readonly wcs: readonly WcsCard[];
  readonly unit?: string;
  readonly provenance: RecordedInputs;
  /** Of a sampler: all of the result. */
  readonly posterior?: OpenResult;
  /** Of a method that gives one image: all of it. */
  readonly estimate?: PointEstimate;
  /** Of a mosaic of tiles: all of it. */
  readonly mosaic?: Mosaic;
  readonly close: () => void;
}

/** The name of a file without folder and ending. */
export const stemOf = (path: string) => basename(path).replace(/\.fits?(\.gz)?$/i, "");

/**
 * Open a result of a sampler, or read the image of another method or a mosaic of tiles.
 *
 * @throws InvalidInputError when the file cannot be read
 * @throws FormatError when it is none of them, or damaged
 */
export async function openPlotted(path: string): Promise<PlottedResult> {
  const image = await readImages(path);
  if (image !== undefined) return image;
  const posterior = await openResult(path);
  const { mean, std, wcs, unit, name, provenance } = posterior.result;
  return {
    ...{
      name: figureTitle({ wcs, name }) ?? name,
      flux: mean,
      std,
      wcs,
      provenance,
      posterior,
      close: posterior.close,
    },
    ...given({ unit }),
  };
}

/** What has no draws; undefined where the file is of another kind. */
async function readImages(path: string): Promise<PlottedResult | undefined> {
  const file = await openFitsFile(path);
  const { hdus: headers } = file;
  await file.close();
  if (isMosaic(headers)) return plottedMosaic(path, decodeMosaicHdus(await readFitsFile(path)));
  if (!isEstimate(headers)) return undefined;
  const hdus = await readFitsFile(path);
  const { estimate, provenance } = decodeEstimateHdus(hdus);
  const wcs = wcsCards(hdus[0].header);
  const { command, inputs = [], unit } = provenance;
  return {
    ...{
      name: figureTitle({ wcs }) ?? stemOf(path),
      flux: estimate.flux,
      wcs,
      estimate,
      close: () => undefined,
    },
    provenance: { inputs, ...given({ command }) },
    ...given({ std: estimate.std, unit }),
  };
}

function plottedMosaic(path: string, mosaic: Mosaic): PlottedResult {
  const { mean, std, wcs, inputs, unit } = mosaic;
  return {
    ...{ name: figureTitle({ wcs }) ?? stemOf(path), flux: mean, std, wcs, mosaic, provenance: { inputs } },
    ...given({ unit }),
    close: () => undefined,
  };
}

/** The result with its draws. @throws InvalidInputError when it has none */
export function withDraws(kind: string, { posterior, estimate, mosaic }: PlottedResult): OpenResult {
  if (posterior !== undefined) return posterior;
  if (mosaic !== undefined) {
    throw new InvalidInputError(
      `plot: ${kind} must be of a result with draws, got a mosaic of tiles, which has none; choose posterior, mean, std, rhat, ess, ` +
        "smoothness or residuals, or give the result of a tile, a file in the folder results of the job",
    );
  }
  throw new InvalidInputError(
    `plot: ${kind} must be of a result with draws, got one image by ${estimate?.method}; choose posterior, mean, residuals or comparison`,
  );
}

/**
 * What contours are drawn of: another file, result or FITS image (`x.fits[HDU]`), or the result itself.
 *
 * @param sigma in units of its error: the standard deviation of a result; without one, the scatter about the median (1.4826 times the
 *   median absolute deviation)
 */
export async function contourImage(
  open: PlottedResult,
  other: string | undefined,
  sigma: boolean,
): Promise<ContourImage | undefined> {
  if (other === undefined && !sigma) return undefined;
  const { flux: image, std, wcs } = other === undefined ? open : await resultOrImage(other);
  return { image: sigma ? inSigma(image, std) : image, ...(wcs.length > 0 && { wcs }) };
}

async function resultOrImage(name: string): Promise<Pick<PlottedResult, "flux" | "std" | "wcs">> {
  const { path, extension } = parseFitsName(name);
  const hdus = await readFitsFile(path);
  const hdu = findHdu(hdus, extension);
  const std = extension === undefined ? hdus.find((one) => /^(POSTERIOR_)?STD$/.test(one.name)) : undefined;
  return {
    ...{ flux: imageToSkyImage(hdu), wcs: wcsCards(hdu.header) },
    ...(std !== undefined && { std: imageToSkyImage(std) }),
  };
}

function inSigma({ data, shape }: SkyImage, std: SkyImage | undefined): SkyImage {
  if (std !== undefined) return { data: data.map((value, pixel) => value / std.data[pixel]), shape };
  const { middle, scatter } = scatterOf([data]);
  return { data: data.map((value) => (value - middle) / scatter), shape };
}
