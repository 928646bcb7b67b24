import { InvalidInputError } from "../errors.js";
import type { Shape, SkyImage } from "../image.js";
import { type ChainGroups, comparableGroups, groupedConvergence } from "../posterior/chain-groups.js";
import { convergence } from "../posterior/convergence.js";
import { asDrawSource, type DrawSource } from "../posterior/draw-source.js";
import {
  type Circle,
  circlePixels,
  type Region,
  regionPixels,
  type WeightedPixels,
  weightedSum,
} from "../posterior/region.js";
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

/**
 * Index of a pixel.
 *
 * @throws InvalidInputError unless (x, y) is a pixel of the image
 */
export function pixelIndex(where: string, x: number, y: number, [ny, nx]: Shape): number {
  if (Number.isInteger(x) && Number.isInteger(y) && x >= 0 && y >= 0 && x < nx && y < ny) return y * nx + x;
  throw new InvalidInputError(
    `${where}: (x, y) must be a pixel of the image of ${nx} columns and ${ny} rows, got (${x}, ${y}); count from 0`,
    { fields: { x, y, shape: [ny, nx] } },
  );
}

/** Bytes of draws that are looked at together. */
const SLICE_BYTES = 2 ** 23;

/**
 * Flux of sets of pixels in every kept draw, in one pass over the draws.
 *
 * @returns `[set][chain]`: the weighted sum over the set in each draw, unit of the flux
 * @throws InvalidInputError when there is no draw
 */
export function drawSums(
  where: string,
  images: ImageTrace | DrawSource,
  sets: readonly WeightedPixels[],
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
        const out = sums[index][chain]!;
        for (let draw = 0; draw < count; draw++) out[first + draw] = weightedSum(set, values, draw * pixels);
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
      for (let pixel = 0; pixel < data.length; pixel++) data[pixel] += values[pixel];
    }
  }
  return { data: data.map((sum) => sum / draws), shape: source.shape };
}

/** Pixels that count once each. */
export function plainPixels(pixels: readonly number[]): WeightedPixels {
  return { pixels, weights: pixels.map(() => 1) };
}

/**
 * The flux of a pixel, or the sum over a region, as a quantity for `plotParameterDistributions`, `plotRank` and
 * `plotAutocorrelation`.
 *
 * @param region a circle in pixels, or pixels with weights
 * @throws InvalidInputError when the region does not fit the image or no draws were kept
 */
export function regionQuantity(
  images: ImageTrace | DrawSource,
  region: Circle | Region,
  { unit }: { readonly unit?: string } = {},
): TracedQuantity {
  const { shape, every } = images;
  const isCircle = "radius" in region;
  const pixels = isCircle ? plainPixels(circlePixels(region, shape)) : regionPixels(region, shape);
  const [chains] = drawSums("regionQuantity", images, [pixels]);
  return {
    label: isCircle ? circleLabel(region) : `flux in ${region.name}, ${pixels.pixels.length} pixels`,
    chains: chains!,
    every,
    ...(unit !== undefined && { unit }),
  };
}

/** How figures call the flux of a circle. */
export function circleLabel({ x, y, radius }: Circle): string {
  return radius < 1 ? `flux at x = ${x}, y = ${y}` : `flux within ${radius} px of x = ${x}, y = ${y}`;
}

/** What the figures of chains take: a parameter trace, or quantities chosen one by one. */
export type TracedQuantities = ParameterTrace | ParameterSource | readonly TracedQuantity[];

/** A quantity with what its chains say about it. */
export interface ComparedQuantity extends TracedQuantity {
  /** Numbers of the chains that are long enough to compare; `chains` holds the draws of these. */
  readonly which: readonly number[];
  /** The chains that sample the same law, group by group. */
  readonly groups: readonly (readonly ArrayLike<number>[])[];
  readonly convergence: Convergence;
}

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
  groups: ChainGroups | undefined,
): ComparedQuantity[] {
  const quantities = "names" in given ? parameterQuantities(where, given, names) : given;
  const compared = quantities.map((quantity) => {
    const compared = comparableGroups(
      quantity.chains.map(({ length }) => length),
      groups,
    );
    const which = compared.flat();
    const grouped = compared.map((group) => group.map((chain) => quantity.chains[chain]));
    return {
      ...quantity,
      which,
      chains: grouped.flat(),
      groups: grouped,
      convergence:
        grouped.length === 0 ? convergence(quantity.label, []) : groupedConvergence(quantity.label, grouped),
    };
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
