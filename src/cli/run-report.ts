/** What `deconvolve` and `resume` have in common: being interrupted, and telling what came out. */

import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { relative } from "node:path";
import { toPlainError } from "../errors.js";
import { shellLine } from "../jobs/shell-command.js";
import type { PosteriorSummary } from "../posterior/result.js";
import type { FileRun } from "../runs/deconvolve-to-file-node.js";
import { EXIT } from "./exit.js";
import { formatBytes } from "./format.js";
import { interruptible } from "./interrupt.js";
import type { ProgressDisplay } from "./progress.js";
import { summaryData, summaryLines } from "./summary.js";

/**
 * Run something long that Ctrl-C or SIGTERM ends in good order.
 *
 * @param checkpoint folder from which it can be continued, for messages
 */
export function keepingChains<T>(
  progress: ProgressDisplay,
  checkpoint: string,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stopping = "stopping; what was sampled so far is kept. Ctrl-C again quits at once";
  return interruptible(progress, stopping, (signal) =>
    run(signal).catch((error) => {
      if (/^(ABORTED|JOB)$/.test(toPlainError(error).code) && existsSync(checkpoint)) {
        progress.say(`tslira: the chains are kept; continue with tslira resume ${shellLine([checkpoint])}`);
      }
      throw error;
    }),
  );
}

/** A path as somebody in this folder would write it. */
function fromHere(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : short;
}

/** How to report a run. */
export interface ReportOptions {
  readonly json?: true | undefined;
  readonly png?: string | undefined;
  readonly progress: ProgressDisplay;
  readonly warnings: readonly string[];
}

/** Draw the figure if asked for, print summary and JSON, set the exit code. */
export async function reportRun(run: FileRun, options: ReportOptions): Promise<void> {
  const { summary, observations } = run;
  const output = fromHere(run.output);
  const checkpoint = run.checkpoint === undefined ? undefined : fromHere(run.checkpoint);
  const { json, png, progress, warnings } = options;
  if (png !== undefined) {
    const { drawPosterior } = await import("./result-figure.js");
    await drawPosterior(summary, observations[0].counts, png);
  }
  const files = png === undefined ? [output] : [output, png];
  const interrupted = checkpoint !== undefined || !summary.complete;
  const data = json && {
    ...summaryData(summary),
    output,
    png: png ?? null,
    checkpoint: checkpoint ?? null,
    warnings,
    interrupted,
  };
  const closing = await closingLines(files, summary, checkpoint);
  progress.report([...summaryLines(summary), ...closing].join("\n"), data);
  if (interrupted) {
    const next = checkpoint === undefined ? "" : `, continue with tslira resume ${shellLine([checkpoint])}`;
    process.stderr.write(`tslira: interrupted; ${output} holds the partial result${next}\n`);
    process.exitCode = EXIT.interrupted;
  }
}

/** What was written, and the command to try next. */
async function closingLines(
  files: readonly string[],
  summary: PosteriorSummary,
  checkpoint: string | undefined,
): Promise<string[]> {
  const sizes = await Promise.all(files.map(async (file) => formatBytes((await stat(file)).size)));
  const written = files.map((file, index) => `${file} (${sizes[index]})`);
  const [, sweeps] = /--iterations (\d+)/.exec(summary.diagnostics.verdict.remedy) ?? [];
  const next =
    checkpoint !== undefined
      ? `tslira resume ${shellLine([checkpoint])}`
      : sweeps === undefined
        ? `tslira info ${shellLine([files[0]])}`
        : `the same command with --iterations ${sweeps} --overwrite`;
  return [`  written      ${written.join(", ")}`, `  next         ${next}`];
}
