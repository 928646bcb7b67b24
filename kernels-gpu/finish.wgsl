// Step 7 of the sweep, the scales of the backgrounds; and its end: moments, and the row of the trace.

/** Draw the scales of the backgrounds. */
@compute @workgroup_size(1)
fn drawScales(@builtin(workgroup_id) group: vec3<u32>) {
  let job = jobs[group.y];
  for (var m = 0u; m < OBSERVATIONS; m++) {
    let backgroundCounts = inputs[BACKGROUND_COUNTS + m];
    if (backgroundCounts > 0.0) {
      draw(job, STEP_SCALE, m);
      let photons = f32(atomicLoad(&whole[wholeOf(job) + BACKGROUND_PHOTONS + m]));
      reals[realsOf(job) + SCALES + m] =
        drawGamma(photons + inputs[SCALE_PRIOR]) / (backgroundCounts + inputs[SCALE_PRIOR + 1u]);
    }
  }
}

/** Running mean and squared deviations of the image (Welford 1962), and of ln alpha of every node the sum. */
@compute @workgroup_size(GROUP)
fn addToMoments(@builtin(global_invocation_id) id: vec3<u32>) {
  let job = jobs[id.y];
  if (id.x >= PIXELS || job.row < job.skip) {
    return;
  }
  let r = realsOf(job);
  let value = reals[r + id.x];
  let before = reals[r + MEAN + id.x];
  let mean = before + (value - before) / f32(job.draws + 1u);
  reals[r + MEAN + id.x] = mean;
  reals[r + SQUARES + id.x] += (value - before) * (value - mean);
  if (ADAPTIVE && id.x < ABOVE) {
    reals[r + SMOOTHNESS + id.x] += inputs[MEAN_LOGS + atomicLoad(&whole[wholeOf(job) + NODE_STATES + id.x])];
  }
}

@compute @workgroup_size(GROUP)
fn finishSweep(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let job = jobs[group.y];
  let r = realsOf(job);
  let w = wholeOf(job);
  let parts = job.slot * PARTS;
  let row = (job.slot * MAX_BATCH + job.row) * ROW;
  var part = vec4<f32>(0.0);
  for (var at = local; at < LIT_GROUPS; at += GROUP) {
    part.x += partials[parts + LIGHT_PARTS + at];
  }
  for (var at = local; at < PIXEL_GROUPS; at += GROUP) {
    part.y += partials[parts + EXPECTED_PARTS + at];
  }
  if (ADAPTIVE) {
    for (var entry = local; entry < STATES * STATES; entry += GROUP) {
      let transitions = f32(atomicLoad(&whole[w + ALL_TRANSITIONS + entry]));
      part.z += (transitions + inputs[TRANSITION_PRIOR + entry]) * logOf(reals[r + MATRIX + entry]);
    }
  }
  let sums = sumOfGroup(local, part);
  for (var level = 1u; level <= LEVELS; level++) {
    let first = parts + places[5u * level + 4u];
    part = vec4<f32>(0.0);
    for (var at = local; at < places[5u * level + 3u]; at += GROUP) {
      let four = first + 4u * at;
      part += vec4<f32>(partials[four], partials[four + 1u], partials[four + 2u], partials[four + 3u]);
    }
    if (level <= CELL_LEVEL) {
      for (var at = local; at < CELL_ROWS * CELL_COLS; at += GROUP) {
        part.x += partials[parts + CELL_PARTS + at * CELL_LEVEL + level - 1u];
      }
    }
    let ofLevel = sumOfGroup(local, part);
    if (local == 0u) {
      trace[row + 6u + OBSERVATIONS + LEVELS + level - 1u] = ofLevel.x;
      var smoothing = reals[r + ALPHA + level - 1u];
      if (ADAPTIVE) {
        smoothing = select(ofLevel.w / f32(rowsOf(level) * colsOf(level)), ofLevel.y / ofLevel.z, ofLevel.z > 0.0);
      }
      trace[row + 6u + OBSERVATIONS + level - 1u] = smoothing;
    }
  }
  if (local != 0u) {
    return;
  }
  trace[row] = sums.x;
  trace[row + 1u] = sums.y;
  trace[row + 2u] = f32(atomicLoad(&whole[w + SHIFT]));
  trace[row + 3u] = f32(atomicLoad(&whole[w + SHIFT + 1u]));
  trace[row + 4u] = reals[r + TOTAL];
  trace[row + 5u] = sums.z;
  for (var m = 0u; m < OBSERVATIONS; m++) {
    trace[row + 6u + m] = reals[r + SCALES + m];
  }
  jobs[group.y].draws += select(0u, 1u, job.row >= job.skip);
  jobs[group.y].row += 1u;
  jobs[group.y].sweep += 1u;
}
