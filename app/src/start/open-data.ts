import type { Choices, Composition, Example, ObservationView } from "../desk/observation-view.js";
import type { OpenedRun } from "../desk/run-view.js";
import type { OpenedResult } from "../desk/start-calls.js";

/** An observation on the screen. */
export interface OpenData {
  readonly choices: Choices;
  readonly composition: Composition;
  readonly view: ObservationView;
  readonly example?: Example["id"];
  readonly title?: string;
  /** A kept run that is to go on. */
  readonly session?: Pick<OpenedRun, "id" | "settings">;
  /** It is run without being asked again. */
  readonly atOnce?: true;
  /** A run that was done before it was opened here. */
  readonly finished?: OpenedResult;
}
