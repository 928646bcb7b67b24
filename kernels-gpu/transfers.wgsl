// Step 8 of the sweep: transfers of flux between neighbouring pixels, between blocks of pixels, and between flux and background, with the
// photons integrated out (kernels/transfer.ts). What they need first: masses of the tree summed up from the image, and lambda of the lit
// pixels. The threads of a workgroup share the lit pixels under a line and the knots of its proposal. Transfers of one workgroup follow each
// other. Chains do theirs side by side, and so do the cells of a chain (src/samplers/gpu-cells.ts), before what is left.
//
// Each is a Metropolis step in z = logit f, f the share of `first` in what two places hold together, accepted with probability
//
//     min(1, exp(g(z') - g(z) + log q(z) - log q(z'))),   g(z) = log prior + sum counts log lambda(f) - slope f,
//
// where the Jacobian df = f (1 - f) dz is among the terms of the prior (addPriorTerms begins with exponents 1). q is a function of the
// line alone, and so is the chance to choose the line: first and second are put in one order whichever was chosen first.
//
// Cells. In a sweep the cells of one of four colours, drawn at random, transfer flux between pairs of pixels that lie within one of them, all at
// the same time. That leaves the posterior as it is, for any colour:
//
//   1. A cell is a node of the tree, and a transfer within it changes two pixels and masses below that node, none of the node itself or of
//      those above. So what it changes of the prior are the densities of fractions of blocks below the node, which are of that cell alone.
//   2. The light of its pixels reaches lit pixels that no light of another cell of the colour reaches, since the gap between them is as wide
//      as that reach. So what it changes of the likelihood are terms of these lit pixels, which are of that cell alone.
//   3. Hence given all other pixels the posterior is a product over the cells, and the steps of each, which read and write only what is
//      its own, are those of a chain in which one cell after the other has its turn, in any order: a product of Metropolis steps.
//   4. The number of attempts in a cell and the chance to choose a pair there depend on its pixels through sums that no transfer
//      changes: the mass of the cell and of the image, and of the pair. So both are the same before a step and after it.
//
// Pairs that lie in two cells, or in none, are chosen among all pairs as without cells, and all others let go, again by what no transfer
// changes. With the expected number of attempts in a cell of a colour four times that of one in all places, a pair is as likely chosen as
// without cells, on average over sweeps.
//
// f32: g is a sum of differences between proposed and current share, of log(1 + w) for the light, so that its error is 1e-7 of the
// counts whose light changes. Lambda is carried along from one transfer to the next within a sweep. Where light falls by a factor k it
// loses as many digits, but a lit pixel lets that happen with a chance of about k^-counts; the next sweep computes it anew.

/** A lit pixel never has less light. */
const LEAST_LIGHT = 1e-37;
/** Pairs that hold less mass are left to the Gibbs steps, and of those chosen by flux also what 32 random bits hardly find. */
const LEAST_MASS = 1e-6;
const LEAST_PART = 1e-7;
/** Part of the pair transfers whose first pixel is drawn uniformly: one in ten. */
const UNIFORM = 429496729u;
/** Pair transfers a sweep, at most, that begin at a pixel drawn by its flux, on average. */
const MOST_BY_FLUX = 4.0;
/** Levels of nodes that trade flux: to 4 x 4 pixels; of those that keep theirs against the background: to 8 x 8. */
const HIGHEST_NODE = 2u;
const HIGHEST_KEPT = 3u;
/**
 * Shares of flux and background that are not left. What the flux gives is a difference of lambda, background and node, of whose error a share so
 * small makes much.
 */
const LEAST_OUTSIDE = vec2<f32>(1e-3, 1e-9);
/** Attempts to transfer between pixels and between nodes. */
const IMAGE_TRANSFERS = PAIR_TRANSFERS + select(NODE_TRANSFERS, 0u, LEVELS == 1u);

/** The cell of a workgroup, and its attempts: first those from a pixel drawn uniformly, then those from one drawn by its flux. */
var<workgroup> ownCell: Node;
var<workgroup> uniformAttempts: u32;
var<workgroup> attempts: u32;
/** Place of the cell's own sums of densities, of levels 1 to its own; NONE beside cells. */
var<workgroup> cellParts: u32;

// The line on which a transfer moves. Without `outside` it goes from one node to another; otherwise from all flux but that of the
// first node to the background of observation `outside - 1`.
var<workgroup> chosen: u32;
var<workgroup> outside: u32;
/** Whether the first node is there; without it all flux counts. */
var<workgroup> keepsNode: bool;
var<workgroup> firstNode: Node;
var<workgroup> secondNode: Node;
var<workgroup> firstBox: Box;
var<workgroup> secondBox: Box;
/** Level of the node above both, whose mass stays. */
var<workgroup> ancestor: u32;
/** Shares f and 1 - f: both, because either may be tiny. */
var<workgroup> current: vec2<f32>;
var<workgroup> proposed: vec2<f32>;
/** Loss of log-likelihood by expected counts for each unit of f. */
var<workgroup> slope: f32;
/** What the light of the lit pixels must gain for the proposal to be accepted. */
var<workgroup> wanted: f32;

/** Begin a line between two nodes of one level, if they hold enough. By one thread, as all that chooses. */
fn beginLine(job: Job, a: Node, b: Node, mass: f32) {
  let inOrder = a.row < b.row || (a.row == b.row && a.col < b.col);
  firstNode = b;
  secondNode = a;
  if (inOrder) {
    firstNode = a;
    secondNode = b;
  }
  firstBox = boxOf(job, firstNode);
  secondBox = boxOf(job, secondNode);
  if (firstBox.rows == 0 || secondBox.rows == 0) {
    return;
  }
  chosen = 1u;
  current = vec2<f32>(massOf(job, firstNode), massOf(job, secondNode)) / mass;
  slope = expectedOf(job, firstBox) / current.x - expectedOf(job, secondBox) / current.y;
  beginTerms();
  addPriorTerms(job, mass);
}

fn root() -> Node {
  return Node(LEVELS, 0u, 0u);
}

/** Begin what a workgroup does: the pairs of one cell of this sweep's colour, or all else. By one thread. */
fn beginAttempts(job: Job, index: u32, within: bool) {
  cellParts = NONE;
  attempts = IMAGE_TRANSFERS + select(0u, OBSERVATIONS * BACKGROUND_TRANSFERS, FIT_BACKGROUND);
  if (!within) {
    return;
  }
  draw(job, STEP_COLOUR, 0u);
  let colour = nextBits().x;
  let row = 2u * (index / CELL_COLS) + (colour >> 31u);
  let col = 2u * (index % CELL_COLS) + ((colour >> 30u) & 1u);
  ownCell = Node(CELL_LEVEL, row, col);
  cellParts = job.slot * PARTS + CELL_PARTS + index * CELL_LEVEL;
  for (var level = 0u; level < CELL_LEVEL; level++) {
    partials[cellParts + level] = 0.0;
  }
  // Four colours take turns, so that a pair has the chance of one that is chosen among all, on average over sweeps.
  draw(job, STEP_COLOUR, 1u + index);
  let bits = nextBits();
  let tries = 4.0 * f32(PAIR_TRANSFERS);
  let uniformPart = f32(UNIFORM) / 4294967296.0;
  let area = f32(1u << (2u * CELL_LEVEL)) / f32(PIXELS);
  let share = min(1.0, massOf(job, ownCell) / massOf(job, root()));
  uniformAttempts = u32(tries * uniformPart * area + uniformOf(bits.x));
  attempts = uniformAttempts + u32(tries * (1.0 - uniformPart) * share + uniformOf(bits.y));
}

/** Whether the pixels of a pair belong to one cell, of any colour. */
fn shareCell(a: Node, b: Node) -> bool {
  let row = a.row >> CELL_LEVEL;
  let col = a.col >> CELL_LEVEL;
  return row < 2u * CELL_ROWS && col < 2u * CELL_COLS && row == b.row >> CELL_LEVEL && col == b.col >> CELL_LEVEL;
}

/**
 * Choose two pixels at most two apart, which do not belong to one cell, or two neighbouring nodes of 2 x 2 or 4 x 4 pixels; see
 * kernels/pair-transfer.ts and kernels/node-transfer.ts.
 */
fn chooseNodes(job: Job, attempt: u32) {
  draw(job, STEP_TRANSFER, attempt);
  let bits = nextBits();
  let more = nextBits();
  let pair = attempt < PAIR_TRANSFERS;
  let level = select(1u + mulHigh(bits.x, min(HIGHEST_NODE, LEVELS - 1u)), 0u, pair);
  let byFlux = !pair || bits.x >= UNIFORM;
  var a = Node(0u, mulHigh(bits.y, NY), mulHigh(bits.z, NX));
  if (byFlux) {
    a = descend(job, root(), level);
  }
  chooseOther(job, a, byFlux, bits.w, more.xy);
}

/** Choose two pixels of the cell. */
fn chooseWithin(job: Job, attempt: u32) {
  draw(job, STEP_CELL, (attempt * 2u * CELL_ROWS + ownCell.row) * 2u * CELL_COLS + ownCell.col);
  let bits = nextBits();
  let more = nextBits();
  let byFlux = attempt >= uniformAttempts;
  let side = 1u << CELL_LEVEL;
  var a = Node(0u, ownCell.row * side + mulHigh(bits.y, side), ownCell.col * side + mulHigh(bits.z, side));
  if (byFlux) {
    a = descend(job, ownCell, 0u);
  }
  chooseOther(job, a, byFlux, bits.w, more.xy);
}

/** Choose the other of two nodes, and begin their line if they hold enough. */
fn chooseOther(job: Job, a: Node, byFlux: bool, distance: u32, more: vec2<u32>) {
  chosen = 0u;
  let pair = a.level == 0u;
  let turn = more.x >> 30u;
  let sign = select(-1, 1, (turn & 1u) == 1u);
  var step = select(vec2<i32>(0, sign), vec2<i32>(sign, 0), turn < 2u);
  var shift = vec2<u32>(0u);
  var size = vec2<u32>(rowsOf(a.level), colsOf(a.level));
  if (pair) {
    // Weights 1 / distance: 4 neighbours at 1, 4 at sqrt(2), 4 at 2. Neighbours in the image, which may be far apart in the tree.
    let goal = uniformOf(distance) * 8.828427125;
    if (goal >= 6.828427125) {
      step = 2 * step;
    } else if (goal >= 4.0) {
      step = vec2<i32>(sign, select(-1, 1, turn < 2u));
    }
    shift = shiftOf(job);
  }
  let row = i32((a.row + shift.x) % size.x) + step.x;
  let col = i32((a.col + shift.y) % size.y) + step.y;
  if (row < 0 || col < 0 || row >= i32(size.x) || col >= i32(size.y)) {
    return;
  }
  let b = Node(a.level, minus(u32(row), shift.x, size.x), minus(u32(col), shift.y, size.y));
  if (pair && CELL_LEVEL > 0u && shareCell(a, b) != (cellParts != NONE)) {
    return;
  }
  let mass = massOf(job, a) + massOf(job, b);
  let total = massOf(job, root());
  let most = total * MOST_BY_FLUX / f32(PAIR_TRANSFERS);
  if (mass < LEAST_MASS || (byFlux && mass < LEAST_PART * total)) {
    return;
  }
  if (pair && byFlux && uniformOf(more.y) * mass > most) {
    return;
  }
  beginLine(job, a, b, mass);
}

/** Whether a pixel of the image lies in the node that keeps its flux. */
fn isKept(shift: vec2<u32>, pixel: u32) -> bool {
  let row = minus(pixel / NX, shift.x, NY);
  let col = minus(pixel % NX, shift.y, NX);
  return keepsNode && row >> firstNode.level == firstNode.row && col >> firstNode.level == firstNode.col;
}

/** Choose a node that keeps its flux while all other is traded for a background; see kernels/background-transfer.ts. By all threads. */
fn chooseOutside(job: Job, local: u32, attempt: u32) {
  let observation = attempt / BACKGROUND_TRANSFERS;
  if (local == 0u) {
    draw(job, STEP_OUTSIDE, attempt);
    let level = mulHigh(nextBits().x, min(HIGHEST_KEPT, LEVELS - 1u) + 2u);
    keepsNode = level > 0u;
    if (keepsNode) {
      firstNode = descend(job, root(), level - 1u);
    }
  }
  workgroupBarrier();
  let shift = shiftOf(job);
  var part = vec2<f32>(0.0);
  for (var pixel = local; pixel < PIXELS; pixel += GROUP) {
    if (!isKept(shift, pixel)) {
      part += reals[realsOf(job) + pixel] * vec2<f32>(inputs[DETECTED + pixel], 1.0);
    }
  }
  let sums = sumOfGroup(local, vec4<f32>(part, 0.0, 0.0));
  if (local != 0u) {
    return;
  }
  let counts = inputs[BACKGROUND_COUNTS + observation];
  let background = reals[realsOf(job) + SCALES + observation] * counts;
  let together = sums.x + background;
  current = vec2<f32>(sums.x, background) / together;
  chosen = select(0u, 1u, all(current > LEAST_OUTSIDE) && sums.y > 0.0);
  outside = observation + 1u;
  // Total and scale enter the log prior linearly; the expected counts stay.
  slope = inputs[TOTAL_PRIOR + 1u] * sums.y / current.x - inputs[SCALE_PRIOR + 1u] * together / counts;
  beginTerms();
  addTerm(1u, inputs[SCALE_PRIOR], 0.0);
  if (keepsNode) {
    addOutsideTerms(job);
  } else {
    addTerm(0u, inputs[TOTAL_PRIOR], 0.0);
  }
}

/** Draw the proposal and say what the light must gain for it. By one thread. */
fn proposeShares() {
  let z = drawFromProposal();
  let odds = expOf(-abs(z));
  let both = vec2<f32>(1.0, odds) / (1.0 + odds);
  proposed = select(both.yx, both, z > 0.0);
  let here = clamp(logOf(current.x) - logOf(current.y), -LARGEST_Z, LARGEST_Z);
  let ratio = logPriorOfShares(proposed) - logPriorOfShares(current) - slope * stepOfShares() +
    logProposal(here) - logProposal(z);
  wanted = -exponentialOf(nextBits().x) - ratio;
  if (outside != 0u && any(proposed <= LEAST_OUTSIDE)) {
    // From there no transfer would lead back.
    wanted = 3e38;
  }
}

/** Proposed f less current f. */
fn stepOfShares() -> f32 {
  return select(proposed.x - current.x, current.y - proposed.y, current.x > 0.5);
}

/** One Metropolis step along the line that is chosen, by all threads. */
fn transfer(job: Job, local: u32) {
  if (workgroupUniformLoad(&chosen) == 0u) {
    return;
  }
  let lambdas = realsOf(job) + LAMBDAS;
  let gains = realsOf(job) + GAINS;
  var low = vec4<f32>(0.0);
  var high = vec2<f32>(0.0);
  for (var m = 0u; m < OBSERVATIONS; m++) {
    let reach = reachOfLine(m);
    for (var cell = local; cell < u32(reach.rows * reach.cols); cell += GROUP) {
      let entry = litEntryOf(job, m, reach, cell);
      if (entry == NONE) {
        continue;
      }
      let gain = gainOf(job, entry);
      reals[gains + entry] = gain;
      let u = gain / max(LEAST_LIGHT, reals[lambdas + entry] + (0.5 - current.x) * gain);
      let squared = u * u;
      let moments = countsOfEntry(job, entry) * vec4<f32>(u, squared, squared * u, squared * squared);
      low += moments;
      high += squared * moments.zw;
    }
  }
  var light = sumOfGroup(local, low);
  let rest = sumOfGroup(local, vec4<f32>(high, 0.0, 0.0)).xy;
  light.x -= slope;
  buildProposal(local, light, rest);
  if (local == 0u) {
    proposeShares();
  }
  workgroupBarrier();
  let step = stepOfShares();
  var gained = 0.0;
  for (var m = 0u; m < OBSERVATIONS; m++) {
    let reach = reachOfLine(m);
    for (var cell = local; cell < u32(reach.rows * reach.cols); cell += GROUP) {
      let entry = litEntryOf(job, m, reach, cell);
      if (entry != NONE) {
        let change = step * reals[gains + entry] / reals[lambdas + entry];
        gained += countsOfEntry(job, entry) * logOnePlus(max(-1.0, change));
      }
    }
  }
  let gainedByAll = sumOfGroup(local, vec4<f32>(gained)).x;
  if (!(workgroupUniformLoad(&wanted) < gainedByAll)) {
    return;
  }
  for (var m = 0u; m < OBSERVATIONS; m++) {
    let reach = reachOfLine(m);
    for (var cell = local; cell < u32(reach.rows * reach.cols); cell += GROUP) {
      let entry = litEntryOf(job, m, reach, cell);
      if (entry != NONE) {
        reals[lambdas + entry] = max(LEAST_LIGHT, reals[lambdas + entry] + step * reals[gains + entry]);
      }
    }
  }
  if (workgroupUniformLoad(&outside) != 0u) {
    moveOutside(job, local);
  } else if (local == 0u) {
    let nodes = array<Node, 2>(firstNode, secondNode);
    for (var turn = 0u; turn < 4u; turn++) {
      // What both places give to the densities is taken away before either moves, and added after both have.
      addFractions(job, nodes[turn & 1u], ancestor, select(1.0, -1.0, turn < 2u), 0.0);
      if (turn == 1u) {
        for (var side = 0u; side < 2u; side++) {
          moveNode(job, nodes[side], proposed[side] / current[side]);
        }
      }
    }
  }
  storageBarrier();
  workgroupBarrier();
}

/** Multiply all flux outside the node that keeps its own, and the scale of the background. By all threads. */
fn moveOutside(job: Job, local: u32) {
  let r = realsOf(job);
  let shift = shiftOf(job);
  let factors = proposed / current;
  if (local == 0u && keepsNode) {
    addFractions(job, firstNode, LEVELS, -1.0, 0.0);
  }
  storageBarrier();
  for (var pixel = local; pixel < PIXELS; pixel += GROUP) {
    if (!isKept(shift, pixel)) {
      reals[r + pixel] = max(FLOOR, factors.x * reals[r + pixel]);
    }
  }
  storageBarrier();
  for (var level = 1u; level <= LEVELS; level++) {
    for (var node = local; node < rowsOf(level) * colsOf(level); node += GROUP) {
      sumMass(job, Node(level, node / colsOf(level), node % colsOf(level)));
    }
    storageBarrier();
  }
  if (local == 0u && keepsNode) {
    addFractions(job, firstNode, LEVELS, 1.0, logOf(factors.x));
  }
  if (local == 0u) {
    reals[r + TOTAL] = massOf(job, Node(LEVELS, 0u, 0u));
    reals[r + SCALES + outside - 1u] *= factors.y;
  }
}

/**
 * The transfers of a sweep. A dispatch of many workgroups a chain does those within cells, one of a single workgroup all others: one
 * loop over all, so that the code of a transfer is there once.
 */
@compute @workgroup_size(GROUP)
fn transferFlux(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let job = jobs[group.y];
  let within = groups.x > 1u;
  if (local == 0u) {
    beginAttempts(job, group.x, within);
  }
  let all = workgroupUniformLoad(&attempts);
  for (var attempt = 0u; attempt < all; attempt++) {
    if (!within && attempt >= IMAGE_TRANSFERS) {
      chooseOutside(job, local, attempt - IMAGE_TRANSFERS);
    } else if (local == 0u && within) {
      chooseWithin(job, attempt);
    } else if (local == 0u) {
      chooseNodes(job, attempt);
    }
    transfer(job, local);
  }
}
