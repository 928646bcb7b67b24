// The proposal of a transfer: a density of z = logit f, f the share of the first of two places, that depends on the line only and not on
// the current f (kernels/share-proposal.ts has the mathematics). The likelihood is expanded to sixth order about f = 1/2; the target
// with that expansion is evaluated at the knots, a thread each; q is its piecewise log-linear interpolant, drawn from by inversion, with
// the tails of the target itself on both sides.
//
// f32: the draw takes one random number for the segment and another for the place in it, so that no difference of running sums
// decides where. What q lacks in digits costs acceptance, not exactness: the same function of the line stands in both directions.

/** Terms of the prior: coefficient, offset s, and 1 where it is log(s + 1 - f) instead of log(s + f). */
var<workgroup> terms: array<vec3<f32>, 2u * LEVELS + 4u>;
var<workgroup> termCount: u32;
/** Coefficients of log f and log(1 - f), > 0. */
var<workgroup> tails: vec2<f32>;
/** From this s on a term is that of 1 + (f - 1/2) / (s + 1/2), which keeps its digits. */
const FAR = 1.0;

const MOST_KNOTS = 128u;
var<workgroup> knotShares: array<vec2<f32>, MOST_KNOTS>;
/** z and log density of the knots, and both in ascending order of z. */
var<workgroup> knots: array<vec2<f32>, MOST_KNOTS>;
var<workgroup> sorted: array<vec2<f32>, MOST_KNOTS>;
/** Density at a knot over its maximum, and the probability between the knot before and this one, or of the tail before the first. */
var<workgroup> densities: array<f32, MOST_KNOTS>;
var<workgroup> segments: array<f32, MOST_KNOTS>;
var<workgroup> knotCount: u32;

/** Shares are kept within e^-69 = 1e-30 of both ends: below what the least mass is of any sum. */
const LARGEST_Z = 69.0;
const LEAST_SHARE = 1e-29;
/** An end is within reach of the peak up to this many widths; knots beyond four widths, and their number on a side. */
const NEAR = 4.2;
const FARTHER = 1.4;
const MOST_FAR = 24u;

fn beginTerms() {
  termCount = 0u;
  tails = vec2<f32>(0.0);
}

/** Add `coefficient log(offset + f)`, or with `side` 1 `coefficient log(offset + 1 - f)`. */
fn addTerm(side: u32, coefficient: f32, offset: f32) {
  if (offset == 0.0) {
    tails[side] += coefficient;
  } else if (coefficient != 0.0) {
    terms[termCount] = vec3<f32>(coefficient, offset, f32(side));
    termCount += 1u;
  }
}

/** Log prior density of z, but for a constant. */
fn logPriorOfShares(shares: vec2<f32>) -> f32 {
  var sum = tails.x * logOf(shares.x) + tails.y * logOf(shares.y);
  for (var at = 0u; at < termCount; at++) {
    let term = terms[at];
    let share = select(shares.x, shares.y, term.z > 0.5);
    if (term.y >= FAR) {
      sum += term.x * logOnePlus((share - 0.5) / (term.y + 0.5));
    } else {
      sum += term.x * logOf(term.y + share);
    }
  }
  return sum;
}

/** The log-likelihood by its moments M_1 (less the slope) to M_6, t = f - 1/2. */
fn expandedLight(low: vec4<f32>, high: vec2<f32>, t: f32) -> f32 {
  return t * (low.x - t * (low.y / 2.0 - t * (low.z / 3.0 - t * (low.w / 4.0 - t * (high.x / 5.0 - t * high.y / 6.0)))));
}

fn addKnot(first: f32, second: f32) {
  if (knotCount < MOST_KNOTS && first > LEAST_SHARE && second > LEAST_SHARE) {
    knotShares[knotCount] = vec2<f32>(first, second);
    knotCount += 1u;
  }
}

/** A knot at a distance from the first end, or with `side` 1 from the second. */
fn addKnotFrom(side: u32, distance: f32) {
  addKnot(select(distance, 1.0 - distance, side == 1u), select(1.0 - distance, distance, side == 1u));
}

/**
 * Place the knots: about the peak of the expanded log-likelihood, which Newton's method finds, towards ends within reach, and where a
 * place outgrows its siblings. By one thread.
 */
fn placeKnots(low: vec4<f32>, high: vec2<f32>) {
  var t = 0.0;
  var slope = 0.0;
  var curvature = 0.0;
  for (var step = 0u; step < 13u; step++) {
    slope = low.x + t * (-low.y + t * (low.z + t * (-low.w + t * (high.x - t * high.y))));
    curvature = -low.y + t * (2.0 * low.z + t * (-3.0 * low.w + t * (4.0 * high.x - t * 5.0 * high.y)));
    if (step == 12u || slope == 0.0) {
      break;
    }
    var next = select(-0.5, 0.5, slope > 0.0);
    if (curvature < 0.0) {
      next = clamp(t - slope / curvature, -0.5, 0.5);
    }
    t = next;
  }
  let peak = t + 0.5;
  var width = 0.5;
  if (curvature < 0.0) {
    width = 1.0 / sqrt(-curvature);
  }
  // Pressed against an end, the density falls off exponentially over 1 / slope.
  width = min(0.5, width / max(1.0, abs(slope) * width));

  knotCount = 0u;
  for (var step = -4; step <= 4; step++) {
    let first = peak + f32(step) * width;
    addKnot(first, 1.0 - first);
  }
  var reached = array<f32, 7>(0.9, 0.5, 0.2, 0.08, 0.02, 0.002, 1e-6);
  for (var side = 0u; side < 2u; side++) {
    let room = select(peak, 1.0 - peak, side == 1u);
    if (room < NEAR * width) {
      for (var at = 0u; at < 7u; at++) {
        addKnotFrom(side, width * reached[at]);
      }
    } else {
      var distance = room - 4.0 * width;
      var far = 4.0 * FARTHER;
      for (var at = 0u; at < MOST_FAR && room - far * width > 0.0; at++) {
        distance = room - far * width;
        addKnotFrom(side, distance);
        far *= FARTHER;
      }
      addKnotFrom(side, 0.5 * distance);
    }
  }
  for (var at = 0u; at < termCount; at++) {
    let offset = terms[at].y;
    if (offset < FAR) {
      let side = u32(terms[at].z);
      addKnotFrom(side, 0.12 * offset);
      addKnotFrom(side, offset);
      addKnotFrom(side, 4.0 * offset);
    }
  }
  // Two places are kept for the knots beyond all others, from which on g is a straight line to within a few thousandths.
  knotCount = min(knotCount, MOST_KNOTS - 2u);
  var least = vec2<f32>(1.0);
  for (var at = 0u; at < knotCount; at++) {
    least = min(least, knotShares[at]);
  }
  let ends = max(vec2<f32>(1.1 * LEAST_SHARE), 0.05 * least);
  addKnotFrom(0u, ends.x);
  addKnotFrom(1u, ends.y);
}

/** Build q from the moments: all threads. */
fn buildProposal(local: u32, low: vec4<f32>, high: vec2<f32>) {
  if (local == 0u) {
    placeKnots(low, high);
  }
  let count = workgroupUniformLoad(&knotCount);
  for (var at = local; at < count; at += GROUP) {
    let shares = knotShares[at];
    let value = logPriorOfShares(shares) + expandedLight(low, high, shares.x - 0.5);
    knots[at] = vec2<f32>(logOf(shares.x) - logOf(shares.y), value);
  }
  workgroupBarrier();
  for (var at = local; at < count; at += GROUP) {
    let knot = knots[at];
    var rank = 0u;
    for (var other = 0u; other < count; other++) {
      let z = knots[other].x;
      rank += select(0u, 1u, z < knot.x || (z == knot.x && other < at));
    }
    sorted[rank] = knot;
  }
  workgroupBarrier();
  var largest = sorted[0].y;
  for (var at = 1u; at < count; at++) {
    largest = max(largest, sorted[at].y);
  }
  for (var at = local; at < count; at += GROUP) {
    let right = expOf(sorted[at].y - largest);
    densities[at] = right;
    if (at == 0u) {
      segments[at] = right / tails.x;
    } else {
      let left = expOf(sorted[at - 1u].y - largest);
      let rise = sorted[at].y - sorted[at - 1u].y;
      var mean = left * (1.0 + rise * (0.5 + rise / 6.0));
      if (abs(rise) > 0.01) {
        mean = (right - left) / rise;
      }
      segments[at] = (sorted[at].x - sorted[at - 1u].x) * mean;
    }
  }
  workgroupBarrier();
}

/** Logarithm of q at z, but for a constant. */
fn logProposal(z: f32) -> f32 {
  let last = knotCount - 1u;
  if (z < sorted[0].x) {
    return sorted[0].y + tails.x * (z - sorted[0].x);
  }
  if (z >= sorted[last].x) {
    return sorted[last].y - tails.y * (z - sorted[last].x);
  }
  var at = 1u;
  while (z >= sorted[at].x) {
    at++;
  }
  let before = sorted[at - 1u];
  return before.y + (z - before.x) / (sorted[at].x - before.x) * (sorted[at].y - before.y);
}

/** Draw z from q. By one thread. */
fn drawFromProposal() -> f32 {
  let last = knotCount - 1u;
  let rightTail = densities[last] / tails.y;
  var sum = rightTail;
  for (var at = 0u; at <= last; at++) {
    sum += segments[at];
  }
  let bits = nextBits();
  var goal = uniformOf(bits.x) * sum;
  var at = 0u;
  while (at <= last && goal >= segments[at]) {
    goal -= segments[at];
    at++;
  }
  var z = 0.0;
  if (at == 0u) {
    z = sorted[0].x - exponentialOf(bits.y) / tails.x;
  } else if (at > last) {
    z = sorted[last].x + exponentialOf(bits.y) / tails.y;
  } else {
    // From the end where the density is larger: the other may have underflowed.
    let before = sorted[at - 1u];
    let to = sorted[at];
    let rise = to.y - before.y;
    let u = uniformOf(bits.y);
    var part = u + 0.5 * rise * u * (1.0 - u);
    if (abs(rise) > 0.01) {
      let fall = abs(rise);
      let distance = -logOnePlus(u * (expOf(-fall) - 1.0)) / fall;
      part = select(distance, 1.0 - distance, rise > 0.0);
    }
    z = clamp(before.x + part * (to.x - before.x), before.x, to.x);
  }
  return clamp(z, -LARGEST_Z, LARGEST_Z);
}
