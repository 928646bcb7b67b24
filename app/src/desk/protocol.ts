/** What the page and its desk (the worker that holds files, chains and result) tell each other. Plain data. */

import type { LiraDeconvolverOptions, SkyImage } from "tslira";
import type { Configuration } from "../settings/configuration.js";
import type { MethodSettings } from "../settings/method-fields.js";
import type { MethodCalls } from "./method-protocol.js";
import type {
  Choices,
  Composition,
  Example,
  FoundImage,
  ObservationView,
  ShownExample,
} from "./observation-view.js";
import type { PhotometryCalls } from "./photometry-protocol.js";
import type {
  BandView,
  CorrelationView,
  KeptRuns,
  LiveView,
  OpenedRun,
  RegionView,
  ResultView,
  RunAbout,
} from "./run-view.js";
import type { FoundEvents, FoundPicture, FoundResult, StartCalls } from "./start-calls.js";

/** A file that was read. */
export interface ReadFile {
  readonly id: number;
  readonly images: readonly FoundImage[];
  /** One of these when the file holds no images of data. */
  readonly events?: FoundEvents;
  readonly result?: FoundResult;
  readonly configuration?: Configuration;
  readonly picture?: FoundPicture;
}

/** How far a file is written. */
export interface WritingNews {
  readonly written: number;
  /** Size of the file. */
  readonly bytes: number;
}

/** What the desk does. */
export interface DeskCalls extends StartCalls, MethodCalls, PhotometryCalls {
  /** Fetch the code of figures, methods and tests while the server is there; never rejected. */
  fetchAhead(): void;
  /** Take what desks of these lifelines hold for free: they stand still. */
  outlive(lifelines: readonly string[]): void;
  /** A sign of life. */
  alive(): void;
  /** Name of the GPU that chains can run on; undefined where the browser offers none. Asked of the desk, where they would run. */
  gpu(): string | undefined;
  examples(): readonly ShownExample[];
  openExample(id: Example["id"]): Choices;
  readFile(file: Blob, name: string): ReadFile;
  /** Let go of the observation and what was found of it; files stay. */
  leaveData(): void;
  compose(choices: Choices, composition: Composition): ObservationView;
  run(settings: LiraDeconvolverOptions, command: string, about: RunAbout): ResultView;
  /** Sample with another method than LIRA; such runs are not kept. */
  sample(settings: MethodSettings, command: string): ResultView;
  pause(): void;
  goOn(): void;
  keptRuns(): KeptRuns;
  openKept(id: string): OpenedRun;
  discardKept(id: string): void;
  stop(): void;
  region(pixels: readonly number[], name: string): RegionView;
  correlation(pixels: readonly number[]): CorrelationView;
  bands(groups: readonly (readonly number[])[]): BandView;
  draw(chain: number, index: number): SkyImage;
  /** The result as a file; told on the way how much of it is written. */
  fits(tell: (news: WritingNews) => void): Blob;
  report(): string;
  figure(kind: "posterior" | "traces" | "data", theme: "light" | "dark"): string;
}

/** A question to the desk. */
export interface DeskRequest {
  readonly id: number;
  readonly call: keyof DeskCalls;
  readonly args: readonly unknown[];
}

/** What the desk says: an answer, an error, or news of a run. */
export type DeskResponse =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: { readonly code: string; readonly message: string } }
  | { readonly id: number; readonly news: unknown }
  | { readonly live: LiveView }
  /** The first word: the lock that is free as soon as the desk has died, where there are locks. */
  | { readonly lifeline: string | undefined };
