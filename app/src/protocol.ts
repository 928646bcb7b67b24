/** What the page and its desk (the worker that holds files, chains and result) tell each other. Plain data. */

import type { LiraDeconvolverOptions, PsfCentring, Shape, SkyImage, Verdict, WcsCard } from "tslira";
import type { QuantitySummary } from "tslira/diagnostics";
import type { Cutout } from "tslira/fits";
import type { RegionProducts } from "tslira/significance";
import type { Configuration } from "./configuration.js";
import type { MethodSettings } from "./method-fields.js";
import type { MethodCalls } from "./method-protocol.js";
import type { FoundEvents, FoundPicture, FoundResult, StartCalls } from "./start-calls.js";

/** What an image of a file is used as. */
export type Role = "counts" | "psf" | "exposure" | "background" | "mask";

/** An image found in a file. */
export interface FoundImage {
  readonly hdu: number;
  /** As the command line names it: the file, with the number of the extension where it is not the first image. */
  readonly name: string;
  readonly shape: Shape;
  readonly role: Role | undefined;
  /** Why it was taken for that, in words. */
  readonly reason: string;
  /** The image, made smaller for the eye. */
  readonly preview: SkyImage;
}

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

/** Which image of which file. */
export interface ImageChoice {
  readonly file: number;
  readonly hdu: number;
  readonly name: string;
  /** The command that makes the file, of one that was made here. */
  readonly command?: string;
}

/** The images of an observation. */
export type Choices = Partial<Readonly<Record<Role, ImageChoice>>>;

/** How an observation is put together. */
export interface Composition {
  readonly cutout?: Cutout;
  readonly psfCutout?: Cutout;
  readonly backgroundUnit?: "flux" | "counts";
  readonly psfCentre?: PsfCentring;
}

/** An observation that is ready to be deconvolved. */
export interface ObservationView {
  readonly name: string;
  readonly counts: SkyImage;
  readonly psf: SkyImage;
  readonly exposure?: SkyImage;
  /** As it will be used, in the unit of the flux. */
  readonly background?: SkyImage;
  readonly mask?: SkyImage;
  /** The true flux of a simulated observation. */
  readonly truth?: SkyImage;
  readonly wcs: readonly WcsCard[];
  readonly unit?: string;
  readonly warnings: readonly string[];
  /** Shapes before any cut-out. */
  readonly fullShape: Shape;
  readonly fullPsfShape: Shape;
  /** True when only the result is there: counts and psf are NaN. */
  readonly withoutData?: true;
}

/** A built-in example. */
export interface Example {
  readonly id: "point-source" | "disk" | "gaussian-and-points";
  readonly title: string;
  readonly sentence: string;
}

/** An example with what it looks like. */
export interface ShownExample extends Example {
  readonly counts: SkyImage;
}

/** One scalar of all chains, thinned for the eye. */
export interface TraceView {
  readonly name: string;
  readonly label: string;
  /** Sweeps between points, from sweep 1. */
  readonly every: number;
  readonly chains: readonly Float64Array[];
  readonly rhat: number;
  readonly ess: number;
}

/** What a run has found so far. */
export interface LiveView {
  readonly sweeps: readonly number[];
  readonly done: number;
  readonly total: number;
  readonly sweepsPerSecond: number;
  readonly secondsLeft: number;
  readonly stage: "sampling" | "diagnosing";
  readonly burnIn: number;
  /** Mean of all chains after burn-in, or their present images during it. */
  readonly mean?: SkyImage;
  readonly meanKind: "start" | "mean";
  readonly traces: readonly TraceView[];
  /** Part of the sweeps that a reload would find, in [0, 1]; undefined when nothing is kept. */
  readonly kept?: number;
  /** What went wrong and was mended, and what is not kept. */
  readonly notes: readonly string[];
}

/** What a run found, without the draws, which stay at the desk. */
export interface ResultView {
  readonly mean: SkyImage;
  readonly std: SkyImage;
  readonly low: SkyImage;
  readonly high: SkyImage;
  readonly rhat: SkyImage;
  readonly ess: SkyImage;
  readonly predicted: SkyImage;
  readonly residual: SkyImage;
  /** Under the adaptive prior: mean of ln alpha of the block above each pixel, for the finest levels, finest first. */
  readonly smoothness?: readonly SkyImage[];
  readonly verdict: Pick<Verdict, "state" | "sentence" | "remedy">;
  readonly total: { readonly mean: number; readonly std: number };
  readonly complete: boolean;
  readonly seconds: number;
  readonly burnIn: number;
  readonly chains: number;
  /** Kept draws of each chain. */
  readonly draws: readonly number[];
  readonly firstSweep: number;
  readonly everySweeps: number;
  readonly traces: readonly TraceView[];
  readonly warnings: readonly string[];
  /** The kept run behind it. */
  readonly session?: string;
}

/** The flux of a region in every kept draw. */
export interface RegionView {
  readonly pixels: number;
  readonly chains: readonly Float64Array[];
  readonly summary: Pick<QuantitySummary, "mean" | "std" | "rhat" | "ess">;
  /** Photons, centroid and width, of regions of several pixels. */
  readonly products?: RegionProducts;
}

/** Correlation of the flux of pixels with that of all others, cut out around them. */
export interface CorrelationView {
  readonly image: SkyImage;
  /** Column and row of its first pixel. */
  readonly left: number;
  readonly bottom: number;
}

/** Flux a pixel of groups of pixels, one number each: its mean, and ends of the central 68 %. */
export interface BandView {
  readonly mean: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** What the page knows of a run, to be kept with it. */
export interface RunAbout {
  readonly title: string;
  /** What the form of settings holds. */
  readonly form: Readonly<Record<string, string>>;
  readonly example?: Example["id"];
  /** The kept run that is continued or extended. */
  readonly session?: string;
}

/** A run that is kept in this browser. */
export interface KeptRunView {
  readonly id: string;
  readonly title: string;
  /** Milliseconds since 1970. */
  readonly updated: number;
  readonly done: boolean;
  /** Part of the sweeps that is kept, in [0, 1]. */
  readonly fraction: number;
  readonly iterations: number;
  readonly chains: number;
  readonly bytes: number;
  /** It is running in another tab. */
  readonly busy: boolean;
}

/** All of them. */
export interface KeptRuns {
  readonly runs: readonly KeptRunView[];
  /** Why nothing can be kept, in a sentence. */
  readonly refused?: string;
}

/** A kept run with its files read again. */
export interface OpenedRun {
  readonly id: string;
  readonly about: RunAbout;
  readonly choices: Choices;
  readonly composition: Composition;
  readonly settings: LiraDeconvolverOptions;
}

/** What the desk does. */
export interface DeskCalls extends StartCalls, MethodCalls {
  examples(): readonly ShownExample[];
  openExample(id: Example["id"]): Choices;
  readFile(file: Blob, name: string): ReadFile;
  forgetFiles(): void;
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
  fits(): Uint8Array<ArrayBuffer>;
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
  /** The lock that is free as soon as the desk has died. */
  | { readonly lifeline: string };
