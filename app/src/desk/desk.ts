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
 * @param onLive news of a run
 * @param onDeath called when the worker has died, failed or stands still; whoever waits for an answer gets an error
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
  const died = (text: string) => {
    refuse(`studio: the worker must stay alive, got "${text}"; load the page again`);
    onDeath();
  };
  let lifeline: string | undefined;
  /** Number of the call of a run that has not been heard of. */
  let beginning: number | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** To be called whenever the desk has been heard, and when a run begins: what the page asks meanwhile is no sign of life. */
  const watchBeginning = () => {
    clearTimeout(timer);
    if (beginning === undefined || closed) return;
    timer = setTimeout(() => {
      ask("alive", []).catch(() => undefined);
      timer = setTimeout(() => {
        if (lifeline !== undefined) stuck.push(lifeline);
        died("no sign of life while a run began");
      }, PATIENCE);
    }, PATIENCE);
  };
  const onMessage = ({ data }: { readonly data: DeskResponse }) => {
    if ("live" in data || ("id" in data && data.id === beginning)) beginning = undefined;
    watchBeginning();
    if ("live" in data) {
      onLive(data.live);
      return;
    }
    if ("lifeline" in data) {
      lifeline = data.lifeline;
      if (lifeline === undefined) return;
      unwatch = watchLifeline(lifeline, () => died("it was ended by the browser"));
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
      // What waits would wait for ever, and a run would go on that nobody sees: `onDeath` ends the worker.
      if (waiting.size > 0) died(event.message || "an error without words");
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
        (worker) => {
          worker.postMessage(request);
          if (call !== "run") return;
          beginning = id;
          watchBeginning();
        },
        (error: Error) => refuse(error.message),
      );
    });
  if (stuck.length > 0) ask("outlive", [stuck]).catch(() => undefined);
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
