/** Chains of one run, from wherever they ran, become the result that one run of all of them gives. */

import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { JobError } from "../errors.js";
import { withFileErrors } from "../io/fits-temporary-node.js";
import { writeResultFrom } from "../io/result-file-node.js";
import { temporaryPath } from "../io/running-program-node.js";
import { folderStore } from "../runs/run-folder-node.js";
import type { SampledRun } from "../runs/sample-run.js";
import { summariseRun } from "../runs/summarise-run.js";
import type { ChainState } from "../samplers/sampler.js";
import { keptDraws } from "../workers/chain-job.js";
import { comparableFinished, planChains, unpackChain } from "./chain-result-node.js";
import type { CollectContext, Collected } from "./collected.js";
import { type Job, readTask } from "./job-folder-node.js";

/** Collect chains: the result file of `tslira deconvolve` of the same settings, its dates aside. */
export async function collectChains(
  job: Job,
  { output, results, onProgress }: CollectContext,
): Promise<Collected> {
  const { manifest, folder } = job;
  const prepared = await planChains(job, readTask(job, 0));
  const { plan, shape, names } = prepared;
  const { burnIn, traceEvery: every, iterations: sweeps, chains: planned } = plan.config;
  const chains = comparableFinished("cycleSpin" in plan.config ? plan.config : { chains: planned }, [
    ...results.keys(),
  ]);
  const scratch = temporaryPath(join(folder, "work", "collect"));
  await withFileErrors(scratch, () => mkdir(scratch, { recursive: true }));
  try {
    const states: ChainState[] = [];
    for (const [place, chain] of chains.entries()) {
      const path = results.get(chain);
      if (path === undefined)
        throw new JobError(`${folder}: chain ${chain} must have a result, got none; submit it again`);
      const layout = { columns: names.length, shape, every };
      states.push(await unpackChain(path, scratch, place, readTask(job, chain), layout));
      onProgress?.((0.5 * (place + 1)) / chains.length);
    }
    const extent = { names, shape, burnIn, every, sweeps, draws: keptDraws(sweeps, burnIn, every) };
    const run: SampledRun = {
      config: { ...plan.config, chains: chains.length },
      extent,
      states,
      complete: chains.length === planned,
      seconds: 0,
    };
    const traces = folderStore(scratch, chains.length, 0).open(extent);
    try {
      const summary = await summariseRun(prepared, run, traces, {
        started: new Date(manifest.created),
        date: manifest.created,
        inputs: manifest.sources,
        ...(manifest.command === undefined ? {} : { command: manifest.command }),
        ...(manifest.unit === undefined ? {} : { unit: manifest.unit }),
        onProgress: ({ done, total }) => onProgress?.(0.5 + (0.5 * done) / total),
      });
      await writeResultFrom(summary, traces, output);
      const { total, diagnostics, provenance: _when, ...rest } = summary;
      return {
        used: chains.length,
        files: [output],
        remarks: [
          ...(chains.length < results.size
            ? [
                `of ${results.size} chains ${chains.length} can be compared; the others wait for the one of the same shift`,
              ]
            : []),
          diagnostics.verdict.sentence,
        ],
        figures: { totalFlux: total, verdict: diagnostics.verdict, complete: rest.complete },
      };
    } finally {
      traces.close();
    }
  } finally {
    // What cannot be removed goes when it is collected again.
    await rm(scratch, { recursive: true, force: true }).catch(() => undefined);
  }
}
