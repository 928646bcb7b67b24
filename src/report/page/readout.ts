/** The numbers of the pixel under the cursor. */

import { formatSkyPosition } from "../../data/sky/sky-angle.js";
import { pixelToSky } from "../../data/sky/sky-position.js";
import { formatUnit } from "../../figures/ticks.js";
import { countText, errorText, numberText, rhatText } from "../../viewer/numbers.js";
import type { ReportStore } from "./blocks.js";

/** A number with its name. */
export interface Entry {
  /** Stable name, for tests and style. */
  readonly key: string;
  readonly name: string;
  readonly text: string;
}

/** Sky position of a pixel in words; empty without sky coordinates. */
export function skyText({ data: { wcs } }: ReportStore, x: number, y: number): string {
  return wcs === undefined ? "" : formatSkyPosition(wcs, pixelToSky(wcs, x, y));
}

/** Flux in the form `1.2 ± 0.3 unit`. */
export function fluxText({ data: { unit } }: ReportStore, text: string): string {
  return `${text} ${formatUnit(unit)}`.trimEnd();
}

/** Everything that is known of a pixel. */
export function pixelEntries(store: ReportStore, x: number, y: number): Entry[] {
  const { data, layers } = store;
  const pixel = y * data.shape[1] + x;
  const value = (id: string) => layers.get(id)?.image.data[pixel] ?? Number.NaN;
  const entries: Entry[] = [{ key: "position", name: "x, y", text: `${x}, ${y}` }];
  if (data.wcs !== undefined) entries.push({ key: "sky", name: "sky", text: skyText(store, x, y) });
  entries.push({ key: "flux", name: "flux", text: errorText(value("mean"), value("std")) });
  const last = data.probabilities.length - 1;
  if (last >= 1) {
    const [low, high] = [value("quantile-0"), value(`quantile-${last}`)];
    const percent = Math.round(100 * (data.probabilities[last] - data.probabilities[0]));
    entries.push({
      key: "interval",
      name: `${percent} %`,
      text: `${numberText(low, 3)} to ${numberText(high, 3)}`,
    });
  }
  entries.push(
    { key: "snr", name: "S/N", text: numberText(value("snr"), 3) },
    { key: "rhat", name: "R-hat", text: rhatText(value("rhat")) },
    { key: "ess", name: "ESS", text: countText(value("ess")) },
  );
  for (const [index, { name }] of data.observations.entries()) {
    const suffix = data.observations.length > 1 ? ` ${name}` : "";
    if (!layers.has(`counts-${index}`)) continue;
    entries.push(
      { key: `counts-${index}`, name: `counts${suffix}`, text: countText(value(`counts-${index}`)) },
      {
        key: `predicted-${index}`,
        name: `predicted${suffix}`,
        text: numberText(value(`predicted-${index}`), 3),
      },
      {
        key: `residual-${index}`,
        name: `residual${suffix}`,
        text: `${numberText(value(`residual-${index}`), 2)} σ`,
      },
    );
  }
  return entries;
}

/** The readout in one sentence, for screen readers. */
export function entriesSentence(entries: readonly Entry[]): string {
  return entries.map(({ name, text }) => `${name} ${text}`).join("; ");
}

/** Write entries into a definition list; elements are kept, so that what changes is only text. */
export function writeEntries(document: Document, list: HTMLElement, entries: readonly Entry[]): void {
  if (list.childElementCount !== entries.length) {
    list.replaceChildren(
      ...entries.map(() => {
        const group = document.createElement("div");
        group.append(document.createElement("dt"), document.createElement("dd"));
        return group;
      }),
    );
  }
  for (const [index, { key, name, text }] of entries.entries()) {
    const group = list.children[index] as HTMLElement;
    const [term, value] = [group.firstElementChild, group.lastElementChild];
    group.dataset.key = key;
    if (term && term.textContent !== name) term.textContent = name;
    if (value && value.textContent !== text) value.textContent = text;
  }
}
