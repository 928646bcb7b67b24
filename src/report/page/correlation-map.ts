/** How the flux that was picked goes up and down with its surroundings. */

import { colorScale } from "../../figures/color-scale.js";
import type { SkyImage } from "../../image.js";
import { createColorBar } from "../../viewer/color-bar.js";
import { createFrame } from "../../viewer/frame.js";
import { selectionShape } from "../../viewer/marks.js";
import { countText } from "../../viewer/numbers.js";
import { movedSelection, type Selection, selectionCentre, selectionReach } from "../../viewer/selection.js";
import { correlation, pooled } from "../../viewer/statistics.js";
import { filmDraws, longDraws, type ReportStore } from "./blocks.js";
import { need } from "./explorer.js";

/** Pixels (or blocks of a film of merged pixels) around the selection. */
const REACH = 10;

/** Correlations with the pixels of a square. */
export interface CorrelationMap {
  /** NaN within the selection, outside of the sky image, and for pixels that do not vary. */
  readonly image: SkyImage;
  /** Pixel of the sky image at the lower left corner. */
  readonly left: number;
  readonly bottom: number;
  /** Fewest draws behind a correlation. */
  readonly draws: number;
}

/**
 * Correlation over the draws of the flux in `pixels` with that of every pixel near them. The longer traces are used where they
 * have both, the film elsewhere.
 */
export function correlationMap(
  store: ReportStore,
  selection: Selection,
  pixels: readonly number[],
): CorrelationMap | undefined {
  const [ny, nx] = store.data.shape;
  const long = longDraws(store, pixels);
  const short = filmDraws(store, pixels);
  if (short === undefined) return undefined;
  const mine = { long: long && pooled(long.chains), short: pooled(short.chains) };
  const inside = new Set([...pixels, ...short.pixels]);
  const [x, y] = selectionCentre(selection).map(Math.round);
  const half = Math.ceil(selectionReach(selection)) + REACH * (store.data.film?.bin ?? 1);
  const side = 2 * half + 1;
  const values = new Float64Array(side * side).fill(Number.NaN);
  let draws = Number.POSITIVE_INFINITY;
  for (let at = 0; at < values.length; at++) {
    const col = x - half + (at % side);
    const row = y - half + Math.floor(at / side);
    const pixel = row * nx + col;
    if (col < 0 || row < 0 || col >= nx || row >= ny || inside.has(pixel)) continue;
    const theirLong = mine.long && longDraws(store, [pixel]);
    const theirs = theirLong ?? filmDraws(store, [pixel]);
    const both = theirLong && mine.long ? mine.long : mine.short;
    if (theirs === undefined) continue;
    values[at] = correlation(both, pooled(theirs.chains));
    draws = Math.min(draws, both.length);
  }
  return { image: { data: values, shape: [side, side] }, left: x - half, bottom: y - half, draws };
}

/** Make the picture; the function that comes back fills it. */
export function correlationPicture(
  document: Document,
  store: ReportStore,
): (selection: Selection, pixels: readonly number[]) => void {
  const host = need(document, "selection-map");
  const note = need(document, "selection-map-note");
  const bar = createColorBar(document);
  return (selection, pixels) => {
    const map = correlationMap(store, selection, pixels);
    if (map === undefined) return;
    const { image, left, bottom, draws } = map;
    const side = image.shape[1];
    let strongest = 0;
    let place = "";
    for (const [at, value] of image.data.entries()) {
      if (!(Math.abs(value) > Math.abs(strongest))) continue;
      strongest = value;
      place = `(${left + (at % side)}, ${bottom + Math.floor(at / side)})`;
    }
    const limit = Math.min(1, Math.max(0.2, Math.abs(strongest)));
    const scale = colorScale([image], { colormap: "RdBu", vmin: -limit, vmax: limit });
    const frame = createFrame(document, image.shape);
    const text = strongest.toFixed(2).replace("-", "−");
    frame.element.setAttribute("role", "img");
    frame.element.setAttribute(
      "aria-label",
      `Correlation of the flux with its surroundings, strongest ${text} at ${place}`,
    );
    host.replaceChildren(frame.element, bar.element);
    frame.annotate(() => selectionShape(frame, movedSelection(selection, -left, -bottom)));
    frame.show(image, scale);
    bar.show(scale, "correlation", "");
    note.textContent =
      place === ""
        ? "Nothing varies here."
        : `Strongest: ${text} at ${place}. From ${countText(draws)} draws: ` +
          `within ±${(2 / Math.sqrt(draws)).toFixed(2)} it may be chance.`;
  };
}
