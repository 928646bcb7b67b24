// The image as masses of the tree, while flux is transferred: level 0 is the image itself, read through the shift, the levels above are kept
// in step with it (kernels/masses.ts has the prior as a density of masses).

/** A node of the tree. */
struct Node {
  level: u32,
  row: u32,
  col: u32,
}

fn minus(position: u32, shift: u32, size: u32) -> u32 {
  return (position + size - shift) % size;
}

fn shiftOf(job: Job) -> vec2<u32> {
  return vec2<u32>(atomicLoad(&whole[wholeOf(job) + SHIFT]), atomicLoad(&whole[wholeOf(job) + SHIFT + 1u]));
}

/** Place in `reals` of the mass of a node. */
fn massAt(job: Job, node: Node) -> u32 {
  if (node.level > 0u) {
    return realsOf(job) + MASSES + aboveOf(node.level, node.row * colsOf(node.level) + node.col);
  }
  let shift = shiftOf(job);
  return realsOf(job) + ((node.row + shift.x) % NY) * NX + (node.col + shift.y) % NX;
}

fn isThere(node: Node) -> bool {
  return node.row < rowsOf(node.level) && node.col < colsOf(node.level);
}

fn massOf(job: Job, node: Node) -> f32 {
  return reals[massAt(job, node)];
}

fn parentNode(node: Node) -> Node {
  return Node(node.level + 1u, node.row >> 1u, node.col >> 1u);
}

fn childNode(node: Node, child: u32) -> Node {
  return Node(node.level - 1u, 2u * node.row + (child >> 1u), 2u * node.col + (child & 1u));
}

/** Sum of the masses of the siblings of a node. */
fn siblingsOf(job: Job, node: Node) -> f32 {
  var sum = 0.0;
  for (var child = 0u; child < 4u; child++) {
    let other = childNode(parentNode(node), child);
    if (isThere(other) && (other.row != node.row || other.col != node.col)) {
      sum += massOf(job, other);
    }
  }
  return sum;
}

/** Mass of a node above the image as the sum of its children's: added, never subtracted. */
fn sumMass(job: Job, node: Node) {
  var sum = 0.0;
  for (var child = 0u; child < 4u; child++) {
    let below = childNode(node, child);
    if (isThere(below)) {
      sum += massOf(job, below);
    }
  }
  reals[massAt(job, node)] = sum;
}

/** Masses of all nodes above the image from its own. */
@compute @workgroup_size(GROUP)
fn sumMasses(@builtin(global_invocation_id) id: vec3<u32>) {
  let job = jobs[id.y];
  for (var level = FIRST; level <= LAST; level++) {
    let nodes = rowsOf(level) * colsOf(level);
    for (var node = id.x; node < nodes; node += GROUPS * GROUP) {
      sumMass(job, Node(level, node / colsOf(level), node % colsOf(level)));
    }
    storageBarrier();
  }
}

/**
 * Draw a node of level `end` below another with probability proportional to its mass: at every node the child with the least E / mass, E
 * exponential, so that children of little mass have their chance too.
 */
fn descend(job: Job, start: Node, end: u32) -> Node {
  var node = start;
  while (node.level > end) {
    let bits = nextBits();
    var least = 3e38;
    var next = childNode(node, 0u);
    for (var child = 0u; child < 4u; child++) {
      let below = childNode(node, child);
      if (!isThere(below)) {
        continue;
      }
      let wait = exponentialOf(bits[child]) / massOf(job, below);
      if (wait < least) {
        least = wait;
        next = below;
      }
    }
    node = next;
  }
  return node;
}

/** Place of the sum that takes what a transfer changes of the densities of a level: the first of those of `drawImage`, or one of its cell. */
fn partOf(job: Job, level: u32) -> u32 {
  return select(job.slot * PARTS + places[5u * level + 4u], cellParts + level - 1u, cellParts != NONE);
}

/** Children of the block that a node belongs to. */
fn childrenBeside(node: Node) -> u32 {
  let wide = (node.col | 1u) < colsOf(node.level);
  let tall = (node.row | 1u) < rowsOf(node.level);
  return select(1u, 2u, wide) * select(1u, 2u, tall);
}

/** Alpha of a node in the block of its parent, and that of all children of the block, which are more than one. */
fn alphasOf(job: Job, node: Node, children: u32) -> vec2<f32> {
  if (!ADAPTIVE) {
    let alpha = reals[realsOf(job) + ALPHA + node.level];
    return vec2<f32>(alpha, f32(children) * alpha);
  }
  let block = parentNode(node);
  let place = block.row * colsOf(block.level) + block.col;
  let state = stateOf(job, block.level, place);
  let child = 2u * (node.row & 1u) + (node.col & 1u);
  return vec2<f32>(
    inputs[STATE_ALPHAS + 4u * state + child],
    inputs[SUM_ALPHAS + kindOf(block.level, place) * STATES + state],
  );
}

/** Add the terms of the prior of a line between two nodes of one level; `ancestor` becomes the level of the node above both. */
fn addPriorTerms(job: Job, mass: f32) {
  var nodes = array<Node, 2>(firstNode, secondNode);
  var pending = vec2<f32>(1.0);
  var beside = vec2<f32>(0.0);
  for (var level = firstNode.level; level < LEVELS; level++) {
    for (var side = 0u; side < 2u; side++) {
      let children = childrenBeside(nodes[side]);
      if (children > 1u) {
        let alphas = alphasOf(job, nodes[side], children);
        addTerm(side, pending[side] + alphas.x - 1.0, beside[side] / mass);
        pending[side] = 1.0 - alphas.y;
      }
    }
    ancestor = level + 1u;
    if (nodes[0].row >> 1u == nodes[1].row >> 1u && nodes[0].col >> 1u == nodes[1].col >> 1u) {
      return;
    }
    for (var side = 0u; side < 2u; side++) {
      beside[side] += siblingsOf(job, nodes[side]);
      nodes[side] = parentNode(nodes[side]);
    }
  }
}

/** Terms of the prior for the flux outside a node: masses outside go as f, nodes above it as what it keeps and S f / f_0. */
fn addOutsideTerms(job: Job) {
  var node = firstNode;
  let kept = massOf(job, node);
  // Exponent of a node's mass as a parent, still to meet its exponent as a child.
  var pending = 0.0;
  var beside = 0.0;
  while (node.level < LEVELS) {
    let children = childrenBeside(node);
    if (children > 1u) {
      let alphas = alphasOf(job, node, children);
      if (beside > 0.0) {
        addTerm(0u, pending + alphas.x - 1.0, kept * current.x / beside);
      }
      addTerm(0u, alphas.y - alphas.x, 0.0);
      beside += siblingsOf(job, node);
      pending = 1.0 - alphas.y;
    }
    node = parentNode(node);
  }
  // The root: T^(a - 1), and 1 / T of the choice of the node.
  addTerm(0u, pending + inputs[TOTAL_PRIOR] - 2.0, kept * current.x / beside);
}

/**
 * Add to what `drawImage` left of the blocks above a node, up to below level `end`, the part of the densities of their fractions (or of
 * the sums of their logarithms) that a transfer changes, or take it away. A pixel at the least mass stands for all below: where in the
 * tail it is, whose density falls off with its alpha, is drawn.
 *
 * @param siblings what the logarithms of the masses of siblings have gained
 */
fn addFractions(job: Job, moved: Node, end: u32, sign: f32, siblings: f32) {
  var node = moved;
  while (node.level < end) {
    let children = childrenBeside(node);
    if (children > 1u) {
      let alphas = alphasOf(job, node, children);
      let weights = select(vec2<f32>(1.0, f32(children)), alphas, ADAPTIVE);
      var logMass = logOf(massOf(job, node));
      if (node.level == 0u && massOf(job, node) <= FLOOR) {
        logMass -= exponentialOf(nextBits().x) / alphas.x;
      }
      let sum = weights.x * logMass + (weights.y - weights.x) * siblings -
        weights.y * logOf(massOf(job, parentNode(node)));
      partials[partOf(job, node.level + 1u)] += sign * sum;
    }
    node = parentNode(node);
  }
}

/** Multiply the pixels of a node, and sum up its masses and those above from them, up to below `ancestor`. */
fn moveNode(job: Job, moved: Node, factor: f32) {
  for (var level = 0u; level < ancestor; level++) {
    let reach = max(moved.level, level) - level;
    let row = (moved.row << moved.level) >> level;
    let col = (moved.col << moved.level) >> level;
    for (var r = row; r < min(row + (1u << reach), rowsOf(level)); r++) {
      for (var c = col; c < min(col + (1u << reach), colsOf(level)); c++) {
        let node = Node(level, r, c);
        if (level == 0u) {
          let at = massAt(job, node);
          reals[at] = max(FLOOR, factor * reals[at]);
        } else {
          sumMass(job, node);
        }
      }
    }
  }
}
