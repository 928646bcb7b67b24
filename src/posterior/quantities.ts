import { type BurnInCheck, checkBurnIn } from "./burn-in.js";
import { type ChainGroups, chainGroups } from "./chain-groups.js";
import type { KeptScratch } from "./convergence.js";
import { asDrawSource, comparableChains, type DrawSource, type WatchOptions } from "./draw-source.js";
import { describeQuantity, type QuantitySummary } from "./quantity-summary.js";
import { type Region, summariseRegions } from "./region.js";
import type { PosteriorSummary } from "./result.js";
import { BOOKKEEPING_COLUMNS, parameterDraws, sweepsAfterBurnIn } from "./summary.js";
import { asParameterSource, type ImageTrace, type ParameterSource, type ParameterTrace } from "./trace.js";
import { censusPixels, pixelName, pixelsThatMatter } from "./verdict.js";

/** A result with its draws, in memory or in a file: what `openResult` returns, or a `PosteriorResult` and its `trace`. */
export interface QuantitiesParts {
  readonly result: Pick<PosteriorSummary, "mean" | "std" | "diagnostics" | "config">;
  readonly parameters: ParameterTrace | ParameterSource;
  readonly images: ImageTrace | DrawSource;
}

/** Every figure of every quantity that is judged. */
export interface Quantities {
  /** All varying parameters. */
  readonly parameters: readonly QuantitySummary[];
  /** The worst of the pixels that hold the flux, worst first, at most five. */
  readonly pixels: readonly QuantitySummary[];
  /** The regions asked for. */
  readonly regions: readonly QuantitySummary[];
  readonly burnIn: BurnInCheck;
}

/** Options of `summariseQuantities`. */
export interface QuantitiesOptions extends WatchOptions {
  readonly regions?: readonly Region[];
}

/**
 * All figures of single pixels, as for a parameter.
 *
 * @param images kept draws after burn-in, in memory or in a file
 * @param pixels positions, whole numbers from 0 inside the image
 * @param groups chains that sample the same law, see `chainGroups`; default all
 */
export async function summarisePixels(
  images: ImageTrace | DrawSource,
  pixels: readonly { readonly x: number; readonly y: number }[],
  groups?: ChainGroups,
): Promise<QuantitySummary[]> {
  const source = asDrawSource(images);
  const nx = source.shape[1];
  const chains = comparableChains(Array.from({ length: source.chains }, (_, chain) => source.draws(chain)));
  const rows: QuantitySummary[] = [];
  const kept: KeptScratch = {};
  for (const { x, y } of pixels) {
    const index = y * nx + x;
    const draws: Float32Array[] = [];
    for (let chain = 0; chain < source.chains; chain++) {
      const buffer = new Float32Array(chains.includes(chain) ? source.draws(chain) : 0);
      if (buffer.length > 0) await source.readBand(chain, index, 1, buffer);
      draws.push(buffer);
    }
    rows.push(describeQuantity(pixelName(index, nx), draws, { ...(groups && { groups }), kept }));
  }
  return rows;
}

/**
 * Every figure of parameters, worst pixels and regions, and the check of the burn-in.
 *
 * Draws are read from where they are; nothing is loaded whole.
 *
 * @throws InvalidInputError when a region does not fit the image
 * @throws AbortedError when `signal` says so
 */
export async function summariseQuantities(
  { result, parameters: trace, images: draws }: QuantitiesParts,
  { regions = [], ...watch }: QuantitiesOptions = {},
): Promise<Quantities> {
  const images = asDrawSource(draws);
  const parameters = asParameterSource(trace);
  const which = comparableChains(sweepsAfterBurnIn(parameters));
  const all = Array.from({ length: parameters.chains }, (_, chain) => chain);
  const groups = chainGroups(result.config);
  const kept: KeptScratch = {};
  const rows = parameters.names.flatMap((name, column) => {
    if (BOOKKEEPING_COLUMNS.has(name)) return [];
    const chains = all.map((chain) =>
      which.includes(chain) ? parameterDraws(parameters, column, [chain])[0] : new Float64Array(0),
    );
    const first = chains.find(({ length }) => length > 0)?.[0];
    return chains.every((chain) => chain.every((value) => value === first))
      ? []
      : [describeQuantity(name, chains, { ...(groups && { groups }), kept })];
  });
  const { mean, std, diagnostics } = result;
  const { worst } = censusPixels(diagnostics, pixelsThatMatter(mean, std), images.chains);
  const nx = mean.shape[1];
  return {
    parameters: rows,
    pixels: await summarisePixels(
      images,
      worst.map((pixel) => ({ x: pixel % nx, y: Math.floor(pixel / nx) })),
      groups,
    ),
    regions: regions.length === 0 ? [] : await summariseRegions(images, regions, watch, groups),
    burnIn: checkBurnIn(parameters),
  };
}
