/** A pool of workers for jobs of one kind. */

import { fromPlainError, JobError, type PlainError } from "../errors.js";
import { watchLifeline } from "./lifeline.js";
import { linger } from "./linger.js";
import { startWebWorker } from "./start-web-worker.js";

/** Messages to a worker. */
export type ToWorker<Job> =
  | {
      readonly type: "run";
      readonly job: Job;
      readonly module: WebAssembly.Module;
      /** Whether somebody looks at previews. */
      readonly previews: boolean;
    }
  | { readonly type: "stop" };

/** Messages from a worker. */
export type FromWorker<Output, Preview = never> =
  | { readonly type: "progress"; readonly done: number }
  | { readonly type: "preview"; readonly preview: Preview }
  | { readonly type: "piece"; readonly piece: Output }
  | { readonly type: "warning"; readonly warning: string }
  /** The first word of a Web Worker, with the lock that is free once it has died, where there are locks. */
  | { readonly type: "alive"; readonly lifeline?: string | undefined }
  | { readonly type: "done"; readonly output: Output }
  | { readonly type: "failed"; readonly error: PlainError };

/** How to watch and stop a job. */
export interface JobWatch<Preview = never, Output = unknown> {
  /** Compiled kernels, which workers are sent; a must for them. */
  readonly module?: WebAssembly.Module;
  /** Called now and then with what is done, in units of the job's kind. */
  readonly onProgress?: (done: number) => void;
  /** Called now and then with what there is so far, by kinds of jobs that have previews. */
  readonly onPreview?: (preview: Preview) => void;
  /** Called now and then with what is done for good, by kinds of jobs that hand over their output in pieces. */
  readonly onPiece?: (piece: Output) => void;
  /** Told what went wrong and was mended, a sentence each. */
  readonly onWarning?: (warning: string) => void;
  /** Asked as often as `onProgress` is called; true ends the job. */
  readonly shouldStop?: () => boolean;
}

/** What jobs of a kind are and where they run. */
export interface WorkerKind<Job, Output, Preview = never> {
  /** The worker's script for a thread of Node. */
  readonly script: () => URL;
  /** A Web Worker of that script. A function of its own, in which bundlers can see the address. */
  readonly webWorker: () => Worker;
  /** Run a job on the calling thread. */
  readonly runHere: (job: Job, watch: JobWatch<Preview, Output>) => Promise<Output>;
  /** Memory of a job that a worker is given instead of a copy; default none. */
  readonly transferOf?: (job: Job) => readonly ArrayBuffer[];
  /** How messages call a job. */
  readonly nameOf: (job: Job) => string;
}

/** What both kinds of workers have in common, once wrapped. */
interface WorkerHandle<Job, Output, Preview> {
  /** Resolved once it runs; rejected when it does not start. */
  readonly started: Promise<unknown>;
  post(message: ToWorker<Job>, transfer?: readonly ArrayBuffer[]): void;
  /** The handlers of the job at hand; a worker runs one job at a time. */
  listen(
    onMessage: (message: FromWorker<Output, Preview>) => void,
    onFailure: (reason: unknown) => void,
  ): void;
  terminate(): void;
}

/** Workers (or, with 0 of them, the calling thread) that run jobs. */
export interface WorkerPool<Job, Output, Preview = never> {
  /** Number of jobs that run at the same time. */
  readonly size: number;
  /**
   * Run a job as soon as a worker is free.
   *
   * @throws the errors of the job, JobError when the worker itself fails
   */
  run(job: Job, watch?: JobWatch<Preview, Output>): Promise<Output>;
  /** End all workers; jobs still running are lost. */
  close(): void;
}

/** Whether an error says that a worker died, rather than that its job went wrong. */
export function isWorkerDeath(error: unknown): boolean {
  const { code, fields } = error as { code?: unknown; fields?: { readonly workerDied?: unknown } };
  return code === "JOB" && fields?.workerDied === true;
}

/** Cores that the host offers to this program. */
export function availableCores(): number {
  const node = globalThis.process?.getBuiltinModule?.("node:os");
  return Math.max(1, node?.availableParallelism?.() ?? globalThis.navigator?.hardwareConcurrency ?? 1);
}

/** Start a worker thread (Node) or a Web Worker (browser). */
function startWorker<Job, Output, Preview>(
  { script, webWorker }: WorkerKind<Job, Output, Preview>,
  name: string,
): WorkerHandle<Job, Output, Preview> {
  const threads = globalThis.process?.getBuiltinModule?.("node:worker_threads");
  if (threads) {
    // Without --input-type, which a program from the command line or standard input was started with.
    const execArgv = process.execArgv.filter((argument) => !argument.startsWith("--input-type"));
    const worker = new threads.Worker(script(), { execArgv });
    // An idle pool must not keep the program alive.
    worker.unref();
    return {
      started: Promise.resolve(),
      post: (message, transfer = []) => worker.postMessage(message, [...transfer]),
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
  let worker: Worker | undefined;
  let fail: (reason: unknown) => void = () => undefined;
  let unwatch: () => void = () => undefined;
  let died: Error | undefined;
  let ended = false;
  const started = startWebWorker(webWorker, name).then(({ worker: running, first }) => {
    if (ended) return running.terminate();
    worker = running;
    running.onerror = (event) => {
      event.preventDefault?.();
      fail(new Error(event.message || "an error without words"));
    };
    // A browser says nothing when it ends a worker, for example for want of memory.
    const { lifeline } = first as { readonly lifeline?: string };
    if (lifeline === undefined) return;
    unwatch = watchLifeline(lifeline, () => {
      died = new Error("worker was ended by the browser");
      fail(died);
    });
  });
  // Heard of by whoever waits for it.
  started.catch(() => undefined);
  return {
    started,
    post: (message, transfer = []) => worker?.postMessage(message, [...transfer]),
    listen(onMessage, onFailure) {
      fail = onFailure;
      if (died) onFailure(died);
      if (worker === undefined) return;
      worker.onmessage = ({ data }: { readonly data: FromWorker<Output, Preview> }) => onMessage(data);
    },
    terminate() {
      ended = true;
      unwatch();
      worker?.terminate();
    },
  };
}

function runOnWorker<Job, Output, Preview>(
  worker: WorkerHandle<Job, Output, Preview>,
  job: Job,
  { nameOf, transferOf }: Pick<WorkerKind<Job, Output, Preview>, "nameOf" | "transferOf">,
  options: JobWatch<Preview, Output>,
): Promise<Output> {
  const { module, onProgress, onPreview, onPiece, onWarning, shouldStop } = options;
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
        if (message.type === "progress") onProgress?.(message.done);
        else if (message.type === "preview") onPreview?.(message.preview);
        else if (message.type === "piece") onPiece?.(message.piece);
        else if (message.type === "warning") onWarning?.(message.warning);
        else if (message.type === "alive") return;
        else if (message.type === "done") settle(() => resolve(message.output));
        else settle(() => reject(fromPlainError(message.error)));
      },
      (cause) =>
        settle(() =>
          reject(
            new JobError(
              `pool: the worker of ${nameOf(job)} must stay alive, got ${String(cause)}; run it again`,
              {
                fields: { job: nameOf(job), workerDied: true },
                cause,
              },
            ),
          ),
        ),
    );
    worker.post({ type: "run", job, module, previews: onPreview !== undefined }, transferOf?.(job));
  });
}

/**
 * Open a pool.
 *
 * @param workers number of workers, >= 0; 0 runs jobs one after the other on the calling thread
 */
export function openWorkerPool<Job, Output, Preview = never>(
  kind: WorkerKind<Job, Output, Preview>,
  workers: number,
): WorkerPool<Job, Output, Preview> {
  const idle: WorkerHandle<Job, Output, Preview>[] = [];
  const all = new Set<WorkerHandle<Job, Output, Preview>>();
  const waiting: {
    resolve(worker: WorkerHandle<Job, Output, Preview>): void;
    reject(reason: unknown): void;
  }[] = [];
  let closed = false;
  const closedError = () => new JobError("pool: must be open to run jobs, got closed; open another");
  let inTurn: Promise<unknown> = Promise.resolve();

  function acquire(job: Job): Promise<WorkerHandle<Job, Output, Preview>> {
    if (closed) return Promise.reject(closedError());
    const free = idle.pop();
    if (free) return Promise.resolve(free);
    if (all.size < workers) {
      const worker = startWorker(kind, kind.nameOf(job));
      all.add(worker);
      return Promise.resolve(worker);
    }
    return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  }

  function release(worker: WorkerHandle<Job, Output, Preview>): void {
    const next = waiting.shift();
    if (next) next.resolve(worker);
    else idle.push(worker);
  }

  return {
    size: Math.max(1, workers),
    async run(job, options = {}) {
      if (workers === 0) {
        const output = inTurn.then(() => kind.runHere(job, options));
        inTurn = output.catch(() => undefined);
        return output;
      }
      const worker = await acquire(job);
      try {
        await worker.started;
        const output = await runOnWorker(worker, job, kind, options);
        release(worker);
        return output;
      } catch (error) {
        // A worker that failed is not trusted again; the next in line gets a fresh one.
        worker.terminate();
        all.delete(worker);
        const next = waiting.shift();
        if (next) acquire(job).then(next.resolve, next.reject);
        throw error;
      }
    },
    close() {
      closed = true;
      for (const { reject } of waiting.splice(0)) reject(closedError());
      for (const worker of all) worker.terminate();
      all.clear();
      idle.length = 0;
      linger();
    },
  };
}
