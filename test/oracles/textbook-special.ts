/**
 * Special functions by the asymptotic series of Abramowitz & Stegun (1964, 6.1.41, 6.3.18, 6.4.12), after raising the
 * argument to 10 or more by recurrence. Relative error below 1e-13 away from the zeros.
 */

const HALF_LOG_TWO_PI = 0.9189385332046728;

/** Logarithm of the gamma function, x > 0. */
export function logGammaFunction(x: number): number {
  let argument = x;
  let product = 1;
  while (argument < 10) product *= argument++;
  const inverse = 1 / argument;
  const square = inverse * inverse;
  const series =
    inverse *
    (1 / 12 -
      square *
        (1 / 360 -
          square * (1 / 1260 - square * (1 / 1680 - square * (1 / 1188 - (square * 691) / 360360)))));
  return (argument - 0.5) * Math.log(argument) - argument + HALF_LOG_TWO_PI + series - Math.log(product);
}

/** Derivative of `logGammaFunction`, x > 0. */
export function digamma(x: number): number {
  let argument = x;
  let sum = 0;
  while (argument < 10) sum += 1 / argument++;
  const square = 1 / (argument * argument);
  const series =
    square *
    (1 / 12 -
      square *
        (1 / 120 - square * (1 / 252 - square * (1 / 240 - square * (1 / 132 - (square * 691) / 32760)))));
  return Math.log(argument) - 0.5 / argument - series - sum;
}

/** Second derivative of `logGammaFunction`, x > 0. */
export function trigamma(x: number): number {
  let argument = x;
  let sum = 0;
  for (; argument < 10; argument++) sum += 1 / (argument * argument);
  const inverse = 1 / argument;
  const square = inverse * inverse;
  const series =
    square *
    (1 / 6 -
      square * (1 / 30 - square * (1 / 42 - square * (1 / 30 - square * (5 / 66 - (square * 691) / 2730)))));
  return sum + inverse * (1 + 0.5 * inverse + series);
}

/** Probability that a chi-square variate of `degrees` degrees of freedom exceeds `value` (A&S 26.4.19, 6.5.29, 6.5.31). */
export function chiSquareTail(value: number, degrees: number): number {
  const a = degrees / 2;
  const x = value / 2;
  if (!(x > 0)) return 1;
  const front = Math.exp(a * Math.log(x) - x - logGammaFunction(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let k = 1; k < 1000 && term > 1e-16 * sum; k++) {
      term *= x / (a + k);
      sum += term;
    }
    return Math.max(0, 1 - front * sum);
  }
  // Continued fraction by Lentz's method.
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let fraction = d;
  for (let k = 1; k < 1000; k++) {
    const numerator = -k * (k - a);
    b += 2;
    d = 1 / (numerator * d + b);
    c = b + numerator / c;
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return front * fraction;
}

/** Asymptotic probability that the Kolmogorov-Smirnov distance of `size` uniforms exceeds `distance` (Stephens 1970). */
export function kolmogorovTail(distance: number, size: number): number {
  const root = Math.sqrt(size);
  const t = (root + 0.12 + 0.11 / root) * distance;
  if (t < 0.3) return 1;
  let sum = 0;
  for (let k = 1; k <= 100; k++) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * t * t);
  return Math.min(1, Math.max(0, sum));
}

/** Probability that a standard normal exceeds `z` in absolute value: the chi-square tail of one degree of freedom. */
export function normalTwoSidedTail(z: number): number {
  return chiSquareTail(z * z, 1);
}
