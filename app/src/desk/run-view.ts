/** Runs and results as the desk tells the page of them. Plain data. */

import type { LiraDeconvolverOptions, SkyImage, Verdict } from "tslira";
import type { QuantitySummary } from "tslira/diagnostics";
import type { RegionProducts } from "tslira/significance";
import type { LivePixels } from "./live-pixels.js";
import type { Choices, Composition, Example } from "./observation-view.js";

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
  /** What the brightest pixels say; undefined before they can be compared. */
  readonly pixels?: LivePixels;
  /** Part of the sweeps that a reload would find, in [0, 1]; undefined when nothing is kept. */
  readonly kept?: number;
  /** Seconds since a chain was kept last, where that is longer than promised. */
  readonly late?: number;
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
  /** Of the observations after the first. */
  readonly others?: readonly Pick<ResultView, "predicted" | "residual">[];
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
  /** Its chains are on a GPU, which this browser does not offer: they can go on on the CPU. */
  readonly toCpu: boolean;
}

/** All of them. */
export interface KeptRuns {
  readonly runs: readonly KeptRunView[];
  /** Names of those that another version has written, or that were changed. */
  readonly unreadable: readonly string[];
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
