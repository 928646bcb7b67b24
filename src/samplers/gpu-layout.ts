/** Where everything of a run lies in the buffers of the GPU, and what of it never changes: the host's side of kernels-gpu/layout.wgsl. */

import { stateAlphas } from "../data/law/adaptive-prior.js";
import { naturalLog } from "../data/random/exponential.js";
import { logGamma } from "../data/random/log-gamma.js";
import { InvalidInputError } from "../errors.js";
import { shaderConstants } from "../gpu-program.js";
import type { Shape } from "../image.js";
import type { SkyObservations } from "../model/sky-observation.js";
import { cellsFor } from "./gpu-cells.js";
import type { LiraChainSettings } from "./lira.js";
import { MAX_BATCH } from "./sampler.js";
import { transferCounts } from "./transfer-counts.js";

/** Threads of a workgroup; more for images whose workgroups would be too many for a dispatch. */
const GROUP = 64;
const LARGE_GROUP = 256;
const LARGE_IMAGE = 2 ** 18;
/** Levels of more nodes have a dispatch of their own; those above are one workgroup's. */
const SHARED_NODES = 1024;
/** Counts that the tables of log Gamma hold. */
const TABLED = 1024;
/** Counts that f32 holds exactly, and with them photons. */
const MOST_COUNTS = 2 ** 24;

/** Levels of the tree that one dispatch goes through, and its workgroups. */
export interface LevelSpan {
  readonly first: number;
  readonly last: number;
  readonly groups: number;
}

/** The buffers of a run: sizes in numbers of 4 bytes. */
export interface GpuLayout {
  readonly shape: Shape;
  readonly levels: number;
  /** States of the adaptive prior; 0 without it. */
  readonly states: number;
  readonly observations: number;
  /** Nodes above the image. */
  readonly above: number;
  /** What the shaders call their sizes and places, as text of WGSL. */
  readonly constants: string;
  readonly inputs: Float32Array<ArrayBuffer>;
  readonly places: Uint32Array<ArrayBuffer>;
  /** Numbers of a chain in `reals` and `whole`, of a row of the trace, of a chain's partial sums. */
  readonly reals: number;
  readonly whole: number;
  readonly row: number;
  readonly parts: number;
  /** What is read back after a batch: the first `head` numbers of `reals`, and where in them things begin. */
  readonly head: number;
  readonly at: Readonly<
    Record<"mean" | "squares" | "alpha" | "matrix" | "scales" | "total" | "smoothness", number>
  >;
  /** Place of the shift in `whole`, whose first number tells what went wrong; counts of the chain's own follow. */
  readonly shift: number;
  /** Workgroups over pixels, over lit pixels, and over those of more counts than their psf has cells. */
  readonly pixelGroups: number;
  readonly litGroups: number;
  readonly brightGroups: number;
  /** From the finest to the coarsest. */
  readonly spans: readonly LevelSpan[];
  /** Workgroups of a chain that transfer flux at the same time, each in a cell of its own; 0 where all transfers follow each other. */
  readonly cells: number;
  /** Rows, columns, first node of level 0, 1, ... */
  readonly tree: readonly (readonly [rows: number, cols: number, start: number])[];
  /** `sum d log d` over the counts d of all pixels: what the shaders leave out of the log-likelihood. */
  readonly logCounts: number;
  /** Expected counts from each background at scale 1. */
  readonly backgroundCounts: readonly number[];
}

/** Numbers one after the other, and where each began. */
function builder() {
  const pieces: ArrayLike<number>[] = [];
  let length = 0;
  return {
    add(values: ArrayLike<number>): number {
      pieces.push(values);
      length += values.length;
      return length - values.length;
    },
    into<Values extends Float32Array | Uint32Array>(out: (length: number) => Values): Values {
      const all = out(Math.max(length, 1));
      let at = 0;
      for (const piece of pieces) {
        all.set(piece, at);
        at += piece.length;
      }
      return all;
    },
  };
}

/** Rows, columns and first node of every level. */
function layOutTree([ny, nx]: Shape): (readonly [number, number, number])[] {
  const tree: (readonly [number, number, number])[] = [[ny, nx, 0]];
  for (let start = ny * nx, [rows, cols] = [ny, nx]; rows * cols > 1; start += rows * cols) {
    [rows, cols] = [Math.ceil(rows / 2), Math.ceil(cols / 2)];
    tree.push([rows, cols, start]);
  }
  return tree;
}

/** Spans of levels 1 to the top. */
function spansOf(tree: GpuLayout["tree"], group: number): LevelSpan[] {
  const spans: LevelSpan[] = [];
  const top = tree.length - 1;
  let level = 1;
  for (; level < top && tree[level][0] * tree[level][1] > SHARED_NODES; level++) {
    spans.push({ first: level, last: level, groups: Math.ceil((tree[level][0] * tree[level][1]) / group) });
  }
  return [...spans, { first: level, last: top, groups: 1 }];
}

/** Tables of the adaptive prior; see kernels-gpu/states.wgsl. */
function addStates(inputs: ReturnType<typeof builder>, alphas: Float64Array): Record<string, number> {
  const states = alphas.length / 4;
  const each = <Value>(value: (state: number) => Value) =>
    Array.from({ length: states }, (_, state) => value(state));
  const childrenOf = [
    [0, 1, 2, 3],
    [0, 1],
    [0, 2],
  ];
  const sums = childrenOf.map((children) =>
    each((state) => children.reduce((sum, child) => sum + alphas[4 * state + child], 0)),
  );
  const rising = (c: number, g: number) => (c === 0 ? 0 : logGamma(c + g) - logGamma(c + 1) - logGamma(g));
  const table = (rows: readonly ArrayLike<number>[]) =>
    rows.flatMap((row) =>
      Array.from({ length: TABLED + 1 }, (_, count) => each((state) => rising(count, row[state]))).flat(),
    );
  const ofChild = childrenOf[0].map((child) => each((state) => alphas[4 * state + child]));
  return {
    STATE_ALPHAS: inputs.add(alphas),
    STATE_NORMS: inputs.add(Array.from(alphas, logGamma)),
    SUM_ALPHAS: inputs.add(sums.flat()),
    SUM_NORMS: inputs.add(sums.flat().map(logGamma)),
    CHILD_TABLE: inputs.add(table(ofChild)),
    SUM_TABLE: inputs.add(table(sums)),
    MEAN_LOGS: inputs.add(each((state) => ofChild.reduce((sum, row) => sum + naturalLog(row[state]) / 4, 0))),
    KIND_NORMS: inputs.add(
      childrenOf.flatMap((children, kind) =>
        each((state) =>
          children.reduce((sum, child) => sum - logGamma(ofChild[child][state]), logGamma(sums[kind][state])),
        ),
      ),
    ),
  };
}

/**
 * Lay out a run.
 *
 * @param seen the observations on the pixels of the sky
 * @param ownCounts whether every chain has counts of its own in place of theirs: one number for each pixel of each observation
 * @throws InvalidInputError for what the GPU does not do
 */
export function layOutGpu(
  seen: SkyObservations,
  shape: Shape,
  settings: LiraChainSettings,
  ownCounts = false,
): GpuLayout {
  const { adaptivePrior, totalCountsPrior, backgroundScalePrior, boundary, cycleSpin } = settings;
  const { reference, observations } = seen;
  const [ny, nx] = shape;
  const pixels = ny * nx;
  const tree = layOutTree(shape);
  const levels = tree.length - 1;
  if (levels === 0) {
    throw new InvalidInputError("gpu: image must have at least 2 pixels, got 1; choose device cpu");
  }
  const states = adaptivePrior?.alphas.length ?? 0;
  const above = tree[levels][2] + 1 - pixels;
  const fixedTree = cycleSpin !== "random";
  const places = builder();
  const inputs = builder();

  const group = pixels > LARGE_IMAGE ? LARGE_GROUP : GROUP;
  const spans = spansOf(tree, group);
  const groupsOf = (level: number) =>
    spans.find(({ first, last }) => level >= first && level <= last)?.groups ?? 1;
  const pixelGroups = Math.ceil(pixels / group);
  const faint: number[] = [];
  const bright: number[] = [];
  let logCounts = 0;
  let totalCounts = 0;
  for (const [index, { counts, psf }] of observations.entries()) {
    const cells = "psf" in psf ? psf.psf.data.length : 0;
    for (const [pixel, count] of counts.data.entries()) {
      if (count === 0 && !ownCounts) continue;
      (count > cells && !ownCounts ? bright : faint).push(index, pixel, count);
      totalCounts += count;
      if (count > 0) logCounts += count * naturalLog(count);
    }
  }
  if (totalCounts > MOST_COUNTS) {
    throw new InvalidInputError(
      `gpu: all observations together must have at most 2^24 counts, got ${totalCounts}; choose device cpu`,
      { fields: { totalCounts } },
    );
  }
  const lit = [...faint, ...bright];
  const litGroups = Math.max(1, Math.ceil(lit.length / 3 / group));
  const brightGroups = Math.ceil(bright.length / 3 / group);
  let parts = pixelGroups + litGroups;
  for (const [level, [rows, cols, start]] of tree.entries()) {
    const groups = level === 0 ? 0 : groupsOf(level);
    places.add([rows, cols, start, groups, parts]);
    parts += 4 * groups;
  }
  const windows = observations.map(({ psf }) => {
    if ("parts" in psf) {
      throw new InvalidInputError(
        "gpu: psf must be one image, got one that varies over the field; choose device cpu, or take the psf of one place",
      );
    }
    const at = inputs.add(psf.psf.data);
    return [...psf.psf.shape, ...psf.centre, at];
  });
  const relative = (value: number) => value / reference;
  const backgroundCounts = observations.map(({ background, detected }) =>
    background.data.reduce((sum, value, pixel) => sum + value * detected.data[pixel], 0),
  );
  const numbers: Record<string, number | boolean> = {
    ...{ NY: ny, NX: nx, PIXELS: pixels, LEVELS: levels, STATES: Math.max(1, states), ABOVE: above },
    ...{
      OBSERVATIONS: observations.length,
      TABLED,
      MAX_BATCH,
      LIT: lit.length / 3,
      FAINT: faint.length / 3,
      GROUP: group,
    },
    ...{ PIXEL_GROUPS: pixelGroups, LIT_GROUPS: litGroups },
    ...{ WRAP: boundary === "wrap", OWN_COUNTS: ownCounts, ADAPTIVE: states > 0, SHIFTS: !fixedTree },
    FIT_BACKGROUND: settings.fitBackgroundScale,
    EXPECTED_PARTS: 0,
    LIGHT_PARTS: pixelGroups,
    // What a node must have more counts than for them to tell of its state; see kernels/adaptive-prior.ts.
    UNINFORMATIVE: Number(adaptivePrior?.alphas.every((alpha) => typeof alpha === "number") ?? true),
    LIT_PLACES: places.add(lit),
    WINDOWS: places.add(windows.flat()),
    DETECTED: inputs.add(seen.total.data.map(relative)),
    EXPOSURES: inputs.add(observations.flatMap(({ exposure }) => Array.from(exposure.data, relative))),
    BACKGROUNDS: inputs.add(
      observations.flatMap(({ background }) => Array.from(background.data, (value) => value * reference)),
    ),
    // Sums of rounded probabilities may exceed 1 by a few ulp; that is not exposure that is missing.
    MISSING: inputs.add(
      seen.total.data.map((value) => (1 - value / reference > 1e-14 ? 1 - value / reference : 0)),
    ),
    BACKGROUND_COUNTS: inputs.add(backgroundCounts),
    TOTAL_PRIOR: inputs.add([totalCountsPrior.shape, totalCountsPrior.rate]),
    SCALE_PRIOR: inputs.add([backgroundScalePrior.shape, backgroundScalePrior.rate]),
    SMOOTHING_PRIOR: inputs.add(
      settings.adaptivePrior === undefined
        ? [settings.smoothingPrior.power, settings.smoothingPrior.rate, settings.smoothingPrior.exponent]
        : [0, 0, 0],
    ),
    TRANSITION_PRIOR: inputs.add(adaptivePrior?.transitions.flat() ?? [1]),
    ...addStates(
      inputs,
      adaptivePrior === undefined ? new Float64Array(4).fill(1) : stateAlphas(adaptivePrior),
    ),
  };
  // Lit pixels that transfers need lambda of, and which of them a pixel of an observation is.
  const { pairs, nodes, background } = transferCounts(settings.pairTransfers);
  const reach = Math.max(...observations.flatMap(({ psf }) => ("psf" in psf ? [...psf.psf.shape] : [])));
  const inCells = pairs > 0 ? cellsFor(shape, reach) : undefined;
  const cells = inCells === undefined ? 0 : inCells.rows * inCells.cols;
  const followed = pairs > 0 ? lit.length / 3 : 0;
  const entries = new Uint32Array(pairs > 0 ? observations.length * pixels : 0).fill(2 ** 32 - 1);
  for (let entry = 0; entry < followed; entry++)
    entries[lit[3 * entry] * pixels + lit[3 * entry + 1]] = entry;
  const transfers = {
    ...{ PAIR_TRANSFERS: pairs, NODE_TRANSFERS: nodes, BACKGROUND_TRANSFERS: background },
    ENTRIES: places.add(entries),
    ...{ CELL_LEVEL: inCells?.level ?? 0, CELL_ROWS: inCells?.rows ?? 1, CELL_COLS: inCells?.cols ?? 1 },
    CELL_PARTS: parts,
  };
  parts += cells * (inCells?.level ?? 0);
  const inOrder = (numbersOf: Readonly<Record<string, number>>) => {
    let end = 0;
    const at: Record<string, number> = {};
    for (const [name, size] of Object.entries(numbersOf)) {
      at[name] = end;
      end += size;
    }
    return { at, end };
  };
  const square = Math.max(1, states) ** 2;
  const first = { MASS: pixels, MEAN: pixels, SQUARES: pixels };
  const small = { ALPHA: levels, MATRIX: square, SCALES: observations.length, TOTAL: 1 };
  // Sums of ln alpha of nodes, which mean something where the tree stays.
  const sums = { SMOOTHNESS: states > 0 ? above : 0 };
  const scratch = {
    ...{ LIGHT: observations.length * pixels, MASSES: above, MESSAGES: above * states },
    ...{ LAMBDAS: followed, GAINS: followed, BACKGROUND_LIGHT: settings.fitBackgroundScale ? followed : 0 },
  };
  const { at, end: reals } = inOrder({ ...first, ...small, ...sums, ...scratch });
  const wholes = inOrder({
    ...{ FLAGS: 1, SHIFT: 2, SEEN: ownCounts ? lit.length / 3 : 0, BACKGROUND_PHOTONS: observations.length },
    ...{ TRANSITIONS: square, ALL_TRANSITIONS: square },
    ...{ PHOTONS: observations.length * pixels, COUNTS: pixels + above, NODE_STATES: states > 0 ? above : 1 },
  });
  const row = 6 + observations.length + 2 * levels;
  const sizes = { REALS: reals, WHOLE: wholes.end, PARTS: parts, ROW: row };
  const all = { ...numbers, ...transfers, ...at, ...wholes.at, ...sizes };
  return {
    ...{ shape, levels, states, observations: observations.length, above, tree, spans, cells },
    ...{
      reals,
      whole: wholes.end,
      row,
      parts,
      pixelGroups,
      litGroups,
      brightGroups,
      logCounts,
      backgroundCounts,
    },
    constants: shaderConstants(all),
    inputs: inputs.into((length) => new Float32Array(length)),
    places: places.into((length) => new Uint32Array(length)),
    head: at.LIGHT,
    at: {
      ...{ mean: at.MEAN, squares: at.SQUARES, alpha: at.ALPHA, matrix: at.MATRIX, scales: at.SCALES },
      ...{ total: at.TOTAL, smoothness: at.SMOOTHNESS },
    },
    shift: wholes.at.SHIFT,
  };
}
