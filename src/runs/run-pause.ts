/** A switch that pauses a run: its chains stop after the batch at hand and leave the processor alone. */
export interface RunPause {
  readonly paused: boolean;
  /** Milliseconds that the run was paused in all, so far. */
  readonly milliseconds: number;
  /** Stop the chains after the batch at hand. */
  pause(): void;
  /** Let the chains go on from where they stopped, to the same draws. */
  resume(): void;
  /** Wait until the run goes on, or `signal` fires; at once when it is not paused. */
  whenOn(signal?: AbortSignal): Promise<void>;
}

/** Make a switch for one run, to be given as its option `pause`. */
export function runPause(): RunPause {
  let since: number | undefined;
  let before = 0;
  const waiting = new Set<() => void>();
  return {
    get paused() {
      return since !== undefined;
    },
    get milliseconds() {
      return before + (since === undefined ? 0 : performance.now() - since);
    },
    pause() {
      since ??= performance.now();
    },
    resume() {
      if (since !== undefined) before += performance.now() - since;
      since = undefined;
      for (const goOn of waiting) goOn();
    },
    whenOn(signal) {
      if (since === undefined || signal?.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const goOn = () => {
          waiting.delete(goOn);
          signal?.removeEventListener("abort", goOn);
          resolve();
        };
        waiting.add(goOn);
        signal?.addEventListener("abort", goOn);
      });
    },
  };
}
