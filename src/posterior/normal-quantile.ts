import { naturalLog } from "../data/random/exponential.js";

// Coefficients, constant term first, of the three rational approximations of Wichura (1988), Algorithm AS 241,
// Applied Statistics 37, 477 (routine PPND16, relative error about 1e-16).
const CENTRE_NUMERATOR = [
  3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987,
  67265.7709270087, 33430.57558358813, 2509.0809287301227,
];
const CENTRE_DENOMINATOR = [
  1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271,
  28729.085735721943, 5226.495278852854,
];
const TAIL_NUMERATOR = [
  1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684,
  0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
];
const TAIL_DENOMINATOR = [
  1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
  0.0005475938084995345, 1.0507500716444169e-9,
];
const FAR_NUMERATOR = [
  6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124,
  0.0012426609473880784, 2.7115555687434876e-5, 2.0103343992922881e-7,
];
const FAR_DENOMINATOR = [
  1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133,
  1.8463183175100548e-5, 1.421511758316446e-7, 2.0442631033899397e-15,
];

function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (let k = coefficients.length - 1; k >= 0; k--) sum = sum * x + coefficients[k];
  return sum;
}

/**
 * Inverse of the standard normal distribution function, the same bits in every engine.
 *
 * @param probability in [0, 1]; 0 and 1 give minus and plus infinity, anything outside NaN
 */
export function normalQuantile(probability: number): number {
  if (!(probability >= 0 && probability <= 1)) return Number.NaN;
  const offset = probability - 0.5;
  if (offset >= -0.425 && offset <= 0.425) {
    const r = 0.180625 - offset * offset;
    return (offset * polynomial(CENTRE_NUMERATOR, r)) / polynomial(CENTRE_DENOMINATOR, r);
  }
  const tail = offset < 0 ? probability : 1 - probability;
  const sign = offset < 0 ? -1 : 1;
  if (tail === 0) return sign * Infinity;
  const r = Math.sqrt(-naturalLog(tail));
  return r <= 5
    ? (sign * polynomial(TAIL_NUMERATOR, r - 1.6)) / polynomial(TAIL_DENOMINATOR, r - 1.6)
    : (sign * polynomial(FAR_NUMERATOR, r - 5)) / polynomial(FAR_DENOMINATOR, r - 5);
}
