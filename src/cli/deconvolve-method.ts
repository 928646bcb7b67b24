/** `tslira deconvolve --method` for methods that give one image. */

import { fromPlainError } from "../errors.js";
import type { SkyImage } from "../image.js";
import { writePointEstimate } from "../io/point-estimate-file-node.js";
import type { PointEstimate } from "../posterior/point-estimate.js";
import { durationText } from "../viewer/numbers.js";
import type { DeconvolveSettings } from "./deconvolve-config.js";
import type { DeconvolveFlags } from "./deconvolve-options.js";
import type { EstimateMessage, EstimateProgress, EstimateTask } from "./estimate-worker.js";
import { EXIT } from "./exit.js";
import { formatCount, formatNumber, tableLines } from "./format.js";
import { madeBy } from "./made-by.js";
import type { PointMethodName } from "./method-options.js";
import { openProgress } from "./progress.js";
import { inThread } from "./thread.js";

type Found = Extract<EstimateMessage, { type: "done" }>;

/** Find the image in a thread of its own, so that Ctrl-C is heard; write and report it. */
export async function estimate(
  settings: DeconvolveSettings & { readonly output: string },
  method: PointMethodName,
  flags: DeconvolveFlags,
): Promise<void> {
  const { output, png } = settings;
  const progress = openProgress(flags);
  const task: Omit<EstimateTask, "ending"> = { settings, method };
  const module = new URL("./estimate-worker.js", import.meta.url);
  const { result, inputs, unit, counts } = await inThread<EstimateMessage, Found>(module, task, progress, {
    stopping: "stopping; the image so far is kept. Ctrl-C again quits at once",
    rule: "deconvolve: the thread must give an image",
    onMessage(message, resolve, reject) {
      if (message.type === "progress") progress.show(describe(message), message.stage);
      else if (message.type === "done") resolve(message);
      else reject(fromPlainError(message.error));
    },
  });
  for (const warning of result.warnings) progress.say(`tslira: warning: ${warning}`);
  await writePointEstimate(result, output, {
    ...madeBy(),
    inputs,
    ...(unit === undefined ? {} : { unit }),
  });
  const written = [output];
  if (png !== undefined) {
    const { drawEstimate } = await import("./result-figure.js");
    await drawEstimate(result, counts, png);
    written.push(png);
  }
  progress.report(summary(result, written).join("\n"), flags.json && data(result, output, png));
  if (!result.complete) {
    progress.say(
      `tslira: interrupted; ${output} holds the image so far, marked incomplete (${result.stopped})`,
    );
    process.exitCode = EXIT.interrupted;
  }
}

const STAGES = {
  iterations: "iterations",
  "held-out": "iterations on a part of the photons",
  bootstrap: "simulated observations",
} as const;

function describe({ stage, done, total, seconds, objective }: EstimateProgress): string {
  const percent = `${Math.floor((100 * done) / total)} %`.padStart(5);
  const rate = done / Math.max(seconds, 1e-3);
  const parts = [
    `${percent}  ${formatCount(done)} of at most ${formatCount(total)} ${STAGES[stage]}`,
    ...(objective === undefined ? [] : [`objective ${formatNumber(objective)}`]),
    `at most ${durationText((total - done) / rate)} left`,
  ];
  return parts.join(", ");
}

function total({ data: values }: SkyImage): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function summary(result: PointEstimate, written: readonly string[]): string[] {
  const rows = [
    ["method", result.method],
    ["iterations", `${formatCount(result.iterations)}; ${result.stopped}`],
    ...(result.converged || !result.complete || result.stopped.startsWith("all ")
      ? []
      : [["not converged", "go on with more --iterations"]]),
    ...(result.priorStrength === undefined
      ? []
      : [["strength", `${formatNumber(result.priorStrength)} times the prior, by photons held out`]]),
    ["flux", formatNumber(total(result.flux))],
    ["Cash", formatNumber(result.cash)],
    ["time", durationText(result.seconds)],
    ["written", written.join(", ")],
  ];
  return ["", ...tableLines(rows).map((line) => `  ${line.trimEnd()}`)];
}

function data(result: PointEstimate, output: string, png: string | undefined) {
  const { method, iterations, converged, complete, stopped, cash, logPrior, backgroundScale } = result;
  const { seconds, warnings } = result;
  return {
    method,
    iterations,
    converged,
    stopped,
    interrupted: !complete,
    cash,
    logPrior: logPrior ?? null,
    priorStrength: result.priorStrength ?? null,
    totalFlux: total(result.flux),
    backgroundScale,
    priorParameters: result.priorParameters ?? null,
    seconds,
    output,
    png: png ?? null,
    warnings,
  };
}
