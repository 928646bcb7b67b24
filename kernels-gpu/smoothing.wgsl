// Step 5 of the sweep under LIRA's prior: alpha of each level given the counts of the tree, fractions integrated out, by a workgroup a
// level (kernels/smoothing.ts has the density). Nodes of up to CUT counts are summed up by how many exceed each value v, the others are
// gone through one by one. All densities are differences to that at the mode, term by term, so that f32 holds them however many nodes
// there are:
//
//     log((v + m a) / (v + m b)) = log(1 + m (a - b) / (v + m b))
//
// Deviation from the CPU: the search for the mode always begins at the same place, so that the proposal depends on the counts alone,
// however far f32 lets the search come.

const CUT = 16u;
/** Proposals about the mode, and steps from the current value that follow. */
const PROPOSALS = 10u;
const WALKS = 2u;
const MOST_NEWTON_STEPS = 24u;

/** How many nodes of each kind (children, parents of two, parents of four) have each value; the last stands for all above CUT. */
var<workgroup> histogram: array<atomic<u32>, 54>;
var<workgroup> exceeding: array<f32, 54>;
var<workgroup> anyListed: u32;
var<workgroup> finished: u32;

/** Multiple of alpha of a kind of nodes, with the sign that it has in the density. */
fn multipleOf(kind: u32) -> f32 {
  return select(select(-4.0, -2.0, kind == 1u), 1.0, kind == 0u);
}

/** Kind of node `node` of the children (level `level`) and parents that follow them; 3 for those that have no say. */
fn roleOf(level: u32, node: u32) -> u32 {
  let children = rowsOf(level) * colsOf(level);
  if (node < children) {
    // A node without a sibling belongs to a block of one, whose fraction is 1 whatever alpha.
    let lonely = node == children - 1u && (rowsOf(level) & colsOf(level) & 1u) == 1u;
    return select(0u, 3u, lonely);
  }
  let kind = kindOf(level + 1u, node - children);
  return select(select(1u, 2u, kind == 0u), 3u, kind == 3u);
}

/** Counts of the children and of the parents that follow them. */
fn valueOf(job: Job, level: u32, node: u32) -> u32 {
  let children = rowsOf(level) * colsOf(level);
  if (node < children) {
    return countsOf(job, level, node);
  }
  return countsOf(job, level + 1u, node - children);
}

/** This thread's part of the log density at `alpha` less that at `base`. */
fn densityPart(job: Job, level: u32, local: u32, alpha: f32, base: f32) -> f32 {
  var sum = 0.0;
  if (local < 3u * CUT) {
    let kind = local / CUT;
    let multiple = multipleOf(kind);
    let weight = exceeding[kind * 18u + local % CUT];
    if (weight > 0.0) {
      let m = abs(multiple);
      sum = sign(multiple) * weight * logOnePlus(m * (alpha - base) / (f32(local % CUT) + m * base));
    }
  }
  if (anyListed == 0u) {
    return sum;
  }
  let nodes = rowsOf(level) * colsOf(level) + rowsOf(level + 1u) * colsOf(level + 1u);
  for (var node = local; node < nodes; node += GROUP) {
    let value = valueOf(job, level, node);
    if (value <= CUT) {
      continue;
    }
    let kind = roleOf(level, node);
    if (kind == 3u) {
      continue;
    }
    let multiple = multipleOf(kind);
    let m = abs(multiple);
    let step = m * (alpha - base);
    sum += sign(multiple) *
      (logGammaStep(f32(value) + m * base, step) - logGammaStep(f32(CUT) + m * base, step));
  }
  return sum;
}

/** log density of log alpha at t less that at `mode`. */
fn densityAt(job: Job, level: u32, local: u32, t: f32, mode: f32) -> f32 {
  let sum = sumOfGroup(local, vec4<f32>(densityPart(job, level, local, expOf(t), expOf(mode)))).x;
  let exponent = inputs[SMOOTHING_PRIOR + 2u];
  return sum + (inputs[SMOOTHING_PRIOR] + 1.0) * (t - mode) -
    inputs[SMOOTHING_PRIOR + 1u] * (expOf(exponent * t) - expOf(exponent * mode));
}

/** digamma(z) - log z and trigamma(z), z >= 16. */
fn gammas(z: f32) -> vec2<f32> {
  let i = 1.0 / z;
  let s = i * i;
  return vec2<f32>(-0.5 * i - s * (0.083333333 - s * 0.0083333333), i * (1.0 + 0.5 * i + s * (0.16666667 - s * 0.033333333)));
}

/** First and second derivative of the log density of log alpha at t. */
fn slopesAt(job: Job, level: u32, local: u32, t: f32) -> vec2<f32> {
  let alpha = expOf(t);
  var part = vec2<f32>(0.0);
  if (local < 3u * CUT) {
    let multiple = multipleOf(local / CUT);
    let m = abs(multiple);
    let ratio = m / (f32(local % CUT) + m * alpha);
    let weight = sign(multiple) * exceeding[(local / CUT) * 18u + local % CUT];
    part = vec2<f32>(weight * ratio, -weight * ratio * ratio);
  }
  if (anyListed != 0u) {
    let nodes = rowsOf(level) * colsOf(level) + rowsOf(level + 1u) * colsOf(level + 1u);
    for (var node = local; node < nodes; node += GROUP) {
      let value = valueOf(job, level, node);
      if (value <= CUT) {
        continue;
      }
      let kind = roleOf(level, node);
      if (kind == 3u) {
        continue;
      }
      let multiple = multipleOf(kind);
      let m = abs(multiple);
      let low = f32(CUT) + m * alpha;
      let high = f32(value) + m * alpha;
      let difference = gammas(high) - gammas(low) + vec2<f32>(logOnePlus((high - low) / low), 0.0);
      part += vec2<f32>(multiple, multiple * m) * difference;
    }
  }
  let sum = sumOfGroup(local, vec4<f32>(part, 0.0, 0.0));
  let exponent = inputs[SMOOTHING_PRIOR + 2u];
  let penalty = inputs[SMOOTHING_PRIOR + 1u] * exponent * expOf(exponent * t);
  let first = alpha * sum.x;
  return vec2<f32>(
    first + inputs[SMOOTHING_PRIOR] + 1.0 - penalty,
    first + alpha * alpha * sum.y - exponent * penalty,
  );
}

@compute @workgroup_size(GROUP)
fn drawSmoothing(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let job = jobs[group.y];
  let level = group.x;
  let at = realsOf(job) + ALPHA + level;
  if (local < 54u) {
    atomicStore(&histogram[local], 0u);
  }
  if (local == 0u) {
    anyListed = 0u;
  }
  workgroupBarrier();
  let nodes = rowsOf(level) * colsOf(level) + rowsOf(level + 1u) * colsOf(level + 1u);
  for (var node = local; node < nodes; node += GROUP) {
    let value = valueOf(job, level, node);
    if (value == 0u) {
      continue;
    }
    let kind = roleOf(level, node);
    if (kind < 3u) {
      atomicAdd(&histogram[kind * 18u + min(value, CUT + 1u)], 1u);
    }
  }
  workgroupBarrier();
  if (local < 3u) {
    var above = atomicLoad(&histogram[local * 18u + CUT + 1u]);
    if (above > 0u) {
      anyListed = 1u;
    }
    for (var value = CUT; value > 0u; value--) {
      // So many exceed value - 1.
      above += atomicLoad(&histogram[local * 18u + value]);
      exceeding[local * 18u + value - 1u] = f32(above);
    }
  }
  workgroupBarrier();

  // The mode of log alpha by Newton's method kept inside a bracket.
  var mode = -2.3;
  var low = -1e30;
  var high = 1e30;
  var curvature = -1.0;
  for (var step = 0u; step < MOST_NEWTON_STEPS; step++) {
    let slope = slopesAt(job, level, local, mode);
    curvature = slope.y;
    if (slope.x > 0.0) {
      low = mode;
    } else {
      high = mode;
    }
    var next = mode + select(-1.0, 1.0, slope.x > 0.0);
    if (slope.y < 0.0) {
      next = mode + clamp(-slope.x / slope.y, -3.0, 3.0);
    }
    if (!(next > low && next < high)) {
      next = 0.5 * (low + high);
    }
    if (local == 0u) {
      finished = select(0u, 1u, abs(next - mode) * sqrt(max(1.0, -slope.y)) < 1e-2);
    }
    if (workgroupUniformLoad(&finished) == 1u) {
      break;
    }
    mode = next;
  }

  let spread = 2.0 / sqrt(select(1.0, -curvature, curvature < 0.0));
  draw(job, STEP_SMOOTHING, level);
  var current = logOf(reals[at]);
  var density = densityAt(job, level, local, current, mode);
  for (var proposal = 0u; proposal < PROPOSALS + WALKS; proposal++) {
    let walks = proposal >= PROPOSALS;
    let bits = nextBits();
    let proposed = select(mode, current, walks) + spread * normalOf(bits.x, bits.y);
    let proposedDensity = densityAt(job, level, local, proposed, mode);
    let here = (current - mode) / spread;
    let there = (proposed - mode) / spread;
    let ratio = proposedDensity - density + select(0.5 * (there * there - here * here), 0.0, walks);
    if (-exponentialOf(bits.z) < ratio && abs(proposed) < 80.0) {
      current = proposed;
      density = proposedDensity;
    }
  }
  if (local == 0u) {
    reals[at] = expOf(current);
  }
}
