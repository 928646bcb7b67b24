/** The worker of a method that gives one image: it computes without a pause, and says on the way how far it is. */

import {
  type DeconvolveOptions,
  deconvolve,
  type IterationReport,
  type Observation,
  type PlainError,
  type PointEstimate,
  type SkyImage,
} from "tslira";
import { toPlainError } from "#studio";
import type { MethodSettings } from "../settings/method-fields.js";
import { thinnedCurve } from "./convergence-curve.js";
import { deconvolveOptions } from "./method-options.js";
import type { EstimateNews } from "./method-protocol.js";

/** What the worker is asked. */
export interface EstimateJob {
  readonly observations: readonly Observation[];
  /** Where they lie; default on the same pixels. */
  readonly offsets?: "wcs";
  readonly settings: MethodSettings;
  /** Shared, where the browser allows it: becomes 1 when the work shall end. */
  readonly ending?: Int32Array<SharedArrayBuffer>;
}

/** What the worker says. */
export type EstimateMessage =
  | { readonly alive: true }
  | { readonly news: EstimateNews }
  | { readonly estimate: PointEstimate }
  | { readonly error: PlainError };

/** The few members of a worker's global scope that are used here. */
interface Scope {
  postMessage(message: EstimateMessage): void;
  onmessage: ((event: { readonly data: EstimateJob }) => void) | null;
}
const scope = globalThis as unknown as Scope;

/** Milliseconds between news. */
const NEWS = 200;

/** Watches the iterations, tells of them not too often, and hears when to end. */
function watch(ending: EstimateJob["ending"], iterations: number, shape: SkyImage["shape"]) {
  let stage = "";
  let since = 0;
  let told = 0;
  let values: number[] = [];
  const goOn = (at: Pick<EstimateNews, "stage" | "done" | "total">, report?: IterationReport): boolean => {
    const now = performance.now();
    if (at.stage !== stage) {
      stage = at.stage;
      since = now;
      told = 0;
      if (at.stage !== "bootstrap") values = [];
    }
    if (report) values.push(report.objective);
    if (now - told > NEWS) {
      told = now;
      const seconds = (now - since) / 1000;
      const curve = thinnedCurve(values);
      const flux = report && { flux: { data: report.flux.slice(), shape } };
      scope.postMessage({ news: { ...at, seconds, curve, ...flux } });
    }
    return ending === undefined || Atomics.load(ending, 0) === 0;
  };
  return {
    onIteration: (report: IterationReport) =>
      goOn({ stage: report.stage ?? "iterations", done: report.iteration, total: iterations }, report),
    onReplicate: (done: number, total: number) => goOn({ stage: "bootstrap", done, total }),
  };
}

async function work({ observations, offsets, settings, ending }: EstimateJob): Promise<PointEstimate> {
  const { iterations, bootstrap } = settings.options;
  const { onIteration, onReplicate } = watch(ending, Number(iterations), observations[0].counts.shape);
  const simulated = typeof bootstrap === "object" && { bootstrap: { ...bootstrap, onReplicate } };
  const options = {
    ...(await deconvolveOptions(settings)),
    ...simulated,
    onIteration,
    ...(offsets && { offsets }),
  };
  return (await deconvolve(observations, options as DeconvolveOptions)) as PointEstimate;
}

scope.onmessage = ({ data }) => {
  work(data).then(
    (estimate) => scope.postMessage({ estimate }),
    (error) => scope.postMessage({ error: toPlainError(error) }),
  );
};

// The first word of this worker: that it runs.
scope.postMessage({ alive: true });
