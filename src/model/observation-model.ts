import type { Boundary } from "../data/observation/boundary.js";
import type { CheckedObservation } from "../data/observation/check-observation.js";
import { type ModelKernels, reserve } from "../model-kernels.js";
import { skyBlur } from "./sky-blur.js";
import { isPlain, ontoSky, type SkyGrid } from "./sky-grid.js";
import { psfInSkyPixels, trimmedPsf } from "./sky-psf.js";

/** How one observation sees the sky. */
export interface ObservationModelOptions {
  readonly boundary: Boundary;
  readonly psfPixels: "detector" | "sky";
  readonly offset: { readonly x: number; readonly y: number };
  readonly blurring: "automatic" | "sums" | "transforms";
}

/** One observation of a forward model: its arrays live in the memory of the kernels. */
export interface ObservationModel {
  /** 1 for detector pixels in use, else 0. */
  readonly weights: Float64Array;
  readonly totalCounts: number;
  /** Expected counts of the background at scale 1, pixels in use. */
  readonly backgroundTotal: number;
  /** Fill `lambda` and `ratios`; returns half the Cash statistic. */
  evaluate(flux: ArrayLike<number>, scale: number): number;
  /** Expected counts of the last evaluation `[ny, nx]` of the detector: a view. */
  lambda(): Float64Array;
  /** `sum_i background[i] counts[i] / lambda[i]` of the last evaluation. */
  backgroundRatios(): number;
  /** Expected counts of a source alone, of any sign; `lambda` is lost. */
  project(source: ArrayLike<number>): Float64Array;
  /** Add the transpose of `project`, applied to counts / lambda of the last evaluation, to the sky at the address `out`. */
  addRatios(out: number): void;
  /** The same for any image of the detector; `lambda` is lost. */
  addTranspose(image: ArrayLike<number>, out: number): void;
}

/** A smaller expected count than this many times its possible rounding error is summed directly. */
const RELIABLE = 1e6;

/**
 * Lay out one observation.
 *
 * @param scratch addresses of two images of the sky, shared by all observations
 */
export function observationModel(
  kernels: ModelKernels,
  observation: CheckedObservation,
  grid: SkyGrid,
  scratch: { readonly source: number; readonly blurred: number },
  { boundary, psfPixels, offset, blurring }: ObservationModelOptions,
): ObservationModel {
  const [skyNy, skyNx] = grid.shape;
  const [ny, nx] = grid.detector;
  const { upsampling, margin } = grid;
  const skyPixels = skyNy * skyNx;
  const pixels = ny * nx;
  const plain = isPlain(grid);

  const psf = psfInSkyPixels(observation.psf, grid, { psfPixels, offset });
  const blur = skyBlur(kernels, trimmedPsf(psf, grid.shape, boundary), grid.shape, { boundary, blurring });
  let blurError = 0;
  // Views are made anew at each use: growing the memory detaches older ones.
  const view = (address: number, length: number) => new Float64Array(kernels.memory.buffer, address, length);

  const address = {
    lambda: reserve(kernels, 8 * (pixels + 1)),
    counts: reserve(kernels, 8 * (pixels + 1)),
    weights: reserve(kernels, 8 * (pixels + 1)),
    ratios: reserve(kernels, 8 * (pixels + 1)),
  };
  const { mask, counts } = observation;
  const weights = mask ? mask.data : new Float64Array(pixels).fill(1);
  view(address.weights, pixels).set(weights);
  view(address.counts, pixels).set(mask ? counts.data.map((d, index) => d * weights[index]) : counts.data);
  let totalCounts = 0;
  for (const value of view(address.counts, pixels)) totalCounts += value;
  const exposed = reserve(kernels, 8 * (skyPixels + 1));
  view(exposed, skyPixels).set(ontoSky(observation.exposure, grid, offset, boundary).data);

  /** Expected counts of `source` in detector pixels. */
  const blurSource = (values: ArrayLike<number>): void => {
    view(scratch.source, skyPixels).set(values);
    kernels.multiply(scratch.source, exposed, scratch.source, skyPixels);
    blurError = blur.blur(scratch.source, plain ? address.lambda : scratch.blurred);
    if (!plain) binPixels(view(scratch.blurred, skyPixels), grid, view(address.lambda, pixels));
  };
  const directly = (index: number): number => {
    const top = (Math.floor(index / nx) + margin) * upsampling;
    const left = ((index % nx) + margin) * upsampling;
    let sum = 0;
    for (let a = 0; a < upsampling; a++) {
      for (let b = 0; b < upsampling; b++) {
        sum += blur.pixel(scratch.source, top + a, left + b);
      }
    }
    return sum;
  };
  /** Source counts, exact where they matter, into `lambda`. */
  const blurFlux = (flux: ArrayLike<number>): void => {
    blurSource(flux);
    const limit = RELIABLE * upsampling * upsampling * blurError;
    for (let index = 0; limit > 0; index++) {
      index = kernels.nextDoubtful(address.lambda, address.counts, limit, index, pixels);
      if (index >= pixels) break;
      view(address.lambda, pixels)[index] = directly(index);
    }
  };

  let background = 0;
  let backgroundTotal = 0;
  if (observation.background.data.some((value) => value > 0)) {
    const perPixel = ontoSky(observation.background, grid, offset, boundary).data;
    blurFlux(upsampling === 1 ? perPixel : perPixel.map((value) => value / (upsampling * upsampling)));
    background = reserve(kernels, 8 * (pixels + 1));
    const expected = view(background, pixels);
    expected.set(view(address.lambda, pixels));
    for (let index = 0; index < pixels; index++) backgroundTotal += weights[index] * expected[index];
  }
  /** Blur the image at `image` backwards and add it to the image of the sky at `out`. */
  const addBlurred = (image: number, out: number): void => {
    let spread = image;
    if (!plain) {
      spread = scratch.source;
      spreadPixels(view(image, pixels), grid, view(spread, skyPixels));
    }
    blur.transpose(spread, scratch.blurred);
    kernels.addProduct(scratch.blurred, exposed, out, skyPixels);
  };

  return {
    weights,
    totalCounts,
    backgroundTotal,
    evaluate(flux, scale) {
      blurFlux(flux);
      if (background !== 0 && scale > 0) kernels.addScaled(background, scale, address.lambda, pixels);
      return kernels.poissonTerms(address.lambda, address.counts, address.weights, address.ratios, pixels);
    },
    lambda: () => view(address.lambda, pixels),
    backgroundRatios() {
      if (background === 0) return 0;
      const expected = view(background, pixels);
      const ratios = view(address.ratios, pixels);
      let sum = 0;
      for (let index = 0; index < pixels; index++) sum += expected[index] * ratios[index];
      return sum;
    },
    project(source) {
      blurSource(source);
      return view(address.lambda, pixels).slice();
    },
    addRatios: (out) => addBlurred(address.ratios, out),
    addTranspose(image, out) {
      view(address.lambda, pixels).set(image);
      addBlurred(address.lambda, out);
    },
  };
}

/** Sum the sky pixels of each detector pixel. */
function binPixels(
  sky: Float64Array,
  { shape, detector, upsampling, margin }: SkyGrid,
  out: Float64Array,
): void {
  const [ny, nx] = detector;
  for (let row = 0, index = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++, index++) {
      let sum = 0;
      for (let a = 0; a < upsampling; a++) {
        const line = ((row + margin) * upsampling + a) * shape[1] + (col + margin) * upsampling;
        for (let b = 0; b < upsampling; b++) sum += sky[line + b];
      }
      out[index] = sum;
    }
  }
}

/** The transpose of `binPixels`. */
function spreadPixels(
  image: Float64Array,
  { shape, detector, upsampling, margin }: SkyGrid,
  out: Float64Array,
): void {
  const [ny, nx] = detector;
  out.fill(0);
  for (let row = 0, index = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++, index++) {
      for (let a = 0; a < upsampling; a++) {
        const line = ((row + margin) * upsampling + a) * shape[1] + (col + margin) * upsampling;
        for (let b = 0; b < upsampling; b++) out[line + b] = image[index];
      }
    }
  }
}
