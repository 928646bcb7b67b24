// The forward model: what one sky predicts for several observations, the Cash statistic, and how it changes with the sky. What is written
// in capitals comes from `src/model/gpu-forward-layout.ts`. Images are the outer index: each has a slot of `images`, `lights` and `sums`.
//
// Everything lies on the pixels of the sky. A detector pixel is the first of its sky pixels, and the psf is summed over them, so that
// detectors, finer skies and margins are one convolution (`skyObservations`).

/** Psfs, exposures, expected background, counts; -1 for pixels that are not in use. What no step changes. */
@group(0) @binding(0) var<storage, read> inputs: array<f32>;
/** Windows of the psfs, those forwards first: rows, columns, row and column of the first cell from the pixel, place of the cells. */
@group(0) @binding(1) var<storage, read> places: array<u32>;
/** `[image, IMAGE]`: the flux that is looked at, in counts at the reference exposure; what comes back to it; what methods have besides. */
@group(0) @binding(2) var<storage, read_write> images: array<f32>;
/** `[image, OBSERVATIONS, PIXELS]`: the source's expected counts, then counts over all expected. */
@group(0) @binding(3) var<storage, read_write> lights: array<f32>;
/** `[image, SUMS]`: sums of workgroups. */
@group(0) @binding(4) var<storage, read_write> sums: array<vec2<f32>>;
/** `[image, STATE]`: scales of the backgrounds, and what methods have besides. */
@group(0) @binding(5) var<storage, read_write> states: array<f32>;

/** Threads of a workgroup. */
const GROUP = 256u;
/** Pixels on a side of a tile, of which each thread has four in a column. */
const TILE = 32u;
/** Cells on a side of the part of a psf that is worked off at once, odd as psfs are, and pixels on a side that these look at. */
const BLOCK = 17u;
const SIDE = TILE + BLOCK - 1u;
/** Half the statistic of a pixel with counts where none are expected: more than all others can have together. */
const DARK = 1e30;

/** Place in the state of a number that must not be 0 for a step to be done; NONE: it is always done. */
override WHEN: u32 = NONE;
const NONE = 0xffffffffu;
/** Place in its image of the flux that is looked at. */
override LOOKED_AT: u32 = 0u;

struct Window {
  rows: u32,
  cols: u32,
  /** Cell 0 looks at the pixel plus this. */
  top: i32,
  left: i32,
  cells: u32,
}

fn windowAt(index: u32) -> Window {
  let at = 5u * index;
  return Window(places[at], places[at + 1u], bitcast<i32>(places[at + 2u]), bitcast<i32>(places[at + 3u]), places[at + 4u]);
}

fn imageOf(image: u32) -> u32 {
  return image * IMAGE;
}

fn lightOf(image: u32, observation: u32) -> u32 {
  return (image * OBSERVATIONS + observation) * PIXELS;
}

var<workgroup> condition: f32;

/** Whether the step is to be done for an image. */
fn isWanted(image: u32, local: u32) -> bool {
  if (WHEN == NONE) {
    return true;
  }
  if (local == 0u) {
    condition = states[image * STATE + WHEN];
  }
  return workgroupUniformLoad(&condition) != 0.0;
}

/** Index of a pixel that a cell looks at; PIXELS beyond an edge. */
fn pixelAt(row: i32, col: i32) -> u32 {
  if (WRAP) {
    let height = i32(NY);
    let width = i32(NX);
    return u32(((row % height) + height) % height) * NX + u32(((col % width) + width) % width);
  }
  if (row < 0 || col < 0 || row >= i32(NY) || col >= i32(NX)) {
    return PIXELS;
  }
  return u32(row) * NX + u32(col);
}

/** What a psf blurs: the light that reaches a telescope, or backwards counts over expected counts. */
fn valueAt(backwards: bool, image: u32, observation: u32, row: i32, col: i32) -> f32 {
  let pixel = pixelAt(row, col);
  if (pixel == PIXELS) {
    return 0.0;
  }
  if (backwards) {
    return lights[lightOf(image, observation) + pixel];
  }
  return inputs[EXPOSURES + observation * PIXELS + pixel] * images[imageOf(image) + LOOKED_AT + pixel];
}

var<workgroup> tile: array<f32, SIDE * SIDE>;

/**
 * Sum over the cells of a window of cell times the value that it looks at, for four pixels below each other. Values of a tile are read
 * once for a block of cells; sums are those of columns, then of blocks, then of the window, so that the rounding of a sum of n terms > 0 is
 * that of 34 + n / 289 at most.
 */
fn blurTile(backwards: bool, image: u32, observation: u32, corner: vec2<u32>, local: u32) -> vec4<f32> {
  let window = windowAt(observation + select(0u, OBSERVATIONS, backwards));
  let row = 4u * (local / TILE);
  let col = local % TILE;
  var total = vec4<f32>(0.0);
  for (var top = 0u; top < window.rows; top += BLOCK) {
    for (var left = 0u; left < window.cols; left += BLOCK) {
      let rows = min(BLOCK, window.rows - top);
      let cols = min(BLOCK, window.cols - left);
      workgroupBarrier();
      for (var at = local; at < SIDE * (TILE + rows - 1u); at += GROUP) {
        let tileRow = i32(corner.x + top + at / SIDE) + window.top;
        let tileCol = i32(corner.y + left + at % SIDE) + window.left;
        tile[at] = valueAt(backwards, image, observation, tileRow, tileCol);
      }
      workgroupBarrier();
      var block = vec4<f32>(0.0);
      for (var k = 0u; k < cols; k++) {
        var at = row * SIDE + col + k;
        var cell = window.cells + top * window.cols + left + k;
        var values = vec4<f32>(0.0, tile[at], tile[at + SIDE], tile[at + 2u * SIDE]);
        at += 3u * SIDE;
        var column = vec4<f32>(0.0);
        for (var r = 0u; r < rows; r++) {
          values = vec4<f32>(values.yzw, tile[at]);
          column += inputs[cell] * values;
          at += SIDE;
          cell += window.cols;
        }
        block += column;
      }
      total += block;
    }
  }
  return total;
}

/** Expected counts of the source; `z` is image and observation. */
@compute @workgroup_size(GROUP)
fn predict(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let image = group.z / OBSERVATIONS;
  let observation = group.z % OBSERVATIONS;
  if (!isWanted(image, local)) {
    return;
  }
  let corner = TILE * group.yx;
  let values = blurTile(false, image, observation, corner, local);
  let row = corner.x + 4u * (local / TILE);
  let col = corner.y + local % TILE;
  for (var k = 0u; k < 4u; k++) {
    if (row + k < NY && col < NX) {
      lights[lightOf(image, observation) + (row + k) * NX + col] = values[k];
    }
  }
}

/**
 * lambda - n + n ln(n / lambda), half the deviance of n counts. Sums of these are the Cash statistic but for a number that the data alone
 * know, and lose far fewer digits: near the counts a pixel adds about 1/2, however bright it is.
 */
fn halfDeviance(counts: f32, lambda: f32) -> f32 {
  if (counts == 0.0) {
    return lambda;
  }
  if (lambda <= 0.0) {
    return DARK;
  }
  let x = (lambda - counts) / counts;
  if (x > -0.29 && x < 0.41) {
    return -counts * logSeries(x);
  }
  return counts * (x - logOf(lambda / counts));
}

/** All expected counts of a pixel, and what the background has of them at scale 1. */
fn lambdaAt(image: u32, observation: u32, pixel: u32) -> vec2<f32> {
  let background = inputs[BACKGROUNDS + observation * PIXELS + pixel];
  return vec2<f32>(lights[lightOf(image, observation) + pixel] + states[image * STATE + observation] * background, background);
}

/** Counts over expected counts in place of what is expected, and sums of half the deviance and of the background over lambda. */
@compute @workgroup_size(GROUP)
fn compareCounts(
  @builtin(global_invocation_id) id: vec3<u32>,
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) local: u32
) {
  let image = group.y;
  let observation = group.z;
  if (!isWanted(image, local)) {
    return;
  }
  var own = vec2<f32>(0.0);
  if (id.x < PIXELS) {
    let counts = inputs[COUNTS + observation * PIXELS + id.x];
    var ratio = 0.0;
    if (counts >= 0.0) {
      let expected = lambdaAt(image, observation, id.x);
      ratio = counts / max(expected.x, 1e-30);
      own = vec2<f32>(halfDeviance(counts, expected.x), expected.y * ratio);
    }
    lights[lightOf(image, observation) + id.x] = ratio;
  }
  let sum = sumOfGroup(local, vec4<f32>(own, 0.0, 0.0));
  if (local == 0u) {
    sums[image * SUMS + observation * PIXEL_GROUPS + group.x] = sum.xy;
  }
}

/** sum over m of exposure times the ratios blurred backwards: behind the flux in its image. */
@compute @workgroup_size(GROUP)
fn backProject(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let image = group.z;
  let corner = TILE * group.yx;
  let row = corner.x + 4u * (local / TILE);
  let col = corner.y + local % TILE;
  var total = vec4<f32>(0.0);
  for (var observation = 0u; observation < OBSERVATIONS; observation++) {
    let values = blurTile(true, image, observation, corner, local);
    for (var k = 0u; k < 4u; k++) {
      if (row + k < NY && col < NX) {
        total[k] += inputs[EXPOSURES + observation * PIXELS + (row + k) * NX + col] * values[k];
      }
    }
  }
  for (var k = 0u; k < 4u; k++) {
    if (row + k < NY && col < NX) {
      images[imageOf(image) + PIXELS + (row + k) * NX + col] = total[k];
    }
  }
}
