import { JobError } from "../errors.js";

/**
 * Seconds after which a Web Worker that has said nothing counts as stuck, at each of its starts. The second has longer: while a script that
 * was asked for is not answered, Firefox holds the next request for it back for 20 s, though its worker is gone.
 */
export const START_SECONDS = [20, 40] as const;
/** Milliseconds for messages that wait behind a long task of this thread. */
const GRACE = 500;

type Heard = { readonly first: unknown } | { readonly reason: string };

/** The first message of a worker, or why there is none. */
function firstMessage(worker: Worker, seconds: number): Promise<Heard> {
  return new Promise((resolve) => {
    let timer = setTimeout(() => {
      timer = setTimeout(
        () => settle({ reason: `no sign of life in ${seconds} s; load the page again` }),
        GRACE,
      );
    }, 1000 * seconds);
    const settle = (heard: Heard) => {
      clearTimeout(timer);
      resolve(heard);
    };
    worker.onmessage = ({ data }) => settle({ first: data });
    worker.onerror = (event) => {
      event.preventDefault?.();
      settle({
        reason: event.message || "no script: the server of the page may have ended; start it again",
      });
    };
  });
}

/**
 * Start a Web Worker that posts a message as soon as it runs. One that stays silent is started once more: browsers under load have
 * left workers behind without a word.
 *
 * @param make starts the worker
 * @param name how messages call it
 * @returns the worker, whose handlers are the caller's from now on, and its first message
 * @throws JobError when it does not start
 */
export async function startWebWorker(
  make: () => Worker,
  name: string,
): Promise<{ readonly worker: Worker; readonly first: unknown }> {
  let reason = "";
  for (const seconds of START_SECONDS) {
    const worker = make();
    const heard = await firstMessage(worker, seconds);
    if ("first" in heard) return { worker, first: heard.first };
    worker.terminate();
    reason = heard.reason;
  }
  throw new JobError(`${name}: its worker must start, got ${reason}`);
}
