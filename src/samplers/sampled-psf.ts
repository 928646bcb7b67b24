/*
 * Chains under psfs that are not known exactly. After each sweep of the chain that knows its psf, with image, background and data as
 * they are and the photons behind them integrated out,
 *
 *     psf[m] ~ weight[psf] prod_i Poisson(counts[m,i] | lambda[m,i](psf))
 *
 * by Metropolis steps for each such observation along one of the axes on which its psf is uncertain: by a distance that is short or long,
 * or among the members of an ensemble to any, all alike often in both directions. So the data take part in the choice ("fully Bayesian" of
 * Xu et al. 2014, ApJ 794, 97). Under the law "ensemble" there are no steps: each pair of chains keeps a psf, drawn from the weights.
 */

import { CHAINS_PER_SHIFT } from "../data/law/cycle-spin.js";
import type { Boundary } from "../data/observation/boundary.js";
import type { CheckedObservation } from "../data/observation/check-observation.js";
import { checkObservations } from "../data/observation/check-observation.js";
import type { Observation } from "../data/observation/observation.js";
import type { PsfWindow } from "../data/observation/psf.js";
import {
  drawAlternative,
  likeliestAlternative,
  type PsfAxis,
  psfAt,
  psfAxes,
  psfEnvelope,
} from "../data/observation/psf-ensemble.js";
import { naturalLog } from "../data/random/exponential.js";
import { randomStream } from "../data/random/random.js";
import { InvalidInputError } from "../errors.js";
import { checkStatus } from "../kernels.js";
import { type SkyGrid, skyGrid } from "../model/sky-grid.js";
import { skyObservations } from "../model/sky-observation.js";
import { psfColumns } from "../posterior/drawn-psf.js";
import {
  ARRAY_PSF,
  type ChainSettings,
  createLiraChain,
  type LiraChain,
  type LiraChainOptions,
} from "./lira.js";
import { type Chain, MAX_BATCH } from "./sampler.js";

/** Whether an observation's psf is not known exactly. */
export function isUncertain({ psf }: Pick<Observation, "psf">): boolean {
  return psfAxes(psf).length > 0;
}

/** A chain that draws its psfs too. */
export interface SampledPsfChain extends Chain {
  /** The chain that knows its psfs, for tests. */
  readonly inner: LiraChain;
  /** Index on each axis of each uncertain psf, in the order of the observations. */
  readonly chosen: readonly (readonly number[])[];
}

/** A psf on the pixels of the sky. */
interface SkyPsf {
  /** In the window that all share; of psfs at places one for each of them. */
  readonly psfs: readonly Float64Array[];
  /** Exposure times the chance to be detected, `[ny, nx]` of the sky. */
  readonly detected: Float64Array;
  readonly backgroundCounts: number;
}

/** An observation whose psf is drawn. */
interface Choice {
  /** Whether the chain keeps the psf that it starts with. */
  readonly kept: boolean;
  readonly handle: number;
  readonly owners: LiraChain["psfOwners"][number];
  readonly axes: readonly PsfAxis[];
  /** The psf at an index on each axis. */
  readonly at: (chosen: readonly number[]) => SkyPsf;
}

/**
 * Set up a chain of observations of which at least one has an uncertain psf.
 *
 * @throws InvalidInputError as `createLiraChain`
 * @throws NumericsError when the chain does not fit into memory
 */
export function createSampledPsfChain(
  observations: readonly Observation[],
  settings: ChainSettings,
  options: Omit<LiraChainOptions, "redistribution" | "psfVaries">,
): SampledPsfChain {
  const { boundary } = settings;
  const { observations: checked } = checkObservations(observations, { boundary });
  const grid = skyGrid(checked[0].counts.shape, boundary, settings);
  // Room for the widest psf, and the one farthest off.
  const widest = checked.map((one) => ({ ...one, psf: isUncertain(one) ? psfEnvelope(one.psf) : one.psf }));
  const inner = createLiraChain(widest, settings, { ...options, redistribution: "direct", psfVaries: true });
  const { kernels, handles, psfOwners, flux } = inner;
  const pixels = flux.length;
  const known = new Float64Array(pixels);
  const choices = checked.flatMap((observation, index): Choice[] => {
    const axes = psfAxes(observation.psf);
    if (axes.length === 0) {
      addTo(known, skyObservations([observation], grid, boundary).total.data);
      return [];
    }
    const frames = onSky(widest[index], grid, boundary).windows;
    const at = remembered((chosen) => {
      const psf = psfAt(observation.psf, axes, chosen);
      return skyPsf(onSky({ ...observation, psf }, grid, boundary), frames);
    });
    const kept = observation.psf.law === "ensemble";
    return [{ kept, handle: handles[index], owners: psfOwners[index], axes, at }];
  });
  if (choices.some(({ kept }) => kept) && !("cycleSpin" in settings && settings.cycleSpin === "ensemble")) {
    throw new InvalidInputError(
      'lira: psfs that a pair of chains keeps ("ensemble") must go with shifts of the tree that a pair keeps, cycleSpin "ensemble", ' +
        `got ${"cycleSpin" in settings ? settings.cycleSpin : "pixels without a tree"}; choose that, or psfs that are "sampled"`,
    );
  }
  const group = Math.floor(options.chain / CHAINS_PER_SHIFT);
  const random = randomStream((options.seed + 0x2545f491 * (group + 1)) % 2 ** 53);
  const chosen = choices.map(({ axes, kept }) =>
    axes.map((axis) => (kept ? drawAlternative(axis, random) : likeliestAlternative(axis))),
  );
  const dark = kernels.allocate(8 * pixels);
  if (dark === 0) checkStatus("lira", 1);
  const doubles = (address: number, length: number) =>
    new Float64Array(kernels.memory.buffer, address, length);

  const apply = (index: number) => {
    const { handle, owners, at } = choices[index];
    const { psfs, backgroundCounts } = at(chosen[index]);
    for (const [which, psf] of psfs.entries())
      doubles(kernels.observationArray(owners[which], ARRAY_PSF), psf.length).set(psf);
    const exposed = doubles(kernels.exposedArray(), pixels);
    exposed.set(known);
    for (const [which, choice] of choices.entries()) addTo(exposed, choice.at(chosen[which]).detected);
    kernels.changePsf(handle, backgroundCounts, dark);
  };
  const applyAll = () => {
    for (const index of choices.keys()) apply(index);
  };
  applyAll();

  /** Metropolis steps from where the likelihood is as given; returns what it is afterwards. */
  const drawPsf = (index: number, likelihood: number): number => {
    const { axes, kept } = choices[index];
    if (kept) return likelihood;
    let here = likelihood;
    let inUse = chosen[index];
    for (let attempt = 0; attempt < Math.max(ATTEMPTS, axes.length); attempt++) {
      const before = chosen[index];
      const which = kernels.drawIndex(axes.length);
      const axis = axes[which];
      const after = proposed(axis, before[which], kernels.drawIndex);
      chosen[index] = before.with(which, after);
      inUse = chosen[index];
      apply(index);
      const there = kernels.likelihood();
      const gain = axis.logWeight(after) - axis.logWeight(before[which]) + there - here;
      if (naturalLog(kernels.drawUniform()) < gain) here = there;
      else chosen[index] = before;
    }
    if (inUse !== chosen[index]) apply(index);
    return here;
  };

  const columns = [...inner.columns, ...psfColumns(checked)];
  const width = inner.columns.length;
  const rows = new Float64Array(MAX_BATCH * columns.length);
  return {
    inner,
    chosen,
    shape: inner.shape,
    columns,
    get sweeps() {
      return inner.sweeps;
    },
    get flux() {
      return inner.flux;
    },
    get moments() {
      return inner.moments;
    },
    sweep(count, burnIn = 0) {
      for (let sweep = 0; sweep < count; sweep++) {
        let at = sweep * columns.length;
        rows.set(inner.sweep(1, sweep < burnIn ? 1 : 0), at);
        at += width;
        let likelihood = kernels.likelihood();
        for (const [index, { axes }] of choices.entries()) {
          likelihood = drawPsf(index, likelihood);
          for (const [which, axis] of axes.entries()) rows[at++] = axis.value(chosen[index][which]);
        }
      }
      return rows.subarray(0, count * columns.length);
    },
    save() {
      const { arrays, ...state } = inner.save();
      return { ...state, arrays: { ...arrays, psf: Float64Array.from(chosen.flat()) } };
    },
    restore(state) {
      const { psf, ...arrays } = state.arrays;
      const counts = choices.flatMap(({ axes }) => axes.map(({ count }) => count));
      if (psf?.length !== counts.length || counts.some((count, at) => !(psf[at] < count))) {
        throw new InvalidInputError(
          `lira: psf of a saved state must choose among ${counts.join(", ")} psfs, got ${psf?.join(", ")}; ` +
            "use the checkpoint with the inputs and the version that it was made with",
        );
      }
      let from = 0;
      for (const [index, { axes }] of choices.entries()) {
        chosen[index] = [...psf.subarray(from, from + axes.length)];
        from += axes.length;
      }
      applyAll();
      inner.restore({ ...state, arrays });
    },
  };
}

/** Psfs that are kept for the next time. */
const REMEMBERED = 64;

/** A function that remembers what it found last. */
function remembered<Found>(find: (chosen: readonly number[]) => Found): (chosen: readonly number[]) => Found {
  const known = new Map<string, Found>();
  return (chosen) => {
    const key = chosen.join();
    const found = known.get(key) ?? find(chosen);
    known.delete(key);
    known.set(key, found);
    if (known.size > REMEMBERED) known.delete(known.keys().next().value!);
    return found;
  };
}

/** Least Metropolis steps of each psf a sweep; it has one for each of its axes. */
const ATTEMPTS = 3;
/** Steps along an axis reach up to 4, 8 ... 256. */
const SHORTEST = 4;
const SCALES = 7;

/** Index of another alternative, on a circle; from there this one is proposed as often. */
function proposed({ name, count }: PsfAxis, from: number, drawIndex: (count: number) => number): number {
  if (name === "psfMember" && drawIndex(2) === 0) return (from + 1 + drawIndex(count - 1)) % count;
  const reach = name === "psfMember" ? 1 : SHORTEST * 2 ** drawIndex(SCALES);
  const distance = 1 + drawIndex(reach);
  return (from + (drawIndex(2) === 0 ? distance : count - distance)) % count;
}

function addTo(sum: Float64Array, image: Float64Array): void {
  for (let index = 0; index < sum.length; index++) sum[index] += image[index];
}

function onSky(observation: CheckedObservation, grid: SkyGrid, boundary: Boundary) {
  const [{ psf, detected, background }] = skyObservations([observation], grid, boundary).observations;
  return { windows: "parts" in psf ? psf.parts : [psf], detected, background };
}

/** @param frames windows that hold those of all alternatives, one for each place */
function skyPsf(
  { windows, detected, background }: ReturnType<typeof onSky>,
  frames: readonly PsfWindow[],
): SkyPsf {
  let backgroundCounts = 0;
  for (let pixel = 0; pixel < detected.data.length; pixel++) {
    backgroundCounts += detected.data[pixel] * background.data[pixel];
  }
  const psfs = windows.map((window, place) => inWindow(window, frames[place]));
  return { psfs, detected: detected.data, backgroundCounts };
}

/** A psf with the zeros that its window has in the larger one of another about the same centre; nothing lies beyond that. */
function inWindow({ psf, centre }: PsfWindow, frame: PsfWindow): Float64Array {
  const [height, width] = frame.psf.shape;
  const [ny, nx] = psf.shape;
  const [top, left] = [frame.centre[0] - centre[0], frame.centre[1] - centre[1]];
  const data = new Float64Array(height * width);
  const [first, end] = [Math.max(0, -left), Math.min(nx, width - left)];
  for (let row = Math.max(0, -top); row < Math.min(ny, height - top); row++) {
    data.set(psf.data.subarray(row * nx + first, row * nx + end), (row + top) * width + left + first);
  }
  return data;
}
