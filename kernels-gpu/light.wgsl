// The light of the lit pixels while flux is transferred: lambda of every one, and what it gains along a line. Which pixels light reaches is
// worked out from where two boxes of the image lie; a map leads from a detector pixel to its entry among the lit ones.

/** Pixels of the image that a node covers, and those that its light reaches. */
struct Box {
  top: i32,
  left: i32,
  rows: i32,
  cols: i32,
}

/** Lambda of every lit pixel, and the light of the background at scale 1 in it. */
@compute @workgroup_size(GROUP)
fn predictLight(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= LIT) {
    return;
  }
  let job = jobs[id.y];
  let r = realsOf(job);
  let window = windowOf(job, id.x);
  if (window.counts == 0.0) {
    return;
  }
  let observation = places[LIT_PLACES + 3u * id.x];
  let scale = reals[r + SCALES + observation];
  let exposures = EXPOSURES + observation * PIXELS;
  let backgrounds = BACKGROUNDS + observation * PIXELS;
  var lambda = 0.0;
  var ofBackground = 0.0;
  for (var row = window.firstRow; row < window.endRow; row++) {
    var sums = vec2<f32>(0.0);
    var sky = skyColOf(window, window.firstCol);
    let skyRow = skyRowOf(window, row);
    for (var col = window.firstCol; col < window.endCol; col++) {
      let pixel = skyRow + sky;
      let seen = inputs[window.psf + u32(row * window.psfCols + col)] * inputs[exposures + pixel];
      let background = inputs[backgrounds + pixel];
      sums += seen * vec2<f32>(reals[r + pixel] + scale * background, background);
      sky = leftOf(sky);
    }
    lambda += sums.x;
    ofBackground += sums.y;
  }
  if (isLit(job, lambda)) {
    reals[r + LAMBDAS + id.x] = lambda;
    if (FIT_BACKGROUND) {
      reals[r + BACKGROUND_LIGHT + id.x] = ofBackground;
    }
  }
}

/** Pixels of the image that a node covers; without any if an edge of the image cuts it. */
fn boxOf(job: Job, node: Node) -> Box {
  let shift = shiftOf(job);
  let row = node.row << node.level;
  let col = node.col << node.level;
  let rows = min((node.row + 1u) << node.level, NY) - row;
  let cols = min((node.col + 1u) << node.level, NX) - col;
  let top = (row + shift.x) % NY;
  let left = (col + shift.y) % NX;
  if (top + rows > NY || left + cols > NX) {
    return Box(0, 0, 0, 0);
  }
  return Box(i32(top), i32(left), i32(rows), i32(cols));
}

fn boxAround(a: Box, b: Box) -> Box {
  let top = min(a.top, b.top);
  let left = min(a.left, b.left);
  return Box(top, left, max(a.top + a.rows, b.top + b.rows) - top, max(a.left + a.cols, b.left + b.cols) - left);
}

/** Expected counts of the flux of a box. */
fn expectedOf(job: Job, box: Box) -> f32 {
  var sum = 0.0;
  for (var row = box.top; row < box.top + box.rows; row++) {
    for (var col = box.left; col < box.left + box.cols; col++) {
      let pixel = u32(row) * NX + u32(col);
      sum += inputs[DETECTED + pixel] * reals[realsOf(job) + pixel];
    }
  }
  return sum;
}

/** Detector pixels of an observation that the light of a box reaches; beyond an edge with a periodic sky. */
fn reachOf(observation: u32, box: Box) -> Box {
  let at = WINDOWS + 5u * observation;
  let top = box.top - bitcast<i32>(places[at + 2u]);
  let left = box.left - bitcast<i32>(places[at + 3u]);
  let rows = i32(places[at]) + box.rows - 1;
  let cols = i32(places[at + 1u]) + box.cols - 1;
  if (WRAP) {
    return Box(top, left, min(rows, i32(NY)), min(cols, i32(NX)));
  }
  let first = vec2<i32>(max(top, 0), max(left, 0));
  let end = vec2<i32>(min(top + rows, i32(NY)), min(left + cols, i32(NX)));
  return Box(first.x, first.y, max(0, end.x - first.x), max(0, end.y - first.y));
}

/** Lit pixels of a line are the cells of one box an observation, or all of them in their order. */
fn reachOfLine(observation: u32) -> Box {
  if (outside != 0u) {
    return Box(0, 0, select(0, 1, observation == 0u), i32(LIT));
  }
  return reachOf(observation, boxAround(firstBox, secondBox));
}

/** The entry among the lit pixels of cell `cell` of a reach, or NONE. */
fn litEntryOf(job: Job, observation: u32, reach: Box, cell: u32) -> u32 {
  var entry = cell;
  if (outside == 0u) {
    let row = wrapped(reach.top + i32(cell) / reach.cols, NY);
    let col = wrapped(reach.left + i32(cell) % reach.cols, NX);
    entry = places[ENTRIES + observation * PIXELS + row * NX + col];
  }
  if (OWN_COUNTS && entry != NONE && countsOfEntry(job, entry) == 0.0) {
    return NONE;
  }
  return entry;
}

fn countsOfEntry(job: Job, entry: u32) -> f32 {
  if (OWN_COUNTS) {
    return f32(atomicLoad(&whole[wholeOf(job) + SEEN + entry]));
  }
  return f32(places[LIT_PLACES + 3u * entry + 2u]);
}

/** Light that a lit pixel gets from the flux of a box. */
fn lightFrom(job: Job, entry: u32, box: Box) -> f32 {
  let observation = places[LIT_PLACES + 3u * entry];
  let pixel = places[LIT_PLACES + 3u * entry + 1u];
  let at = WINDOWS + 5u * observation;
  let cells = vec2<i32>(i32(places[at]), i32(places[at + 1u]));
  let bottom = i32(pixel / NX) + bitcast<i32>(places[at + 2u]);
  let right = i32(pixel % NX) + bitcast<i32>(places[at + 3u]);
  var sum = 0.0;
  for (var row = box.top; row < box.top + box.rows; row++) {
    // Cell k of the psf looks at the sky at pixel + centre - k.
    let cellRow = select(bottom - row, i32(wrapped(bottom - row, NY)), WRAP);
    if (cellRow < 0 || cellRow >= cells.x) {
      continue;
    }
    for (var col = box.left; col < box.left + box.cols; col++) {
      let cellCol = select(right - col, i32(wrapped(right - col, NX)), WRAP);
      if (cellCol < 0 || cellCol >= cells.y) {
        continue;
      }
      let sky = u32(row) * NX + u32(col);
      sum += inputs[places[at + 4u] + u32(cellRow * cells.y + cellCol)] *
        inputs[EXPOSURES + observation * PIXELS + sky] * reals[realsOf(job) + sky];
    }
  }
  return sum;
}

/** What lambda of a lit pixel gains for each unit of f. */
fn gainOf(job: Job, entry: u32) -> f32 {
  if (outside == 0u) {
    let boxes = array<Box, 2>(firstBox, secondBox);
    var lights = vec2<f32>(0.0);
    for (var side = 0u; side < 2u; side++) {
      lights[side] = lightFrom(job, entry, boxes[side]) / current[side];
    }
    return lights.x - lights.y;
  }
  let observation = places[LIT_PLACES + 3u * entry];
  let background = reals[realsOf(job) + SCALES + observation] * reals[realsOf(job) + BACKGROUND_LIGHT + entry];
  var light = reals[realsOf(job) + LAMBDAS + entry] - background;
  if (keepsNode) {
    light -= lightOfKept(job, entry);
  }
  // Rounding may leave less than nothing where the pixels left out give all the light.
  return max(0.0, light) / current.x - select(0.0, background / current.y, observation == outside - 1u);
}

/** Light of the node that keeps its flux; the shift may lay it over an edge of the image. */
fn lightOfKept(job: Job, entry: u32) -> f32 {
  let shift = shiftOf(job);
  let side = 1u << firstNode.level;
  var sum = 0.0;
  for (var row = firstNode.row * side; row < min((firstNode.row + 1u) * side, NY); row++) {
    for (var col = firstNode.col * side; col < min((firstNode.col + 1u) * side, NX); col++) {
      let top = i32((row + shift.x) % NY);
      let left = i32((col + shift.y) % NX);
      sum += lightFrom(job, entry, Box(top, left, 1, 1));
    }
  }
  return sum;
}
