// The way up the tree: counts of the nodes and, under the adaptive prior, what they say of the nodes' states, fractions integrated out
// (kernels/states.ts has the mathematics). Then the way down: the states of all nodes that say something of theirs, and the transition
// matrix given those.
//
// Levels of many nodes have a dispatch each; those above are done by one workgroup in one dispatch.

override FIRST: u32 = 1;
override LAST: u32 = 1;
override GROUPS: u32 = 1;

@compute @workgroup_size(GROUP)
fn collectTree(@builtin(global_invocation_id) id: vec3<u32>) {
  let job = jobs[id.y];
  for (var level = FIRST; level <= LAST; level++) {
    let nodes = rowsOf(level) * colsOf(level);
    for (var node = id.x; node < nodes; node += GROUPS * GROUP) {
      collectNode(job, level, node);
    }
    storageBarrier();
  }
}

/**
 * log of Gamma(c + g) / (Gamma(c + 1) Gamma(g)) for c beyond the tables. The common Gamma(c + 1) of all states is left out of all
 * terms, so that what remains is small and f32 holds it.
 */
fn logRising(c: f32, g: f32, logGamma: f32) -> f32 {
  return logGammaStep(c + 1.0, g - 1.0) - logGamma;
}

fn collectNode(job: Job, level: u32, node: u32) {
  var counts: array<u32, 4>;
  var count = 0u;
  for (var child = 0u; child < 4u; child++) {
    let below = childOf(level, node, child);
    counts[child] = 0u;
    if (below != NONE) {
      counts[child] = countsOf(job, level - 1u, below);
    }
    count += counts[child];
  }
  atomicStore(&whole[wholeOf(job) + COUNTS + startOf(level) + node], count);
  if (level == LEVELS && count > MOST_COUNTS) {
    atomicOr(&whole[wholeOf(job)], TOO_MANY_COUNTS);
  }
  if (!ADAPTIVE || count <= UNINFORMATIVE) {
    return;
  }
  let kind = kindOf(level, node);
  let out = realsOf(job) + MESSAGES + aboveOf(level, node) * STATES;
  var logs: array<f32, STATES>;
  for (var state = 0u; state < STATES; state++) {
    var sum = 0.0;
    if (kind < 3u) {
      if (count <= TABLED) {
        sum = -inputs[SUM_TABLE + (kind * (TABLED + 1u) + count) * STATES + state];
      } else {
        sum = -logRising(f32(count), inputs[SUM_ALPHAS + kind * STATES + state], inputs[SUM_NORMS + kind * STATES + state]);
      }
      for (var child = 0u; child < 4u; child++) {
        let c = counts[child];
        if (c == 0u) {
          continue;
        }
        if (c <= TABLED) {
          sum += inputs[CHILD_TABLE + (child * (TABLED + 1u) + c) * STATES + state];
        } else {
          sum += logRising(f32(c), inputs[STATE_ALPHAS + 4u * state + child], inputs[STATE_NORMS + 4u * state + child]);
        }
      }
    }
    logs[state] = sum;
  }
  if (level > 1u) {
    for (var child = 0u; child < 4u; child++) {
      if (counts[child] <= UNINFORMATIVE) {
        continue;
      }
      let message = realsOf(job) + MESSAGES + aboveOf(level - 1u, childOf(level, node, child)) * STATES;
      for (var state = 0u; state < STATES; state++) {
        var sum = 0.0;
        for (var to = 0u; to < STATES; to++) {
          sum += reals[entryOf(job, state, to)] * reals[message + to];
        }
        logs[state] += logOf(sum);
      }
    }
  }
  var largest = logs[0];
  for (var state = 1u; state < STATES; state++) {
    largest = max(largest, logs[state]);
  }
  for (var state = 0u; state < STATES; state++) {
    reals[out + state] = expOf(logs[state] - largest);
  }
}

/** Draw the states of the nodes that say something of theirs. */
@compute @workgroup_size(GROUP)
fn settleStates(@builtin(global_invocation_id) id: vec3<u32>) {
  let job = jobs[id.y];
  for (var level = LAST; level >= FIRST; level--) {
    let nodes = rowsOf(level) * colsOf(level);
    for (var node = id.x; node < nodes; node += GROUPS * GROUP) {
      if (countsOf(job, level, node) > UNINFORMATIVE) {
        settleNode(job, level, node);
      }
    }
    storageBarrier();
  }
}

fn parentOf(level: u32, node: u32) -> u32 {
  let cols = colsOf(level);
  return (node / cols / 2u) * colsOf(level + 1u) + (node % cols) / 2u;
}

fn settleNode(job: Job, level: u32, node: u32) {
  let place = aboveOf(level, node);
  let message = realsOf(job) + MESSAGES + place * STATES;
  var parent = NONE;
  if (level < LEVELS) {
    parent = stateOf(job, level + 1u, parentOf(level, node));
  }
  var weights: array<f32, STATES>;
  var sum = 0.0;
  for (var state = 0u; state < STATES; state++) {
    var weight = reals[message + state];
    if (parent != NONE) {
      weight *= reals[entryOf(job, parent, state)];
    }
    sum += weight;
    weights[state] = sum;
  }
  draw(job, STEP_STATES, place);
  let goal = uniformOf(nextBits().x) * sum;
  var state = 0u;
  while (state < STATES - 1u && goal >= weights[state]) {
    state++;
  }
  atomicStore(&whole[wholeOf(job) + NODE_STATES + place], state);
  if (parent != NONE) {
    atomicAdd(&whole[wholeOf(job) + TRANSITIONS + parent * STATES + state], 1u);
  }
}

/** Rows of the transition matrix from Dirichlet(prior + transitions), one thread each. */
@compute @workgroup_size(32)
fn drawTransitionMatrix(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= STATES) {
    return;
  }
  let job = jobs[id.y];
  let row = id.x * STATES;
  draw(job, STEP_MATRIX, id.x);
  var logs: array<f32, STATES>;
  var largest = -1e30;
  for (var to = 0u; to < STATES; to++) {
    let transitions = f32(atomicLoad(&whole[wholeOf(job) + TRANSITIONS + row + to]));
    logs[to] = drawLogGamma(inputs[TRANSITION_PRIOR + row + to] + transitions);
    largest = max(largest, logs[to]);
  }
  var sum = 0.0;
  for (var to = 0u; to < STATES; to++) {
    logs[to] = expOf(logs[to] - largest);
    sum += logs[to];
  }
  for (var to = 0u; to < STATES; to++) {
    // No message becomes 0, and no state is out of reach.
    reals[realsOf(job) + MATRIX + row + to] = max(1e-30, logs[to] / sum);
  }
}

/** A state from a row of the transition matrix. */
fn drawNext(job: Job, before: u32) -> u32 {
  var goal = uniformOf(nextBits().x);
  var state = 0u;
  while (state < STATES - 1u) {
    goal -= reals[entryOf(job, before, state)];
    if (goal < 0.0) {
      break;
    }
    state++;
  }
  return state;
}
