/** What page and desk tell each other of methods that give one image, and of the significance of regions. Plain data. */

import type { SkyImage } from "tslira";
import type { RegionSignificance, SignificanceSettings } from "tslira/significance";
import type { Circle } from "tslira/sky";
import type { MethodSettings } from "../settings/method-fields.js";

/** How far a method is. */
export interface EstimateNews {
  readonly stage: "iterations" | "held-out" | "bootstrap";
  readonly done: number;
  readonly total: number;
  /** Of this stage. */
  readonly seconds: number;
  /** What is minimised, thinned for the eye: of this stage. */
  readonly curve: Curve;
  /** The image so far; of a part of the photons while some are held out. */
  readonly flux?: SkyImage;
}

/** Values by iteration, thinned for the eye. */
export interface Curve {
  readonly iterations: Float64Array;
  readonly values: Float64Array;
}

/** What a method found. */
export interface EstimateView {
  readonly method: MethodSettings["method"];
  readonly flux: SkyImage;
  readonly predicted: SkyImage;
  readonly residual: SkyImage;
  /** Of the observations after the first. */
  readonly others?: readonly Pick<EstimateView, "predicted" | "residual">[];
  /** Of simulated observations, when they were asked for. */
  readonly std?: SkyImage;
  readonly interval?: readonly [low: SkyImage, high: SkyImage];
  readonly curve: Curve;
  readonly iterations: number;
  readonly converged: boolean;
  readonly complete: boolean;
  /** One sentence: why it stopped. */
  readonly stopped: string;
  readonly cash: number;
  readonly total: number;
  readonly priorStrength?: number;
  readonly seconds: number;
  readonly warnings: readonly string[];
}

/** Pixels to test. Circles are known by place and radius; other shapes are given as pixels, and are called `label 1`. */
export type TestedRegion = { readonly circle: Circle } | { readonly pixels: readonly number[] };

/** Is it real? */
export interface SignificanceQuestion {
  readonly region: TestedRegion;
  readonly settings: SignificanceSettings;
}

/** How far the null replicates are. */
export interface SignificanceNews {
  readonly done: number;
  readonly total: number;
  readonly fraction: number;
  readonly secondsLeft: number;
}

/** What was found of the region. */
export interface SignificanceView
  extends Pick<
    RegionSignificance,
    "name" | "pixels" | "gamma" | "test" | "bound" | "boundError" | "direct" | "rhat"
  > {
  readonly replicates: number;
  readonly share: { readonly mean: number };
  readonly flux: { readonly median: number; readonly low: number; readonly high: number };
  readonly limit95: number;
  /** Null hypothesis and its fitted parameters. */
  readonly kind: string;
  readonly parameters: readonly { readonly name: string; readonly value: number; readonly error: number }[];
  readonly warnings: readonly string[];
}

/** What the desk does for methods and for significance. A function as the last argument hears news on the way. */
export interface MethodCalls {
  estimate(settings: MethodSettings, command: string, tell: (news: EstimateNews) => void): EstimateView;
  estimateFits(): Uint8Array<ArrayBuffer>;
  estimateFigure(theme: "light" | "dark"): string;
  significance(
    question: SignificanceQuestion,
    command: string,
    tell: (news: SignificanceNews) => void,
  ): SignificanceView;
  stopSignificance(): void;
  significanceFits(): Uint8Array<ArrayBuffer>;
  significanceFigure(theme: "light" | "dark"): string;
  /** A FITS image that labels these pixels 1, for the command line. */
  regionFits(pixels: readonly number[]): Uint8Array<ArrayBuffer>;
}
