import { toPlainError } from "../errors.js";
import { holdLifeline } from "./lifeline.js";
import type { FromWorker, JobWatch, ToWorker } from "./worker-pool.js";

/*
 * The far end of a pool. The same file serves in a Web Worker and in a worker thread of Node; the two differ only in how
 * messages are passed.
 */

interface Port<Job, Output, Preview> {
  /** Whether this is a Web Worker, whose end its owner is not told of. */
  readonly web: boolean;
  post(message: FromWorker<Output, Preview>, transfer: readonly ArrayBuffer[]): void;
  listen(handler: (message: ToWorker<Job>) => void): void;
}

/** The few members of a worker's global scope that are used here. */
interface WorkerScope<Job> {
  postMessage(message: unknown, transfer: readonly ArrayBuffer[]): void;
  onmessage: ((event: { readonly data: ToWorker<Job> }) => void) | null;
}

function openPort<Job, Output, Preview>(): Port<Job, Output, Preview> {
  const threads = globalThis.process?.getBuiltinModule?.("node:worker_threads");
  if (threads?.parentPort) {
    const { parentPort } = threads;
    return {
      web: false,
      post: (message, transfer) => parentPort.postMessage(message, [...transfer]),
      listen: (handler) => parentPort.on("message", handler),
    };
  }
  const scope = globalThis as unknown as WorkerScope<Job>;
  return {
    web: true,
    post: (message, transfer) => scope.postMessage(message, transfer),
    listen: (handler) => {
      scope.onmessage = ({ data }) => handler(data);
    },
  };
}

/** What a job is watched by: everything is there but previews, which nobody may want. */
type Watch<Output, Preview> = Required<Omit<JobWatch<Preview>, "onPreview" | "onPiece">> &
  Pick<JobWatch<Preview>, "onPreview"> & {
    /** Hand over a piece of the output, with the buffers of it that are not copied. */
    readonly onPiece: (piece: Output, transfer: readonly ArrayBuffer[]) => void;
  };

/**
 * Run the jobs that this worker is sent, one at a time.
 *
 * @param run gives the output of a job, and the buffers of it that are handed over instead of copied
 */
export function serveJobs<Job, Output, Preview = never>(
  run: (
    job: Job,
    watch: Watch<Output, Preview>,
  ) => Promise<{ readonly output: Output; readonly transfer: readonly ArrayBuffer[] }>,
): void {
  const port = openPort<Job, Output, Preview>();
  let stopping = false;
  if (port.web) {
    void holdLifeline().then((lifeline) => port.post({ type: "alive", lifeline }, []));
  }
  port.listen((message) => {
    if (message.type === "stop") {
      stopping = true;
      return;
    }
    stopping = false;
    const { job, module, previews } = message;
    run(job, {
      module,
      onProgress: (done) => port.post({ type: "progress", done }, []),
      ...(previews && { onPreview: (preview: Preview) => port.post({ type: "preview", preview }, []) }),
      onPiece: (piece, transfer) => port.post({ type: "piece", piece }, transfer),
      onWarning: (warning) => port.post({ type: "warning", warning }, []),
      shouldStop: () => stopping,
    }).then(
      ({ output, transfer }) => port.post({ type: "done", output }, transfer),
      (error: unknown) => port.post({ type: "failed", error: toPlainError(error) }, []),
    );
  });
}
