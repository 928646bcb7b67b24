// A chain laid out by hand: the kernels' own arrays, for tests of single steps, without the checks of `createLiraChain`
// and with an exposure that need not be that of the observations.

import { stateAlphas } from "../../src/data/law/adaptive-prior.js";
import type { AdaptivePrior } from "../../src/data/law/prior-parameters.js";
import type { Observation } from "../../src/data/observation/observation.js";
import type { Shape } from "../../src/image.js";
import { instantiateKernels, type Kernels } from "../../src/kernels.js";
import { trimPsf } from "../../src/model/psf-window.js";
import { referenceExposureOf, textbookObservation } from "../oracles/textbook-model.js";

/** What differs from a chain with random shifts, sampled alpha and a fixed background scale. */
export interface StepSettings {
  readonly boundary?: "spill" | "wrap";
  readonly cycleSpin?: "none" | "random" | "sampled";
  /** Transfers of `stepTransfers`; default 0. */
  readonly pairTransfers?: number;
  readonly fitAlpha?: boolean;
  /** In place of an alpha a level. */
  readonly adaptivePrior?: AdaptivePrior;
  readonly fitBackgroundScale?: boolean;
  readonly totalCountsPrior?: { readonly shape: number; readonly rate: number };
  readonly smoothingPrior?: { readonly power: number; readonly rate: number; readonly exponent: number };
  readonly backgroundScalePrior?: { readonly shape: number; readonly rate: number };
  /** Exposure times detection probability; default that of the observations. */
  readonly exposed?: Float64Array;
  readonly seed?: number;
  /** Scheme of `setRedistribution`; default 0, automatic. */
  readonly redistribution?: number;
}

/** The kernels of one chain and views of their arrays; the views stay valid, since nothing is allocated later. */
export interface StepChain {
  readonly kernels: Kernels;
  readonly levels: number;
  readonly reference: number;
  /** Address of room for one row of `runSweeps`. */
  readonly trace: number;
  readonly flux: Float64Array;
  readonly alpha: Float64Array;
  readonly sourceCounts: Int32Array;
  /** State of every node and the transition matrix of the adaptive prior; empty without it. */
  readonly states: Uint8Array;
  readonly transitions: Float64Array;
  /** Photons `[ny, nx]` of each observation. */
  readonly photons: readonly Int32Array[];
  /** Whether an observation's photons are redistributed by tiles. */
  usesTiles(observation: number): boolean;
  setScale(observation: number, scale: number): void;
  scale(observation: number): number;
}

/** Lay out a chain for observations of the given shape; flux starts at 1, alpha at 0.1. */
export function createStepChain(
  shape: Shape,
  observations: readonly Observation[],
  settings: StepSettings = {},
): StepChain {
  const {
    boundary = "spill",
    cycleSpin = "random",
    pairTransfers = 0,
    fitAlpha = true,
    fitBackgroundScale = false,
    totalCountsPrior = { shape: 1, rate: 0.05 },
    smoothingPrior = { power: 1, rate: 1000, exponent: 3 },
    backgroundScalePrior = { shape: 0.001, rate: 0 },
    seed = 0,
    redistribution = 0,
  } = settings;
  const [ny, nx] = shape;
  const pixels = ny * nx;
  const kernels = instantiateKernels();
  const reference = referenceExposureOf(observations);
  const states = settings.adaptivePrior?.alphas.length ?? 0;
  if (states > 0) kernels.setStates(states);
  const ok = (status: number) => {
    if (status !== 0) throw new Error(`step kernels: status ${status}`);
  };
  ok(
    kernels.createChain(
      ny,
      nx,
      Number(boundary === "wrap"),
      ["none", "random", "sampled"].indexOf(cycleSpin),
      pairTransfers,
      Number(fitAlpha),
      Number(fitBackgroundScale),
      reference,
      totalCountsPrior.shape,
      totalCountsPrior.rate,
      backgroundScalePrior.shape,
      backgroundScalePrior.rate,
    ),
  );
  kernels.setSmoothingPrior(smoothingPrior.power, smoothingPrior.rate, smoothingPrior.exponent);
  const doubles = (address: number, length: number) =>
    new Float64Array(kernels.memory.buffer, address, length);
  const integers = (address: number, length: number) =>
    new Int32Array(kernels.memory.buffer, address, length);
  if (settings.adaptivePrior !== undefined) {
    doubles(kernels.stateAlphas(), 4 * states).set(stateAlphas(settings.adaptivePrior));
    doubles(kernels.transitionPriorArray(), states ** 2).set(settings.adaptivePrior.transitions.flat());
  }
  const exposed = new Float64Array(pixels);
  const handles = observations.map((observation) => {
    const prepared = textbookObservation(observation, boundary);
    const { psf, centre } = trimPsf(
      { data: prepared.psf, shape: observation.psf.shape },
      observation.counts.shape,
      boundary,
    );
    const detected = prepared.detected.map((q, j) => q * prepared.exposure[j]);
    const handle = kernels.createObservation(
      psf.shape[0],
      psf.shape[1],
      centre[0],
      centre[1],
      Number(observation.background !== undefined),
      detected.reduce((sum, value, j) => sum + value * prepared.background[j], 0),
    );
    integers(kernels.observationArray(handle, 0), pixels).set(
      prepared.counts.map((value, j) => value * prepared.mask[j]),
    );
    doubles(kernels.observationArray(handle, 1), pixels).set(prepared.exposure);
    if (observation.background) doubles(kernels.observationArray(handle, 2), pixels).set(prepared.background);
    doubles(kernels.observationArray(handle, 3), psf.data.length).set(psf.data);
    for (let j = 0; j < pixels; j++) exposed[j] += detected[j];
    return handle;
  });
  doubles(kernels.exposedArray(), pixels).set(settings.exposed ?? exposed);
  kernels.setRedistribution(redistribution);
  ok(kernels.prepareChain());
  kernels.seedRandom(BigInt(seed), 0n);
  const levels = Number(kernels.levels.value);
  const trace = kernels.allocate(8 * (6 + levels + observations.length));
  doubles(kernels.fluxArray(), pixels).fill(1);
  doubles(kernels.alphaArray(), levels).fill(0.1);
  ok(kernels.startChain());
  // Only now: memory that grows takes views away.
  const flux = doubles(kernels.fluxArray(), pixels);
  const alpha = doubles(kernels.alphaArray(), levels);
  return {
    kernels,
    levels,
    reference,
    trace,
    flux,
    alpha,
    sourceCounts: integers(kernels.sourceCountsArray(), pixels),
    states:
      states === 0
        ? new Uint8Array(0)
        : new Uint8Array(kernels.memory.buffer, kernels.nodeStatesArray(), kernels.nodeStatesLength()),
    transitions: doubles(kernels.transitionArray(), states ** 2),
    photons: handles.map((handle) => integers(kernels.photonsArray(handle), pixels)),
    usesTiles: (observation) => Boolean(kernels.usesTiles(handles[observation])),
    setScale: (observation, scale) => kernels.setBackgroundScale(handles[observation], scale),
    scale: (observation) => kernels.backgroundScale(handles[observation]),
  };
}
