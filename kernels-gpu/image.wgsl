// Step 6 of the sweep: the image from its conditional, a product of Dirichlet draws down the tree, and with them the states of the nodes
// that say nothing of theirs.

@compute @workgroup_size(GROUP)
fn drawImage(
  @builtin(global_invocation_id) id: vec3<u32>,
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let job = jobs[id.y];
  for (var level = LAST; level >= FIRST; level--) {
    let nodes = rowsOf(level) * colsOf(level);
    var sums = vec4<f32>(0.0);
    for (var node = id.x; node < nodes; node += GROUPS * GROUP) {
      sums += drawBlock(job, level, node);
    }
    let sum = sumOfGroup(local, sums);
    if (local < 4u) {
      partials[job.slot * PARTS + places[5u * level + 4u] + 4u * group.x + local] = sum[local];
    }
    storageBarrier();
  }
}

/**
 * Draw the fractions of a block, and the masses of its children.
 *
 * @returns the logarithm of the density of its fractions (under the adaptive prior), or the sum of their logarithms; the mean log alpha
 *   of its state, as it is where the block holds counts and 0 elsewhere; 1 where it holds counts; and as it is everywhere
 */
fn drawBlock(job: Job, level: u32, node: u32) -> vec4<f32> {
  let r = realsOf(job);
  let w = wholeOf(job);
  let count = countsOf(job, level, node);
  let place = aboveOf(level, node);
  var mass = 0.0;
  if (level == LEVELS) {
    draw(job, STEP_TOTAL, 0u);
    mass = drawGamma(f32(count) + inputs[TOTAL_PRIOR]) / (1.0 + inputs[TOTAL_PRIOR + 1u]);
    reals[r + TOTAL] = mass;
  } else {
    mass = reals[r + MASSES + place];
  }
  draw(job, STEP_IMAGE, place);
  var state = 0u;
  var smoothness = 0.0;
  if (ADAPTIVE) {
    if (count > UNINFORMATIVE) {
      state = stateOf(job, level, node);
    } else {
      if (level == LEVELS) {
        state = mulHigh(nextBits().x, STATES);
      } else {
        state = drawNext(job, stateOf(job, level + 1u, parentOf(level, node)));
      }
      atomicStore(&whole[w + NODE_STATES + place], state);
    }
    if (level < LEVELS) {
      let parent = stateOf(job, level + 1u, parentOf(level, node));
      atomicAdd(&whole[w + ALL_TRANSITIONS + parent * STATES + state], 1u);
    }
    smoothness = inputs[MEAN_LOGS + state];
  }
  let kind = kindOf(level, node);
  var children: array<u32, 4>;
  var logs: array<f32, 4>;
  var alphas: array<f32, 4>;
  var largest = -1e30;
  for (var child = 0u; child < 4u; child++) {
    children[child] = childOf(level, node, child);
    if (children[child] == NONE) {
      continue;
    }
    alphas[child] = select(reals[r + ALPHA + level - 1u], inputs[STATE_ALPHAS + 4u * state + child], ADAPTIVE);
    if (kind < 3u) {
      logs[child] = drawLogGamma(f32(countsOf(job, level - 1u, children[child])) + alphas[child]);
    }
    largest = max(largest, logs[child]);
  }
  var sum = 0.0;
  for (var child = 0u; child < 4u; child++) {
    if (children[child] != NONE) {
      sum += expOf(logs[child] - largest);
    }
  }
  let logSum = logOf(sum);
  var term = 0.0;
  if (ADAPTIVE && kind < 3u) {
    term = inputs[KIND_NORMS + kind * STATES + state];
  }
  for (var child = 0u; child < 4u; child++) {
    if (children[child] == NONE) {
      continue;
    }
    let share = logs[child] - largest;
    if (kind < 3u) {
      term += select(1.0, alphas[child], ADAPTIVE) * (share - logSum);
    }
    let part = mass * expOf(share) / sum;
    if (level > 1u) {
      reals[r + MASSES + aboveOf(level - 1u, children[child])] = part;
    } else {
      let row = (children[child] / NX + atomicLoad(&whole[w + SHIFT])) % NY;
      let col = (children[child] % NX + atomicLoad(&whole[w + SHIFT + 1u])) % NX;
      reals[r + row * NX + col] = max(FLOOR, part);
    }
  }
  let held = select(0.0, 1.0, count > 0u);
  return vec4<f32>(term, smoothness * held, held, smoothness);
}
