/** Where a run stands, and what the last one found: states and what leads from one to the next. */

import type { LiraDeconvolverOptions } from "tslira";
import type { EstimateNews, EstimateView } from "../desk/method-protocol.js";
import type { LiveView, ResultView } from "../desk/run-view.js";
import type { MethodSettings } from "../settings/method-fields.js";

/** What a run found. */
export type Found =
  | {
      readonly kind: "posterior";
      readonly result: ResultView;
      readonly settings: LiraDeconvolverOptions;
      readonly command: string;
      /** Of another method than LIRA. */
      readonly other?: MethodSettings;
    }
  | {
      readonly kind: "image";
      readonly estimate: EstimateView;
      readonly other: MethodSettings;
      readonly command: string;
    };

/** What goes on. */
export type RunStage =
  | { readonly stage: "resting" }
  | {
      readonly stage: "running";
      readonly stopping: boolean;
      readonly paused: boolean;
      readonly live?: LiveView;
      /** Of another method than LIRA. */
      readonly other?: MethodSettings;
      /** Of a method that gives one image. */
      readonly news?: EstimateNews;
    }
  /** Ended without anything new. */
  | { readonly stage: "stopped"; readonly message: string }
  | { readonly stage: "failed"; readonly message: string };

/** A run, and what the last one that found something has left, which stays until the next one finds something. */
export interface RunState {
  readonly now: RunStage;
  readonly found?: Found;
}

/** What happens to a run. */
export type RunEvent =
  | { readonly type: "begin"; readonly other?: MethodSettings | undefined }
  | { readonly type: "live"; readonly live: LiveView }
  | { readonly type: "news"; readonly news: EstimateNews }
  | { readonly type: "pause"; readonly paused: boolean }
  | { readonly type: "stop" }
  | { readonly type: "found"; readonly found: Found }
  | { readonly type: "stopped" | "failed"; readonly message: string };

/** The next state. Events of a run that is over, or of none, change nothing. */
export function nextRunState(state: RunState, event: RunEvent): RunState {
  const { now } = state;
  if (event.type === "begin") {
    if (now.stage === "running") return state;
    const { other } = event;
    return { ...state, now: { stage: "running", stopping: false, paused: false, ...(other && { other }) } };
  }
  if (now.stage !== "running") return state;
  switch (event.type) {
    case "live":
      return { ...state, now: { ...now, live: event.live } };
    case "news":
      return { ...state, now: { ...now, news: event.news } };
    case "pause":
      return { ...state, now: { ...now, paused: event.paused } };
    case "stop":
      return { ...state, now: { ...now, stopping: true } };
    case "found":
      return { now: { stage: "resting" }, found: event.found };
    default:
      return { ...state, now: { stage: event.type, message: event.message } };
  }
}
