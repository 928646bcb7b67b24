import { toPlainError } from "../errors.js";
import type { FromWorker, JobWatch, ToWorker } from "./worker-pool.js";

/*
 * The far end of a pool. The same file serves in a Web Worker and in a worker thread of Node; the two differ only in how
 * messages are passed.
 */

interface Port<Job, Output> {
  post(message: FromWorker<Output>, transfer: readonly ArrayBuffer[]): void;
  listen(handler: (message: ToWorker<Job>) => void): void;
}

/** The few members of a worker's global scope that are used here. */
interface WorkerScope<Job> {
  postMessage(message: unknown, transfer: readonly ArrayBuffer[]): void;
  onmessage: ((event: { readonly data: ToWorker<Job> }) => void) | null;
}

function openPort<Job, Output>(): Port<Job, Output> {
  const threads = globalThis.process?.getBuiltinModule?.("node:worker_threads");
  if (threads?.parentPort) {
    const { parentPort } = threads;
    return {
      post: (message, transfer) => parentPort.postMessage(message, [...transfer]),
      listen: (handler) => parentPort.on("message", handler),
    };
  }
  const scope = globalThis as unknown as WorkerScope<Job>;
  return {
    post: (message, transfer) => scope.postMessage(message, transfer),
    listen: (handler) => {
      scope.onmessage = ({ data }) => handler(data);
    },
  };
}

/**
 * Run the jobs that this worker is sent, one at a time.
 *
 * @param run gives the output of a job, and the buffers of it that are handed over instead of copied
 */
export function serveJobs<Job, Output>(
  run: (
    job: Job,
    watch: Required<JobWatch>,
  ) => Promise<{ readonly output: Output; readonly transfer: readonly ArrayBuffer[] }>,
): void {
  const port = openPort<Job, Output>();
  let stopping = false;
  port.listen((message) => {
    if (message.type === "stop") {
      stopping = true;
      return;
    }
    stopping = false;
    run(message.job, {
      module: message.module,
      onProgress: (done) => port.post({ type: "progress", done }, []),
      shouldStop: () => stopping,
    }).then(
      ({ output, transfer }) => port.post({ type: "done", output }, transfer),
      (error: unknown) => port.post({ type: "failed", error: toPlainError(error) }, []),
    );
  });
}
