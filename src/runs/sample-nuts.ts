import { exponential, naturalLog } from "../data/exponential.js";
import { normalStream } from "../data/normal.js";
import type { Observation } from "../data/observation.js";
import { splitMix64, xoshiro256pp } from "../data/random.js";
import { AbortedError } from "../errors.js";
import { firstFlux } from "../methods/map.js";
import { createForwardModel, type ForwardModel } from "../model/forward-model.js";
import { expectedSourceCounts, ledgerEntry } from "../model/ledger.js";
import { frameImage, frameOf, frameShape, ontoSky, type SkyGrid, startOnSky } from "../model/sky-grid.js";
import { traceSource } from "../posterior/draw-source.js";
import type { NutsConfig, PosteriorResult } from "../posterior/result.js";
import type { MomentSums } from "../posterior/summary.js";
import { asParameterSource } from "../posterior/trace.js";
import { judgeTransitions, reportTransitions, TRANSITION_COLUMNS } from "../posterior/transitions.js";
import { type LogFluxPosterior, logFluxPosterior } from "../samplers/log-flux-posterior.js";
import { createNutsChain, type NutsChain, type Transition } from "../samplers/nuts.js";
import { type WarmUp, warmUp } from "../samplers/warm-up.js";
import { keptDraws } from "../workers/chain-job.js";
import { type NutsOptions, planNuts } from "./nuts-options.js";
import type { RunOptions } from "./run-chains.js";
import { type LedgerParts, summariseChains } from "./summarise-run.js";

/** How to run: what `RunOptions` says, but in one thread, since a prior is a function and cannot be sent to another. */
export type NutsRunOptions = Omit<
  RunOptions,
  "workers" | "batch" | "pause" | "checkpoints" | "checkpointSeconds"
>;

/** Milliseconds of sampling between looks at the outside world. */
const SLICE_MILLISECONDS = 40;
/** Milliseconds between previews. */
const PREVIEW_MILLISECONDS = 250;
/** Spread of the starts about one image, in ln flux. */
const START_SPREAD = 1;
const OWN_START_SPREAD = 0.3;
/** Kept apart from the seeds of other samplers and of simulated data. */
const DOMAIN = 0x6e757473n; // "nuts" in ASCII

/** What one chain has left behind. */
interface Chain {
  readonly chain: NutsChain;
  readonly warm: WarmUp;
  readonly rows: Float64Array;
  readonly draws: Float32Array;
  readonly sums: { draws: number; readonly mean: Float64Array; readonly squares: Float64Array };
}

/**
 * Sample the posterior of the flux under any differentiable prior by the no-U-turn sampler on ln flux; see
 * `logFluxPosterior` for the density and its Jacobian.
 *
 * Chains take turns, transition by transition, so that an interrupted run has all of them; none knows of the others.
 *
 * @throws InvalidInputError when data or options break a rule
 * @throws NumericsError when the density is not finite at a start
 * @throws AbortedError when `signal` fires before two draws of every chain are kept
 */
export async function sampleNuts(
  data: Observation | readonly Observation[],
  options: NutsOptions,
  run: NutsRunOptions = {},
  model: ForwardModel = createForwardModel(data, options),
): Promise<PosteriorResult<NutsConfig>> {
  const { onProgress, onPreview, onWarning, signal } = run;
  const started = new Date();
  const clock = performance.now();
  const { prior } = options;
  const planned = planNuts(model, options);
  for (const warning of model.warnings) onWarning?.(warning);
  const { iterations, burnIn, chains: count, traceEvery, maxDepth } = planned;
  const { grid } = model;
  const pixels = model.shape[0] * model.shape[1];
  const shape = frameShape(grid);
  const framePixels = shape[0] * shape[1];
  const posterior = logFluxPosterior(
    model,
    prior,
    planned.fitBackgroundScale ? planned.backgroundScalePrior : undefined,
  );
  const names = columns(posterior, prior.parameterName ?? "priorParam", model.observations.length);
  const width = names.length;
  const kept = keptDraws(iterations, burnIn, traceEvery);
  checkSignal(signal, 0);
  const scales = [...model.backgroundScale];
  const chains = startingPlaces(model, posterior, options, planned).map(({ place, stream }): Chain => {
    const chain = createNutsChain(posterior, place, stream, maxDepth);
    return {
      chain,
      warm: warmUp(chain, burnIn, planned.targetAcceptance),
      rows: new Float64Array(iterations * width),
      draws: new Float32Array(kept * framePixels),
      sums: { draws: 0, mean: new Float64Array(pixels), squares: new Float64Array(pixels) },
    };
  });

  const flux = new Float64Array(pixels);
  const record = ({ chain, rows, draws, sums }: Chain, done: Transition, iteration: number): void => {
    posterior.flux(chain.position, flux);
    writeRow(rows.subarray(iteration * width, (iteration + 1) * width), posterior, chain, done, flux, model);
    if (iteration < burnIn) return;
    sums.draws++;
    for (let pixel = 0; pixel < pixels; pixel++) {
      const delta = flux[pixel] - sums.mean[pixel];
      sums.mean[pixel] += delta / sums.draws;
      sums.squares[pixel] += delta * (flux[pixel] - sums.mean[pixel]);
    }
    const draw = keptDraws(iteration + 1, burnIn, traceEvery);
    if (iteration + 1 === burnIn + draw * traceEvery)
      draws.set(frameOf(flux, grid), (draw - 1) * framePixels);
  };

  const show = previews(chains, names, grid, posterior);
  let sweeps = 0;
  let slice = performance.now();
  for (; sweeps < iterations && !signal?.aborted; sweeps++) {
    for (const [number, one] of chains.entries()) {
      const done = one.chain.transition();
      record(one, done, sweeps);
      if (sweeps < burnIn) one.warm.adapt(done);
      const now = performance.now();
      if (now - slice > SLICE_MILLISECONDS) {
        const each = chains.map((_, index) => sweeps + Number(index <= number));
        report(each, iterations, now - clock, onProgress);
        if (onPreview) show(each, onPreview);
        await new Promise((resolve) => setTimeout(resolve, 0));
        slice = performance.now();
      }
    }
  }
  const complete = sweeps === iterations;
  const draws = keptDraws(sweeps, burnIn, traceEvery);
  if (!complete) checkSignal(signal, draws);
  const each = new Array<number>(count).fill(sweeps);
  report(each, iterations, performance.now() - clock, onProgress);
  if (onPreview) show(each, onPreview, true);

  const trace = {
    parameters: {
      names,
      burnIn: Math.min(burnIn, sweeps),
      chains: chains.map(({ rows }) => rows.subarray(0, sweeps * width)),
    },
    images: {
      shape,
      first: burnIn + traceEvery - 1,
      every: traceEvery,
      chains: chains.map((one) => one.draws.subarray(0, draws * framePixels)),
    },
  };
  const parameters = asParameterSource(trace.parameters);
  model.setBackgroundScale(scales);
  const summary = await summariseChains(
    model.observations,
    {
      config: planned,
      complete,
      traces: { parameters, images: traceSource(trace.images) },
      sums: chains.map(({ sums }): MomentSums => sums),
      sweeps: chains.map(() => sweeps),
      names,
      grid,
      seconds: (performance.now() - clock) / 1000,
    },
    model.reference,
    ledgers(model),
    { ...run, started },
  );
  const transitions = reportTransitions(parameters, maxDepth);
  const verdict = judgeTransitions(summary.diagnostics.verdict, transitions);
  return { ...summary, diagnostics: { ...summary.diagnostics, verdict }, transitions, trace };
}

/** Throw when the signal has fired and fewer than two draws are kept. */
function checkSignal(signal: AbortSignal | undefined, draws: number): void {
  if (!signal?.aborted || draws >= 2) return;
  throw new AbortedError(
    `nuts: a result needs two kept draws of every chain, got ${draws} before the run was stopped; let it run longer`,
    { cause: signal.reason },
  );
}

function report(
  each: readonly number[],
  iterations: number,
  milliseconds: number,
  onProgress: NutsRunOptions["onProgress"],
): void {
  const done = each.reduce((sum, value) => sum + value, 0);
  const total = each.length * iterations;
  const sweepsPerSecond = (1000 * done) / Math.max(1, milliseconds);
  const secondsLeft = done > 0 ? (total - done) / sweepsPerSecond : Number.POSITIVE_INFINITY;
  onProgress?.({ stage: "sampling", done, total, chains: each, sweepsPerSecond, secondsLeft });
}

/** Looks at the chains about four times a second, and at the end. */
function previews(
  chains: readonly Chain[],
  columns: readonly string[],
  grid: SkyGrid,
  posterior: LogFluxPosterior,
) {
  const seen = new Array<number>(chains.length).fill(0);
  let shown = performance.now();
  return (each: readonly number[], show: NonNullable<NutsRunOptions["onPreview"]>, last = false): void => {
    const now = performance.now();
    if (!last && now - shown < PREVIEW_MILLISECONDS) return;
    shown = now;
    for (const [chain, { chain: state, rows, sums }] of chains.entries()) {
      const { shape } = grid;
      const framed = (data: Float64Array) => frameImage({ data, shape }, grid);
      const flux = new Float64Array(shape[0] * shape[1]);
      posterior.flux(state.position, flux);
      const sweeps = each[chain];
      show({
        chain,
        sweeps,
        columns,
        rows: rows.slice(seen[chain] * columns.length, sweeps * columns.length),
        flux: framed(flux),
        draws: sums.draws,
        ...(sums.draws > 0 && { mean: framed(sums.mean.slice()) }),
      });
      seen[chain] = sweeps;
    }
  };
}

function columns({ ownParameters }: LogFluxPosterior, parameterName: string, observations: number): string[] {
  const numbered = (name: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${name}${index}`);
  return [
    "logPost",
    ...numbered(parameterName, ownParameters),
    "expectedMSCounts",
    ...(observations === 1 ? ["bkgScale"] : numbered("bkgScale", observations)),
    "logLikelihood",
    "logPrior",
    ...TRANSITION_COLUMNS,
  ];
}

/** Write one row of the trace, in the order of `columns`. */
function writeRow(
  row: Float64Array,
  posterior: LogFluxPosterior,
  { position, potential, stepSize }: NutsChain,
  { depth, gradients, acceptance, divergent }: Transition,
  flux: Float64Array,
  { reference, backgroundScale }: ForwardModel,
): void {
  const { pixels, ownParameters, scaled } = posterior;
  let total = 0;
  for (let pixel = 0; pixel < pixels; pixel++) total += flux[pixel];
  const logPrior = posterior.logPrior(position);
  let at = 0;
  row[at++] = -potential;
  for (let own = 0; own < ownParameters; own++) row[at++] = exponential(position[pixels + own]);
  row[at++] = reference * total;
  for (let index = 0; index < backgroundScale.length; index++) {
    const fitted = scaled.indexOf(index);
    row[at++] = fitted < 0 ? backgroundScale[index] : exponential(position[pixels + ownParameters + fitted]);
  }
  row[at++] = -potential - logPrior;
  row[at++] = logPrior;
  row[at++] = stepSize;
  row[at++] = depth;
  row[at++] = gradients;
  row[at++] = acceptance;
  row[at++] = Number(divergent);
}

/**
 * Where the chains start, and their random numbers: about ten iterations of Richardson-Lucy and a flat image in turn, every
 * pixel off by a random factor.
 */
function startingPlaces(
  model: ForwardModel,
  posterior: LogFluxPosterior,
  { start: given }: NutsOptions,
  { chains, seed }: NutsConfig,
) {
  const { start, level } = firstFlux("nuts", model, given && startOnSky(given, model.grid, "nuts: start"));
  return Array.from({ length: chains }, (_, chain) => {
    const [first] = splitMix64(BigInt(seed) ^ DOMAIN, 1);
    const stream = xoshiro256pp(splitMix64(first ^ (BigInt(chain) * 0x9e3779b97f4a7c15n), 4));
    const place = posterior.place(start);
    if (given === undefined) {
      const normal = normalStream(stream);
      const flat = naturalLog(level);
      for (let index = 0; index < place.length; index++) {
        if (index < posterior.pixels && chain % 2 === 1) place[index] = flat;
        place[index] += (index < posterior.pixels ? START_SPREAD : OWN_START_SPREAD) * normal();
      }
    }
    return { place, stream };
  });
}

/** Where the counts went, on a sky of any grid. */
function ledgers(model: ForwardModel): LedgerParts[] {
  const { observations, grid, boundary, options } = model;
  const background = model.backgroundCounts();
  const pixels = model.shape[0] * model.shape[1];
  const used = ({ mask, counts }: (typeof observations)[number]) =>
    mask ? mask.data : new Float64Array(counts.data.length).fill(1);
  return observations.map((observation, index) => {
    const seen = new Float64Array(pixels);
    model.backProject(
      observations.map((other, m) =>
        m === index ? used(other) : new Float64Array(other.counts.data.length),
      ),
      seen,
    );
    const offset = options.offsets?.[index] ?? { x: 0, y: 0 };
    const exposure = ontoSky(observation.exposure, grid, offset, boundary);
    const detected = { data: seen, shape: grid.shape };
    const inFrame = frameImage(detected, grid);
    return {
      sourceCounts: (flux) => expectedSourceCounts(flux, inFrame),
      entry: (flux, scale, sourceStd) =>
        ledgerEntry(observation, {
          grid,
          flux,
          exposure,
          detected,
          backgroundCounts: background[index],
          scale,
          sourceStd,
        }),
    };
  });
}
