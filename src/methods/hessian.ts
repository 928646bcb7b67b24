import type { RandomStream } from "../data/random/random.js";

/** Applies a symmetric matrix to a vector. */
export type MatrixProduct = (vector: Float64Array) => Float64Array;

/** The Hessian of a function at a point, by central differences of its gradient along a direction. */
export function hessianProduct(
  gradientAt: (at: Float64Array) => Float64Array,
  at: Float64Array,
): MatrixProduct {
  return (vector) => {
    let most = 0;
    for (const value of vector) most = Math.max(most, Math.abs(value));
    if (most === 0) return new Float64Array(vector.length);
    // Moves no variable by more than 1e-4: the error is about 1e-8 from curvature, 1e-11 from rounding.
    const width = 1e-4 / most;
    const ahead = gradientAt(at.map((value, index) => value + width * vector[index]));
    const behind = gradientAt(at.map((value, index) => value - width * vector[index]));
    return ahead.map((value, index) => (value - behind[index]) / (2 * width));
  };
}

function signs(random: RandomStream, length: number): Float64Array {
  return Float64Array.from({ length }, () => (random.uniform() < 0.5 ? -1 : 1));
}

/**
 * Estimate the diagonal of a matrix from products with random signs (Hutchinson 1990; Bekas, Kokiopoulou & Saad 2007): unbiased,
 * exact for a diagonal matrix.
 */
export function estimateDiagonal(
  product: MatrixProduct,
  length: number,
  probes: number,
  random: RandomStream,
): Float64Array {
  const sum = new Float64Array(length);
  for (let probe = 0; probe < probes; probe++) {
    const vector = signs(random, length);
    const image = product(vector);
    for (let index = 0; index < length; index++) sum[index] += (vector[index] * image[index]) / probes;
  }
  return sum;
}

/**
 * Estimate the diagonal of the inverse of a positive definite matrix in the same way, each product by conjugate gradients with
 * the matrix's own (estimated) diagonal as preconditioner.
 */
export function estimateInverseDiagonal(
  product: MatrixProduct,
  diagonal: Float64Array,
  probes: number,
  random: RandomStream,
): Float64Array {
  return estimateDiagonal((vector) => solve(product, diagonal, vector), diagonal.length, probes, random);
}

const MOST_STEPS = 200;

/** Conjugate gradients until the residual is a thousandth of the start, or the matrix turns out not to be positive. */
function solve(product: MatrixProduct, diagonal: Float64Array, right: Float64Array): Float64Array {
  const length = right.length;
  const solution = new Float64Array(length);
  const residual = right.slice();
  const conditioned = residual.map((value, index) => value / diagonal[index]);
  const direction = conditioned.slice();
  let measure = 0;
  for (let index = 0; index < length; index++) measure += residual[index] * conditioned[index];
  const goal = 1e-6 * measure;
  for (let step = 0; step < MOST_STEPS && measure > goal; step++) {
    const image = product(direction);
    let curvature = 0;
    for (let index = 0; index < length; index++) curvature += direction[index] * image[index];
    if (!(curvature > 0)) break;
    const size = measure / curvature;
    let next = 0;
    for (let index = 0; index < length; index++) {
      solution[index] += size * direction[index];
      residual[index] -= size * image[index];
      conditioned[index] = residual[index] / diagonal[index];
      next += residual[index] * conditioned[index];
    }
    for (let index = 0; index < length; index++) {
      direction[index] = conditioned[index] + (next / measure) * direction[index];
    }
    measure = next;
  }
  return solution;
}
