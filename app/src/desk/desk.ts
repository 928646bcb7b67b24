/** The page's end of the desk: calls become messages, answers become promises. */

import { startWebWorker, watchLifeline } from "#studio";
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
  const waiting = new Map<
    number,
    { resolve(answer: unknown): void; reject(error: DeskError): void; tell?(news: unknown): void }
  >();
  let last = 0;
  let unwatch: () => void = () => undefined;
  let closed = false;
  const refuse = (message: string) => {
    for (const { reject } of waiting.values()) reject(new DeskError(message, "JOB"));
    waiting.clear();
  };
  const ended = (text: string) =>
    refuse(`studio: the worker must stay alive, got "${text}"; load the page again`);
  const onMessage = ({ data }: { readonly data: DeskResponse }) => {
    if ("live" in data) {
      onLive(data.live);
      return;
    }
    if ("lifeline" in data) {
      if (data.lifeline === undefined) return;
      unwatch = watchLifeline(data.lifeline, () => {
        ended("it was ended by the browser");
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
  const started = startWebWorker(
    () => new Worker(new URL("./desk-worker.ts", import.meta.url), { type: "module" }),
    "studio",
  ).then(({ worker, first }) => {
    if (closed) worker.terminate();
    worker.onmessage = onMessage;
    worker.onerror = (event) => {
      event.preventDefault();
      ended(event.message || "an error without words");
    };
    onMessage({ data: first as DeskResponse });
    return worker;
  });
  const ask = (call: keyof DeskCalls, args: readonly unknown[]) =>
    new Promise<unknown>((resolve, reject) => {
      const id = ++last;
      // A function as the last argument stays here and hears news.
      const tell = args.at(-1);
      const listens = typeof tell === "function";
      waiting.set(id, { resolve, reject, ...(listens && { tell: tell as (news: unknown) => void }) });
      const request: DeskRequest = { id, call, args: listens ? args.slice(0, -1) : args };
      started.then(
        (worker) => worker.postMessage(request),
        (error: Error) => refuse(error.message),
      );
    });
  const desk = new Proxy({} as Desk, {
    get:
      (_, call) =>
      (...args: readonly unknown[]) =>
        ask(call as keyof DeskCalls, args),
  });
  const close = () => {
    closed = true;
    unwatch();
    void started.then(
      (worker) => worker.terminate(),
      () => undefined,
    );
  };
  return { desk, close };
}
