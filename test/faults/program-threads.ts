/** Worker threads that are none: their jobs run on the calling thread, under the layer that is laid there. */

import { EventEmitter } from "node:events";
import { toPlainError } from "../../src/errors.js";
import { SIGNIFICANCE_TASKS } from "../../src/significance/estimate.js";
import { runChainJob } from "../../src/workers/chain-job.js";

/** Let pools of workers run their jobs here. @returns what undoes it */
export function runThreadsHere(): () => void {
  const { getBuiltinModule } = process;
  class Thread extends EventEmitter {
    readonly #isChain: boolean;
    constructor(script: URL) {
      super();
      this.#isChain = script.pathname.includes("chain-worker");
    }
    unref() {}
    terminate() {}
    postMessage({ type, job, module }: { type: string; job: never; module: WebAssembly.Module }) {
      if (type !== "run") return;
      const run = this.#isChain ? runChainJob : SIGNIFICANCE_TASKS.runHere;
      run(job, { module }).then(
        (output) => this.emit("message", { type: "done", output }),
        (error: unknown) => this.emit("message", { type: "failed", error: toPlainError(error) }),
      );
    }
  }
  process.getBuiltinModule = ((name: string) =>
    name === "node:worker_threads" ? { Worker: Thread } : getBuiltinModule(name)) as typeof getBuiltinModule;
  return () => {
    process.getBuiltinModule = getBuiltinModule;
  };
}
