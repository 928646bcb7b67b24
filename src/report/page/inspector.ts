/** What the draws say about the pixel or region that was picked. */

import { pixelSizeAt } from "../../data/sky/pixel-size.js";
import { groupedRhat } from "../../posterior/chain-groups.js";
import { chart, fluxHistogram, paddedRange, seriesLines } from "../../viewer/chart.js";
import { countText, errorText, numberText, rhatText } from "../../viewer/numbers.js";
import { type Selection, selectedPixels, selectionCentre, selectionText } from "../../viewer/selection.js";
import { meanOf, pooled, quantilesOf, stdOf } from "../../viewer/statistics.js";
import { type ReportStore, type SumDraws, sumDraws } from "./blocks.js";
import { correlationPicture } from "./correlation-map.js";
import { need } from "./explorer.js";
import { type Entry, fluxText, pixelEntries, skyText, writeEntries } from "./readout.js";
import type { StateHolder } from "./state.js";

/** Flux of a selection: the mean from all draws, its spread from those in the page. */
interface SumSummary {
  readonly mean: number;
  readonly std: number;
  readonly low: number;
  readonly high: number;
}

/** Sum of a layer over pixels. */
function layerSum({ layers }: ReportStore, id: string, pixels: readonly number[]): number {
  const data = layers.get(id)?.image.data;
  return data === undefined ? Number.NaN : pixels.reduce((sum, pixel) => sum + data[pixel], 0);
}

/** The exact statistics of a pixel, or those of the draws of a sum around its exact mean. */
function summarise(store: ReportStore, pixels: readonly number[], draws: SumDraws): SumSummary {
  const { data, layers } = store;
  const [pixel] = pixels;
  const value = (id: string) => layers.get(id)?.image.data[pixel] ?? Number.NaN;
  if (pixels.length === 1) {
    const last = data.probabilities.length - 1;
    return {
      mean: value("mean"),
      std: value("std"),
      low: value("quantile-0"),
      high: value(`quantile-${last}`),
    };
  }
  const all = pooled(draws.chains);
  const mean = layerSum(store, "mean", pixels);
  // Quantiles of few draws are shifted with their mean, which is known from all.
  const shift = mean - meanOf(all);
  const [low, high] = quantilesOf(all, [0.16, 0.84]);
  return { mean, std: stdOf(all), low: low + shift, high: high + shift };
}

function regionEntries(
  store: ReportStore,
  selection: Selection,
  pixels: readonly number[],
  draws: SumDraws,
): Entry[] {
  const { data } = store;
  const { mean, std, low, high } = summarise(store, pixels, draws);
  const all = pooled(draws.chains);
  const shift = mean - meanOf(all);
  const [low95, high95] = quantilesOf(all, [0.025, 0.975]).map((value) => value + shift);
  const [x, y] = selectionCentre(selection);
  const entries: Entry[] = [{ key: "pixels", name: "pixels", text: countText(pixels.length) }];
  if (data.wcs !== undefined) {
    const area = pixels.length * (3600 * pixelSizeAt(data.wcs, x, y)) ** 2;
    entries.push(
      { key: "sky", name: "centre", text: skyText(store, x, y) },
      {
        key: "area",
        name: "area",
        text: area > 36_000 ? `${numberText(area / 3600, 3)} arcmin²` : `${numberText(area, 3)} arcsec²`,
      },
    );
  }
  entries.push(
    { key: "flux", name: "flux, sum", text: fluxText(store, errorText(mean, std)) },
    { key: "interval", name: "68 %", text: `${numberText(low)} to ${numberText(high)}` },
    { key: "interval95", name: "95 %", text: `${numberText(low95)} to ${numberText(high95)}` },
    { key: "rhat", name: "R-hat of the sum", text: rhatText(rhatOfSum(store, draws)) },
    { key: "draws", name: "draws used", text: countText(all.length) },
  );
  for (const [index, { name }] of data.observations.entries()) {
    const suffix = data.observations.length > 1 ? ` ${name}` : "";
    if (!store.layers.has(`counts-${index}`)) continue;
    entries.push(
      {
        key: `counts-${index}`,
        name: `counts${suffix}`,
        text: countText(layerSum(store, `counts-${index}`, pixels)),
      },
      {
        key: `predicted-${index}`,
        name: `predicted${suffix}`,
        text: numberText(layerSum(store, `predicted-${index}`, pixels)),
      },
    );
  }
  return entries;
}

/** R-hat of the chains that can be compared. */
function rhatOfSum({ data: { groups } }: ReportStore, { chains }: SumDraws): number {
  return groupedRhat(
    groups === undefined ? [chains] : groups.map((group) => group.map((chain) => chains[chain])),
  );
}

function traceChart(
  store: ReportStore,
  width: number,
  draws: SumDraws,
  summary: SumSummary,
  name: string,
): string {
  const { firstSweep, everySweeps } = draws.data;
  const all = pooled(draws.chains);
  const [low, high] = quantilesOf(all, [0, 1]);
  const longest = Math.max(1, ...draws.chains.map(({ length }) => length));
  const last = firstSweep + (longest - 1) * everySweeps;
  return chart(
    {
      width,
      height: 210,
      x: { domain: [firstSweep, Math.max(last, firstSweep + 1)], label: "sweep", whole: true },
      y: { domain: paddedRange(low, high), label: "flux", unit: store.data.unit },
    },
    `Trace of the flux, ${name}: ${draws.chains.length} chains of ${longest} draws, from ${numberText(low, 3)} to ${numberText(high, 3)}`,
    ({ x, y, left, right }) => {
      const [bandLow, bandHigh] = [y(summary.low), y(summary.high)];
      const band = `<rect class="band" x="${left}" width="${right - left}" y="${bandHigh.toFixed(1)}" height="${Math.max(0, bandLow - bandHigh).toFixed(1)}"/>`;
      const lines = seriesLines(
        draws.chains,
        (draw) => x(firstSweep + draw * everySweeps),
        (chain, draw) => y(chain[draw]),
      );
      const mean = y(summary.mean).toFixed(1);
      return `${band}${lines}<path class="mean" d="M${left},${mean}H${right}"/>`;
    },
  );
}

/** Make the inspector live. */
export function startInspector(document: Document, store: ReportStore, holder: StateHolder): void {
  const { data } = store;
  const [ny, nx] = data.shape;
  const heading = need(document, "selection-name");
  const list = need(document, "selection-numbers");
  const note = need(document, "selection-note");
  const trace = need(document, "selection-trace");
  const distribution = need(document, "selection-histogram");
  const showMap = correlationPicture(document, store);

  const update = (selection: Selection) => {
    const wanted = selectedPixels(selection, data.shape);
    heading.textContent = selectionText(selection);
    fillForm(document, selection);
    if (wanted.length === 0) {
      note.textContent = "No pixel centre lies inside.";
      return;
    }
    const draws = sumDraws(store, wanted);
    if (draws === undefined) {
      const [x, y] = selectionCentre(selection);
      writeEntries(document, list, pixelEntries(store, Math.round(x), Math.round(y)).slice(1));
      note.textContent = "This report holds no draws; make it again with a larger --max-size.";
      return;
    }
    const pixels = draws.pixels;
    const single = pixels.length === 1;
    writeEntries(
      document,
      list,
      single
        ? pixelEntries(store, wanted[0] % nx, Math.floor(wanted[0] / nx)).slice(1)
        : regionEntries(store, selection, pixels, draws),
    );
    const shown = draws.chains.reduce((sum, { length }) => sum + length, 0);
    const kept = data.kept.reduce((sum, count) => sum + count, 0);
    const merged =
      draws.data.id === "film" && data.film !== undefined && data.film.bin > 1
        ? ` Draws are of blocks of ${data.film.bin} × ${data.film.bin} pixels, here ${countText(pixels.length)} pixels in all.`
        : "";
    note.textContent =
      `Lines and histogram: ${countText(shown)} of ${countText(kept)} kept draws. ` +
      (single
        ? "Mean, error and interval are those of all of them."
        : `Mean from all of them; the error is that of the draws used, good to ${Math.round(100 / Math.sqrt(2 * shown))} %.`) +
      merged;
    const summary = summarise(store, pixels, draws);
    const name = selectionText(selection);
    trace.innerHTML = traceChart(store, Math.max(260, trace.clientWidth), draws, summary, name);
    const { mean, low, high } = summary;
    distribution.innerHTML = fluxHistogram(
      { chains: draws.chains, mean, interval: [low, high], unit: data.unit },
      { width: Math.max(200, distribution.clientWidth), height: 210, most: 40 },
      `Distribution of the flux by chain, ${name}: mean ${numberText(mean, 3)}, central 68 percent from ${numberText(low, 3)} to ${numberText(high, 3)}`,
    );
    showMap(selection, wanted);
  };

  let width = 0;
  new ResizeObserver(() => {
    if (trace.clientWidth === width) return;
    width = trace.clientWidth;
    update(holder.get().selection);
  }).observe(trace);
  holder.watch(["selection"], ({ selection }) => update(selection));

  const form = need(document, "selection-form") as HTMLFormElement;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const number = (id: string) => Number((need(document, id) as HTMLInputElement).value);
    const [x, y, radius] = [number("select-x"), number("select-y"), number("select-radius")];
    if (![x, y, radius].every(Number.isFinite)) return;
    const inside = (value: number, size: number) => Math.min(Math.max(value, 0), size - 1);
    const [atX, atY] = [inside(x, nx), inside(y, ny)];
    const [col, row] = [Math.round(atX), Math.round(atY)];
    holder.set({
      cursor: [col, row],
      selection: radius > 0 ? { kind: "circle", x: atX, y: atY, radius } : { kind: "pixel", x: col, y: row },
    });
  });
}

function fillForm(document: Document, selection: Selection): void {
  const [x, y] = selectionCentre(selection);
  const write = (id: string, value: number) => {
    const input = need(document, id) as HTMLInputElement;
    if (document.activeElement !== input) input.value = String(Math.round(value * 100) / 100);
  };
  write("select-x", x);
  write("select-y", y);
  write("select-radius", selection.kind === "circle" ? selection.radius : 0);
}
