/*
 * Chains under psfs that are not known exactly. After each sweep of the chain that knows its psf, with image, background and data as
 * they are and the photons behind them integrated out,
 *
 *     member[m] ~ weight[member] prod_i Poisson(counts[m,i] | lambda[m,i](member))
 *
 * by a Metropolis step for each such observation: to one of the members next in the list, to one an eighth of the list away (among
 * pointings, which are a square, to one of the next column or row), or to any other, all alike often in both directions. So the data take part in the choice ("fully Bayesian" of Xu et al. 2014, ApJ 794, 97).
 */

import type { Boundary } from "../data/observation/boundary.js";
import type { CheckedObservation } from "../data/observation/check-observation.js";
import { checkObservations } from "../data/observation/check-observation.js";
import type { Observation } from "../data/observation/observation.js";
import type { PsfWindow } from "../data/observation/psf.js";
import type { PsfMember } from "../data/observation/psf-set.js";
import { naturalLog } from "../data/random/exponential.js";
import { InvalidInputError } from "../errors.js";
import { type SkyGrid, skyGrid } from "../model/sky-grid.js";
import { skyObservations } from "../model/sky-observation.js";
import {
  ARRAY_PSF,
  type ChainSettings,
  createLiraChain,
  type LiraChain,
  type LiraChainOptions,
} from "./lira.js";
import { type Chain, MAX_BATCH } from "./sampler.js";

/** Whether an observation's psf is one of several. */
export function isUncertain({ psf }: Pick<Observation, "psf">): boolean {
  return psf.members !== undefined;
}

/**
 * Columns that the choice of psfs adds to the trace: `psfWidth`, `pointingX` and `pointingY`, or `psfMember` (from 0) where members differ in
 * more than that; numbered by the observation where there are several.
 */
export function psfColumns(observations: readonly Pick<Observation, "psf">[]): string[] {
  return observations.flatMap(({ psf: { members } }, index) => {
    if (members === undefined) return [];
    return columnsOf(members[0]).map((name) => (observations.length === 1 ? name : `${name}${index}`));
  });
}

function columnsOf({ width, pointing }: PsfMember): string[] {
  if (pointing !== undefined) return ["pointingX", "pointingY"];
  return [width === undefined ? "psfMember" : "psfWidth"];
}

/** A chain that draws its psfs too. */
export interface SampledPsfChain extends Chain {
  /** The chain that knows its psfs, for tests. */
  readonly inner: LiraChain;
  /** Index of the member that each uncertain psf is now, in the order of the observations. */
  readonly members: readonly number[];
}

/** A member on the pixels of the sky. */
interface SkyMember {
  /** In the window that all members share. */
  readonly psf: Float64Array;
  /** Exposure times the chance to be detected, `[ny, nx]` of the sky. */
  readonly detected: Float64Array;
  readonly backgroundCounts: number;
  readonly logWeight: number;
  /** What the trace says of it. */
  readonly shown: readonly number[];
}

/** An observation whose psf is drawn. */
interface Choice {
  readonly handle: number;
  readonly members: readonly SkyMember[];
  /** Distance in the list of the second kind of step. */
  readonly stride: number;
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
  const inner = createLiraChain(observations, settings, {
    ...options,
    redistribution: "direct",
    psfVaries: true,
  });
  const { kernels, handles, flux } = inner;
  const pixels = flux.length;
  const known = new Float64Array(pixels);
  const choices = checked.flatMap((observation, index): Choice[] => {
    if (!isUncertain(observation)) {
      addTo(known, skyObservations([observation], grid, boundary).total.data);
      return [];
    }
    const members = membersOnSky(observation, grid, boundary);
    const { pointing } = observation.psf.members![0];
    const stride = pointing ? Math.sqrt(members.length) : Math.ceil(members.length / 8);
    return [{ handle: handles[index], members, stride }];
  });
  const chosen = choices.map(({ members }) => likeliest(members));
  const dark = kernels.allocate(8 * pixels);
  const doubles = (address: number, length: number) =>
    new Float64Array(kernels.memory.buffer, address, length);

  const apply = (index: number) => {
    const { handle, members } = choices[index];
    const member = members[chosen[index]];
    doubles(kernels.observationArray(handle, ARRAY_PSF), member.psf.length).set(member.psf);
    const exposed = doubles(kernels.exposedArray(), pixels);
    exposed.set(known);
    for (const [at, choice] of choices.entries()) addTo(exposed, choice.members[chosen[at]].detected);
    kernels.changePsf(handle, member.backgroundCounts, dark);
  };
  const applyAll = () => {
    for (const index of choices.keys()) apply(index);
  };
  applyAll();

  const step = (index: number) => {
    const { members, stride } = choices[index];
    const before = chosen[index];
    const own = kernels.likelihood() + members[before].logWeight;
    chosen[index] = proposed(before, members.length, stride, kernels.drawIndex);
    apply(index);
    const gain = kernels.likelihood() + members[chosen[index]].logWeight - own;
    if (naturalLog(kernels.drawUniform()) < gain) return;
    chosen[index] = before;
    apply(index);
  };

  const columns = [...inner.columns, ...psfColumns(checked)];
  const width = inner.columns.length;
  const rows = new Float64Array(MAX_BATCH * columns.length);
  return {
    inner,
    members: chosen,
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
        for (const [index, { members }] of choices.entries()) {
          step(index);
          for (const value of members[chosen[index]].shown) rows[at++] = value;
        }
      }
      return rows.subarray(0, count * columns.length);
    },
    save() {
      const { arrays, ...state } = inner.save();
      return { ...state, arrays: { ...arrays, psf: Float64Array.from(chosen) } };
    },
    restore(state) {
      const { psf, ...arrays } = state.arrays;
      if (psf?.length !== choices.length || choices.some(({ members }, at) => !(psf[at] < members.length))) {
        throw new InvalidInputError(
          `lira: psf of a saved state must choose among the members of ${choices.length} psfs, got ${psf?.join(", ")}; ` +
            "use the checkpoint with the inputs and the version that it was made with",
        );
      }
      for (const index of choices.keys()) chosen[index] = psf[index];
      applyAll();
      inner.restore({ ...state, arrays });
    },
  };
}

/** Index of another member; from there this one is proposed as often. */
function proposed(from: number, count: number, stride: number, drawIndex: (count: number) => number): number {
  const kind = drawIndex(3);
  if (kind === 2) return (from + 1 + drawIndex(count - 1)) % count;
  const distance = kind === 0 ? 1 : stride;
  return (from + (drawIndex(2) === 0 ? distance : count - distance)) % count;
}

function likeliest(members: readonly SkyMember[]): number {
  return members.reduce(
    (best, { logWeight }, index) => (logWeight > members[best].logWeight ? index : best),
    0,
  );
}

function addTo(sum: Float64Array, image: Float64Array): void {
  for (let index = 0; index < sum.length; index++) sum[index] += image[index];
}

/** All members on the sky, in the window of their mean, in which the chain keeps its psf. */
function membersOnSky(observation: CheckedObservation, grid: SkyGrid, boundary: Boundary): SkyMember[] {
  const onSky = (psf: CheckedObservation["psf"]) => {
    const [seen] = skyObservations([{ ...observation, psf }], grid, boundary).observations;
    if ("parts" in seen.psf) throw new TypeError("the members of an ensemble are psfs without places");
    return { ...seen, psf: seen.psf };
  };
  const frame = onSky(observation.psf).psf;
  return observation.psf.members!.map(({ psf, weight, width, pointing }, index) => {
    const { psf: own, detected, background } = onSky(psf);
    let backgroundCounts = 0;
    for (let pixel = 0; pixel < detected.data.length; pixel++) {
      backgroundCounts += detected.data[pixel] * background.data[pixel];
    }
    return {
      psf: inWindow(own, frame),
      detected: detected.data,
      backgroundCounts,
      logWeight: naturalLog(weight),
      shown: pointing ? [pointing.x, pointing.y] : [width ?? index],
    };
  });
}

/** A psf with the zeros that its window has in the larger one of another about the same centre. */
function inWindow({ psf, centre }: PsfWindow, frame: PsfWindow): Float64Array {
  const [, width] = frame.psf.shape;
  const [ny, nx] = psf.shape;
  const [top, left] = [frame.centre[0] - centre[0], frame.centre[1] - centre[1]];
  const data = new Float64Array(frame.psf.data.length);
  for (let row = 0; row < ny; row++) {
    data.set(psf.data.subarray(row * nx, (row + 1) * nx), (row + top) * width + left);
  }
  return data;
}
