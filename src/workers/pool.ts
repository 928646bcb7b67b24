import { fromPlainError, JobError, type PlainError } from "../errors.js";
import {
  type ChainJob,
  type ChainJobOptions,
  type ChainOutput,
  type ChainPreview,
  runChainJob,
} from "./chain-job.js";

/** Messages to a worker. */
export type ToWorker =
  | {
      readonly type: "run";
      readonly job: ChainJob;
      readonly module: WebAssembly.Module;
      /** Whether somebody looks at previews. */
      readonly previews: boolean;
    }
  | { readonly type: "stop" };

/** Messages from a worker. */
export type FromWorker =
  | { readonly type: "progress"; readonly sweeps: number }
  | { readonly type: "preview"; readonly preview: ChainPreview }
  | { readonly type: "done"; readonly output: ChainOutput }
  | { readonly type: "failed"; readonly error: PlainError };

/** What both kinds of workers have in common, once wrapped. */
interface WorkerHandle {
  post(message: ToWorker): void;
  /** The handlers of the job at hand; a worker runs one job at a time. */
  listen(onMessage: (message: FromWorker) => void, onFailure: (reason: unknown) => void): void;
  terminate(): void;
}

/** Workers (or, with `workers: 0`, the calling thread) that run chain jobs. */
export interface ChainPool {
  /** Number of jobs that run at the same time. */
  readonly size: number;
  /**
   * Run a job as soon as a worker is free.
   *
   * @throws NumericsError or InvalidInputError from the chain, JobError when the worker itself fails
   */
  run(job: ChainJob, options?: ChainJobOptions): Promise<ChainOutput>;
  /** End all workers; jobs still running are lost. */
  close(): void;
}

/** Cores that the host offers to this program. */
export function availableCores(): number {
  const node = globalThis.process?.getBuiltinModule?.("node:os");
  return Math.max(1, node?.availableParallelism?.() ?? globalThis.navigator?.hardwareConcurrency ?? 1);
}

/** Start a worker thread (Node) or a Web Worker (browser). */
function startWorker(): WorkerHandle {
  const threads = globalThis.process?.getBuiltinModule?.("node:worker_threads");
  if (threads) {
    // Without --input-type, which a program from the command line or standard input was started with.
    const execArgv = process.execArgv.filter((argument) => !argument.startsWith("--input-type"));
    const worker = new threads.Worker(new URL("./chain-worker.js", import.meta.url), { execArgv });
    // An idle pool must not keep the program alive.
    worker.unref();
    return {
      post: (message) => worker.postMessage(message),
      listen(onMessage, onFailure) {
        worker.removeAllListeners("message").on("message", onMessage);
        worker.removeAllListeners("error").on("error", onFailure);
        worker
          .removeAllListeners("exit")
          .on("exit", (code) => onFailure(new Error(`worker exited with code ${code}`)));
      },
      terminate: () => void worker.terminate(),
    };
  }
  const worker = new Worker(new URL("./chain-worker.js", import.meta.url), { type: "module" });
  return {
    post: (message) => worker.postMessage(message),
    listen(onMessage, onFailure) {
      worker.onmessage = ({ data }) => onMessage(data);
      worker.onerror = (event) => onFailure(new Error(event.message || "worker failed to start"));
    },
    terminate: () => worker.terminate(),
  };
}

function runOnWorker(worker: WorkerHandle, job: ChainJob, options: ChainJobOptions): Promise<ChainOutput> {
  const { module, onProgress, onPreview, shouldStop } = options;
  if (module === undefined)
    throw new JobError("pool: a job for a worker must come with compiled kernels; pass module");
  return new Promise((resolve, reject) => {
    // Asked here, so that any condition of the caller's stops a worker that shares no memory with it.
    const watch = setInterval(() => {
      if (shouldStop?.()) {
        clearInterval(watch);
        worker.post({ type: "stop" });
      }
    }, 50);
    const settle = (action: () => void) => {
      clearInterval(watch);
      action();
    };
    worker.listen(
      (message) => {
        if (message.type === "progress") onProgress?.(message.sweeps);
        else if (message.type === "preview") onPreview?.(message.preview);
        else if (message.type === "done") settle(() => resolve(message.output));
        else settle(() => reject(fromPlainError(message.error)));
      },
      (cause) =>
        settle(() =>
          reject(
            new JobError(
              `pool: the worker of chain ${job.chain} must stay alive, got ${String(cause)}; run it again`,
              {
                fields: { chain: job.chain },
                cause,
              },
            ),
          ),
        ),
    );
    worker.post({ type: "run", job, module, previews: onPreview !== undefined });
  });
}

/**
 * Open a pool.
 *
 * @param workers number of workers, >= 0; 0 runs jobs one after the other on the calling thread
 */
export function openChainPool(workers: number): ChainPool {
  const idle: WorkerHandle[] = [];
  const all = new Set<WorkerHandle>();
  const waiting: { resolve(worker: WorkerHandle): void; reject(reason: unknown): void }[] = [];
  let closed = false;
  const closedError = () => new JobError("pool: must be open to run jobs, got closed; open another");
  let inTurn: Promise<unknown> = Promise.resolve();

  function acquire(): Promise<WorkerHandle> {
    if (closed) return Promise.reject(closedError());
    const free = idle.pop();
    if (free) return Promise.resolve(free);
    if (all.size < workers) {
      const worker = startWorker();
      all.add(worker);
      return Promise.resolve(worker);
    }
    return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  }

  function release(worker: WorkerHandle): void {
    const next = waiting.shift();
    if (next) next.resolve(worker);
    else idle.push(worker);
  }

  return {
    size: Math.max(1, workers),
    async run(job, options = {}) {
      if (workers === 0) {
        const output = inTurn.then(() => runChainJob(job, options));
        inTurn = output.catch(() => undefined);
        return output;
      }
      const worker = await acquire();
      try {
        const output = await runOnWorker(worker, job, options);
        release(worker);
        return output;
      } catch (error) {
        // A worker that failed is not trusted again; the next in line gets a fresh one.
        worker.terminate();
        all.delete(worker);
        const next = waiting.shift();
        if (next) acquire().then(next.resolve, next.reject);
        throw error;
      }
    },
    close() {
      closed = true;
      for (const { reject } of waiting.splice(0)) reject(closedError());
      for (const worker of all) worker.terminate();
      all.clear();
      idle.length = 0;
    },
  };
}
