import { InvalidInputError } from "../errors.js";
import type { SkyImage } from "../image.js";
import { convergence } from "../posterior/convergence.js";
import { asDrawSource, comparableChains, type DrawSource } from "../posterior/draw-source.js";
import type { Convergence } from "../posterior/result.js";
import { BOOKKEEPING_COLUMNS, parameterDraws } from "../posterior/summary.js";
import type { ImageTrace, ParameterSource, ParameterTrace } from "../posterior/trace.js";
import { parameterLabel } from "./parameter-label.js";

/** Draws of one scalar quantity after burn-in, ready to be drawn: a parameter, or the flux of a pixel or a region. */
export interface TracedQuantity {
  /** How the figure calls it. */
  readonly label: string;
  /** Unit in FITS notation; default none. */
  readonly unit?: string;
  /** Draws of each chain. */
  readonly chains: readonly ArrayLike<number>[];
  /** Sweeps between draws; default 1. */
  readonly every?: number;
}

/** Pixels of the flux image: one pixel, all pixels with their centre within a circle, or those where a mask is not 0. */
export type Region =
  | {
      /** Column of the centre, 0-based. */
      readonly x: number;
      /** Row of the centre, 0-based. */
      readonly y: number;
      /** Radius in pixels, >= 0; default 0, the pixel alone. */
      readonly radius?: number;
    }
  | {
      /** `[ny, nx]`, as the flux. */
      readonly mask: SkyImage;
      /** How a figure calls the region; default `"region"`. */
      readonly label?: string;
    };

/**
 * Indices `row * nx + col` of the pixels of a region, in ascending order.
 *
 * @throws InvalidInputError when the centre is not a pixel of the image, the radius is negative or the region is empty
 */
export function regionPixels(where: string, region: Region, [ny, nx]: readonly [number, number]): number[] {
  if ("mask" in region) {
    const [rows, cols] = region.mask.shape;
    if (rows !== ny || cols !== nx) {
      throw new InvalidInputError(
        `${where}: mask must have the shape of the flux, [${ny}, ${nx}], got [${region.mask.shape.join(", ")}]; cut it out`,
        { fields: { shape: region.mask.shape } },
      );
    }
    const pixels = Array.from(region.mask.data.keys()).filter((index) => region.mask.data[index] !== 0);
    if (pixels.length > 0) return pixels;
    throw new InvalidInputError(`${where}: mask must choose a pixel, got none that is not 0; check the mask`);
  }
  const { x, y, radius = 0 } = region;
  if (!Number.isInteger(x) || !Number.isInteger(y) || x < 0 || y < 0 || x >= nx || y >= ny) {
    throw new InvalidInputError(
      `${where}: (x, y) must be a pixel of the image of ${nx} columns and ${ny} rows, got (${x}, ${y}); count from 0`,
      { fields: { x, y, shape: [ny, nx] } },
    );
  }
  if (!(radius >= 0 && Number.isFinite(radius))) {
    throw new InvalidInputError(`${where}: radius must be >= 0 pixels, got ${radius}; give for example 2`, {
      fields: { radius },
    });
  }
  const pixels: number[] = [];
  const reach = Math.floor(radius);
  for (let row = Math.max(0, y - reach); row <= Math.min(ny - 1, y + reach); row++) {
    for (let col = Math.max(0, x - reach); col <= Math.min(nx - 1, x + reach); col++) {
      if (Math.hypot(row - y, col - x) <= radius + 1e-9) pixels.push(row * nx + col);
    }
  }
  return pixels;
}

/** Bytes of draws that are looked at together. */
const SLICE_BYTES = 2 ** 23;

/**
 * Flux of sets of pixels in every kept draw, in one pass over the draws.
 *
 * @param sets indices `row * nx + col` of each set
 * @returns `[set][chain]`: the sum over the set in each draw, unit of the flux
 * @throws InvalidInputError when there is no draw
 */
export function drawSums(
  where: string,
  images: ImageTrace | DrawSource,
  sets: readonly (readonly number[])[],
): Float64Array[][] {
  const source = asDrawSource(images);
  const pixels = source.shape[0] * source.shape[1];
  const slice = Math.max(1, Math.floor(SLICE_BYTES / (4 * pixels)));
  const sums = sets.map(() =>
    Array.from({ length: source.chains }, (_, chain) => new Float64Array(source.draws(chain))),
  );
  let seen = 0;
  for (let chain = 0; chain < source.chains; chain++) {
    const draws = source.draws(chain);
    for (let first = 0; first < draws; first += slice) {
      const count = Math.min(slice, draws - first);
      const values = source.readDraws(chain, first, count);
      for (const [index, set] of sets.entries()) {
        const out = sums[index]![chain]!;
        for (let draw = 0; draw < count; draw++) {
          let sum = 0;
          for (const pixel of set) sum += values[draw * pixels + pixel]!;
          out[first + draw] = sum;
        }
      }
    }
    seen += draws;
  }
  if (seen === 0) {
    throw new InvalidInputError(
      `${where}: the image trace must hold at least one draw, got none; keep draws with the option trace`,
      { fields: { chains: source.chains } },
    );
  }
  return sums;
}

/** Mean of all kept draws `[ny, nx]`. */
export function meanOfDraws(images: ImageTrace | DrawSource): SkyImage {
  const source = asDrawSource(images);
  const data = new Float64Array(source.shape[0] * source.shape[1]);
  let draws = 0;
  for (let chain = 0; chain < source.chains; chain++) {
    for (let draw = 0; draw < source.draws(chain); draw++, draws++) {
      const values = source.readDraws(chain, draw, 1);
      for (let pixel = 0; pixel < data.length; pixel++) data[pixel]! += values[pixel]!;
    }
  }
  return { data: data.map((sum) => sum / draws), shape: source.shape };
}

/**
 * The flux of a pixel, or the sum over a region, as a quantity for `plotParameterDistributions`, `plotRank` and
 * `plotAutocorrelation`.
 *
 * @throws InvalidInputError when the region is not in the image or no draws were kept
 */
export function regionQuantity(
  images: ImageTrace | DrawSource,
  region: Region,
  { unit }: { readonly unit?: string } = {},
): TracedQuantity {
  const pixels = regionPixels("regionQuantity", region, images.shape);
  const [chains] = drawSums("regionQuantity", images, [pixels]);
  return {
    label: regionLabel(region, pixels.length),
    chains: chains!,
    every: images.every,
    ...(unit !== undefined && { unit }),
  };
}

function regionLabel(region: Region, pixels: number): string {
  if ("mask" in region) return `flux in ${region.label ?? "region"}, ${pixels} pixels`;
  const { x, y, radius = 0 } = region;
  return radius < 1 ? `flux at x = ${x}, y = ${y}` : `flux within ${radius} px of x = ${x}, y = ${y}`;
}

/** What the figures of chains take: a parameter trace, or quantities chosen one by one. */
export type TracedQuantities = ParameterTrace | ParameterSource | readonly TracedQuantity[];

/**
 * The quantities to draw, each with what its chains say about it. Chains with fewer than half the draws of the longest are
 * left out, as everywhere chains are compared.
 *
 * @param names columns of a parameter trace; default all that vary, without bookkeeping
 * @throws InvalidInputError when a name is not in the trace, or nothing is left to draw
 */
export function comparedQuantities(
  where: string,
  given: TracedQuantities,
  names: readonly string[] | undefined,
): (TracedQuantity & { readonly convergence: Convergence; readonly which: readonly number[] })[] {
  const quantities = "names" in given ? parameterQuantities(where, given, names) : given;
  const compared = quantities.map((quantity) => {
    const which = comparableChains(quantity.chains.map(({ length }) => length));
    const chains = which.map((chain) => quantity.chains[chain]!);
    return { ...quantity, which, chains, convergence: convergence(quantity.label, chains) };
  });
  if (compared.length > 0 && compared.every(({ chains }) => chains.length > 0)) return compared;
  throw new InvalidInputError(
    `${where}: need a quantity that varies, with draws after burn-in, got ${
      "names" in given ? `columns ${given.names.join(", ")}` : `${given.length} quantities`
    }; run longer or choose other names`,
  );
}

function parameterQuantities(
  where: string,
  trace: ParameterTrace | ParameterSource,
  names: readonly string[] | undefined,
): TracedQuantity[] {
  checkNames(where, trace.names, names);
  const wanted = names ?? trace.names.filter((name) => !BOOKKEEPING_COLUMNS.has(name));
  const quantities = wanted.map((name) => ({
    label: parameterLabel(name),
    chains: parameterDraws(trace, trace.names.indexOf(name)),
  }));
  return names ? quantities : quantities.filter(({ chains }) => varies(chains));
}

/** @throws InvalidInputError when a wanted name is not a column of the trace */
export function checkNames(
  where: string,
  names: readonly string[],
  wanted: readonly string[] | undefined,
): void {
  const unknown = wanted?.find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new InvalidInputError(
    `${where}: names must be columns of the trace, got "${unknown}"; it holds ${names.join(", ")}`,
    { fields: { name: unknown, names } },
  );
}

/** Whether two numbers of the chains differ. */
export function varies(chains: readonly ArrayLike<number>[]): boolean {
  const first = chains.find(({ length }) => length > 0)?.[0];
  return chains.some((chain) => {
    for (let index = 0; index < chain.length; index++) {
      if (chain[index] !== first && !Number.isNaN(chain[index])) return true;
    }
    return false;
  });
}
