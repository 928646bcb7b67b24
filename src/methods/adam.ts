import { NumericsError } from "../errors.js";
import type { Inquiry } from "../inquiry.js";
import type { MinimiserOptions, Minimum, Objective } from "./lbfgs.js";

const FORGET_MEAN = 0.9;
const FORGET_SQUARE = 0.999;

/**
 * Minimise a function, also one that is another random part of the whole in every iteration, by Adam (Kingma & Ba 2015,
 * algorithm 1). The step shrinks as `1 / sqrt(1 + iteration / 100)`.
 *
 * @param start not changed
 * @param rate first step length in every variable, > 0
 * @throws NumericsError where the gradient is not finite: no later step would leave that place
 */
export function* minimiseAdam<Question>(
  objective: Objective<Question>,
  start: Float64Array,
  rate: number,
  { iterations, tolerance, onIteration }: MinimiserOptions,
): Inquiry<Question, Minimum> {
  const at = start.slice();
  const gradient = new Float64Array(start.length);
  const mean = new Float64Array(start.length);
  const square = new Float64Array(start.length);
  const values: number[] = [];
  let [meanLeft, squareLeft] = [1, 1];
  let smooth = 0;
  let reference = Number.POSITIVE_INFINITY;
  for (let iteration = 1; iteration <= iterations; iteration++) {
    const value = yield* objective(at, gradient, iteration);
    values.push(value);
    meanLeft *= FORGET_MEAN;
    squareLeft *= FORGET_SQUARE;
    const step = rate / Math.sqrt(1 + iteration / 100);
    for (let index = 0; index < at.length; index++) {
      const slope = gradient[index];
      if (!Number.isFinite(slope)) {
        throw new NumericsError(
          `map: the optimizer "adam" must find a finite gradient at every step, got ${slope} in iteration ${iteration}; ` +
            'lower learningRate, or use the optimizer "lbfgs"',
          { fields: { iteration } },
        );
      }
      mean[index] = FORGET_MEAN * mean[index] + (1 - FORGET_MEAN) * slope;
      square[index] = FORGET_SQUARE * square[index] + (1 - FORGET_SQUARE) * slope * slope;
      at[index] -=
        (step * mean[index]) / (1 - meanLeft) / (Math.sqrt(square[index] / (1 - squareLeft)) + 1e-12);
    }
    if (onIteration(iteration, at, value) === false)
      return { at, value, iterations: iteration, converged: false, values };
    // Single values are noisy: compare means of 50 iterations.
    smooth += value / 50;
    if (iteration % 50 === 0) {
      if (Math.abs(reference - smooth) <= tolerance * Math.max(1, Math.abs(smooth))) {
        return {
          at,
          value: yield* objective(at, gradient, iteration),
          iterations: iteration,
          converged: true,
          values,
        };
      }
      reference = smooth;
      smooth = 0;
    }
  }
  const value = yield* objective(at, gradient, iterations);
  return { at, value, iterations, converged: false, values };
}
