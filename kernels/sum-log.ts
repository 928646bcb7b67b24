// The sum of `counts log lambda` over lit pixels, while their photons are redistributed.

import { log } from "./special";
import { FAINT } from "./window";

let sumLog: f64 = 0;
let product: f64 = 1;

/** Begin the sum of `counts log lambda`. */
export function beginSumLog(): void {
  sumLog = 0;
  product = 1;
}

/**
 * Add one pixel's `counts log lambda`. Powers of lambda are multiplied up, and their logarithm taken only before the
 * product leaves its range.
 */
export function addLog(lambda: f64, counts: i32): void {
  if (counts <= 2 && lambda > FAINT) {
    product *= counts === 1 ? lambda : lambda * lambda;
    if (product < 1e-200 || product > 1e200) {
      sumLog += log(product);
      product = 1;
    }
  } else {
    sumLog += <f64>counts * log(lambda);
  }
}

/** The sum of `counts log lambda` since `beginSumLog`. */
export function endSumLog(): f64 {
  return sumLog + log(product);
}
