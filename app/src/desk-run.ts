/** A run at the desk: chains watched while they go, and what is told of the result. */

import {
  bulkEss,
  type ChainPreview,
  checkModel,
  LiraDeconvolver,
  type LiraDeconvolverOptions,
  type LiraResult,
  parameterDraws,
  parameterLabel,
  type RunProgress,
  type SkyImage,
  splitRhat,
} from "tslira";
import type { Composed } from "./desk-files.js";
import type { LiveView, ResultView, TraceView } from "./protocol.js";

/** Parameters whose traces are shown. */
const SHOWN = ["expectedMSCounts", "logLikelihood"] as const;
const LABELS: Readonly<Record<string, string>> = {
  expectedMSCounts: "total counts of the source",
  logLikelihood: "log-likelihood",
};
/** Most points of a line. */
const POINTS = 500;
/** Milliseconds between news. */
const NEWS = 300;
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

/** A trace of a few hundred points, with the convergence of what lies after burn-in. */
function traceView(name: string, chains: readonly Float64Array[], burnIn: number): TraceView {
  const longest = Math.max(0, ...chains.map(({ length }) => length));
  const every = Math.max(1, Math.ceil(longest / POINTS));
  const shortest = Math.min(...chains.map(({ length }) => length));
  const kept = shortest - burnIn >= 8 ? chains.map((chain) => chain.subarray(burnIn, shortest)) : undefined;
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

/** Watches chains and tells news of them, not too often. */
function watchChains(chains: number, burnIn: number, tell: (live: LiveView) => void) {
  const columns = SHOWN.map(() =>
    Array.from({ length: chains }, (): Column => ({ values: new Float64Array(1024), length: 0 })),
  );
  const latest = new Array<ChainPreview | undefined>(chains).fill(undefined);
  let progress: RunProgress | undefined;
  let told = 0;

  function news(): void {
    if (progress === undefined) return;
    told = performance.now();
    const previews = latest.filter((preview) => preview !== undefined);
    const means = previews.flatMap(({ mean, draws }) => (mean === undefined ? [] : [[mean, draws] as const]));
    const mean = average(means.length > 0 ? means : previews.map(({ flux }) => [flux, 1] as const));
    const { done, total, stage, sweepsPerSecond, secondsLeft, chains: sweeps } = progress;
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
      traces: SHOWN.map((name, index) =>
        traceView(
          name,
          columns[index].map(({ values, length }) => values.subarray(0, length)),
          burnIn,
        ),
      ),
    });
  }

  return {
    onPreview(preview: ChainPreview): void {
      latest[preview.chain] = preview;
      const { columns: names, rows } = preview;
      for (const [index, name] of SHOWN.entries()) {
        const at = names.indexOf(name);
        const column = columns[index][preview.chain];
        for (let start = at; start < rows.length; start += names.length) append(column, rows[start]);
      }
      if (performance.now() - told > NEWS) news();
    },
    onProgress(next: RunProgress): void {
      const stage = progress?.stage;
      progress = next;
      if (next.stage !== stage || performance.now() - told > NEWS) news();
    },
  };
}

/** Run the chains. */
export async function runChains(
  { observation, inputs, unit }: Composed,
  settings: LiraDeconvolverOptions,
  command: string,
  signal: AbortSignal,
  tell: (live: LiveView) => void,
): Promise<{ result: LiraResult; view: ResultView }> {
  const { chains = 4, iterations = 5_000 } = settings;
  const burnIn = typeof settings.burnIn === "number" ? settings.burnIn : Math.floor(iterations / 10);
  const warnings: string[] = [];
  const cores = globalThis.navigator?.hardwareConcurrency ?? 1;
  const result = await new LiraDeconvolver(settings).run(observation, {
    ...watchChains(chains, burnIn, tell),
    workers: Math.min(chains, Math.max(cores, TOGETHER)),
    signal,
    command,
    inputs,
    onWarning: (warning) => warnings.push(warning),
    ...(unit !== undefined && { unit }),
  });
  return { result, view: resultView(result, observation, warnings) };
}

function resultView(
  result: LiraResult,
  observation: Composed["observation"],
  warnings: readonly string[],
): ResultView {
  const { parameters, images } = result.trace;
  const [check] = checkModel(result, parameters, [observation]);
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
    predicted: check.predicted,
    residual: check.sigma,
    verdict: { state, sentence, remedy },
    total: result.total,
    complete: result.complete,
    seconds: result.provenance.seconds,
    burnIn: result.config.burnIn,
    chains: images.chains.length,
    draws: images.chains.map(({ length }) => length / pixels),
    firstSweep: images.first + 1,
    everySweeps: images.every,
    traces: parameters.names
      .filter((name) => /^(expectedMSCounts|logLikelihood|smoothingParam\d+|bkgScale)$/.test(name))
      .filter((name) => name !== "bkgScale" || result.config.fitBackgroundScale)
      .map((name) => {
        const found = result.diagnostics.parameters.find((row) => row.name === name);
        const view = traceView(name, parameterDraws(rows, parameters.names.indexOf(name)), parameters.burnIn);
        return found ? { ...view, rhat: found.rhat, ess: found.ess } : view;
      }),
    warnings,
  };
}
