import { drawPoisson } from "../data/random/poisson.js";
import { randomStream } from "../data/random/random.js";
import { quantileOfSorted } from "../data/random/sorted-quantile.js";
import { createForwardModel, type ForwardModel } from "../model/forward-model.js";
import type { PointEstimate } from "../posterior/point-estimate.js";
import { checkCount } from "./estimate.js";

/** Options of `parametricBootstrap`. */
export interface BootstrapOptions {
  /** Simulated observations, each estimated anew; default 50. */
  readonly replicates?: number;
  /** Default 0. */
  readonly seed?: number;
  /** Called after each replicate. Return `false` to make do with those done. */
  readonly onReplicate?: (done: number, replicates: number) => unknown;
}

/**
 * Errors of an estimate by parametric bootstrap (Efron & Tibshirani 1993, section 6.5): draw counts from what it predicts, estimate
 * again, and take the spread of the estimates. This is the error of the whole procedure, early stopping included, but not its
 * bias: a method that smooths too much gets small errors.
 *
 * @param estimateAgain the method and options that gave the estimate
 * @returns the estimate with `std`, and `interval` from the 16 % and 84 % quantiles; without them when it was ended before
 *   the second replicate
 * @throws InvalidInputError unless `replicates` is a whole number of at least 2
 */
export function parametricBootstrap(
  model: ForwardModel,
  estimate: PointEstimate,
  estimateAgain: (model: ForwardModel) => PointEstimate,
  { replicates = 50, seed = 0, onReplicate }: BootstrapOptions = {},
): PointEstimate {
  checkCount("bootstrap", "replicates", replicates, 2, 1e6);
  const started = performance.now();
  const random = randomStream(seed);
  const { data, shape } = estimate.flux;
  const images: Float64Array[] = [];
  let complete = estimate.complete;
  for (let replicate = 0; replicate < replicates && complete; replicate++) {
    const observations = model.observations.map((observation, index) => ({
      ...observation,
      counts: {
        data: estimate.predicted[index].data.map((expected) => drawPoisson(random, Math.max(0, expected))),
        shape: observation.counts.shape,
      },
    }));
    const again = createForwardModel(observations, {
      ...model.options,
      backgroundScale: estimate.backgroundScale,
    });
    images.push(estimateAgain(again).flux.data);
    const done = replicate + 1;
    complete = onReplicate?.(done, replicates) !== false || done === replicates;
  }
  if (images.length < 2) {
    return { ...estimate, complete, seconds: estimate.seconds + (performance.now() - started) / 1000 };
  }
  const std = new Float64Array(data.length);
  const lower = new Float64Array(data.length);
  const upper = new Float64Array(data.length);
  const values = new Float64Array(images.length);
  for (let pixel = 0; pixel < data.length; pixel++) {
    let sum = 0;
    for (const [index, image] of images.entries()) {
      values[index] = image[pixel];
      sum += image[pixel];
    }
    const mean = sum / images.length;
    let squares = 0;
    for (const value of values) squares += (value - mean) ** 2;
    std[pixel] = Math.sqrt(squares / (images.length - 1));
    values.sort();
    lower[pixel] = quantileOfSorted(values, 0.1586552539314571);
    upper[pixel] = quantileOfSorted(values, 0.8413447460685429);
  }
  return {
    ...estimate,
    complete,
    std: { data: std, shape },
    interval: [
      { data: lower, shape },
      { data: upper, shape },
    ],
    seconds: estimate.seconds + (performance.now() - started) / 1000,
  };
}
