import type { Choices, Composition, Example, ObservationView } from "./observation-view.js";
import type { OpenedRun } from "./run-view.js";
import type { OpenedResult } from "./start-calls.js";

/** An observation on the screen. */
export interface OpenData {
  readonly choices: Choices;
  readonly composition: Composition;
  readonly view: ObservationView;
  readonly example?: Example["id"];
  readonly title?: string;
  /** A kept run that is to go on. */
  readonly session?: Pick<OpenedRun, "id" | "settings">;
  /** A run that was done before it was opened here. */
  readonly finished?: OpenedResult;
}
