/** The page's end of the desk: calls become messages, answers become promises. */

import { watchLifeline } from "#studio";
import type { DeskCalls, DeskRequest, DeskResponse } from "./protocol.js";
import type { LiveView } from "./run-view.js";

/** The desk as the page sees it: every call is answered later. */
export type Desk = {
  readonly [Name in keyof DeskCalls]: (
    ...args: Parameters<DeskCalls[Name]>
  ) => Promise<ReturnType<DeskCalls[Name]>>;
};

/** What went wrong, in words. */
export class DeskError extends Error {
  readonly code: string;
  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Start the desk.
 *
 * @param onLive news of a run
 * @param onDeath called when the worker has died; whoever waits for an answer gets an error
 */
export function openDesk(
  onLive: (live: LiveView) => void,
  onDeath: () => void,
): { readonly desk: Desk; close(): void } {
  const worker = new Worker(new URL("./desk-worker.ts", import.meta.url), { type: "module" });
  const waiting = new Map<
    number,
    { resolve(answer: unknown): void; reject(error: DeskError): void; tell?(news: unknown): void }
  >();
  let last = 0;
  let unwatch: () => void = () => undefined;
  const refuse = (text: string) => {
    for (const { reject } of waiting.values()) {
      reject(new DeskError(`studio: the worker must stay alive, got "${text}"; load the page again`, "JOB"));
    }
    waiting.clear();
  };
  worker.onmessage = ({ data }: MessageEvent<DeskResponse>) => {
    if ("live" in data) {
      onLive(data.live);
      return;
    }
    if ("lifeline" in data) {
      unwatch = watchLifeline(data.lifeline, () => {
        refuse("it was ended by the browser");
        onDeath();
      });
      return;
    }
    const one = waiting.get(data.id);
    if ("news" in data) {
      one?.tell?.(data.news);
      return;
    }
    waiting.delete(data.id);
    if ("error" in data) one?.reject(new DeskError(data.error.message, data.error.code));
    else one?.resolve(data.answer);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    refuse(event.message || "it could not be started");
  };
  const ask = (call: keyof DeskCalls, args: readonly unknown[]) =>
    new Promise<unknown>((resolve, reject) => {
      const id = ++last;
      // A function as the last argument stays here and hears news.
      const tell = args.at(-1);
      const listens = typeof tell === "function";
      waiting.set(id, { resolve, reject, ...(listens && { tell: tell as (news: unknown) => void }) });
      worker.postMessage({ id, call, args: listens ? args.slice(0, -1) : args } satisfies DeskRequest);
    });
  const desk = new Proxy({} as Desk, {
    get:
      (_, call) =>
      (...args: readonly unknown[]) =>
        ask(call as keyof DeskCalls, args),
  });
  const close = () => {
    unwatch();
    worker.terminate();
  };
  return { desk, close };
}
