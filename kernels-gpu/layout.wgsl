// Where things lie. What is written in capitals comes from `src/samplers/gpu-layout.ts`, which lays out one run: sizes, and places in the
// buffers. Every chain has a slot of `reals` and of `whole`; chains are the second dimension of every dispatch.

/** A chain that takes part in this batch, and where it stands. */
struct Job {
  slot: u32,
  /** Number of the chain, which with the seed selects its random numbers. */
  chain: u32,
  seedLow: u32,
  seedHigh: u32,
  /** Sweeps done. */
  sweep: u32,
  /** Sweeps of this batch that are done: the row of the trace to write. */
  row: u32,
  /** Rows of this batch that stay out of the moments. */
  skip: u32,
  /** Sweeps in the moments. */
  draws: u32,
}

/** Psfs, exposures, tables: what no sweep changes. */
@group(0) @binding(0) var<storage, read> inputs: array<f32>;
/** Lit pixels, windows of psfs, levels of the tree. */
@group(0) @binding(1) var<storage, read> places: array<u32>;
@group(0) @binding(2) var<storage, read_write> jobs: array<Job>;
@group(0) @binding(3) var<storage, read_write> reals: array<f32>;
@group(0) @binding(4) var<storage, read_write> whole: array<atomic<u32>>;
/** `[slot, sweep of the batch, ROW]`. */
@group(0) @binding(5) var<storage, read_write> trace: array<f32>;
/** Sums of workgroups, by slot, which `finishSweep` adds up in their order. */
@group(0) @binding(6) var<storage, read_write> partials: array<f32>;

// Steps that draw.
const STEP_REDISTRIBUTE = 1u;
const STEP_SOURCE = 2u;
const STEP_SHIFT = 3u;
const STEP_SMOOTHING = 4u;
const STEP_STATES = 5u;
const STEP_MATRIX = 6u;
const STEP_IMAGE = 7u;
const STEP_TOTAL = 8u;
const STEP_SCALE = 9u;
const STEP_TRANSFER = 10u;
const STEP_OUTSIDE = 11u;
const STEP_COLOUR = 12u;
const STEP_CELL = 13u;

// What went wrong, as bits of a chain's first whole number.
const NO_LIGHT = 1u;
const TOO_MANY_COUNTS = 2u;
/** Counts that f32 holds exactly. */
const MOST_COUNTS = 16777216u;

/** A mass below this is nothing: far below a photon, far above where f32 ends. */
const FLOOR = 1e-28;

const NONE = 0xffffffffu;

fn realsOf(job: Job) -> u32 {
  return job.slot * REALS;
}

fn wholeOf(job: Job) -> u32 {
  return job.slot * WHOLE;
}

fn draw(job: Job, step: u32, index: u32) {
  beginStream(vec2<u32>(job.seedLow, job.seedHigh), job.chain, job.sweep, step, index);
}

// Levels of the tree: rows, columns, number of the first node, workgroups, place of their sums.

fn rowsOf(level: u32) -> u32 {
  return places[5u * level];
}

fn colsOf(level: u32) -> u32 {
  return places[5u * level + 1u];
}

fn startOf(level: u32) -> u32 {
  return places[5u * level + 2u];
}

/** A child of a node, by its number in the level below; NONE at an edge. 0 upper left, 1 upper right, 2 lower left, 3 lower right. */
fn childOf(level: u32, node: u32, child: u32) -> u32 {
  let cols = colsOf(level);
  let row = 2u * (node / cols) + (child >> 1u);
  let col = 2u * (node % cols) + (child & 1u);
  if (row >= rowsOf(level - 1u) || col >= colsOf(level - 1u)) {
    return NONE;
  }
  return row * colsOf(level - 1u) + col;
}

/** Kind of a block: 0 four children, 1 two beside each other, 2 two above each other, 3 an only child. */
fn kindOf(level: u32, node: u32) -> u32 {
  let wide = childOf(level, node, 1u) != NONE;
  let tall = childOf(level, node, 2u) != NONE;
  return select(select(3u, 1u, wide), select(2u, 0u, wide), tall);
}

fn countsOf(job: Job, level: u32, node: u32) -> u32 {
  return atomicLoad(&whole[wholeOf(job) + COUNTS + startOf(level) + node]);
}

/** Place of a node above the image among those above the image. */
fn aboveOf(level: u32, node: u32) -> u32 {
  return startOf(level) - PIXELS + node;
}

fn stateOf(job: Job, level: u32, node: u32) -> u32 {
  return atomicLoad(&whole[wholeOf(job) + NODE_STATES + aboveOf(level, node)]);
}

/** Place in `reals` of an entry of the transition matrix. */
fn entryOf(job: Job, before: u32, after: u32) -> u32 {
  return realsOf(job) + MATRIX + before * STATES + after;
}
