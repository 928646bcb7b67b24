// Steps 2 to 4 of the sweep: which photons the source emitted, those that exposure and edges kept from the detector, and the image of
// both laid under the tree.

@compute @workgroup_size(GROUP)
fn drawSourceCounts(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= PIXELS) {
    return;
  }
  let job = jobs[id.y];
  let r = realsOf(job);
  let w = wholeOf(job);
  let mass = reals[r + id.x];
  draw(job, STEP_SOURCE, id.x);
  var source = 0u;
  for (var m = 0u; m < OBSERVATIONS; m++) {
    let photons = atomicLoad(&whole[w + PHOTONS + m * PIXELS + id.x]);
    let background = reals[r + SCALES + m] * inputs[BACKGROUNDS + m * PIXELS + id.x];
    if (photons == 0u || background == 0.0) {
      source += photons;
      continue;
    }
    let emitted = u32(drawBinomial(f32(photons), mass / (mass + background)));
    source += emitted;
    atomicAdd(&whole[w + BACKGROUND_PHOTONS + m], photons - emitted);
  }
  let missing = inputs[MISSING + id.x] * mass;
  if (missing >= f32(MOST_COUNTS)) {
    atomicOr(&whole[w], TOO_MANY_COUNTS);
  } else if (missing > 0.0) {
    source += u32(drawPoisson(missing));
  }
  // Node (row, col) of the tree takes pixel (row + shiftRow, col + shiftCol).
  let row = (id.x / NX + NY - atomicLoad(&whole[w + SHIFT])) % NY;
  let col = (id.x % NX + NX - atomicLoad(&whole[w + SHIFT + 1u])) % NX;
  atomicStore(&whole[w + COUNTS + row * NX + col], source);
}
