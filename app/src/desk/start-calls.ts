/** What the start screen and the desk tell each other about files that are no images. Plain data. */

import type { LiraDeconvolverOptions, SkyImage } from "tslira";
import type { BinEventsOptions, EventPositions } from "tslira/sky";
import type { Configuration } from "../settings/configuration.js";
import type { ContourFrame, ContourImage } from "./contour-image.js";
import type { Choices, Composition, ImageChoice, ObservationView } from "./observation-view.js";
import type { ResultView } from "./run-view.js";

/** Longest side of the image on which a part of a large one is chosen. */
export const OVERVIEW_SIDE = 512;

/** How often values of a column occur. */
export interface ColumnHistogram {
  /** Name of the column with its unit. */
  readonly label: string;
  readonly least: number;
  readonly most: number;
  /** Bars of equal width in the logarithm rather than in the value. */
  readonly logarithmic: boolean;
  readonly bars: readonly number[];
}

/** An event list that was found in a file. */
export interface FoundEvents {
  readonly name: string;
  readonly events: number;
  /** Which pairs of columns there are, the best first. */
  readonly positions: readonly EventPositions["kind"][];
  /** Whether they lie on the sky. */
  readonly hasSky: boolean;
  readonly energy?: ColumnHistogram;
  readonly time?: ColumnHistogram;
}

/** How events are binned: into pixels of their own, or into those of an image among the files. */
export interface EventBinning extends Omit<BinEventsOptions, "pixelsOf"> {
  readonly like?: ImageChoice;
}

/** What events look like when binned. */
export interface EventsPreview {
  readonly preview: SkyImage;
  readonly binSize: number;
  readonly center: readonly [number, number];
  readonly size: readonly [number, number];
  readonly events: number;
  readonly binned: number;
  readonly filtered: number;
  readonly outside: number;
  /** What each cut took, and what should be known of the image, one sentence each. */
  readonly said: readonly string[];
}

/** A result of tslira that was found in a file. */
export interface FoundResult {
  /** Method, chains and sweeps, size, verdict; in words. */
  readonly summary: string;
  /** Files it was made of, as its command named them. */
  readonly inputs: readonly string[];
  readonly preview: SkyImage;
}

/** A picture whose brightness can be a sky. */
export interface FoundPicture {
  readonly width: number;
  readonly height: number;
  readonly preview: SkyImage;
}

/** How a picture becomes an observation. */
export interface PictureOptions {
  /** Bright pixels are bright sky; otherwise dark ones are. */
  readonly invert: boolean;
  /** Longest side of the image, pixels. */
  readonly side: number;
  /** Expected counts of all sources together. */
  readonly counts: number;
  readonly psfSigma: number;
}

/** A result that was opened. */
export interface OpenedResult {
  readonly data: ObservationView;
  readonly result: ResultView;
  readonly configuration: Configuration;
  readonly composition: Composition;
  readonly choices: Choices;
  readonly settings: LiraDeconvolverOptions;
  readonly command: string;
}

/** What the desk does for the start screen besides images. */
export interface StartCalls {
  /** An image of at most `OVERVIEW_SIDE` pixels a side; each the sum of a block of `previewStep` pixels. */
  overview(choice: ImageChoice): SkyImage;
  /** The choices with masks of the whole images which leave out some more pixels, of each observation, and know the masks before. */
  maskOut(pixels: readonly (readonly number[])[]): Choices;
  /** The part of an image of another file that shows the sky of the data. */
  contourImage(file: Blob, name: string, frame: ContourFrame): ContourImage;
  /** A file that was made here, to take home. */
  madeFile(choice: ImageChoice): Blob;
  previewEvents(file: number, binning: EventBinning): EventsPreview;
  keepEvents(file: number, binning: EventBinning): ImageChoice;
  openResult(file: number, choices: Choices): OpenedResult;
  openPicture(file: number, options: PictureOptions): Choices;
}
