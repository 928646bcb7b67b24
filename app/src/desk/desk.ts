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

/** Milliseconds in which a run that begins must be heard of, and then those in which the desk must answer. */
const PATIENCE = 20_000;
/** Lifelines of desks that stood still: what they hold is free, though the browser may never end them. */
const stuck: string[] = [];

/**
 * Start the desk.
 *
 * While workers for a run are made, which holds up the desk, it is watched: Firefox sometimes never ends that.
 *
 *
 * @param onLive news of a run
 * @param onDeath called when the worker has died or stands still; whoever waits for an answer gets an error
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
  let lifeline: string | undefined;
  let beginning: number | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const watchBeginning = (worker: Worker) => {
    clearTimeout(timer);
    if (beginning === undefined || closed) return;
    timer = setTimeout(() => {
      worker.postMessage({ id: ++last, call: "alive", args: [] } satisfies DeskRequest);
      timer = setTimeout(() => {
        if (lifeline !== undefined) stuck.push(lifeline);
        ended("no sign of life while a run began");
        onDeath();
      }, PATIENCE);
    }, PATIENCE);
  };
  const onMessage = ({ data }: { readonly data: DeskResponse }) => {
    if ("live" in data) {
      onLive(data.live);
      return;
    }
    if ("lifeline" in data) {
      lifeline = data.lifeline;
      if (lifeline === undefined) return;
      unwatch = watchLifeline(lifeline, () => {
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
    worker.onmessage = (event: { readonly data: DeskResponse }) => {
      const { data } = event;
      if ("live" in data || ("id" in data && data.id === beginning)) beginning = undefined;
      watchBeginning(worker);
      onMessage(event);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      ended(event.message || "an error without words");
    };
    onMessage({ data: first as DeskResponse });
    worker.postMessage({ id: ++last, call: "outlive", args: [stuck] } satisfies DeskRequest);
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
        (worker) => {
          worker.postMessage(request);
          if (call === "run") beginning = id;
          watchBeginning(worker);
        },
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
    clearTimeout(timer);
    unwatch();
    void started.then(
      (worker) => worker.terminate(),
      () => undefined,
    );
  };
  return { desk, close };
}
