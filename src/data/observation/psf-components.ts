/**
 * Principal components of an ensemble of psfs (Lee et al. 2011, ApJ 731, 126): the few ways in which its members differ most, so that
 * the psf may also lie between them.
 */

import type { SkyImage } from "../../image.js";
import { meanOfMembers, type PsfMember } from "./psf-set.js";

/** What the principal components of an ensemble are. */
export interface PsfComponents {
  /** One standard deviation of each, the largest first, of the shape of the members and with sum 0. */
  readonly images: readonly SkyImage[];
  /** Share of the variance of all cells, over the members by weight, that they explain, in [0, 1]. */
  readonly explained: number;
}

/** Components that were found, by their members: chains and tables ask again. */
const found = new WeakMap<readonly PsfMember[], readonly SkyImage[]>();

/**
 * The leading principal components of an ensemble.
 *
 * @param members of one shape, sum 1 each, whose weights have sum 1
 * @param count whole number from 1 to the number of members less 1
 */
export function psfComponents(members: readonly PsfMember[], count: number): PsfComponents {
  const all = found.get(members) ?? allComponents(members);
  found.set(members, all);
  const variances = all.map(({ data }) => dot(data, data));
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return {
    images: all.slice(0, count),
    explained: Math.min(1, sum(variances.slice(0, count)) / sum(variances)),
  };
}

/**
 * With `d_k` the member k less the mean and `w_k` its weight, the covariance of the cells is `sum_k w_k d_k d_k'`. Its eigenvectors follow
 * from those of the matrix of products `sqrt(w_k w_l) d_k . d_l`, which is as large as the ensemble, not as the psf.
 */
function allComponents(members: readonly PsfMember[]): SkyImage[] {
  const { data: mean, shape } = meanOfMembers(members);
  const scaled = members.map(({ psf, weight }) =>
    psf.data.map((value, cell) => Math.sqrt(weight) * (value - mean[cell])),
  );
  const { values, vectors } = eigenvectors(scaled.map((one) => scaled.map((other) => dot(one, other))));
  return values
    .map((value, index) => ({ value, vector: vectors[index] }))
    .sort((one, other) => other.value - one.value)
    .map(({ vector }) => {
      // Of the two signs the one under which the largest entry is positive: the same wherever it is found.
      const largest = vector.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
      const data = new Float64Array(mean.length);
      for (const [member, deviation] of scaled.entries()) {
        const factor = largest < 0 ? -vector[member] : vector[member];
        for (let cell = 0; cell < data.length; cell++) data[cell] += factor * deviation[cell];
      }
      return { data, shape };
    });
}

function dot(one: ArrayLike<number>, other: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < one.length; index++) sum += one[index] * other[index];
  return sum;
}

/** Most rounds of rotations; a handful is enough. */
const ROUNDS = 60;

/** Eigenvalues and unit eigenvectors of a symmetric matrix by Jacobi's rotations: only + - * / and square roots, the same bytes everywhere. */
function eigenvectors(matrix: readonly (readonly number[])[]) {
  const size = matrix.length;
  const a = matrix.map((row) => Float64Array.from(row));
  const vectors = matrix.map((_, index) => new Float64Array(size).fill(1, index, index + 1));
  const rotate = (one: Float64Array, other: Float64Array, c: number, s: number) => {
    for (let index = 0; index < size; index++) {
      const [left, right] = [one[index], other[index]];
      one[index] = c * left - s * right;
      other[index] = s * left + c * right;
    }
  };
  const scale = a.reduce((sum, row, index) => sum + row[index], 0);
  for (let round = 0; round < ROUNDS; round++) {
    let off = 0;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        off += Math.abs(a[p][q]);
        if (Math.abs(a[p][q]) <= 1e-18 * scale) continue;
        const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        const s = t * c;
        rotate(a[p], a[q], c, s);
        for (const row of a) {
          const [left, right] = [row[p], row[q]];
          row[p] = c * left - s * right;
          row[q] = s * left + c * right;
        }
        rotate(vectors[p], vectors[q], c, s);
      }
    }
    if (off <= 1e-16 * scale) break;
  }
  return { values: a.map((row, index) => row[index]), vectors };
}
