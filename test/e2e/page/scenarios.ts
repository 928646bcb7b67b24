/*
 * What is tried in a browser, written once for the page and for Node: every scenario gets the package as an argument
 * and answers with plain data.
 */
import type * as Fits from "../../../src/fits.js";
import type * as Package from "../../../src/index.js";

/** The package, as `import * as tslira from "tslira"` gives it, with what scenarios need of `tslira/fits`. */
export type Tslira = typeof Package & Pick<typeof Fits, "encodeResult" | "readFits">;

interface Case {
  readonly data: Package.SimulatedObservation;
  /** A second observation of the same sky. */
  readonly second?: Package.Observation;
  readonly settings: Package.LiraDeconvolverOptions;
}

/** Runs that must give the same bytes everywhere. Sizes are chosen for a second or two a run. */
const CASES = {
  standard: ({ simulateGaussianAndPoints }: Tslira): Case => ({
    data: simulateGaussianAndPoints({ seed: 1 }),
    settings: { iterations: 600, burnIn: 100, chains: 4, seed: 372 },
  }),
  spill: ({ simulateDisk }: Tslira): Case => ({
    data: simulateDisk({ shape: [12, 20], psfShape: [5, 8], psfSigma: 1.5, flux: 400, seed: 2 }),
    settings: { iterations: 400, burnIn: "auto", chains: 3, seed: 2 ** 53 - 1, fitBackgroundScale: true },
  }),
  wrap: ({ simulatePointSource, constantImage }: Tslira): Case => {
    const shape = [19, 11] as const;
    const mask = constantImage(shape, 1);
    mask.data.fill(0, 40, 47);
    return {
      data: simulatePointSource({ shape, mask, psfShape: [9, 7], psfSigma: 2, boundary: "wrap", seed: 3 }),
      settings: {
        iterations: 300,
        chains: 2,
        seed: 4,
        boundary: "wrap",
        cycleSpin: "none",
        fitBackgroundScale: true,
        alphaInit: 0.3,
        until: "rhat<1.0001",
        maxIterations: 400,
        trace: { every: 3 },
      },
    };
  },
  // Beyond the size of psf at which counts are redistributed in tiles.
  widePsf: ({ simulateGaussianAndPoints }: Tslira): Case => ({
    data: simulateGaussianAndPoints({ shape: [64, 48], psfShape: [65, 65], psfSigma: 6, seed: 5 }),
    settings: { iterations: 60, burnIn: 10, chains: 2, seed: 6 },
  }),
  // On the GPU, the two together with every step of its shaders: a prior each, transfers, two observations, pixels with more counts than the psf
  // has cells and others, fitted backgrounds, a finer sky that goes on beyond the frame.
  gpuAdaptive: ({ simulateGaussianAndPoints }: Tslira): Case => {
    const options = { shape: [10, 8], psfShape: [5, 5], seed: 7, boundary: "spill" } as const;
    return {
      data: simulateGaussianAndPoints({ ...options, psfSigma: 1 }),
      second: simulateGaussianAndPoints({ ...options, psfSigma: 1.5, psfShape: [7, 7], seed: 8 }),
      settings: {
        ...{ device: "gpu", iterations: 12, burnIn: 4, chains: 2, seed: 2 ** 53 - 1 },
        ...{ fitBackgroundScale: true, upsampling: 2, margin: 1 },
      },
    };
  },
  gpuLevels: ({ simulatePointSource, constantImage }: Tslira): Case => {
    const shape = [19, 11] as const;
    const mask = constantImage(shape, 1);
    mask.data.fill(0, 40, 47);
    return {
      data: simulatePointSource({ shape, mask, psfShape: [5, 5], psfSigma: 1, boundary: "wrap", seed: 3 }),
      settings: { device: "gpu", preset: "lira", iterations: 40, burnIn: 10, chains: 2, seed: 4 },
    };
  },
};

/** Name of a run that must give the same bytes everywhere. */
export type CaseName = keyof typeof CASES;

async function sha256(array: ArrayBufferView): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", array as ArrayBufferView<ArrayBuffer>);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** SHA-256 of everything that a result holds in arrays, and the rest of its numbers as text. */
async function digestResult(
  { readFits, encodeResult }: Tslira,
  { counts, psf }: Package.SimulatedObservation,
  result: Package.LiraResult,
): Promise<Record<string, string>> {
  const { trace, diagnostics, quantiles } = result;
  const arrays: Record<string, ArrayBufferView> = {
    counts: counts.data,
    psf: psf.data,
    mean: result.mean.data,
    std: result.std.data,
    rhat: diagnostics.rhat.data,
    ess: diagnostics.ess.data,
  };
  for (const [index, { data }] of quantiles.images.entries()) arrays[`quantile ${index}`] = data;
  for (const [chain, rows] of trace.parameters.chains.entries()) arrays[`parameter trace ${chain}`] = rows;
  for (const [chain, draws] of trace.images.chains.entries()) arrays[`image trace ${chain}`] = draws;
  // Headers carry dates, data units do not.
  const bytes = encodeResult(result);
  for (const { index, name, dataOffset, dataLength } of readFits(bytes)) {
    arrays[`data unit ${index} ${name}`] = bytes.subarray(dataOffset, dataOffset + dataLength);
  }
  const digests: Record<string, string> = {};
  for (const [name, array] of Object.entries(arrays)) digests[name] = await sha256(array);
  const { parameters, verdict } = diagnostics;
  const { config, total, ledger, complete, target } = result;
  digests.numbers = JSON.stringify({ parameters, verdict, config, total, ledger, complete, target });
  return digests;
}

/** What a run did: digests of its result, and how it reported progress. */
export interface RunReport {
  readonly digests: Readonly<Record<string, string>>;
  /** Stages in the order in which they were first reported. */
  readonly stages: readonly string[];
  /** Reports of sampling: sweeps done, all chains together. */
  readonly done: readonly number[];
  /** Sweeps planned, by the last of those reports. */
  readonly total: number;
  readonly verdict: string;
}

/** Run a case and digest what comes out. */
export async function runCase(tslira: Tslira, name: CaseName, workers: number): Promise<RunReport> {
  const { data, second, settings } = CASES[name](tslira);
  const stages = new Set<string>();
  const done: number[] = [];
  let total = 0;
  const result = await new tslira.LiraDeconvolver(settings).run(second ? [data, second] : data, {
    workers,
    onProgress: (progress) => {
      stages.add(progress.stage);
      if (progress.stage !== "sampling") return;
      done.push(progress.done);
      total = progress.total;
    },
  });
  const verdict = result.diagnostics.verdict.sentence;
  return { digests: await digestResult(tslira, data, result), stages: [...stages], done, total, verdict };
}

/** Where a run that was aborted ended. */
export interface AbortReport {
  readonly complete: boolean;
  readonly iterations: number;
  /** Sweeps of each chain. */
  readonly sweeps: readonly number[];
  /** Code of the error of a run whose signal had fired before it began. */
  readonly codeBefore: string;
}

/** Abort a run that would take minutes as soon as both chains have draws; and one before it begins. */
export async function abortRun({ LiraDeconvolver, simulatePointSource }: Tslira): Promise<AbortReport> {
  const iterations = 400_000;
  const deconvolver = new LiraDeconvolver({ iterations, burnIn: 20, chains: 2, trace: { every: 200 } });
  const controller = new AbortController();
  const { signal } = controller;
  const result = await deconvolver.run(simulatePointSource(), {
    workers: 2,
    signal,
    onProgress: ({ chains }) => {
      if (chains.every((sweeps) => sweeps > 1_000)) controller.abort();
    },
  });
  const codeBefore = await deconvolver.run(simulatePointSource(), { workers: 2, signal }).then(
    () => "none",
    (error) => error.code,
  );
  const { names, chains } = result.trace.parameters;
  const sweeps = chains.map(({ length }) => length / names.length);
  return { complete: result.complete, iterations, sweeps, codeBefore };
}

/** How a run failed. */
export interface FailureReport {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly fields: unknown;
}

/** Run from a starting image that is legal but too bright for any chain: only the kernels, in a worker, notice. */
export async function failInWorker(tslira: Tslira): Promise<FailureReport> {
  const data = tslira.simulatePointSource();
  const fluxInit = tslira.constantImage(data.counts.shape, 1e300);
  const deconvolver = new tslira.LiraDeconvolver({ iterations: 100, chains: 2, fluxInit });
  return deconvolver.run(data, { workers: 2 }).then(
    () => ({ name: "none", code: "none", message: "", fields: {} }),
    ({ name, code, message, fields }) => ({ name, code, message, fields }),
  );
}

/** Run on the GPU where there is none. */
export async function failWithoutGpu({
  LiraDeconvolver,
  simulatePointSource,
}: Tslira): Promise<FailureReport> {
  return new LiraDeconvolver({ device: "gpu" }).run(simulatePointSource()).then(
    () => ({ name: "none", code: "none", message: "", fields: {} }),
    ({ name, code, message, fields }) => ({ name, code, message, fields }),
  );
}
