/** The model of the counts, written as the textbook has it: who can see whom, expected counts, log-likelihood. */
import type { Observation } from "../../src/data/observation/observation.js";
import type { Shape, SkyImage } from "../../src/image.js";
import { naiveShares } from "./psf-set.js";

/** One observation with its defaults filled in, and the chance that a photon born in a pixel is detected. */
export interface TextbookObservation {
  readonly shape: Shape;
  readonly counts: Float64Array;
  readonly psf: Float64Array;
  readonly psfShape: Shape;
  /** The psfs of a set in place of the one, and what share of its light each sky pixel gives to them. */
  readonly places?: readonly (Pick<TextbookObservation, "psf" | "psfShape"> & {
    readonly shares: Float64Array;
  })[];
  readonly exposure: Float64Array;
  readonly background: Float64Array;
  /** 1 = detector pixel in use. */
  readonly mask: Float64Array;
  /** `q[j]`: sum of the psf over the detector pixels in use that sky pixel j can reach. */
  readonly detected: Float64Array;
  readonly boundary: "spill" | "wrap";
}

/** Fill in the defaults of an observation, normalise its psf and compute `q`. */
export function textbookObservation(
  observation: Observation,
  boundary: "spill" | "wrap",
): TextbookObservation {
  const { shape } = observation.counts;
  const pixels = shape[0] * shape[1];
  const image = (given: SkyImage | undefined, otherwise: number) =>
    given === undefined ? new Float64Array(pixels).fill(otherwise) : given.data;
  const normalised = ({ data }: SkyImage) => {
    const sum = data.reduce((total, value) => total + value, 0);
    return data.map((value) => value / sum);
  };
  const { places } = observation.psf;
  const prepared: TextbookObservation = {
    shape,
    counts: observation.counts.data,
    psf: normalised(observation.psf),
    psfShape: observation.psf.shape,
    ...(places && {
      places: places.map(({ psf }, place) => ({
        psf: normalised(psf),
        psfShape: psf.shape,
        shares: Float64Array.from({ length: pixels }, (_, j) => {
          return naiveShares(places, j % shape[1], Math.floor(j / shape[1]))[place];
        }),
      })),
    }),
    exposure: image(observation.exposure, 1),
    background: image(observation.background, 0),
    mask: image(observation.mask, 1),
    detected: new Float64Array(pixels),
    boundary,
  };
  for (let row = 0; row < shape[0]; row++) {
    for (let col = 0; col < shape[1]; col++) {
      const pixel = row * shape[1] + col;
      if (prepared.mask[pixel] === 0) continue;
      forEachSource(prepared, row, col, (source, probability) => {
        prepared.detected[source] += probability;
      });
    }
  }
  return prepared;
}

/** Visit every sky pixel j that detector pixel i = (row, col) can see, with the probability psf[i - j + c], or for each place its part. */
export function forEachSource(
  { places, ...one }: Pick<TextbookObservation, "shape" | "psf" | "psfShape" | "boundary" | "places">,
  row: number,
  col: number,
  visit: (source: number, probability: number) => void,
): void {
  if (places !== undefined) {
    for (const { psf, psfShape, shares } of places) {
      forEachSource({ ...one, psf, psfShape }, row, col, (source, probability) => {
        if (shares[source] > 0) visit(source, probability * shares[source]);
      });
    }
    return;
  }
  const { shape, psf, psfShape, boundary } = one;
  const [ny, nx] = shape;
  const [height, width] = psfShape;
  const centreRow = Math.floor(height / 2);
  const centreCol = Math.floor(width / 2);
  for (let psfRow = 0; psfRow < height; psfRow++) {
    let sourceRow = row - psfRow + centreRow;
    if (boundary === "wrap") sourceRow = ((sourceRow % ny) + ny) % ny;
    else if (sourceRow < 0 || sourceRow >= ny) continue;
    for (let psfCol = 0; psfCol < width; psfCol++) {
      let sourceCol = col - psfCol + centreCol;
      if (sourceCol < 0 || sourceCol >= nx) {
        if (boundary === "spill") continue;
        sourceCol = ((sourceCol % nx) + nx) % nx;
      }
      visit(sourceRow * nx + sourceCol, psf[psfRow * width + psfCol]);
    }
  }
}

/** Expected counts `lambda` `[ny, nx]` of one observation; zero where the mask is zero. */
export function textbookExpectedCounts(
  observation: TextbookObservation,
  flux: Float64Array,
  scale: number,
): Float64Array {
  const [ny, nx] = observation.shape;
  const emission = flux.map(
    (value, j) => observation.exposure[j] * (value + scale * observation.background[j]),
  );
  const lambda = new Float64Array(ny * nx);
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      const pixel = row * nx + col;
      if (observation.mask[pixel] === 0) continue;
      let sum = 0;
      forEachSource(observation, row, col, (source, probability) => {
        sum += probability * emission[source];
      });
      lambda[pixel] = sum;
    }
  }
  return lambda;
}

/** `sum(counts log lambda - lambda)` over the detector pixels in use. */
export function textbookLogLikelihood(observation: TextbookObservation, lambda: Float64Array): number {
  let sum = 0;
  for (let pixel = 0; pixel < lambda.length; pixel++) {
    if (observation.mask[pixel] === 0) continue;
    const counts = observation.counts[pixel];
    if (counts > 0) sum += counts * Math.log(lambda[pixel]);
    sum -= lambda[pixel];
  }
  return sum;
}
/** `E0 = sum_m max_j exposure[m,j]`. */
export function referenceExposureOf(observations: readonly Observation[]): number {
  let sum = 0;
  for (const { exposure } of observations)
    sum += exposure === undefined ? 1 : exposure.data.reduce((a, b) => Math.max(a, b), 0);
  return sum;
}
