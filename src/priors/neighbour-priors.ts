import { exponential, naturalLog } from "../data/random/exponential.js";
import type { SkyImage } from "../image.js";
import { checkPositiveOption, type FluxPrior, priorWithData } from "./flux-prior.js";

// Priors that compare a pixel with those around it. Beyond the edge there are no neighbours.

/** Strength of a prior, > 0: what its sum is multiplied by. */
export interface Strength {
  readonly strength: number;
}

/** Visit all pairs of pixels that share an edge. */
function forPairs({ shape: [ny, nx] }: SkyImage, visit: (first: number, second: number) => void): void {
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      const index = row * nx + col;
      if (col + 1 < nx) visit(index, index + 1);
      if (row + 1 < ny) visit(index, index + nx);
    }
  }
}

/**
 * Tikhonov's prior on the gradient, `-strength / 2 sum (flux_i - flux_j)^2` over pairs of neighbours: smooth everywhere, edges
 * and points included.
 *
 * @throws InvalidInputError unless strength > 0
 */
export function gradientTikhonovPrior({ strength }: Strength): FluxPrior {
  checkPositiveOption("gradientTikhonovPrior", "strength", strength);
  return priorWithData(
    {
      name: "gradient Tikhonov prior",
      logDensity(flux) {
        let sum = 0;
        forPairs(flux, (i, j) => {
          sum += (flux.data[i] - flux.data[j]) ** 2;
        });
        return -0.5 * strength * sum;
      },
      gradient(flux, out) {
        out.fill(0);
        forPairs(flux, (i, j) => {
          const difference = strength * (flux.data[i] - flux.data[j]);
          out[i] -= difference;
          out[j] += difference;
        });
      },
    },
    { make: "gradientTikhonovPrior", with: [{ strength }] },
  );
}

/**
 * Total variation, `-strength sum sqrt(dx^2 + dy^2 + smoothing^2)` with differences to the right and downwards (Rudin, Osher &
 * Fatemi 1992): flat patches with sharp edges.
 *
 * @param smoothing flux below which differences count as squares, > 0; a few per cent of typical differences
 * @throws InvalidInputError unless both are > 0
 */
export function totalVariationPrior({
  strength,
  smoothing,
}: Strength & { readonly smoothing: number }): FluxPrior {
  checkPositiveOption("totalVariationPrior", "strength", strength);
  checkPositiveOption("totalVariationPrior", "smoothing", smoothing);
  /** Visit every pixel with its right and lower neighbour, itself where there is none. */
  const visit = (
    { data, shape: [ny, nx] }: SkyImage,
    each: (index: number, right: number, below: number, length: number) => void,
  ) => {
    for (let row = 0; row < ny; row++) {
      for (let col = 0; col < nx; col++) {
        const index = row * nx + col;
        const right = col + 1 < nx ? index + 1 : index;
        const below = row + 1 < ny ? index + nx : index;
        const dx = data[right] - data[index];
        const dy = data[below] - data[index];
        each(index, right, below, Math.sqrt(dx * dx + dy * dy + smoothing * smoothing));
      }
    }
  };
  return priorWithData(
    {
      name: "total variation prior",
      logDensity(flux) {
        let sum = 0;
        visit(flux, (_index, _right, _below, length) => {
          sum += length;
        });
        return -strength * sum;
      },
      gradient(flux, out) {
        const { data } = flux;
        out.fill(0);
        visit(flux, (index, right, below, length) => {
          const across = (strength * (data[right] - data[index])) / length;
          const down = (strength * (data[below] - data[index])) / length;
          out[index] += across + down;
          out[right] -= across;
          out[below] -= down;
        });
      },
    },
    { make: "totalVariationPrior", with: [{ strength, smoothing }] },
  );
}

/**
 * A Markov random field on the logarithm, `-strength / 2 sum (ln flux_i - ln flux_j)^2` over pairs of neighbours: smooth in
 * relative terms, so that a bright region may be as bright as it likes. With `measure` "log-flux" it is a Gaussian field of
 * ln flux.
 *
 * @throws InvalidInputError unless strength > 0
 */
export function markovPrior({ strength }: Strength): FluxPrior {
  checkPositiveOption("markovPrior", "strength", strength);
  return priorWithData(
    {
      name: "Markov random field prior",
      measure: "log-flux",
      // The density of ln flux is that of the flux times the flux of every pixel.
      logDensity(flux) {
        const logs = flux.data.map(naturalLog);
        let sum = 0;
        forPairs(flux, (i, j) => {
          sum += 0.5 * strength * (logs[i] - logs[j]) ** 2;
        });
        for (const log of logs) sum += log;
        return -sum;
      },
      gradient(flux, out) {
        const logs = flux.data.map(naturalLog);
        out.fill(-1);
        forPairs(flux, (i, j) => {
          const difference = strength * (logs[i] - logs[j]);
          out[i] -= difference;
          out[j] += difference;
        });
        for (let index = 0; index < out.length; index++) out[index] /= flux.data[index];
      },
    },
    { make: "markovPrior", with: [{ strength }] },
  );
}

/**
 * Gaussian smoothness, `-strength / 2 sum (flux - G flux)^2`, where G averages over a Gaussian of standard deviation `sigma`
 * pixels, as much of it as lies in the image: what is smooth on that scale costs nothing.
 *
 * @throws InvalidInputError unless both are > 0
 */
export function smoothnessPrior({ strength, sigma }: Strength & { readonly sigma: number }): FluxPrior {
  checkPositiveOption("smoothnessPrior", "strength", strength);
  checkPositiveOption("smoothnessPrior", "sigma", sigma);
  const reach = Math.ceil(4 * sigma);
  const weights = Float64Array.from({ length: reach + 1 }, (_, d) =>
    exponential((-0.5 * d * d) / (sigma * sigma)),
  );
  return priorWithData(
    {
      name: "smoothness prior",
      logDensity(flux) {
        let sum = 0;
        for (const value of roughness(flux, weights)) sum += value * value;
        return -0.5 * strength * sum;
      },
      gradient(flux, out) {
        const rough = roughness(flux, weights);
        const smooth = average({ data: rough, shape: flux.shape }, weights, true);
        for (let index = 0; index < out.length; index++)
          out[index] = -strength * (rough[index] - smooth[index]);
      },
    },
    { make: "smoothnessPrior", with: [{ strength, sigma }] },
  );
}

function roughness(flux: SkyImage, weights: Float64Array): Float64Array {
  const smooth = average(flux, weights, false);
  return flux.data.map((value, index) => value - smooth[index]);
}

/** Weighted means along rows, then columns; or the transpose. */
function average(
  { data, shape: [ny, nx] }: SkyImage,
  weights: Float64Array,
  transpose: boolean,
): Float64Array {
  const between = new Float64Array(data.length);
  const result = new Float64Array(data.length);
  averageLines(data, between, weights, transpose, { lines: ny, length: nx, step: 1, next: nx });
  averageLines(between, result, weights, transpose, { lines: nx, length: ny, step: nx, next: 1 });
  return result;
}

function averageLines(
  from: Float64Array,
  to: Float64Array,
  weights: Float64Array,
  transpose: boolean,
  lay: { readonly lines: number; readonly length: number; readonly step: number; readonly next: number },
): void {
  const reach = weights.length - 1;
  const inside = (place: number) => {
    let sum = 0;
    for (let other = Math.max(0, place - reach); other <= Math.min(lay.length - 1, place + reach); other++) {
      sum += weights[Math.abs(other - place)];
    }
    return sum;
  };
  const sums = Float64Array.from({ length: lay.length }, (_, place) => inside(place));
  for (let line = 0; line < lay.lines; line++) {
    const start = line * lay.next;
    for (let place = 0; place < lay.length; place++) {
      let sum = 0;
      for (
        let other = Math.max(0, place - reach);
        other <= Math.min(lay.length - 1, place + reach);
        other++
      ) {
        const weight = weights[Math.abs(other - place)] / sums[transpose ? other : place];
        sum += weight * from[start + other * lay.step];
      }
      to[start + place * lay.step] = sum;
    }
  }
}
