// The log density of square patches of an image under a mixture of Gaussians, and its derivative by the image. What is written in capitals
// comes from `src/priors/gpu-patch-density.ts`.
//
// A thread has a patch. All threads of a workgroup meet the components in the same order, so that a number of a whitening matrix is read
// once for all of them; matrices travel by four rows. A component is left as soon as the rows so far say that it is negligible, so that to
// meet all of them twice, for the sum and then for the shares in it, costs less than to keep what each of them says of each patch.

/**
 * For each component: its norm; its mean by four pixels; and its inverse Cholesky factor, for each four rows the columns as far as the
 * last of them, the rows of a column side by side; 0 above the diagonal and beyond N.
 */
@group(0) @binding(0) var<storage, read> mixture: array<vec4<f32>>;
/** Rows and columns of patches; first row of each; first column; for each row of the image the first patch that has it; for each column. */
@group(0) @binding(1) var<storage, read> places: array<u32>;
@group(0) @binding(2) var<storage, read> image: array<f32>;
/** `[N, MOST]`: derivatives of the log density of each patch by its pixels. */
@group(0) @binding(3) var<storage, read_write> changes: array<f32>;
/** `[PIXELS]`: the derivative by the image. `[MOST]`: the log density of each patch. */
@group(0) @binding(4) var<storage, read_write> found: array<f32>;

const GROUP = 256u;
/** Terms this far below their sum do not change it in f32. */
const NEGLIGIBLE = 20.0;
/** Less than any log density. */
const LOWEST = -3e38;

/** The normed patch, W times its distance from the mean of a component, and the derivative by it, by four pixels. */
var<private> values: array<vec4<f32>, QUADS>;
var<private> white: array<vec4<f32>, QUADS>;
var<private> slopes: array<vec4<f32>, QUADS>;

/** Pixel of a patch whose first is `corner`; beyond its end the last. */
fn pixelOf(corner: u32, index: u32) -> f32 {
  let at = min(index, N - 1u);
  return image[corner + at / SIDE * NX + at % SIDE];
}

/** Cut out and prepare a patch; returns its mean. */
fn cutPatch(corner: u32) -> f32 {
  var sum = 0.0;
  for (var row = 0u; row < SIDE; row++) {
    var own = 0.0;
    for (var col = 0u; col < SIDE; col++) {
      own += image[corner + row * NX + col];
    }
    sum += own;
  }
  let mean = sum / f32(N);
  for (var quad = 0u; quad < QUADS; quad++) {
    let at = 4u * quad;
    let raw = vec4<f32>(pixelOf(corner, at), pixelOf(corner, at + 1u), pixelOf(corner, at + 2u), pixelOf(corner, at + 3u));
    values[quad] = (raw - select(mean, 0.0, NORM == NONE)) / select(1.0, mean, NORM == RELATIVE);
  }
  return mean;
}

/** ln weight + log density of a component, and `white`; or something below `least`, where it is. */
fn logComponent(component: u32, least: f32) -> f32 {
  let norm = component * COMPONENT;
  var at = norm + 1u + QUADS;
  var log = mixture[norm].x;
  for (var quad = 0u; quad < QUADS && log >= least; quad++) {
    var rows = vec4<f32>(0.0);
    for (var col = 0u; col <= quad; col++) {
      let distance = values[col] - mixture[norm + 1u + col];
      rows += mixture[at] * distance.x + mixture[at + 1u] * distance.y;
      rows += mixture[at + 2u] * distance.z + mixture[at + 3u] * distance.w;
      at += 4u;
    }
    white[quad] = rows;
    log -= 0.5 * dot(rows, rows);
  }
  return log;
}

/** slopes -= share W^T white */
fn addSlopes(component: u32, share: f32) {
  var at = component * COMPONENT + 1u + QUADS;
  for (var quad = 0u; quad < QUADS; quad++) {
    let rows = share * white[quad];
    for (var col = 0u; col <= quad; col++) {
      let first = vec2<f32>(dot(mixture[at], rows), dot(mixture[at + 1u], rows));
      slopes[col] -= vec4<f32>(first, dot(mixture[at + 2u], rows), dot(mixture[at + 3u], rows));
      at += 4u;
    }
  }
}

/** ln of the sum over the components of weight times density: terms over the largest so far, so that none overflows. */
fn logMixture() -> f32 {
  var best = LOWEST;
  var total = 0.0;
  for (var component = 0u; component < COMPONENTS; component++) {
    let log = logComponent(component, best - NEGLIGIBLE);
    if (log > best) {
      total = total * expOf(best - log) + 1.0;
      best = log;
    } else if (log >= best - NEGLIGIBLE) {
      total += expOf(log - best);
    }
  }
  return best + logOf(total);
}

/** The log density of each patch, and its derivative by the pixels of the image. */
@compute @workgroup_size(GROUP)
fn judgePatches(@builtin(global_invocation_id) id: vec3<u32>) {
  let cols = places[1];
  if (id.x >= places[0] * cols) {
    return;
  }
  let mean = cutPatch(places[TOPS + id.x / cols] * NX + places[LEFTS + id.x % cols]);
  let density = logMixture();
  found[PIXELS + id.x] = density;
  for (var quad = 0u; quad < QUADS; quad++) {
    slopes[quad] = vec4<f32>(0.0);
  }
  for (var component = 0u; component < COMPONENTS; component++) {
    let log = logComponent(component, density - NEGLIGIBLE);
    if (log >= density - NEGLIGIBLE) {
      addSlopes(component, expOf(log - density));
    }
  }
  // z = x / m - 1: dz_i / dx_j = delta_ij / m - x_i / (m^2 n), and x_i = m (z_i + 1).
  var sum = 0.0;
  if (NORM != NONE) {
    for (var quad = 0u; quad < QUADS; quad++) {
      sum += dot(slopes[quad], select(vec4<f32>(1.0), values[quad] + 1.0, NORM == RELATIVE));
    }
  }
  for (var index = 0u; index < N; index++) {
    let slope = slopes[index / 4u][index % 4u] - sum / f32(N);
    changes[index * MOST + id.x] = slope / select(1.0, mean, NORM == RELATIVE);
  }
}

/** The derivative by a pixel of the image: that of all patches that have it, in their order. */
@compute @workgroup_size(GROUP)
fn gatherSlopes(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= PIXELS) {
    return;
  }
  let row = id.x / NX;
  let col = id.x % NX;
  let rows = places[0];
  let cols = places[1];
  var total = 0.0;
  for (var down = places[FIRST_DOWN + row]; down < rows && places[TOPS + down] <= row; down++) {
    for (var across = places[FIRST_ACROSS + col]; across < cols && places[LEFTS + across] <= col; across++) {
      let index = (row - places[TOPS + down]) * SIDE + col - places[LEFTS + across];
      total += changes[index * MOST + down * cols + across];
    }
  }
  found[id.x] = total;
}
