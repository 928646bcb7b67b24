// Step 1 of the sweep: every detected photon is assigned to the sky pixel that it came from.

/** The light that every sky pixel sends to every observation, and the shift of the tree. */
@compute @workgroup_size(GROUP)
fn fillLight(
  @builtin(global_invocation_id) id: vec3<u32>,
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let job = jobs[id.y];
  let r = realsOf(job);
  let w = wholeOf(job);
  var expected = 0.0;
  if (id.x < PIXELS) {
    let mass = reals[r + id.x];
    expected = inputs[DETECTED + id.x] * mass;
    for (var m = 0u; m < OBSERVATIONS; m++) {
      let emitted = mass + reals[r + SCALES + m] * inputs[BACKGROUNDS + m * PIXELS + id.x];
      reals[r + LIGHT + m * PIXELS + id.x] = inputs[EXPOSURES + m * PIXELS + id.x] * emitted;
      atomicStore(&whole[w + PHOTONS + m * PIXELS + id.x], 0u);
    }
  }
  if (id.x < OBSERVATIONS) {
    atomicStore(&whole[w + BACKGROUND_PHOTONS + id.x], 0u);
  }
  if (id.x < STATES * STATES) {
    atomicStore(&whole[w + TRANSITIONS + id.x], 0u);
    atomicStore(&whole[w + ALL_TRANSITIONS + id.x], 0u);
  }
  if (SHIFTS && id.x == 0u) {
    draw(job, STEP_SHIFT, 0u);
    let bits = nextBits();
    atomicStore(&whole[w + SHIFT], mulHigh(bits.x, NY));
    atomicStore(&whole[w + SHIFT + 1u], mulHigh(bits.y, NX));
  }
  let sum = sumOfGroup(local, vec4<f32>(expected));
  if (local == 0u) {
    partials[job.slot * PARTS + EXPECTED_PARTS + group.x] = sum.x;
  }
}

/** Place `position` on an axis of `size`, brought back by whole periods; positions are at least -2 sizes. */
fn wrapped(position: i32, size: u32) -> u32 {
  return u32(position + 2 * i32(size)) % size;
}

/** A lit pixel and the part of the sky from which light reaches it: cell k of the psf looks at the sky at i + centre - k. */
struct Window {
  counts: f32,
  /** Place of the psf in `inputs`, of the observation's light in `reals`, of its photons in `whole`. */
  psf: u32,
  light: u32,
  photons: u32,
  psfCols: i32,
  /** Sky that cell 0 looks at. */
  bottom: i32,
  right: i32,
  /** Cells that look at the sky. */
  firstRow: i32,
  endRow: i32,
  firstCol: i32,
  endCol: i32,
}

fn windowOf(job: Job, entry: u32) -> Window {
  let observation = places[LIT_PLACES + 3u * entry];
  let pixel = places[LIT_PLACES + 3u * entry + 1u];
  let at = WINDOWS + 5u * observation;
  let psfRows = i32(places[at]);
  let psfCols = i32(places[at + 1u]);
  let bottom = i32(pixel / NX) + bitcast<i32>(places[at + 2u]);
  let right = i32(pixel % NX) + bitcast<i32>(places[at + 3u]);
  var counts = places[LIT_PLACES + 3u * entry + 2u];
  if (OWN_COUNTS) {
    counts = atomicLoad(&whole[wholeOf(job) + SEEN + entry]);
  }
  return Window(
    f32(counts),
    places[at + 4u],
    realsOf(job) + LIGHT + observation * PIXELS,
    wholeOf(job) + PHOTONS + observation * PIXELS,
    psfCols,
    bottom,
    right,
    select(max(0, bottom - i32(NY) + 1), 0, WRAP),
    select(min(psfRows, bottom + 1), psfRows, WRAP),
    select(max(0, right - i32(NX) + 1), 0, WRAP),
    select(min(psfCols, right + 1), psfCols, WRAP),
  );
}

/** First sky pixel of the row that a row of cells looks at, and the column that a column of cells looks at. */
fn skyRowOf(window: Window, row: i32) -> u32 {
  return wrapped(window.bottom - row, NY) * NX;
}

fn skyColOf(window: Window, col: i32) -> u32 {
  return wrapped(window.right - col, NX);
}

/** The column to the left; only a periodic sky has one beyond the edge. */
fn leftOf(col: u32) -> u32 {
  return select(col, NX, col == 0u) - 1u;
}

/** What a first look at a window finds. */
struct Look {
  lambda: f32,
  /** The last cell through which light comes, row by row. */
  last: i32,
}

fn lookThrough(window: Window) -> Look {
  var look = Look(0.0, -1);
  for (var row = window.firstRow; row < window.endRow; row++) {
    var sum = 0.0;
    var sky = skyColOf(window, window.firstCol);
    let light = window.light + skyRowOf(window, row);
    for (var col = window.firstCol; col < window.endCol; col++) {
      let value = inputs[window.psf + u32(row * window.psfCols + col)] * reals[light + sky];
      sky = leftOf(sky);
      sum += value;
      look.last = select(look.last, row * window.psfCols + col, value > 0.0);
    }
    look.lambda += sum;
  }
  return look;
}

/** Whether a lit pixel gets light; tells the host when it does not. */
fn isLit(job: Job, lambda: f32) -> bool {
  if (lambda > 0.0 && lambda < 1e37) {
    return true;
  }
  atomicOr(&whole[wholeOf(job)], NO_LIGHT);
  return false;
}

/**
 * Assign the photons of the lit pixels, a thread each, and sum up counts log(lambda / counts). Photons take uniform numbers in ascending
 * order (the least of k beyond the last is as far as U^(1/k) says), so that one more way through the window finds all their cells.
 */
@compute @workgroup_size(GROUP)
fn redistributeCounts(
  @builtin(global_invocation_id) id: vec3<u32>,
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let job = jobs[id.y];
  var logLight = 0.0;
  if (id.x < LIT) {
    let window = windowOf(job, id.x);
    let look = lookThrough(window);
    if (window.counts > 0.0 && isLit(job, look.lambda)) {
      logLight = window.counts * logOf(look.lambda / window.counts);
      if (id.x < FAINT) {
        assignPhotons(job, id.x, window, look);
      }
    }
  }
  let sum = sumOfGroup(local, vec4<f32>(logLight));
  if (local == 0u) {
    partials[job.slot * PARTS + LIGHT_PARTS + group.x] = sum.x;
  }
}

fn assignPhotons(job: Job, entry: u32, window: Window, look: Look) {
  draw(job, STEP_REDISTRIBUTE, entry);
  var beyond = 1.0;
  // Where the way has come to, as a cell and as a pixel.
  let firstSky = skyColOf(window, window.firstCol);
  var row = window.firstRow;
  var col = window.firstCol;
  var skyRow = skyRowOf(window, row);
  var skyCol = firstSky;
  // Light through the rows before, and through this row up to and with this cell.
  var before = 0.0;
  var cell = row * window.psfCols + col;
  var sum = inputs[window.psf + u32(cell)] * reals[window.light + skyRow + skyCol];
  for (var left = window.counts; left > 0.0; left -= 1.0) {
    beyond *= expOf(-exponentialOf(nextBits().x) / left);
    let goal = look.lambda * (1.0 - beyond);
    while (before + sum <= goal && cell < look.last) {
      col++;
      skyCol = leftOf(skyCol);
      if (col == window.endCol) {
        before += sum;
        sum = 0.0;
        col = window.firstCol;
        skyCol = firstSky;
        row++;
        skyRow = skyRowOf(window, row);
      }
      cell = row * window.psfCols + col;
      sum += inputs[window.psf + u32(cell)] * reals[window.light + skyRow + skyCol];
    }
    atomicAdd(&whole[window.photons + skyRow + skyCol], 1u);
  }
}

/** As `assignPhotons`, for pixels of more counts than the psf has cells: by binomial shares of what is left, cell after cell. */
@compute @workgroup_size(GROUP)
fn redistributeBright(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= LIT - FAINT) {
    return;
  }
  let job = jobs[id.y];
  let entry = FAINT + id.x;
  let window = windowOf(job, entry);
  let look = lookThrough(window);
  if (!isLit(job, look.lambda)) {
    return;
  }
  draw(job, STEP_REDISTRIBUTE, entry);
  var left = window.counts;
  var before = 0.0;
  for (var row = window.firstRow; row < window.endRow; row++) {
    var sum = 0.0;
    var skyCol = skyColOf(window, window.firstCol) + 1u;
    let skyRow = skyRowOf(window, row);
    for (var col = window.firstCol; col < window.endCol; col++) {
      skyCol = leftOf(skyCol % NX);
      let value = inputs[window.psf + u32(row * window.psfCols + col)] * reals[window.light + skyRow + skyCol];
      if (value <= 0.0 || left <= 0.0) {
        continue;
      }
      let rest = look.lambda - (before + sum);
      sum += value;
      var here = left;
      if (row * window.psfCols + col < look.last) {
        here = drawBinomial(left, select(1.0, value / rest, rest > value));
      }
      if (here > 0.0) {
        atomicAdd(&whole[window.photons + skyRow + skyCol], u32(here));
        left -= here;
      }
    }
    before += sum;
  }
}
