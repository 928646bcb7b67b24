/** Richardson-Lucy on the GPU: all iterations stay there, and only what tells how they go on comes back. */

import { concatenated } from "../concatenated.js";
import { meanDeviances } from "../data/random/expected-deviance.js";
import { forwardWgsl } from "../generated/forward-wgsl.js";
import { richardsonLucyWgsl } from "../generated/richardson-lucy-wgsl.js";
import type { OpenGpu } from "../gpu.js";
import { createGpuProgram, type GpuProgram, type GpuStep } from "../gpu-program.js";
import type { ForwardModel } from "../model/forward-model.js";
import {
  countsOfFirstPixels,
  DARK,
  FORWARD_BUFFERS,
  type GpuForwardLayout,
  layOutForward,
} from "../model/gpu-forward-layout.js";
import type { PointEstimate } from "../posterior/point-estimate.js";
import { checkAborted, endedByCaller, finishEstimate, startingFlux } from "./estimate.js";
import {
  asFound,
  atTheLimit,
  type Climb,
  type ClimbOptions,
  endedInSearch,
  foundIterations,
  heldOutWatch,
  type RichardsonLucyOptions,
  settleRichardsonLucy,
  splitModel,
} from "./richardson-lucy.js";
import { checkStoppingRule, isDownToNoise, movesLittle, type StoppingRule } from "./stopping.js";

/** Most iterations between two looks, and the milliseconds that those take that make them more. */
const MAX_BATCH = 64;
const ENOUGH = 100;
/** Numbers of an iteration; see kernels-gpu/richardson-lucy.wgsl. */
const TRACE_ROW = 5;
/** Numbers of the state besides the scales and their copies: before, factor, too far, steps, row; the first four are copied. */
const OWN_STATE = 5;
const KEPT_STATE = 4;
/** The deviance before the first iteration: more than any. */
const HIGHEST = 3e38;

/**
 * `richardsonLucy` on a GPU, in f32; the images that come back are judged in double precision. `onIteration` is called after each batch of
 * iterations, a tenth of a second or so.
 *
 * @throws InvalidInputError when an option breaks its rule, or for psfs that vary over the field
 * @throws AbortedError when `signal` fires
 * @throws JobError when the device has no room or is lost
 */
export async function richardsonLucyOnGpu(
  gpu: OpenGpu,
  model: ForwardModel,
  options: RichardsonLucyOptions = {},
): Promise<PointEstimate> {
  const started = performance.now();
  const settled = settleRichardsonLucy(options);
  const { stop } = settled;
  if (stop !== undefined) checkStoppingRule(stop);
  checkAborted("richardson-lucy", options.signal);
  if (stop?.rule !== "held-out") {
    const run = await climb(await prepare(gpu, model, settled), settled);
    return finishEstimate(model, { method: "richardson-lucy", started, ...run });
  }
  const best = await heldOutIterations(gpu, model, settled, stop);
  const found = foundIterations(settled, best);
  const run = await climb(await prepare(gpu, model, found), found);
  return finishEstimate(model, { method: "richardson-lucy", started, ...asFound(run, best, settled) });
}

/** Counts by which iterations are judged besides those of the model, and their part of the model's exposure. */
interface Judged {
  readonly counts: readonly Float32Array[];
  readonly part: number;
}

/** Sums of an iteration. */
interface Sums {
  /** Cash statistic of where it started. */
  readonly cash: number;
  /** Detected light that moved, and all of it. */
  readonly moved: number;
  readonly light: number;
  /** Deviance of the counts that judge where it ended, and its mean. */
  readonly judged: number;
  readonly expected: number;
}

/** A run on the device. */
interface Iterations {
  readonly model: ForwardModel;
  /** Do iterations; with `again` from where the last call of this began. */
  iterate(count: number, again?: boolean): Promise<readonly Sums[]>;
  /** The flux so far. */
  flux(): Promise<Float64Array>;
  /** Set the model's background scales to those so far. */
  takeScales(): Promise<void>;
}

type Step = "predict" | "compare" | "back" | OwnStep;
type OwnStep =
  | ("judgeStart" | "goBack" | "predictAgain" | "compareAgain" | "stepUp" | "settle" | "stepAhead")
  | ("predictFlux" | "judge" | "finish" | "keep" | "restore");

/** Lay out a run and put its start onto the device. */
async function prepare(
  gpu: OpenGpu,
  model: ForwardModel,
  { acceleration, fitBackgroundScale, stop, start }: ClimbOptions,
  heldOut?: Judged,
): Promise<Iterations> {
  const accelerated = acceleration === "biggs-andrews";
  const judged = stop?.rule === "discrepancy" ? { counts: countsOfFirstPixels(model), part: 1 } : heldOut;
  const { sensitivity, reference } = model;
  const observations = model.observations.length;
  const groups = Math.ceil(sensitivity.length / 256);
  const table = judged === undefined ? [] : meanDeviances();
  const layout = layOutForward(gpu, model, 1, {
    skies: accelerated ? 8 : 3,
    state: OWN_STATE + observations + KEPT_STATE + MAX_BATCH * TRACE_ROW,
    sums: 2 * groups + (judged === undefined ? 0 : observations * groups),
    inputs: {
      SENSITIVITY: sensitivity.map((value) => value / reference),
      BACKGROUND_COUNTS: model.backgroundCounts(),
      MEAN_DEVIANCES: table,
      JUDGED_PART: [judged?.part ?? 1],
      JUDGED: concatenated(Float32Array, judged?.counts ?? []),
    },
    constants: {
      ACCELERATED: accelerated,
      FIT_SCALES: fitBackgroundScale,
      IS_JUDGED: judged !== undefined,
      DEVIANCE_NODES: table.length,
    },
  });
  const iteration = stepsOfIteration(accelerated, judged !== undefined);
  const all = { ...layout.steps, ...ownSteps(layout) };
  // Compiling takes longest of all: only what runs.
  const used = new Set<Step>([...iteration, "keep", ...(stop === undefined ? [] : (["restore"] as const))]);
  const program = await createGpuProgram<Step>(
    gpu,
    layout.constants + forwardWgsl + richardsonLucyWgsl,
    layout.buffers,
    Object.fromEntries([...used].map((step) => [step, all[step]])) as Partial<Record<Step, GpuStep>>,
    Math.max(layout.pixels, layout.state),
  );
  program.write(FORWARD_BUFFERS.inputs, 0, layout.inputs);
  program.write(FORWARD_BUFFERS.places, 0, layout.places);
  const flux = Float32Array.from(startingFlux("richardson-lucy", model, start), (value) => value * reference);
  program.write(FORWARD_BUFFERS.images, 0, flux);
  if (accelerated) program.write(FORWARD_BUFFERS.images, 2 * layout.pixels, flux);
  program.write(FORWARD_BUFFERS.states, 0, Float32Array.of(...model.backgroundScale, HIGHEST));
  return iterations(model, layout, program, { iteration, accelerated });
}

function ownSteps({
  steps,
  pixelGroups,
  observations,
  pixels,
}: GpuForwardLayout): Readonly<Record<OwnStep, GpuStep>> {
  const one = (entryPoint: string): GpuStep => ({ entryPoint, groups: [1] });
  const all = (entryPoint: string, constants = {}): GpuStep => ({
    entryPoint,
    constants,
    groups: [pixelGroups],
  });
  const tooFar = { WHEN: observations + 2 };
  return {
    judgeStart: one("judgeStart"),
    goBack: all("goBack"),
    predictAgain: { ...steps.predict, constants: tooFar },
    compareAgain: { ...steps.compare, constants: tooFar },
    stepUp: all("stepUp"),
    settle: one("settleStep"),
    stepAhead: all("stepAhead"),
    predictFlux: { ...steps.predict, constants: { LOOKED_AT: 2 * pixels } },
    judge: { entryPoint: "judgeFlux", groups: [pixelGroups, 1, observations] },
    finish: one("finishIteration"),
    keep: all("keepStart"),
    restore: all("keepStart", { BACKWARDS: 1 }),
  };
}

/** The steps of an iteration. Without acceleration a step starts from the flux itself. */
function stepsOfIteration(accelerated: boolean, isJudged: boolean): readonly Step[] {
  return [
    ...(["predict", "compare"] as const),
    ...(accelerated ? (["judgeStart", "goBack", "predictAgain", "compareAgain"] as const) : []),
    ...(["back", "stepUp", "settle"] as const),
    ...(accelerated ? (["stepAhead"] as const) : []),
    ...(isJudged ? ([accelerated ? "predictFlux" : "predict", "judge"] as const) : []),
    "finish",
  ];
}

function iterations(
  model: ForwardModel,
  layout: GpuForwardLayout,
  program: GpuProgram<Step>,
  { iteration, accelerated }: { readonly iteration: readonly Step[]; readonly accelerated: boolean },
): Iterations {
  const { observations, pixels, cashOfCounts, reference } = layout;
  const trace = observations + OWN_STATE + observations + KEPT_STATE;
  return {
    model,
    async iterate(count, again = false) {
      const rows = await program.run(
        [again ? "restore" : "keep", ...Array.from({ length: count }, () => iteration).flat()],
        [{ buffer: FORWARD_BUFFERS.states, at: trace, numbers: count * TRACE_ROW }],
      );
      return Array.from({ length: count }, (_, index) => {
        const [half, moved, light, judged, expected] = rows.subarray(index * TRACE_ROW);
        const cash = half >= DARK ? Number.POSITIVE_INFINITY : 2 * half + cashOfCounts;
        return { cash, moved, light, judged: 2 * judged, expected };
      });
    },
    async flux() {
      const at = accelerated ? 2 * pixels : 0;
      const laid = await program.run([], [{ buffer: FORWARD_BUFFERS.images, at, numbers: pixels }]);
      return Float64Array.from(laid, (value) => value / reference);
    },
    async takeScales() {
      const scales = await program.run(
        [],
        [{ buffer: FORWARD_BUFFERS.states, at: 0, numbers: observations }],
      );
      model.setBackgroundScale([...scales]);
    },
  };
}

/** The iterations, batch by batch. */
async function climb(run: Iterations, options: ClimbOptions): Promise<Climb> {
  const { iterations: most, fitBackgroundScale, stop, onIteration, signal } = options;
  const objective: number[] = [];
  const done = async (how: Pick<Climb, "converged" | "complete" | "stopped">): Promise<Climb> => {
    if (fitBackgroundScale) await run.takeScales();
    return { flux: await run.flux(), iterations: objective.length, objective, ...how };
  };
  for await (const batch of batches(run, most)) {
    checkAborted("richardson-lucy", signal);
    const reason = firstReason(batch, stop);
    if (reason !== undefined && reason.count < batch.length) await run.iterate(reason.count, true);
    for (const { cash } of batch.slice(0, reason?.count)) objective.push(cash);
    const iteration = objective.length;
    const flux = onIteration && (await run.flux());
    const goOn = flux && onIteration({ iteration, objective: objective[iteration - 1], flux });
    if (reason !== undefined) return done({ converged: true, complete: true, stopped: reason.text });
    if (goOn === false) {
      return done({ converged: false, complete: false, stopped: endedByCaller(iteration) });
    }
  }
  return done(atTheLimit(options));
}

/** At most so many iterations, in batches that take long enough. */
async function* batches(run: Iterations, most: number): AsyncGenerator<readonly Sums[]> {
  let batch = 1;
  for (let left = most; left > 0; ) {
    const count = Math.min(batch, left);
    const started = performance.now();
    const sums = await run.iterate(count);
    if (performance.now() - started < ENOUGH) batch = Math.min(MAX_BATCH, 2 * batch);
    left -= count;
    yield sums;
  }
}

/** The first iteration of a batch after which a rule ends the run, and why. */
function firstReason(
  batch: readonly Sums[],
  stop: StoppingRule | undefined,
): { readonly count: number; readonly text: string } | undefined {
  for (const [index, { moved, light, judged, expected }] of batch.entries()) {
    const text =
      stop?.rule === "tolerance"
        ? movesLittle(moved, light, stop.tolerance)
        : stop?.rule === "discrepancy"
          ? isDownToNoise(judged, expected, stop.factor)
          : undefined;
    if (text !== undefined) return { count: index + 1, text };
  }
  return undefined;
}

/** Iterations after which the photons held out are described best. */
async function heldOutIterations(
  gpu: OpenGpu,
  model: ForwardModel,
  options: ClimbOptions,
  { fraction = 0.5, seed = 0, patience }: Extract<StoppingRule, { rule: "held-out" }>,
) {
  const { training, test } = splitModel(model, 1 - fraction, seed);
  const judged = { counts: countsOfFirstPixels(test), part: fraction / (1 - fraction) };
  const run = await prepare(gpu, training, options, judged);
  const { iterations: most, onIteration, signal } = options;
  const watch = heldOutWatch(patience);
  let done = 0;
  for await (const batch of batches(run, most)) {
    checkAborted("richardson-lucy", signal);
    const ended = batch.some(({ judged: deviance }, index) => watch.ends(done + index + 1, deviance));
    done += batch.length;
    const flux = onIteration && (await run.flux());
    const objective = batch[batch.length - 1].cash;
    if (flux && onIteration({ iteration: done, objective, flux, stage: "held-out" }) === false) {
      throw endedInSearch(done);
    }
    if (ended) break;
  }
  return watch.best(most);
}
