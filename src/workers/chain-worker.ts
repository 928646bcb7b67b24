import { toPlainError } from "../errors.js";
import { type ChainPreview, runChainJob } from "./chain-job.js";
import type { FromWorker, ToWorker } from "./pool.js";

/*
 * The far end of the pool: runs the chain jobs it is sent, one at a time. The same file serves as a Web Worker and as a
 * worker thread of Node; the two differ only in how messages are passed.
 */

interface Port {
  post(message: FromWorker, transfer: readonly ArrayBuffer[]): void;
  listen(handler: (message: ToWorker) => void): void;
}

/** The few members of a worker's global scope that are used here. */
interface WorkerScope {
  postMessage(message: unknown, transfer: readonly ArrayBuffer[]): void;
  onmessage: ((event: { readonly data: ToWorker }) => void) | null;
}

function openPort(): Port {
  const threads = globalThis.process?.getBuiltinModule?.("node:worker_threads");
  if (threads?.parentPort) {
    const { parentPort } = threads;
    return {
      post: (message, transfer) => parentPort.postMessage(message, [...transfer]),
      listen: (handler) => parentPort.on("message", handler),
    };
  }
  const scope = globalThis as unknown as WorkerScope;
  return {
    post: (message, transfer) => scope.postMessage(message, transfer),
    listen: (handler) => {
      scope.onmessage = ({ data }) => handler(data);
    },
  };
}

const port = openPort();
let stopping = false;

async function run({ job, module, previews }: Extract<ToWorker, { type: "run" }>): Promise<void> {
  stopping = false;
  try {
    const output = await runChainJob(job, {
      module,
      onProgress: (sweeps) => port.post({ type: "progress", sweeps }, []),
      ...(previews && { onPreview: (preview: ChainPreview) => port.post({ type: "preview", preview }, []) }),
      shouldStop: () => stopping,
    });
    const { rows, draws, state } = output;
    const arrays = [rows, draws, state.flux, state.scalars, state.moments.mean, state.moments.squares];
    port.post(
      { type: "done", output },
      arrays.map(({ buffer }) => buffer as ArrayBuffer),
    );
  } catch (error) {
    port.post({ type: "failed", error: toPlainError(error) }, []);
  }
}

port.listen((message) => {
  if (message.type === "stop") stopping = true;
  else void run(message);
});
