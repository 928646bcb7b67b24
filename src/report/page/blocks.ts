/** The data that travel inside the page. */

import type { SkyImage } from "../../image.js";
import { residuals } from "../../model/predicted-counts.js";
import { drawsFromBytes, type PackedDraws } from "../packed-draws.js";
import { unpackValues } from "../packed-image.js";
import type { DrawBlock, FilmData, LayerData, PixelDrawData, ReportData } from "../report-data.js";

/** A quantity that a panel can show. */
export interface Layer {
  readonly id: string;
  readonly title: string;
  readonly label: string;
  readonly kind: LayerData["kind"] | "snr" | "residual";
  readonly image: SkyImage;
}

/** Draws and how they lie in the run. */
export interface Draws<Data extends DrawBlock> extends PackedDraws {
  readonly data: Data;
  /** Number of the first draw of each chain. */
  readonly starts: readonly number[];
}

/** Everything of a report, ready to show. */
export interface ReportStore {
  readonly data: ReportData;
  readonly layers: ReadonlyMap<string, Layer>;
  readonly film?: Draws<FilmData>;
  readonly pixelDraws?: Draws<PixelDrawData>;
}

async function readBytes(document: Document, id: string): Promise<Uint8Array> {
  const text = document.getElementById(`data-${id}`)?.textContent ?? "";
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function readDraws<Data extends DrawBlock>(document: Document, data: Data): Promise<Draws<Data>> {
  const draws = data.chains.reduce((sum, count) => sum + count, 0);
  const packed = drawsFromBytes(await readBytes(document, data.id), draws, data.series, data.top);
  const starts = data.chains.map((_, chain) =>
    data.chains.slice(0, chain).reduce((sum, count) => sum + count, 0),
  );
  return { ...packed, data, starts };
}

/** Unpack the data of the page. */
export async function readReport(document: Document): Promise<ReportStore> {
  const data = JSON.parse(document.getElementById("report-data")?.textContent ?? "") as ReportData;
  const layers = new Map<string, Layer>();
  for (const layer of data.layers) {
    const values = Float64Array.from(unpackValues(await readBytes(document, layer.id)));
    layers.set(layer.id, { ...layer, image: { data: values, shape: data.shape } });
  }
  addDerived(data, layers);
  return {
    data,
    layers,
    ...(data.film && { film: await readDraws(document, data.film) }),
    ...(data.pixelDraws && { pixelDraws: await readDraws(document, data.pixelDraws) }),
  };
}

/** Signal to noise, and the residuals of every observation. */
function addDerived(data: ReportData, layers: Map<string, Layer>): void {
  const mean = layers.get("mean");
  const std = layers.get("std");
  if (mean && std) {
    const ratio = mean.image.data.map((value, pixel) => {
      const by = std.image.data[pixel];
      return by > 0 ? value / by : Number.NaN;
    });
    layers.set("snr", {
      id: "snr",
      title: "Signal to noise",
      label: "mean / std",
      kind: "snr",
      image: { data: ratio, shape: data.shape },
    });
  }
  for (const [index, { name }] of data.observations.entries()) {
    const counts = layers.get(`counts-${index}`);
    const predicted = layers.get(`predicted-${index}`);
    if (!counts || !predicted) continue;
    const mask = { data: counts.image.data.map((value) => (Number.isNaN(value) ? 0 : 1)), shape: data.shape };
    layers.set(`residual-${index}`, {
      id: `residual-${index}`,
      title: data.observations.length > 1 ? `Residual, ${name}` : "Residual",
      label: "residual (σ)",
      kind: "residual",
      image: residuals(counts.image, predicted.image, mask).sigma,
    });
  }
}

/** Draws of a sum over pixels, one array a chain. */
export interface SumDraws {
  readonly chains: readonly Float64Array[];
  readonly data: DrawBlock;
  /** Pixels that the draws really are of: a film of merged pixels has only whole blocks. */
  readonly pixels: readonly number[];
}

/** Draws of the flux in some pixels together, from the longest trace that has them all. */
export function sumDraws(store: ReportStore, pixels: readonly number[]): SumDraws | undefined {
  return longDraws(store, pixels) ?? filmDraws(store, pixels);
}

/** The same from the longer traces only; undefined when these lack a pixel. */
export function longDraws({ pixelDraws }: ReportStore, pixels: readonly number[]): SumDraws | undefined {
  if (pixelDraws === undefined) return undefined;
  const series = seriesOf(pixelDraws.data, pixels);
  if (series === undefined) return undefined;
  return { chains: sumSeries(pixelDraws, series), data: pixelDraws.data, pixels };
}

/** The same from the film only. */
export function filmDraws({ data, film }: ReportStore, pixels: readonly number[]): SumDraws | undefined {
  if (film === undefined) return undefined;
  const blocks = blocksOf(film.data, data.shape, pixels);
  return {
    chains: sumSeries(film, blocks),
    data: film.data,
    pixels: film.data.bin === 1 ? pixels : pixelsOf(film.data, data.shape, blocks),
  };
}

/** Numbers of the series of some pixels; undefined when one is missing. */
export function seriesOf({ pixels }: PixelDrawData, wanted: readonly number[]): number[] | undefined {
  const series: number[] = [];
  for (const pixel of wanted) {
    let [low, high] = [0, pixels.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (pixels[middle] < pixel) low = middle + 1;
      else high = middle;
    }
    if (pixels[low] !== pixel) return undefined;
    series.push(low);
  }
  return series;
}

/** Blocks of a film: those whose centre is wanted, or the one that holds the middle pixel when that leaves none. */
export function blocksOf(
  { bin, shape }: FilmData,
  [, nx]: readonly [number, number],
  pixels: readonly number[],
): number[] {
  if (bin === 1) return [...pixels];
  const inside = new Map<number, number>();
  for (const pixel of pixels) {
    const block = Math.floor(Math.floor(pixel / nx) / bin) * shape[1] + Math.floor((pixel % nx) / bin);
    inside.set(block, (inside.get(block) ?? 0) + 1);
  }
  const most = Math.max(...inside.values());
  const needed = Math.min(most, (bin * bin) / 2);
  return [...inside].filter(([, count]) => count >= needed).map(([block]) => block);
}

function pixelsOf({ bin, shape }: FilmData, [ny, nx]: readonly [number, number], blocks: readonly number[]) {
  const pixels: number[] = [];
  for (const block of blocks) {
    const [row0, col0] = [Math.floor(block / shape[1]) * bin, (block % shape[1]) * bin];
    for (let row = row0; row < Math.min(row0 + bin, ny); row++) {
      for (let col = col0; col < Math.min(col0 + bin, nx); col++) pixels.push(row * nx + col);
    }
  }
  return pixels;
}

function sumSeries<Data extends DrawBlock>(draws: Draws<Data>, series: readonly number[]): Float64Array[] {
  const { codes, low, high, top, starts, data } = draws;
  return data.chains.map((count, chain) => {
    const sums = new Float64Array(count);
    for (let draw = 0; draw < count; draw++) {
      const row = (starts[chain] + draw) * draws.series;
      let sum = 0;
      for (const index of series) {
        const place = codes[row + index] / top;
        sum += low[index] + (high[index] - low[index]) * place * place;
      }
      sums[draw] = sum;
    }
    return sums;
  });
}
