// Functions in f32. WGSL leaves exp, log and cos to the hardware, with errors up to 2^-11 for cos and 2^-21 near log 1; these are
// polynomials of our own, of the Cephes library's degrees (Moshier 1989), good to about one unit in the last place everywhere.

/** Natural logarithm of a normal number > 0; below that, of the smallest. */
fn logOf(x: f32) -> f32 {
  let bits = bitcast<u32>(max(x, 1.17549435e-38));
  var exponent = f32(i32(bits >> 23u) - 126);
  var m = bitcast<f32>((bits & 0x7fffffu) | 0x3f000000u);
  if (m < 0.70710678) {
    exponent -= 1.0;
    m = m + m - 1.0;
  } else {
    m = m - 1.0;
  }
  let low = logSeries(m) - 2.12194440e-4 * exponent;
  return (m + low) + 0.693359375 * exponent;
}

/** log(1 + m) - m for m in [sqrt(1/2) - 1, sqrt(2) - 1]. */
fn logSeries(m: f32) -> f32 {
  let z = m * m;
  var y = 7.0376836292e-2;
  y = y * m - 1.1514610310e-1;
  y = y * m + 1.1676998740e-1;
  y = y * m - 1.2420140846e-1;
  y = y * m + 1.4249322787e-1;
  y = y * m - 1.6668057665e-1;
  y = y * m + 2.0000714765e-1;
  y = y * m - 2.4999993993e-1;
  y = y * m + 3.3333331174e-1;
  return y * m * z - 0.5 * z;
}

/** log(1 + x) for x > -1, exact where x is small. */
fn logOnePlus(x: f32) -> f32 {
  if (x > -0.29 && x < 0.41) {
    return x + logSeries(x);
  }
  return logOf(1.0 + x);
}

/** e to the power x; 0 where that would be below 1e-37, at most e^88. */
fn expOf(x: f32) -> f32 {
  if (x < -86.0) {
    return 0.0;
  }
  let y = min(x, 88.0);
  let n = floor(1.44269504088896341 * y + 0.5);
  let r = (y - n * 0.693359375) + n * 2.12194440e-4;
  var p = 1.9875691500e-4;
  p = p * r + 1.3981999507e-3;
  p = p * r + 8.3334519073e-3;
  p = p * r + 4.1665795894e-2;
  p = p * r + 1.6666665459e-1;
  p = p * r + 5.0000001201e-1;
  return (p * r * r + r + 1.0) * bitcast<f32>(u32(i32(n) + 127) << 23u);
}

/** What Stirling's formula leaves out of log Gamma(z), but for a constant; z >= 16. */
fn stirling(z: f32) -> f32 {
  let inverse = 1.0 / z;
  return inverse * (0.083333333 - inverse * inverse * 0.0027777778);
}

/** log Gamma(z + d) - log Gamma(z) for z and z + d >= 16, without cancellation. */
fn logGammaStep(z: f32, d: f32) -> f32 {
  let end = z + d;
  return d * logOf(z) + ((end - 0.5) * logOnePlus(d / z) - d) + (stirling(end) - stirling(z));
}
