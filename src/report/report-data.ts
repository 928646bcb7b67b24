/** What a report hands to its page: plain data as JSON, and blocks of bytes beside it. */

import type { SkyWcs } from "../data/sky/sky-wcs.js";
import type { Shape } from "../image.js";
import type { ChainGroups } from "../posterior/chain-groups.js";

/** Kind of quantity of a layer: how it is coloured and written. */
export type LayerKind = "flux" | "std" | "rhat" | "ess" | "counts" | "predicted";

/** An image that the page can show. */
export interface LayerData {
  /** Unique; also the id of its block of bytes. */
  readonly id: string;
  readonly title: string;
  /** What the values are, for the colour bar. */
  readonly label: string;
  readonly kind: LayerKind;
  /** Number of the observation, for counts and predicted counts. */
  readonly observation?: number;
}

/** Draws of one set of series, all chains one after the other. */
export interface DrawBlock {
  /** Id of the block of bytes. */
  readonly id: string;
  readonly series: number;
  /** Draws of each chain. */
  readonly chains: readonly number[];
  /** Highest code. */
  readonly top: number;
  /** Every `step`-th kept draw is here. */
  readonly step: number;
  /** Sweep (counted from 0, burn-in included) of the first draw, and sweeps between draws. */
  readonly firstSweep: number;
  readonly everySweeps: number;
}

/** Whole images. */
export interface FilmData extends DrawBlock {
  /** Pixels a side of a block whose flux is summed; 1 for none. */
  readonly bin: number;
  /** Shape of the binned image. */
  readonly shape: Shape;
}

/** More draws of some pixels. */
export interface PixelDrawData extends DrawBlock {
  /** Index `row * nx + col` of each series. */
  readonly pixels: readonly number[];
}

/** A circle with a name, in pixels from 0. */
export interface ReportMark {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

/** The JSON of a report. */
export interface ReportData {
  readonly name: string;
  readonly shape: Shape;
  /** Unit of the flux, ready to print; empty when unknown. */
  readonly unit: string;
  readonly wcs?: SkyWcs;
  readonly layers: readonly LayerData[];
  /** Probabilities of the quantile layers `quantile-0`, ... */
  readonly probabilities: readonly number[];
  readonly observations: readonly { readonly name: string }[];
  /** Kept draws of each chain in the result. */
  readonly kept: readonly number[];
  /** Numbers of the chains that sample the same law, when these are not all. */
  readonly groups?: ChainGroups;
  readonly film?: FilmData;
  readonly pixelDraws?: PixelDrawData;
  /** What is marked on the pictures. */
  readonly marks?: readonly ReportMark[];
  /** Pixel that is shown first: the brightest. */
  readonly first: readonly [x: number, y: number];
}

/** Block of bytes, compressed (zlib). */
export interface DataBlock {
  readonly id: string;
  readonly bytes: Uint8Array;
}
