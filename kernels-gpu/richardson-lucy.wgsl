// Richardson-Lucy on the GPU: what follows the way back of kernels-gpu/forward.wgsl. Capitals come from `src/methods/gpu-richardson-lucy.ts`;
// the steps are those of `climb` in `src/methods/richardson-lucy.ts`.
//
// An image has its skies one after the other: where the step starts, what came back to it, and with acceleration the flux (otherwise where
// the step starts), the next one, and the step before; then copies of those that a batch of iterations begins with.

/** Numbers of the state behind the scales. */
const BEFORE = OBSERVATIONS;
const FACTOR = OBSERVATIONS + 1u;
const TOO_FAR = OBSERVATIONS + 2u;
const STEPS = OBSERVATIONS + 3u;
const ROW = OBSERVATIONS + 4u;
/** Numbers that a batch begins with, of which there is a copy. */
const KEPT_STATE = OBSERVATIONS + 4u;
const STATE_COPY = OBSERVATIONS + 5u;
const TRACE = STATE_COPY + KEPT_STATE;
/** Numbers of a row of the trace: half the deviance, light moved, light; half the deviance of the photons judged by, its mean. */
const TRACE_ROW = 5u;

const FROM = 0u;
const BACK = PIXELS;
const FLUX = select(FROM, 2u * PIXELS, ACCELERATED);
const NEXT = 3u * PIXELS;
const OLDER = 4u * PIXELS;
const COPIES = select(2u, 5u, ACCELERATED) * PIXELS;

/** Sums of steps come after those of the comparison, those of the judgement after these. */
const STEP_SUMS = OBSERVATIONS * PIXEL_GROUPS;
const JUDGE_SUMS = STEP_SUMS + 2u * PIXEL_GROUPS;

/** What rounding may let the deviance rise by, in parts of it. */
const ROUNDING = 5e-7;

/** Sums of pairs from `first` on, every second or all of them, by one workgroup in a fixed order. */
fn sumPairs(image: u32, first: u32, count: u32, stride: u32, local: u32) -> vec2<f32> {
  var own = vec2<f32>(0.0);
  for (var at = local; at < count; at += GROUP) {
    own += sums[image * SUMS + first + stride * at];
  }
  return sumOfGroup(local, vec4<f32>(own, 0.0, 0.0)).xy;
}

/** With acceleration: whether the step started so far ahead that the likelihood fell. */
@compute @workgroup_size(GROUP)
fn judgeStart(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let image = group.x;
  let state = image * STATE;
  let now = sumPairs(image, 0u, OBSERVATIONS * PIXEL_GROUPS, 1u, local).x;
  if (local == 0u) {
    let tooFar = !(now <= states[state + BEFORE] + ROUNDING * now);
    states[state + TOO_FAR] = select(0.0, 1.0, tooFar);
    if (tooFar) {
      states[state + STEPS] = 0.0;
    }
  }
}

/** Start from the flux instead, which is never worse than the start of the last step. */
@compute @workgroup_size(GROUP)
fn goBack(@builtin(global_invocation_id) id: vec3<u32>) {
  let at = imageOf(id.y);
  if (id.x < PIXELS && states[id.y * STATE + TOO_FAR] != 0.0) {
    images[at + FROM + id.x] = images[at + FLUX + id.x];
  }
}

/** The EM step; how much light it moves; and how it lies to the one before. */
@compute @workgroup_size(GROUP)
fn stepUp(
  @builtin(global_invocation_id) id: vec3<u32>,
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) local: u32
) {
  let image = group.y;
  let at = imageOf(image) + id.x;
  var own = vec4<f32>(0.0);
  if (id.x < PIXELS) {
    let seen = inputs[SENSITIVITY + id.x];
    let start = images[at + FROM];
    var next = 0.0;
    if (seen > 0.0) {
      next = start * (images[at + BACK] / seen);
    }
    own.x = seen * abs(next - images[at + FLUX]);
    own.y = seen * next;
    if (ACCELERATED) {
      let older = images[at + OLDER];
      own.z = (next - start) * older;
      own.w = older * older;
      images[at + NEXT] = next;
    } else {
      images[at + FROM] = next;
    }
  }
  let sum = sumOfGroup(local, own);
  if (local == 0u) {
    let to = image * SUMS + STEP_SUMS + 2u * group.x;
    sums[to] = sum.xy;
    sums[to + 1u] = sum.zw;
  }
}

/** Scales of the backgrounds, the length of the step ahead, and the row of the trace. */
@compute @workgroup_size(GROUP)
fn settleStep(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let image = group.x;
  let state = image * STATE;
  var half = 0.0;
  for (var m = 0u; m < OBSERVATIONS; m++) {
    let ofObservation = sumPairs(image, m * PIXEL_GROUPS, PIXEL_GROUPS, 1u, local);
    half += ofObservation.x;
    let expected = inputs[BACKGROUND_COUNTS + m];
    if (local == 0u && FIT_SCALES && expected > 0.0) {
      states[state + m] *= ofObservation.y / expected;
    }
  }
  let light = sumPairs(image, STEP_SUMS, PIXEL_GROUPS, 2u, local);
  let along = sumPairs(image, STEP_SUMS + 1u, PIXEL_GROUPS, 2u, local);
  if (local == 0u) {
    let row = state + TRACE + TRACE_ROW * u32(states[state + ROW]);
    states[row] = half;
    states[row + 1u] = light.x;
    states[row + 2u] = light.y;
    states[state + BEFORE] = half;
    let steps = states[state + STEPS] + 1.0;
    states[state + STEPS] = min(steps, 2.0);
    var factor = 0.0;
    if (steps > 1.0 && along.y > 0.0) {
      factor = clamp(along.x / along.y, 0.0, 0.999);
    }
    states[state + FACTOR] = factor;
  }
}

/** Set where the following step starts (Biggs & Andrews 1997). */
@compute @workgroup_size(GROUP)
fn stepAhead(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= PIXELS) {
    return;
  }
  let at = imageOf(id.y) + id.x;
  let next = images[at + NEXT];
  let ahead = next + states[id.y * STATE + FACTOR] * (next - images[at + FLUX]);
  images[at + OLDER] = next - images[at + FROM];
  images[at + FROM] = select(next, ahead, ahead > 0.0);
  images[at + FLUX] = next;
}

/** Mean of the deviance of a pixel, from the table of `src/data/random/expected-deviance.ts`. */
fn meanDeviance(lambda: f32) -> f32 {
  if (lambda <= 0.0) {
    return 0.0;
  }
  let place = (logOf(lambda) * 0.4342944819 + 4.0) * 40.0;
  if (place < 0.0) {
    return -2.0 * lambda * logOf(lambda);
  }
  if (place >= f32(DEVIANCE_NODES - 1u)) {
    return 1.0 + 1.0 / (6.0 * lambda);
  }
  let node = u32(place);
  let low = inputs[MEAN_DEVIANCES + node];
  return low + (place - f32(node)) * (inputs[MEAN_DEVIANCES + node + 1u] - low);
}

/** Half the deviance of the counts by which an iteration is judged, and the mean of the whole; after `predict` of the flux. */
@compute @workgroup_size(GROUP)
fn judgeFlux(
  @builtin(global_invocation_id) id: vec3<u32>,
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) local: u32
) {
  let image = group.y;
  let observation = group.z;
  var own = vec2<f32>(0.0);
  if (id.x < PIXELS) {
    let counts = inputs[JUDGED + observation * PIXELS + id.x];
    if (counts >= 0.0) {
      let lambda = inputs[JUDGED_PART] * lambdaAt(image, observation, id.x).x;
      own = vec2<f32>(halfDeviance(counts, lambda), meanDeviance(lambda));
    }
  }
  let sum = sumOfGroup(local, vec4<f32>(own, 0.0, 0.0));
  if (local == 0u) {
    sums[image * SUMS + JUDGE_SUMS + observation * PIXEL_GROUPS + group.x] = sum.xy;
  }
}

@compute @workgroup_size(GROUP)
fn finishIteration(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let image = group.x;
  let state = image * STATE;
  var judged = vec2<f32>(0.0);
  if (IS_JUDGED) {
    judged = sumPairs(image, JUDGE_SUMS, OBSERVATIONS * PIXEL_GROUPS, 1u, local);
  }
  if (local == 0u) {
    let row = state + TRACE + TRACE_ROW * u32(states[state + ROW]);
    states[row + 3u] = judged.x;
    states[row + 4u] = judged.y;
    states[state + ROW] += 1.0;
  }
}

/** Copy what a batch begins with, or with BACKWARDS go back to it. */
override BACKWARDS: bool = false;
@compute @workgroup_size(GROUP)
fn keepStart(@builtin(global_invocation_id) id: vec3<u32>) {
  let state = id.y * STATE;
  for (var at = id.x; at < KEPT_STATE; at += GROUP * PIXEL_GROUPS) {
    let ends = copyEnds(state + at, state + STATE_COPY + at);
    states[ends.y] = states[ends.x];
  }
  if (id.x == 0u) {
    states[state + ROW] = 0.0;
  }
  if (id.x >= PIXELS) {
    return;
  }
  let at = imageOf(id.y) + id.x;
  for (var sky = 0u; sky < select(1u, 3u, ACCELERATED); sky++) {
    let ends = copyEnds(at + array<u32, 3>(FROM, FLUX, OLDER)[sky], at + COPIES + sky * PIXELS);
    images[ends.y] = images[ends.x];
  }
}

/** From where to where a number is copied. */
fn copyEnds(one: u32, copy: u32) -> vec2<u32> {
  return select(vec2<u32>(one, copy), vec2<u32>(copy, one), BACKWARDS);
}
