import { stateAlphas } from "../data/law/adaptive-prior.js";
import type { CycleSpin } from "../data/law/cycle-spin.js";
import type {
  AdaptivePrior,
  BackgroundScalePrior,
  PixelPrior,
  SmoothingPrior,
  TotalCountsPrior,
} from "../data/law/prior-parameters.js";
import type { Boundary } from "../data/observation/boundary.js";
import { checkObservations, MAX_TOTAL_COUNTS } from "../data/observation/check-observation.js";
import { multiscaleLevels } from "../data/observation/multiscale-decomposition.js";
import type { Observation } from "../data/observation/observation.js";
import { InvalidInputError, NumericsError } from "../errors.js";
import { imageSum, type Shape, type SkyImage } from "../image.js";
import { checkStatus, instantiateKernels, type Kernels } from "../kernels.js";
import { type SkyGrid, type SkyGridOptions, skyGrid } from "../model/sky-grid.js";
import { countsOnSky, skyObservations } from "../model/sky-observation.js";
import { jointWindow } from "../model/sky-psf.js";
import { darkSums, pack, unpack } from "./dark-sums.js";
import { ensembleShift } from "./ensemble-shift.js";
import { gpuSweepsOf, isFromGpu, movedState, movedStream } from "./moved-state.js";
import { type Chain, checkState, MAX_BATCH } from "./sampler.js";
import { nodeStates, restoreNodes, savedNodes } from "./saved-nodes.js";
import { startingImage } from "./starting-images.js";
import { transferCounts } from "./transfer-counts.js";

/*
 * The LIRA sampler (Esch et al. 2004; Connors et al. 2011). With sky pixels j, detector pixels i, observations m:
 *
 *     lambda[m,i] = sum_j psf[m][i - j + c] exposure[m,j] (flux[j] + scale[m] background[m,j])
 *     counts[m,i] ~ Poisson(lambda[m,i])
 *     x = E0 flux ~ multiscale Dirichlet prior with smoothing alpha[l] and total T ~ Gamma
 *
 * One sweep moves flux with the photons integrated out, which shifts a source by a pixel at once,
 *
 *     transferPairs        flux between neighbouring pixels
 *     transferNodes        flux between neighbouring nodes of 2 x 2 and 4 x 4 pixels
 *     transferBackground   light between the diffuse flux and the background, when its scale is fitted
 *
 * and then draws, each given all the rest (kernels of the same names):
 *
 *     redistributeCounts   the sky pixel behind every detected photon
 *     splitBackground      which of them the background emitted
 *     addMissingCounts     the photons that exposure and edges kept from the detector
 *     drawShift            where the tree lies on the image (when it is a parameter)
 *     drawSmoothing        alpha of every level, or drawStates: the states of all nodes and their transition matrix, which in some sweeps
 *                          moves with the states integrated out before (moveMatrix)
 *     drawImage            the total and the fractions of every block
 *     drawBackgroundScale  the scale of each background
 *
 * With a prior of independent Gamma pixels in place of the multiscale one a sweep is transferPairs, redistributeCounts, splitBackground,
 *
 *     drawPixels           flux[j] ~ Gamma(shape + source photons[j], rate + sum_m exposure[m,j] q[m,j])
 *
 * and drawBackgroundScale: the same data augmentation, which is then conjugate without missing photons.
 */

/** What defines the law that a chain samples, whatever says how smooth the blocks are; the sky's grid is by default the detector's. */
export interface TreeChainSettings extends SkyGridOptions {
  /** Fate of photons beyond the edge; see `Boundary`. */
  readonly boundary: Boundary;
  /** Shift of the multiscale tree. */
  readonly cycleSpin: CycleSpin;
  /** Pair transfers a sweep, a whole number >= 0; 0 with a shift redrawn at random. */
  readonly pairTransfers: number;
  /** Sample the scale of each observation's background, or keep it at 1. */
  readonly fitBackgroundScale: boolean;
  readonly totalCountsPrior: TotalCountsPrior;
  readonly backgroundScalePrior: BackgroundScalePrior;
}

/** LIRA's law: one alpha for all blocks of a level. */
export interface LevelChainSettings extends TreeChainSettings {
  readonly adaptivePrior?: undefined;
  /** Sample alpha, or keep it at `alphaInit`. */
  readonly fitAlpha: boolean;
  /** Starting alpha of each level, finest first, > 0. */
  readonly alphaInit: readonly number[];
  readonly smoothingPrior: SmoothingPrior;
}

/** The adaptive law: an alpha for every block, tied to that of the block above. */
export interface AdaptiveChainSettings extends TreeChainSettings {
  readonly adaptivePrior: AdaptivePrior;
}

/** What defines the law that a chain samples under a multiscale prior. */
export type LiraChainSettings = LevelChainSettings | AdaptiveChainSettings;

/** What defines the law that a chain samples under a prior of independent Gamma pixels. */
export interface PixelChainSettings
  extends SkyGridOptions,
    Pick<TreeChainSettings, "boundary" | "pairTransfers" | "fitBackgroundScale" | "backgroundScalePrior"> {
  readonly pixelPrior: PixelPrior;
}

/** Settings of a chain of either prior. */
export type ChainSettings = LiraChainSettings | PixelChainSettings;

/** Where a chain comes from. */
export interface LiraChainOptions {
  /** Whole number in [0, 2^53). */
  readonly seed: number;
  /** Number of the chain, from 0: selects its stream of random numbers and its starting image. */
  readonly chain: number;
  /** Starting flux `[ny, nx]` of the sky, > 0; default one of `startingImage`. */
  readonly fluxInit?: SkyImage;
  /** Kernels compiled by `compileKernels`; compiled on the spot when left out. */
  readonly module?: WebAssembly.Module;
  /**
   * How photons are redistributed: by sums over the whole window of each lit pixel, or by tiles (kernels/redistribute-tiles.ts).
   * Both have the same law. Default `"automatic"`: by measured costs, from the inputs alone. For tests and benchmarks.
   */
  readonly redistribution?: "automatic" | "direct" | "tiles";
  /**
   * What sweeps leave out where no photon can come to lie, to be drawn from the prior when the flux is read (kernels/dark-layout.ts): nothing,
   * all of it, or by default all of it where that is at least a quarter of an image of 2^16 pixels and more. The law is the same. For tests and
   * benchmarks.
   */
  readonly darkSky?: "automatic" | "never" | "always";
  /** Whether the psfs in `kernels` will be changed between sweeps; goes with `"direct"`. */
  readonly psfVaries?: boolean;
}

/**
 * Columns of the parameter trace, in the order in which `sweep` writes them; pylira's names where it has them.
 *
 * `logLikelihood`, `logPrior` and their sum `logPost` belong to the state at the start of the sweep, all others to what
 * the sweep drew.
 */
export function traceColumns(levels: number, observations: number, smoothing = "smoothingParam"): string[] {
  const numbered = (name: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${name}${index}`);
  return [
    "logPost",
    "cycleSpinRow",
    "cycleSpinCol",
    ...numbered(smoothing, levels),
    "expectedMSCounts",
    ...(observations === 1 ? ["bkgScale"] : numbered("bkgScale", observations)),
    "logLikelihood",
    "logPrior",
  ];
}

/**
 * Columns of the trace of any prior: under the adaptive one `smoothness0..`, the mean of ln alpha over the nodes above level 0, 1, ... that
 * hold counts, in place of `smoothingParam0..`; under a prior of pixels neither these nor a shift.
 */
export function chainColumns(
  settings:
    | { readonly alphaInit: readonly number[] }
    | { readonly adaptivePrior: AdaptivePrior }
    | { readonly pixelPrior: PixelPrior },
  shape: Shape,
  observations: number,
): string[] {
  if ("alphaInit" in settings) return traceColumns(settings.alphaInit.length, observations);
  if ("adaptivePrior" in settings && settings.adaptivePrior)
    return traceColumns(multiscaleLevels(shape), observations, "smoothness");
  return traceColumns(0, observations).filter((name) => !name.startsWith("cycleSpin"));
}

/** One running chain. Its memory is a WebAssembly instance of its own; moments are kept by the kernels. */
export interface LiraChain extends Chain {
  /** How the pixels of the sky, which `flux` and `moments` have, lie over those of the detector. */
  readonly grid: SkyGrid;
  /** Levels of the tree: number of alphas. */
  readonly levels: number;
  /** E0: the prior acts on `flux * referenceExposure`. */
  readonly referenceExposure: number;
  /** Smoothing parameters, finest first: a view; without meaning under the adaptive prior. */
  readonly alpha: Float64Array;
  /** State of every node of level 1, then of level 2, ..., row after row: a view; empty without the adaptive prior. */
  readonly states: Uint8Array;
  /** Transition matrix `[K, K]` of the adaptive prior: a view; empty without it. */
  readonly transitions: Float64Array;
  /** Total T in counts at the reference exposure. */
  readonly totalCounts: number;
  /** Scale of each observation's background. */
  readonly backgroundScale: Float64Array;
  /** `sum (counts log lambda - lambda)` at the start of the last sweep. */
  readonly logLikelihood: number;
  /** Log prior density of the logarithms of the current total, fractions and alphas, up to a constant. */
  readonly logPrior: number;
  /** The kernels behind the chain, for benchmarks and tests of single steps. */
  readonly kernels: Kernels;
  /** Addresses of the observations in `kernels`. */
  readonly handles: readonly number[];
  /** Addresses of those that have the psfs of each observation: its own, or those of its parts. */
  readonly psfOwners: readonly (readonly number[])[];
}

const ARRAY_COUNTS = 0;
const ARRAY_EXPOSURE = 1;
const ARRAY_BACKGROUND = 2;
/** Number of the psf in `observationArray`. */
export const ARRAY_PSF = 3;
/** Under a prior of pixels the tree only serves to find the pixels that hold the light. */
const NO_TREE: Pick<TreeChainSettings, "cycleSpin" | "totalCountsPrior"> = {
  cycleSpin: "none",
  totalCountsPrior: { shape: 1, rate: 0 },
};
/** How `createChain` numbers the ways to shift the tree. */
const SHIFTS: Readonly<Record<CycleSpin, number>> = { none: 0, ensemble: 0, random: 1, sampled: 2 };
/** Schemes in the order of their numbers in `setRedistribution`. */
const REDISTRIBUTIONS = ["automatic", "direct", "tiles"];
/** What is left out, in the order of the numbers in `setDarkSky`. */
const DARK_SKIES = ["automatic", "never", "always"];

/**
 * Set up a chain.
 *
 * @param observations one or several of the same detector grid `[ny, nx]`
 * @throws InvalidInputError when an observation breaks a rule of `checkObservation`, or the grid one of `skyGrid`
 * @throws NumericsError when the chain does not fit into memory
 */
export function createLiraChain(
  observations: readonly Observation[],
  settings: ChainSettings,
  {
    seed,
    chain,
    fluxInit,
    module,
    redistribution = "automatic",
    darkSky = "automatic",
    psfVaries = false,
  }: LiraChainOptions,
): LiraChain {
  const { boundary, backgroundScalePrior } = settings;
  const where = "pixelPrior" in settings ? "gibbs" : "lira";
  const pixelPrior = "pixelPrior" in settings ? settings.pixelPrior : undefined;
  const { cycleSpin, totalCountsPrior } = "pixelPrior" in settings ? NO_TREE : settings;
  const adaptivePrior = "pixelPrior" in settings ? undefined : settings.adaptivePrior;
  const level = "alphaInit" in settings ? settings : undefined;
  const states = adaptivePrior?.alphas.length ?? 0;
  const { observations: checked } = checkObservations(observations, { boundary });
  const grid = skyGrid(checked[0].counts.shape, boundary, settings);
  const { shape } = grid;
  const [ny, nx] = shape;
  const pixels = ny * nx;
  const kernels = instantiateKernels(module);
  const seen = skyObservations(checked, grid, boundary);
  const referenceExposure = seen.reference;

  if (states > 0) kernels.setStates(states);
  checkStatus(
    where,
    kernels.createChain(
      ny,
      nx,
      Number(boundary === "wrap"),
      SHIFTS[cycleSpin],
      settings.pairTransfers,
      Number(level?.fitAlpha ?? false),
      Number(settings.fitBackgroundScale),
      referenceExposure,
      totalCountsPrior.shape,
      totalCountsPrior.rate,
      backgroundScalePrior.shape,
      backgroundScalePrior.rate,
    ),
  );
  if (settings.pairTransfers > 0) {
    const { nodes, background } = transferCounts(settings.pairTransfers);
    kernels.setTransfers(nodes, background);
  }
  if (pixelPrior !== undefined) kernels.setPixelPrior(pixelPrior.shape, pixelPrior.rate);
  if (level !== undefined) {
    const { power, rate, exponent } = level.smoothingPrior;
    kernels.setSmoothingPrior(power, rate, exponent);
  }

  // Views are made anew at each use: growing the memory detaches older ones.
  const doubles = (address: number, length: number) =>
    new Float64Array(kernels.memory.buffer, address, length);
  const integers = (address: number, length: number) =>
    new Int32Array(kernels.memory.buffer, address, length);
  if (adaptivePrior !== undefined) {
    doubles(kernels.stateAlphas(), 4 * states).set(stateAlphas(adaptivePrior));
    doubles(kernels.transitionPriorArray(), states * states).set(adaptivePrior.transitions.flat());
  }

  let totalCounts = 0;
  const psfOwners: number[][] = [];
  const handles = seen.observations.map(({ counts, psf, exposure, background, detected }) => {
    const emits = background.data.some((value) => value > 0);
    let backgroundCounts = 0;
    for (let pixel = 0; pixel < pixels; pixel++) {
      backgroundCounts += detected.data[pixel] * background.data[pixel];
    }
    const parts = "parts" in psf ? psf.parts : [];
    const window = "parts" in psf ? jointWindow(psf.parts) : { shape: psf.psf.shape, centre: psf.centre };
    const handle = kernels.createObservation(
      ...window.shape,
      ...window.centre,
      Number(emits),
      backgroundCounts,
      parts.length,
    );
    if (handle === 0) checkStatus(where, 1);
    integers(kernels.observationArray(handle, ARRAY_COUNTS), pixels).set(counts.data);
    totalCounts += imageSum(counts);
    doubles(kernels.observationArray(handle, ARRAY_EXPOSURE), pixels).set(exposure.data);
    if (emits) {
      doubles(kernels.observationArray(handle, ARRAY_BACKGROUND), pixels).set(background.data);
    }
    const setPsf = (owner: number, { data }: SkyImage) =>
      doubles(kernels.observationArray(owner, ARRAY_PSF), data.length).set(data);
    if ("psf" in psf) setPsf(handle, psf.psf);
    const owners = "psf" in psf ? [handle] : [];
    psfOwners.push(owners);
    for (const { psf: image, centre, row, col, weights } of parts) {
      const part = kernels.createPart(handle, ...image.shape, ...centre, row, col, ...weights.shape);
      if (part === 0) checkStatus(where, 1);
      owners.push(part);
      setPsf(part, image);
      const width = weights.shape[1];
      doubles(kernels.observationArray(part, ARRAY_EXPOSURE), weights.data.length).set(
        weights.data.map((weight, cell) => {
          const pixel = (row + Math.floor(cell / width)) * nx + col + (cell % width);
          return weight * exposure.data[pixel];
        }),
      );
    }
    return handle;
  });

  if (totalCounts > MAX_TOTAL_COUNTS) {
    throw new InvalidInputError(
      `${where}: all observations together must have at most 2^30 counts, got ${totalCounts}; use fewer at a time`,
      { fields: { totalCounts } },
    );
  }

  doubles(kernels.exposedArray(), pixels).set(seen.total.data);
  kernels.setRedistribution(REDISTRIBUTIONS.indexOf(redistribution));
  kernels.setDarkSky(DARK_SKIES.indexOf(darkSky));
  if (psfVaries) kernels.letPsfVary();
  checkStatus(where, kernels.prepareChain());

  const levels = Number(kernels.levels.value);
  const columns = chainColumns(settings, shape, handles.length);
  const rowLength = columns.length;
  const trace = kernels.allocate(8 * MAX_BATCH * rowLength);
  if (trace === 0) checkStatus(where, 1);

  kernels.seedRandom(BigInt(seed), BigInt(chain));
  const start =
    fluxInit ?? startingImage(countsOnSky(checked[0], grid, boundary), referenceExposure, seed, chain);
  doubles(kernels.fluxArray(), pixels).set(start.data);
  doubles(kernels.alphaArray(), levels).set(level?.alphaInit ?? new Array<number>(levels).fill(1));
  if (cycleSpin === "ensemble") kernels.setShift(...ensembleShift(shape, seed, chain));
  checkStatus(where, kernels.startChain());

  let sweeps = 0;
  // Of a chain that began on the GPU: its sweeps there, and whether sums of ln alpha came from there.
  let gpuSweeps: number | undefined;
  let keepsSmoothness = states > 0;
  const backgroundScale = () => Float64Array.from(handles, (handle) => kernels.backgroundScale(handle));
  const keptMean = () => doubles(Number(kernels.means.value), kernels.momentLength());
  const keptSquares = () => doubles(Number(kernels.squares.value), kernels.momentLength());
  const keptSmoothness = () => doubles(kernels.smoothnessSums(), kernels.smoothnessLength());
  const moments = () => {
    const count = Number(kernels.momentCount.value);
    const places = darkSums(kernels, shape)?.pixels();
    if (places === undefined) return { count, mean: keptMean(), squares: keptSquares() };
    return { count, mean: unpack(keptMean(), places), squares: unpack(keptSquares(), places) };
  };
  const smoothnessSums = () => {
    const places = darkSums(kernels, shape)?.nodes();
    return places === undefined ? keptSmoothness() : unpack(keptSmoothness(), places);
  };
  const flux = () => {
    kernels.showDarkSky();
    return doubles(kernels.fluxArray(), pixels);
  };
  const smoothnessLength = kernels.hasDark.value ? kernels.nodeStatesLength() : kernels.smoothnessLength();
  const randomBytes = () => new Uint8Array(kernels.memory.buffer, kernels.randomArray(), 32);

  return {
    grid,
    shape,
    levels,
    referenceExposure,
    columns,
    kernels,
    handles,
    psfOwners,
    get sweeps() {
      return sweeps;
    },
    get flux() {
      return flux();
    },
    get alpha() {
      return doubles(kernels.alphaArray(), levels);
    },
    get states() {
      kernels.showDarkSky();
      return nodeStates(kernels);
    },
    get transitions() {
      return doubles(kernels.transitionArray(), states * states);
    },
    get totalCounts() {
      return kernels.totalCounts();
    },
    get backgroundScale() {
      return backgroundScale();
    },
    get logLikelihood() {
      return kernels.logLikelihood();
    },
    get logPrior() {
      return kernels.logPrior();
    },
    get moments() {
      return moments();
    },
    sweep(count, burnIn = 0) {
      if (count > MAX_BATCH)
        throw new NumericsError(`${where}: a batch must have at most ${MAX_BATCH} sweeps, got ${count}`);
      checkStatus(where, kernels.runSweeps(count, trace, burnIn));
      sweeps += count;
      return doubles(trace, count * rowLength);
    },
    save() {
      const { count, mean, squares } = moments();
      return {
        sweeps,
        moments: { count, mean: mean.slice(), squares: squares.slice() },
        arrays: {
          random: randomBytes().slice(),
          scalars: doubles(kernels.stateArray(), kernels.stateLength()).slice(),
          flux: flux().slice(),
          backgroundScale: backgroundScale(),
          ...savedNodes(kernels),
          // Sums of ln alpha over the sweeps that counted, see `smoothnessMaps`.
          ...(keepsSmoothness && { smoothness: smoothnessSums().slice() }),
          ...(gpuSweeps !== undefined && { gpuSweeps: Float64Array.of(gpuSweeps) }),
        },
      };
    },
    restore(saved) {
      checkState(where, saved, shape, saved.arrays.scalars?.length === kernels.stateLength());
      let state = saved;
      if (isFromGpu(saved)) {
        kernels.seedRandom(BigInt(seed), movedStream(chain, saved.sweeps));
        state = movedState(saved, referenceExposure, randomBytes().slice(), levels);
      }
      gpuSweeps = gpuSweepsOf(state);
      const { random, scalars, flux: image, backgroundScale: scales, smoothness } = state.arrays;
      // The GPU keeps none where the tree moves, and then there are none of the whole run.
      keepsSmoothness = states > 0 && (smoothness !== undefined || gpuSweeps === undefined);
      const sizes = [
        ["random", random, randomBytes()],
        ["flux", image, { length: pixels }],
        ["backgroundScale", scales, handles],
        ["mean", state.moments.mean, { length: pixels }],
        ["squares", state.moments.squares, { length: pixels }],
        ["nodeStates", state.arrays.nodeStates ?? [], state.arrays.nodeStates ? nodeStates(kernels) : []],
        ["smoothness", smoothness ?? [], { length: keepsSmoothness ? smoothnessLength : 0 }],
      ] as const;
      for (const [name, given, own] of sizes) {
        if (given?.length === own.length) continue;
        throw new InvalidInputError(
          `${where}: ${name} of a saved state must have ${own.length} values, got ${given?.length ?? 0}; ` +
            "use the checkpoint with the inputs and the version that it was made with",
          { fields: { [name]: given?.length ?? 0 } },
        );
      }
      sweeps = state.sweeps;
      const shift = [kernels.shiftRow(), kernels.shiftCol()];
      randomBytes().set(random);
      doubles(kernels.stateArray(), kernels.stateLength()).set(scalars);
      doubles(kernels.fluxArray(), pixels).set(image);
      for (const [index, handle] of handles.entries()) kernels.setBackgroundScale(handle, scales[index]);
      // What is left out follows from where the tree lies; on the GPU nothing is.
      const isMoved = kernels.shiftRow() !== shift[0] || kernels.shiftCol() !== shift[1];
      const isWhole = isMoved || gpuSweeps !== undefined;
      const hasNodes = restoreNodes(kernels, state.arrays, isWhole);
      checkStatus(where, kernels.resumeChain(Number(isWhole), Number(hasNodes)));
      kernels.setMomentCount(state.moments.count);
      const dark = darkSums(kernels, shape);
      const keep = (values: ArrayLike<number>, places: Int32Array | undefined, kept: Float64Array) =>
        places === undefined ? kept.set(values) : pack(values, places, kept);
      const places = dark?.pixels();
      keep(state.moments.mean, places, keptMean());
      keep(state.moments.squares, places, keptSquares());
      if (keepsSmoothness) keep(smoothness, dark?.nodes(), keptSmoothness());
    },
  };
}
