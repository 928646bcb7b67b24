// The cells of `study:priors`: one realisation of one sky, or one split of real photons, under one method.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Boundary } from "../src/data/observation/boundary.js";
import type { Observation } from "../src/data/observation/observation.js";
import { gaussianPsf } from "../src/data/observation/psf.js";
import { simulateCounts } from "../src/data/observation/simulate.js";
import { constantImage, imageSum } from "../src/image.js";
import { chandraGalacticCenter, readObservationFiles } from "../src/io/public-datasets-node.js";
import { createForwardModel } from "../src/model/forward-model.js";
import { heldOutCash, splitPhotons } from "../src/quality/held-out-cash.js";
import {
  boundaryOf,
  type Effort,
  type Estimate,
  levelOf,
  pointEstimate,
  type StudiedMethod,
  samplePosterior,
} from "./prior-methods.js";
import type { Sky } from "./skies.js";
import { type SkyScores, scoreSky } from "./sky-scores.js";
import { cpuSeconds } from "./watched-chains.js";

/** Which of the cells it is. */
export interface CellName {
  readonly sky: string;
  /** Pixels a side. */
  readonly size: number;
  readonly brightness: "bright" | "faint" | "real";
  readonly method: string;
  readonly realisation: number;
}

/** What a cell gave. Real data have no truth, so nothing but the photons held out. */
export interface Cell extends CellName, Partial<SkyScores> {
  readonly chains?: number;
  readonly sweeps?: number;
  readonly counts: number;
  /**
   * Cash statistic of the half of the photons that was held out under the image (posterior mean) of the others; for a known sky
   * its excess over that of the truth.
   */
  readonly heldOut?: number;
  readonly rhat?: number;
  /** CPU seconds of the image and of the one for the photons held out. */
  readonly seconds: number;
  readonly heldOutSeconds?: number;
}

const BACKGROUND = 0.05;
const PSF_SIGMA = 1.8;

/** A number of its own for every sky, so that the noise of one says nothing of that of another. */
function numberOf({ name, brightness, flux }: Sky): number {
  const text = `${name}, ${flux.shape[0]}, ${brightness}`;
  return [...text].reduce((number, letter) => (31 * number + letter.charCodeAt(0)) % 1_000_003, 0);
}

/**
 * Simulated counts of a sky. The photons of the sky and those of the background are drawn from streams of their own, so that
 * boundaries change the former only where light reaches an edge.
 */
export function observe(sky: Sky, boundary: Boundary, realisation: number): Observation {
  const { flux, name } = sky;
  const psf = gaussianPsf(PSF_SIGMA, [13, 13]);
  const background = constantImage(flux.shape, BACKGROUND);
  const seed = 10_000 * numberOf(sky) + 2 * realisation;
  const light = simulateCounts(flux, psf, { boundary, seed });
  const dark = simulateCounts(constantImage(flux.shape, 0), psf, { boundary, background, seed: seed + 1 });
  const data = light.data.map((count, pixel) => count + dark.data[pixel]);
  return { counts: { data, shape: flux.shape }, psf, background, name };
}

/** The number that photons held out choose for a point estimate, from the first realisation. */
export function tune(sky: Sky, method: Extract<StudiedMethod, { kind: "point" }>) {
  const start = cpuSeconds();
  const observation = observe(sky, "spill", 0);
  const value = method.tune(createForwardModel(observation), levelOf(observation));
  return { value, seconds: cpuSeconds() - start };
}

/** How to run a cell. */
export interface CellEffort extends Effort {
  /** Whether to judge the method by photons held out too. */
  readonly heldOut: boolean;
  /** For point estimates: what `tune` found. */
  readonly tuned?: number;
}

/** An estimate of all photons of an observation, or of a part of them. */
function estimate(
  observation: Observation,
  method: StudiedMethod,
  effort: CellEffort,
  { level, seed, part }: { readonly level: number; readonly seed: number; readonly part: number },
): Estimate {
  return method.kind === "point"
    ? pointEstimate(observation, method, level, effort.tuned ?? Number.NaN)
    : samplePosterior(observation, method, effort, seed, part);
}

/** Estimate from half of the photons and judge by the others; half of the sweeps are enough for a mean. */
function judgeByHeldOut(observation: Observation, method: StudiedMethod, effort: CellEffort, split: number) {
  const { training, heldOut } = splitPhotons(observation, { seed: 9 + split });
  const found = estimate(
    training[0],
    method,
    { ...effort, sweeps: Math.ceil(effort.sweeps / 2) },
    { level: levelOf(observation), seed: split + 1, part: 0.5 },
  );
  const options = { boundary: boundaryOf(method) };
  const cashOf = (flux: Estimate["mean"]) => heldOutCash(flux, heldOut, options);
  return { cash: cashOf(found.mean), cashOf, seconds: found.seconds };
}

/** Run a cell of a known sky. */
export function runSkyCell(sky: Sky, method: StudiedMethod, realisation: number, effort: CellEffort): Cell {
  const observation = observe(sky, boundaryOf(method), realisation);
  const found = estimate(observation, method, effort, {
    ...{ level: levelOf(observation), seed: realisation + 1, part: 1 },
  });
  const judged = effort.heldOut ? judgeByHeldOut(observation, method, effort, realisation) : undefined;
  return {
    ...{
      sky: sky.name,
      size: sky.flux.shape[0],
      brightness: sky.brightness,
      method: method.name,
      realisation,
    },
    ...(method.kind === "posterior" ? { chains: effort.chains, sweeps: effort.sweeps } : {}),
    counts: imageSum(observation.counts),
    ...scoreSky(found, sky),
    ...(judged && { heldOut: judged.cash - judged.cashOf(sky.flux), heldOutSeconds: judged.seconds }),
    ...(found.rhat !== undefined && { rhat: found.rhat }),
    seconds: found.seconds,
  };
}

/** Run a cell of real data: half of the photons deconvolved, half held out. */
export function runRealCell(
  data: RealData,
  method: StudiedMethod,
  realisation: number,
  effort: CellEffort,
): Cell {
  const { observation, name } = data;
  const { cash, seconds } = judgeByHeldOut(observation, method, effort, realisation);
  return {
    ...{ sky: name, size: observation.counts.shape[0], brightness: "real", method: method.name, realisation },
    ...{ chains: effort.chains, sweeps: effort.sweeps, counts: imageSum(observation.counts) },
    ...{ heldOut: cash, seconds },
  };
}

/** Real photons. */
export interface RealData {
  readonly name: string;
  readonly observation: Observation;
}

const DATA = fileURLToPath(new URL("../../../shared/data/", import.meta.url));

/** Whether the real data are beside the checkout. */
export const hasRealData = existsSync(DATA);

/** Two observations of the Galactic Center by Chandra, and the middle of its image by Fermi-LAT. */
export async function realData(): Promise<RealData[]> {
  if (!hasRealData) return [];
  const chandra = ([4683, 4684] as const).map(async (obsId) => ({
    name: `Chandra ${obsId}`,
    observation: await chandraGalacticCenter({ directory: `${DATA}chandra-gc`, obsId }),
  }));
  const fermi = (kind: string) => `${DATA}fermi-gc/fermi-3fhl-gc-${kind}.fits.gz`;
  const { observation } = await readObservationFiles({
    ...{ counts: fermi("counts"), psf: fermi("psf") },
    ...{ exposure: fermi("exposure"), background: fermi("background"), backgroundUnit: "counts" },
    cutout: { x: [136, 264], y: [36, 164] },
  });
  return [...(await Promise.all(chandra)), { name: "Fermi-LAT", observation }];
}
