// The density of the fractions of all blocks under the adaptive prior, from the gamma draws g that make them while the image is
// drawn: a block of children c in state k has log f_c = g_c - largest - log sum, sum = sum_c exp(g_c - largest), and the density of the
// logarithms of its fractions is
//
//     log Gamma(G_k) - sum_c log Gamma(g[k, c])  +  sum_c g[k, c] log f_c.

import { alphaSum, alphasOf, logNormOf, states } from "./adaptive-prior";
import { log } from "./special";

/** f64 `[kind, state]`: products of the sums of blocks, whose logarithm is due before they leave the range of a double. */
const products = memory.data(8 * 32 * 3, 16);
/** Beyond this a product is turned into its logarithm: a block multiplies it by 4 at most. */
const MOST: f64 = 1e300;

let weighted: v128 = f64x2.splat(0);
let rest: f64 = 0;

function productOf(state: i32, kind: i32): usize {
  return products + ((<usize>(kind * 32 + state)) << 3);
}

/** Begin with no block. */
export function beginFractions(): void {
  weighted = f64x2.splat(0);
  rest = 0;
  for (let state = 0; state < states; state++) {
    for (let kind = 0; kind < 3; kind++) store<f64>(productOf(state, kind), 1);
  }
}

/**
 * Add a block.
 *
 * @param upper, lower its draws, 0 in place of children that there are not
 */
export function addFractions(state: i32, kind: i32, upper: v128, lower: v128, largest: f64, sum: f64): void {
  const alphas = alphasOf(state);
  weighted = f64x2.add(weighted, f64x2.mul(upper, v128.load(alphas)));
  weighted = f64x2.add(weighted, f64x2.mul(lower, v128.load(alphas, 16)));
  rest += logNormOf(state, kind) - alphaSum(state, kind) * largest;
  const at = productOf(state, kind);
  const product = load<f64>(at) * sum;
  if (product > MOST) {
    rest -= alphaSum(state, kind) * log(product);
    store<f64>(at, 1);
  } else store<f64>(at, product);
}

/** The logarithm of the density of all blocks added. */
export function endFractions(): f64 {
  for (let state = 0; state < states; state++) {
    for (let kind = 0; kind < 3; kind++) {
      rest -= alphaSum(state, kind) * log(load<f64>(productOf(state, kind)));
    }
  }
  return rest + f64x2.extract_lane(weighted, 0) + f64x2.extract_lane(weighted, 1);
}
