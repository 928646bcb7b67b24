/** A run at the desk: chains watched while they go, and what is told of the result. */

import {
  type ChainPiece,
  type ChainPreview,
  constantImage,
  LiraDeconvolver,
  type LiraDeconvolverOptions,
  type LiraResult,
  type PosteriorResult,
  type RunPause,
  type RunProgress,
  type SkyImage,
} from "tslira";
import { bulkEss, checkModel, parameterDraws, splitRhat } from "tslira/diagnostics";
import { parameterLabel } from "#studio";
import type { Composed } from "./files.js";
import { watchPixels } from "./live-pixels.js";
import { onOneSky } from "./one-sky.js";
import { pageWords } from "./page-words.js";
import type { LiveView, ResultView, TraceView } from "./run-view.js";
import type { Keeping } from "./sessions.js";

/** Parameters whose traces are shown. */
const SHOWN = ["expectedMSCounts", "logLikelihood"] as const;
const LABELS: Readonly<Record<string, string>> = {
  expectedMSCounts: "total counts of the source",
  logLikelihood: "log-likelihood",
};
/** Most points of a line. */
const POINTS = 500;
/** Levels of smoothness that are shown, the finest first; coarser ones have few blocks. */
const SMOOTHNESS_MAPS = 4;
/** Least milliseconds between news, from the end of one to the beginning of the next. */
const NEWS = 300;
/** Part of the time that news may take: chains have more to say than can be watched, and their words come first. */
const WATCHING = 0.1;
/** Most draws a chain that are judged on the way, evenly spread; the result is judged by all. */
const JUDGED = 2_000;
/** Chains that run at the same time at least, so that they can be compared on the way. */
const TOGETHER = 4;

/** A growing list of numbers. */
interface Column {
  values: Float64Array;
  length: number;
}

function append(column: Column, value: number): void {
  if (column.length === column.values.length) {
    const grown = new Float64Array(2 * column.values.length);
    grown.set(column.values);
    column.values = grown;
  }
  column.values[column.length++] = value;
}

/** Every so many numbers of a chain, beginning with the first. */
const thinned = (chain: Float64Array, every: number) =>
  every === 1
    ? chain
    : Float64Array.from({ length: Math.ceil(chain.length / every) }, (_, index) => chain[index * every]);

/** A trace of a few hundred points, with the convergence of what lies after burn-in. */
function traceView(name: string, chains: readonly Float64Array[], burnIn: number): TraceView {
  const longest = Math.max(0, ...chains.map(({ length }) => length));
  const every = Math.max(1, Math.ceil(longest / POINTS));
  const shortest = Math.min(...chains.map(({ length }) => length));
  const judged = Math.max(1, Math.ceil((shortest - burnIn) / JUDGED));
  const kept =
    shortest - burnIn >= 8
      ? chains.map((chain) => thinned(chain.subarray(burnIn, shortest), judged))
      : undefined;
  return {
    name,
    label: LABELS[name] ?? parameterLabel(name),
    every,
    chains: chains.map((chain) =>
      Float64Array.from(
        { length: Math.floor(chain.length / every) },
        (_, point) => chain[(point + 1) * every - 1],
      ),
    ),
    rhat: kept && kept.length > 1 ? splitRhat(kept) : Number.NaN,
    ess: kept ? bulkEss(kept) : Number.NaN,
  };
}

/** Average of images, weighted. */
function average(images: readonly (readonly [SkyImage, number])[]): SkyImage | undefined {
  const [first] = images;
  if (first === undefined) return undefined;
  const data = new Float64Array(first[0].data.length);
  const sum = images.reduce((all, [, weight]) => all + weight, 0);
  for (const [image, weight] of images) {
    for (let pixel = 0; pixel < data.length; pixel++) data[pixel] += (image.data[pixel] * weight) / sum;
  }
  return { data, shape: first[0].shape };
}

/**
 * Watches chains and tells news of them, not too often: in a tenth of the time at most, whatever the length of their traces, so that
 * who watches also hears the chains, and a wish to stop.
 *
 * @param now milliseconds of a clock
 */
export function watchChains(
  chains: number,
  burnIn: number,
  tell: (live: Omit<LiveView, "kept" | "notes">) => void,
  now = () => performance.now(),
) {
  const columns = SHOWN.map(() =>
    Array.from({ length: chains }, (): Column => ({ values: new Float64Array(1024), length: 0 })),
  );
  const latest = new Array<ChainPreview | undefined>(chains).fill(undefined);
  const watchedPixels = watchPixels(chains);
  let progress: RunProgress | undefined;
  let next = 0;

  function news(): void {
    if (progress === undefined) return;
    const start = now();
    const previews = latest.filter((preview) => preview !== undefined);
    const means = previews.flatMap(({ mean, draws }) => (mean === undefined ? [] : [[mean, draws] as const]));
    const mean = average(means.length > 0 ? means : previews.map(({ flux }) => [flux, 1] as const));
    const { done, total, stage, sweepsPerSecond, secondsLeft, chains: sweeps } = progress;
    const pixels = watchedPixels.judge();
    tell({
      sweeps,
      done,
      total,
      stage,
      sweepsPerSecond,
      secondsLeft,
      burnIn,
      ...(mean && { mean }),
      meanKind: means.length > 0 ? "mean" : "start",
      ...(pixels && { pixels }),
      traces: SHOWN.map((name, index) =>
        traceView(
          name,
          columns[index].map(({ values, length }) => values.subarray(0, length)),
          burnIn,
        ),
      ),
    });
    const end = now();
    next = end + Math.max(NEWS, (end - start) * (1 / WATCHING - 1));
  }

  /** News, unless the last are fresh. */
  function newsInTime(): void {
    if (now() >= next) news();
  }

  return {
    news,
    /** Begin with what was sampled in an earlier run. */
    takeUp({ chain, rows, state }: ChainPiece, names: readonly string[]): void {
      const { sweeps, moments } = state;
      const shape: SkyImage["shape"] = [1, moments.mean.length];
      this.onPreview({ chain, rows, columns: names, sweeps, flux: { data: moments.mean, shape }, draws: 0 });
      latest[chain] = undefined;
    },
    onPreview(preview: ChainPreview): void {
      latest[preview.chain] = preview;
      watchedPixels.look(preview);
      const { columns: names, rows } = preview;
      for (const [index, name] of SHOWN.entries()) {
        const at = names.indexOf(name);
        const column = columns[index][preview.chain];
        // A chain that was taken up again tells once more what came after its checkpoint.
        column.length = Math.min(column.length, preview.sweeps - rows.length / names.length);
        for (let start = at; start < rows.length; start += names.length) append(column, rows[start]);
      }
      newsInTime();
    },
    onProgress(report: RunProgress): void {
      const stage = progress?.stage;
      progress = report;
      if (report.stage === stage) newsInTime();
      else news();
    },
  };
}

/** Workers for so many chains. */
export function coresForChains(chains: number): number {
  const cores = globalThis.navigator?.hardwareConcurrency ?? 1;
  return Math.min(chains, Math.max(cores, TOGETHER));
}

/** Seconds between checkpoints: what a crash may cost. */
const CHECKPOINT = 2;
/** Seconds without one after which the page says so. */
const LATE = 6;

/**
 * Seconds since the chain was kept that was kept longest ago; undefined where that is in time.
 *
 * @param kept milliseconds at which each chain was kept last, those that are sampled
 */
export function latenessOf(kept: readonly number[], now: number): number | undefined {
  const seconds = (now - Math.min(now, ...kept)) / 1000;
  return seconds > LATE ? Math.round(seconds) : undefined;
}

/** Run the chains, from where an earlier run left them if there was one. */
export async function runChains(
  composed: Composed,
  settings: LiraDeconvolverOptions,
  command: string,
  signal: AbortSignal,
  pause: RunPause,
  keeping: Keeping,
  tell: (live: LiveView) => void,
): Promise<{ result: LiraResult; view: ResultView }> {
  const { inputs, unit } = composed;
  const { chains = 4, iterations = 5_000 } = settings;
  const { observations, expected } = onOneSky(composed, settings.boundary);
  const burnIn = typeof settings.burnIn === "number" ? settings.burnIn : Math.floor(iterations / 10);
  const warnings: string[] = [];
  const kept = new Array<number>(chains).fill(0);
  const keptAt = new Array<number | undefined>(chains).fill(undefined);
  const watch = watchChains(chains, burnIn, (live) => {
    const trouble = keeping.trouble();
    const sum = kept.reduce((all, value) => all + value, 0);
    const now = performance.now() - pause.milliseconds;
    // Since a chain was first heard of, until it is kept with all of its sweeps.
    for (const [chain, sweeps] of live.sweeps.entries()) if (sweeps > 0) keptAt[chain] ??= now;
    const late = latenessOf(
      keptAt.filter((at, chain) => at !== undefined && kept[chain] < iterations) as number[],
      now,
    );
    tell({
      ...live,
      notes: [...warnings, ...(trouble ? [trouble] : [])],
      ...(trouble === undefined && { kept: sum / (chains * iterations), ...(late && { late }) }),
    });
  });
  const { checkpoints, device = settings.device } = keeping;
  const result = await new LiraDeconvolver({ ...settings, ...(device && { device }) }).run(observations, {
    onProgress: watch.onProgress,
    onPreview: watch.onPreview,
    workers: coresForChains(chains),
    signal,
    pause,
    checkpoints: {
      ...checkpoints,
      async read() {
        const found = await checkpoints.read();
        for (const piece of found?.pieces ?? []) {
          kept[piece.chain] = piece.state.sweeps;
          watch.takeUp(piece, found?.record.columns ?? []);
        }
        return found;
      },
      async addPiece(piece) {
        await checkpoints.addPiece(piece);
        if (keeping.trouble() === undefined) kept[piece.chain] = piece.state.sweeps;
        keptAt[piece.chain] = performance.now() - pause.milliseconds;
        // Checkpoints are rare, and the last before a pause must be told.
        watch.news();
      },
    },
    checkpointSeconds: CHECKPOINT,
    command,
    inputs,
    onNote(note) {
      warnings.push(note);
      watch.news();
    },
    onWarning(warning) {
      if (expected.includes(warning)) return;
      warnings.push(pageWords(warning));
      watch.news();
    },
    ...(unit !== undefined && { unit }),
  });
  const trouble = keeping.trouble();
  const view = resultView(result, composed, trouble ? [...warnings, trouble] : warnings);
  return { result, view: { ...view, ...(keeping.id && { session: keeping.id }) } };
}

/** A posterior for the page; without its observations, predicted counts and residuals are NaN. */
export function resultView(
  result: PosteriorResult,
  composed: Pick<Composed, "observations" | "composition"> | undefined,
  warnings: readonly string[],
): ResultView {
  const { parameters, images } = result.trace;
  const nothing = constantImage(result.mean.shape, Number.NaN);
  const [check, ...others] = composed
    ? checkModel(result, parameters, onOneSky(composed, result.config.boundary).observations)
    : [{ predicted: nothing, sigma: nothing }];
  const rows = { ...parameters, burnIn: 0 };
  const [low, , high] = result.quantiles.images;
  const pixels = images.shape[0] * images.shape[1];
  const { state, sentence, remedy } = result.diagnostics.verdict;
  return {
    mean: result.mean,
    std: result.std,
    low,
    high,
    rhat: result.diagnostics.rhat,
    ess: result.diagnostics.ess,
    ...(result.smoothness && { smoothness: result.smoothness.slice(0, SMOOTHNESS_MAPS) }),
    predicted: check.predicted,
    residual: check.sigma,
    ...(others.length > 0 && {
      others: others.map(({ predicted, sigma }) => ({ predicted, residual: sigma })),
    }),
    verdict: { state, sentence: pageWords(sentence), remedy: pageWords(remedy) },
    total: result.total,
    complete: result.complete,
    seconds: result.provenance.seconds,
    burnIn: result.config.burnIn,
    chains: images.chains.length,
    draws: images.chains.map(({ length }) => length / pixels),
    firstSweep: images.first + 1,
    everySweeps: images.every,
    traces: parameters.names
      .filter((name) =>
        /^(expectedMSCounts|logLikelihood|(smoothingParam|smoothness)\d+|bkgScale|(psfWidth|psfMember|psfComponent|pointing[XY])\d*)$/.test(
          name,
        ),
      )
      .filter((name) => name !== "bkgScale" || result.config.fitBackgroundScale)
      .map((name) => {
        const found = result.diagnostics.parameters.find((row) => row.name === name);
        const view = traceView(name, parameterDraws(rows, parameters.names.indexOf(name)), parameters.burnIn);
        return found ? { ...view, rhat: found.rhat, ess: found.ess } : view;
      }),
    warnings,
  };
}
