import { type BurnInCheck, checkBurnIn } from "./burn-in.js";
import { asDrawSource, comparableChains, type DrawSource, type WatchOptions } from "./draw-source.js";
import { type QuantitySummary, summariseQuantity } from "./quantity-summary.js";
import { type Region, summariseRegions } from "./region.js";
import type { LiraSummary } from "./result.js";
import { BOOKKEEPING_COLUMNS, parameterDraws, sweepsAfterBurnIn } from "./summary.js";
import { asParameterSource, type ImageTrace, type ParameterSource, type ParameterTrace } from "./trace.js";
import { censusPixels, pixelName, pixelsThatMatter } from "./verdict.js";

/** A result with its draws, in memory or in a file: what `openResult` returns, or a `LiraResult` and its `trace`. */
export interface QuantitiesParts {
  readonly result: Pick<LiraSummary, "mean" | "std" | "diagnostics">;
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
 */
export async function summarisePixels(
  images: ImageTrace | DrawSource,
  pixels: readonly { readonly x: number; readonly y: number }[],
): Promise<QuantitySummary[]> {
  const source = asDrawSource(images);
  const nx = source.shape[1];
  const chains = comparableChains(Array.from({ length: source.chains }, (_, chain) => source.draws(chain)));
  const rows: QuantitySummary[] = [];
  for (const { x, y } of pixels) {
    const index = y * nx + x;
    const draws: Float32Array[] = [];
    for (const chain of chains) {
      const buffer = new Float32Array(source.draws(chain));
      await source.readPixels(chain, index, 1, buffer);
      draws.push(buffer);
    }
    rows.push(summariseQuantity(pixelName(index, nx), draws));
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
  const rows = parameters.names.flatMap((name, column) => {
    if (BOOKKEEPING_COLUMNS.has(name)) return [];
    const chains = parameterDraws(parameters, column, which);
    const first = chains[0]?.[0];
    return chains.every((chain) => chain.every((value) => value === first))
      ? []
      : [summariseQuantity(name, chains)];
  });
  const { mean, std, diagnostics } = result;
  const { worst } = censusPixels(diagnostics, pixelsThatMatter(mean, std), images.chains);
  const nx = mean.shape[1];
  return {
    parameters: rows,
    pixels: await summarisePixels(
      images,
      worst.map((pixel) => ({ x: pixel % nx, y: Math.floor(pixel / nx) })),
    ),
    regions: regions.length === 0 ? [] : await summariseRegions(images, regions, watch),
    burnIn: checkBurnIn(parameters),
  };
}
