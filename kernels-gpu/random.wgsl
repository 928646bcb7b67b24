// Draws in f32 from random bits. Their laws are exact but for the rounding of f32: no difference of large numbers is formed, and small
// probabilities keep their digits (exponential numbers near 0 have steps of 2^-32). A trial of a rejection takes one block of bits.

/** A uniform number in the open interval (0, 1), an odd multiple of 2^-24. */
fn uniformOf(bits: u32) -> f32 {
  return (f32(bits >> 9u) + 0.5) * 1.1920929e-7;
}

/** An exponential number of mean 1: both near 0 and far out with steps of 2^-32 in probability. */
fn exponentialOf(bits: u32) -> f32 {
  let low = bits < 0x80000000u;
  let u = (f32(select(~bits, bits, low)) + 0.5) * 2.3283064e-10;
  return select(-logOf(u), -logOnePlus(-u), low);
}

/** A standard normal number (Box & Muller 1958): a radius, and an angle of a quarter turn by 30 bits, turned by two more. */
fn normalOf(radiusBits: u32, bits: u32) -> f32 {
  let radius = sqrt(2.0 * exponentialOf(radiusBits));
  let angle = ((f32(bits >> 2u) + 0.5) * 9.3132257e-10 - 0.5) * 1.57079633;
  let z = angle * angle;
  let cosine = 1.0 - 0.5 * z + z * z * ((2.443315711809948e-5 * z - 1.388731625493765e-3) * z + 4.166664568298827e-2);
  let sine = angle + angle * z * ((-1.9515295891e-4 * z + 8.3321608736e-3) * z - 1.6666654611e-1);
  let value = select(cosine, sine, (bits & 1u) == 1u);
  return select(radius, -radius, (bits & 2u) == 2u) * value;
}

/** Bits that the last draw of `drawCube` left over. */
var<private> spareBits: u32;

/**
 * t of a Gamma(d + 1/3) number d (1 + t)^3 (Marsaglia & Tsang 2000, ACM TOMS 26, 363); d >= 2/3. With E exponential their test
 * log(u) < x^2/2 + d - d v + d log v reads E > d g(t), g(t) = t^3 - 3/2 t^2 + 3 t - 3 log(1 + t).
 */
fn drawCube(d: f32) -> f32 {
  let c = 1.0 / sqrt(9.0 * d);
  loop {
    let bits = nextBits();
    let t = c * normalOf(bits.x, bits.y);
    // Near 0 the terms up to t^3 cancel; what is left begins with 3/4 t^4.
    let tail = 1.0 / 7.0 - t * (1.0 / 8.0 - t * (1.0 / 9.0 - t * (1.0 / 10.0 - t * (1.0 / 11.0))));
    let series = 3.0 * t * t * t * t * (0.25 - t * (0.2 - t * (1.0 / 6.0 - t * tail)));
    let whole = t * t * (t - 1.5) + 3.0 * (t - logOnePlus(max(t, -0.9999999)));
    if (t > -1.0 && exponentialOf(bits.z) > d * select(whole, series, abs(t) < 0.1)) {
      spareBits = bits.w;
      return t;
    }
  }
}

/** A Gamma number of rate 1; shape > 0. For shapes far below 1 it may be 0: use `drawLogGamma` there. */
fn drawGamma(shape: f32) -> f32 {
  let boosted = shape < 1.0;
  let d = select(shape, shape + 1.0, boosted) - 0.33333333;
  let base = 1.0 + drawCube(d);
  let value = d * base * base * base;
  return select(value, value * expOf(-exponentialOf(spareBits) / shape), boosted);
}

/** The logarithm of a Gamma number of rate 1; below shape 1 it is log G(shape + 1) - E / shape. */
fn drawLogGamma(shape: f32) -> f32 {
  let boosted = shape < 1.0;
  let d = select(shape, shape + 1.0, boosted) - 0.33333333;
  let value = logOf(d) + 3.0 * logOnePlus(drawCube(d));
  return select(value, value - exponentialOf(spareBits) / shape, boosted);
}

/** log k! less Stirling's (k + 1/2) log k - k + log(2 pi)/2, for whole k; for 0 it is -log(2 pi)/2. */
fn stirlingError(k: f32) -> f32 {
  if (k >= 8.0) {
    return stirling(k);
  }
  var table = array<f32, 8>(
    -0.91893853, 0.081061467, 0.041340696, 0.027677926, 0.020790672, 0.016644691, 0.013876129, 0.011896710,
  );
  return table[u32(k)];
}

/** k log(k / mean) + mean - k without cancellation (Loader 2000); k >= 0, mean > 0. */
fn deviance(k: f32, mean: f32) -> f32 {
  let difference = k - mean;
  let sum = k + mean;
  if (abs(difference) < 0.1 * sum) {
    let v = difference / sum;
    let z = v * v;
    let series = z * (1.0 / 3.0 + z * (1.0 / 5.0 + z * (1.0 / 7.0 + z * (1.0 / 9.0))));
    return difference * v + 2.0 * k * v * series;
  }
  if (k == 0.0) {
    return mean;
  }
  return k * logOf(k / mean) - difference;
}

/** Poisson counts, as f32; mean in [0, 2^24). */
fn drawPoisson(mean: f32) -> f32 {
  if (mean < 10.0) {
    // The number of exponential waits that fit into the mean.
    var waited = 0.0;
    var k = -1.0;
    while (waited < mean || k < 0.0) {
      let bits = nextBits();
      for (var word = 0u; word < 4u; word++) {
        if (waited < mean || k < 0.0) {
          waited += exponentialOf(bits[word]);
          k += 1.0;
        }
      }
    }
    return k;
  }
  // Transformed rejection (PTRS of Hoermann 1993, Insur. Math. Econ. 12, 39).
  let b = 0.931 + 2.53 * sqrt(mean);
  let a = 0.02483 * b - 0.059;
  let inverse = 1.1239 + 1.1328 / (b - 3.4);
  let fast = 0.9277 - 3.6224 / (b - 2.0);
  loop {
    let bits = nextBits();
    let u = uniformOf(bits.x) - 0.5;
    let v = uniformOf(bits.y);
    let us = 0.5 - abs(u);
    let k = floor((2.0 * a / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= fast) {
      return k;
    }
    if (k < 0.0 || (us < 0.013 && v > us)) {
      continue;
    }
    let logMass = -deviance(k, mean) - stirlingError(k) - 0.5 * logOf(6.2831853 * max(k, 1.0));
    if (logOf(v * inverse / (a / (us * us) + b)) <= logMass) {
      return k;
    }
  }
}

/** Logarithm of the probability of k successes of n (Loader 2000). */
fn logBinomial(k: f32, n: f32, p: f32, q: f32) -> f32 {
  return stirlingError(n) - stirlingError(k) - stirlingError(n - k) - deviance(k, n * p) - deviance(n - k, n * q) +
    0.5 * logOf(n / (6.2831853 * max(k, 1.0) * max(n - k, 1.0)));
}

/** Binomial counts, as f32; n whole in [0, 2^24), p in [0, 1]. */
fn drawBinomial(n: f32, probability: f32) -> f32 {
  if (n <= 0.0 || probability <= 0.0) {
    return 0.0;
  }
  if (probability >= 1.0) {
    return n;
  }
  let turned = probability > 0.5;
  let p = select(probability, 1.0 - probability, turned);
  var k = 0.0;
  if (n * p < 10.0) {
    // Waits between successes (Devroye 1986, X.4.3: the second waiting time algorithm).
    let limit = -logOnePlus(-p);
    var waited = 0.0;
    k = -1.0;
    while (waited < limit && k < n) {
      k += 1.0;
      waited += exponentialOf(nextBits().x) / max(n - k, 1e-30);
    }
  } else {
    // Transformed rejection (BTRS of Hoermann 1993, J. Stat. Comput. Simul. 46, 101).
    let q = 1.0 - p;
    let spread = sqrt(n * p * q);
    let b = 1.15 + 2.53 * spread;
    let a = -0.0873 + 0.0248 * b + 0.01 * p;
    let alpha = (2.83 + 5.1 / b) * spread;
    let fast = 0.92 - 4.2 / b;
    let atMode = logBinomial(floor((n + 1.0) * p), n, p, q);
    loop {
      let bits = nextBits();
      let u = uniformOf(bits.x) - 0.5;
      let v = uniformOf(bits.y);
      let us = 0.5 - abs(u);
      k = floor((2.0 * a / us + b) * u + n * p + 0.5);
      if (k < 0.0 || k > n) {
        continue;
      }
      if (us >= 0.07 && v <= fast) {
        break;
      }
      if (logOf(v * alpha / (a / (us * us) + b)) <= logBinomial(k, n, p, q) - atMode) {
        break;
      }
    }
  }
  return select(k, n - k, turned);
}
