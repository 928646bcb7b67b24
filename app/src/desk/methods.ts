/** Methods other than LIRA at the desk: images found in a worker of their own, and samplers. */

import {
  type DeconvolveOptions,
  deconvolve,
  type PlainError,
  type PointEstimate,
  type PosteriorResult,
  VERSION,
} from "tslira";
import { residuals } from "tslira/diagnostics";
import { plotPanels } from "tslira/figures";
import { encodePointEstimate } from "tslira/fits";
import { residualPanels, startWebWorker } from "#studio";
import type { MethodSettings } from "../settings/method-fields.js";
import { thinnedCurve } from "./convergence-curve.js";
import type { Composed } from "./files.js";
import { deconvolveOptions } from "./method-options.js";
import type { EstimateNews, EstimateView } from "./method-protocol.js";
import type { EstimateJob, EstimateMessage } from "./method-worker.js";
import { pageWords } from "./page-words.js";
import { coresForChains, resultView, watchChains } from "./run.js";
import type { LiveView, ResultView } from "./run-view.js";

/** An image with what its file says of it. */
export interface KeptEstimate {
  readonly estimate: PointEstimate;
  readonly command: string;
  readonly composed: Composed;
}

/** An error that a page knows by its code. */
function plainFailure({ message, code }: Pick<PlainError, "message" | "code">): Error {
  return Object.assign(new Error(message), { code });
}

/**
 * Find one image in a worker.
 *
 * @param signal ends it: with the image so far where the browser shares memory between workers, else without
 */
export async function findImage(
  { observations, composition: { offsets } }: Composed,
  settings: MethodSettings,
  signal: AbortSignal,
  tell: (news: EstimateNews) => void,
): Promise<PointEstimate> {
  const { method } = settings;
  const { worker } = await startWebWorker(
    () => new Worker(new URL("./method-worker.ts", import.meta.url), { type: "module" }),
    method,
  );
  const ending =
    typeof SharedArrayBuffer === "undefined" ? undefined : new Int32Array(new SharedArrayBuffer(4));
  return new Promise<PointEstimate>((resolve, reject) => {
    const stop = () => {
      if (ending) Atomics.store(ending, 0, 1);
      else
        reject(
          plainFailure({
            code: "ABORTED",
            message: `${method}: the run must last to its end here to give an image, got a stop; start it again`,
          }),
        );
    };
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop);
    worker.onmessage = ({ data }: MessageEvent<EstimateMessage>) => {
      if ("alive" in data) return;
      if ("news" in data) tell(data.news);
      else if ("error" in data) reject(plainFailure(data.error));
      else resolve(data.estimate);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      const text = event.message || "an error without words";
      reject(
        plainFailure({
          code: "JOB",
          message: `${method}: the worker must stay alive, got "${text}"; start it again`,
        }),
      );
    };
    const job: EstimateJob = {
      ...{ observations, settings },
      ...(offsets === "wcs" && { offsets }),
      ...(ending && { ending }),
    };
    worker.postMessage(job);
  }).finally(() => worker.terminate());
}

/** What is shown of an image. */
export function estimateView(
  estimate: PointEstimate,
  { observations: [{ counts, mask }, ...others] }: Composed,
  method: MethodSettings["method"],
): EstimateView {
  const { flux, predicted, std, interval, objective, priorStrength } = estimate;
  const { iterations, converged, complete, stopped, cash, seconds, warnings } = estimate;
  return {
    method,
    flux,
    predicted: predicted[0],
    residual: residuals(counts, predicted[0], mask).sigma,
    ...(others.length > 0 && {
      others: others.map((one, index) => ({
        predicted: predicted[index + 1],
        residual: residuals(one.counts, predicted[index + 1], one.mask).sigma,
      })),
    }),
    ...(std && { std }),
    ...(interval && { interval }),
    curve: thinnedCurve(objective),
    iterations,
    converged,
    complete,
    stopped,
    cash,
    total: flux.data.reduce((sum, value) => sum + value, 0),
    ...(priorStrength !== undefined && { priorStrength }),
    seconds,
    warnings: warnings.map(pageWords),
  };
}

/** The file of an image, as `tslira deconvolve --method` writes it. */
export function estimateFile({ estimate, command, composed }: KeptEstimate): Uint8Array<ArrayBuffer> {
  const { inputs, unit } = composed;
  return encodePointEstimate(estimate, {
    version: VERSION,
    command,
    inputs,
    ...(unit !== undefined && { unit }),
  }) as Uint8Array<ArrayBuffer>;
}

/** Counts, flux, residuals and errors of an image as a figure. */
export function estimateFigure(
  { estimate, composed }: KeptEstimate,
  document: Document,
  theme: "light" | "dark",
): string {
  const [{ counts, mask }] = composed.observations;
  const { sigma } = residuals(counts, estimate.predicted[0], mask);
  const panels = residualPanels(counts, estimate, sigma, {
    stretch: "sqrt",
    ...(composed.unit !== undefined && { unit: composed.unit }),
  });
  return plotPanels(panels, { document, theme, title: estimate.method });
}

/** Sample with another method than LIRA. */
export async function sampleOtherwise(
  composed: Composed,
  settings: MethodSettings,
  command: string,
  signal: AbortSignal,
  tell: (live: LiveView) => void,
): Promise<{ result: PosteriorResult; view: ResultView }> {
  const { observations, inputs, unit } = composed;
  const { offsets } = composed.composition;
  const { chains, iterations, burnIn } = settings.options as Record<
    "chains" | "iterations" | "burnIn",
    number
  >;
  const warnings: string[] = [];
  const watch = watchChains(chains, Number.isFinite(burnIn) ? burnIn : Math.floor(iterations / 10), (live) =>
    tell({ ...live, notes: warnings }),
  );
  const options = {
    ...(await deconvolveOptions(settings)),
    onProgress: watch.onProgress,
    onPreview: watch.onPreview,
    workers: coresForChains(chains),
    signal,
    command,
    inputs,
    onNote: (note: string) => warnings.push(note),
    onWarning: (warning: string) => warnings.push(pageWords(warning)),
    ...(unit !== undefined && { unit }),
    ...(offsets === "wcs" && { offsets }),
  };
  const result = (await deconvolve(observations, options as DeconvolveOptions)) as PosteriorResult;
  return { result, view: resultView(result, composed, warnings) };
}
