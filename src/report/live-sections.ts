/** The parts of a report that its script makes live: places for pictures, and their tools. */

import { escapeXml } from "../xml-text.js";
import { sectionHtml } from "./page-sections.js";

function options(entries: readonly (readonly [value: string, name: string])[], chosen: string): string {
  return entries
    .map(
      ([value, name]) =>
        `<option value="${value}"${value === chosen ? " selected" : ""}>${escapeXml(name)}</option>`,
    )
    .join("");
}

function select(
  id: string,
  label: string,
  entries: readonly (readonly [value: string, name: string])[],
  chosen: string,
): string {
  return `<label>${label} <select id="${id}">${options(entries, chosen)}</select></label>`;
}

/** Linked pictures with tools and readout. @param marked whether there are marks to show or hide */
export function explorerHtml(fallback: string, marked: boolean): string {
  const tools =
    '<div class="tools" role="group" aria-label="Tools of the pictures">' +
    select(
      "stretch",
      "Stretch",
      [
        ["linear", "linear"],
        ["sqrt", "square root"],
        ["log", "logarithm"],
        ["asinh", "asinh"],
      ],
      "asinh",
    ) +
    select(
      "colormap",
      "Colours",
      [
        ["auto", "by quantity"],
        ...["inferno", "magma", "viridis", "cividis", "gray"].map((name) => [name, name] as const),
      ],
      "auto",
    ) +
    select(
      "clip",
      "Limits",
      [
        ["100", "all values"],
        ["99.8", "lowest 99.8 %"],
        ["99", "lowest 99 %"],
        ["97", "lowest 97 %"],
      ],
      "100",
    ) +
    '<fieldset><legend>Pick</legend><label><input type="radio" name="tool" value="pixel" checked> pixel</label>' +
    '<label><input type="radio" name="tool" value="circle"> circle</label>' +
    '<label><input type="radio" name="tool" value="rectangle"> rectangle</label></fieldset>' +
    (marked ? '<label><input type="checkbox" id="marks" checked> marks of sources</label>' : "") +
    '<span class="buttons"><button type="button" id="zoom-in" aria-label="Zoom in">+</button>' +
    '<button type="button" id="zoom-out" aria-label="Zoom out">−</button>' +
    '<button type="button" id="zoom-reset">Whole image</button></span></div>';
  return sectionHtml(
    "images",
    "Images",
    '<p id="trouble" class="trouble" role="alert" hidden></p>' +
      `<noscript><p class="note">The linked pictures need JavaScript; this figure does without.</p>${fallback}</noscript>` +
      `<div class="needs-script">${tools}` +
      '<div id="panels" class="panels"></div>' +
      '<dl id="readout" class="readout"></dl><p id="readout-spoken" class="spoken" role="status"></p>' +
      '<p class="note hint">Click a pixel, or drag a circle or rectangle, to look closer below. Drag to move; zoom with the buttons, a double click, Ctrl + wheel, ' +
      "or plus and minus. Arrow keys move the cursor of a picture that has the focus, with Shift by ten; Enter selects.</p></div>",
  );
}

/** Trace, histogram and correlation map of what was picked. */
export function inspectorHtml(
  [x, y]: readonly [number, number],
  [ny, nx]: readonly [number, number],
): string {
  const input = (id: string, label: string, value: number, most: number) =>
    `<label>${label} <input type="number" id="${id}" value="${value}" min="0" max="${most}" step="any"></label>`;
  return sectionHtml(
    "closer",
    "A closer look",
    '<div class="needs-script"><div class="closer-head"><h3 id="selection-name" aria-live="polite">Pixel</h3>' +
      `<form id="selection-form">${input("select-x", "x", x, nx - 1)}${input("select-y", "y", y, ny - 1)}` +
      `${input("select-radius", "radius", 0, Math.max(nx, ny))}<button type="submit">Look</button></form></div>` +
      '<dl id="selection-numbers" class="readout"></dl>' +
      '<div class="closer"><div class="closer-plots"><div id="selection-trace" class="plot-host"></div><div id="selection-histogram" class="plot-host"></div></div>' +
      '<figure class="closer-map"><div id="selection-map"></div><figcaption>Correlation of this flux with its surroundings over the draws. ' +
      '<span id="selection-map-note"></span></figcaption></figure></div>' +
      '<p class="note" id="selection-note"></p><p class="note">One colour a chain; the line is the posterior mean, the band the central 68 %. ' +
      "Radius 0 selects one pixel.</p></div>",
  );
}

/** The film of draws. */
export function playerHtml(chains: readonly number[]): string {
  const most = Math.max(1, ...chains);
  const picture = (name: string) =>
    `<figure class="panel"><figcaption id="${name}-caption" class="film-caption"></figcaption><div id="${name}-picture"></div></figure>`;
  const chain =
    chains.length > 1
      ? [
          ["all", "all, in turn"] as const,
          ...chains.map((_, index) => [String(index), `chain ${index + 1}`] as const),
        ]
      : [["all", "the only one"] as const];
  return sectionHtml(
    "draws",
    "Draws",
    "<p>Each draw is one image that the counts allow. What all of them share is known; what comes and goes is not. " +
      "The mean of more and more draws shows how fast the posterior mean settles.</p>" +
      '<div class="needs-script"><div class="tools" role="group" aria-label="Player">' +
      '<span class="buttons"><button type="button" id="film-back" aria-label="Previous draw">‹</button>' +
      '<button type="button" id="play" aria-pressed="false">Play</button>' +
      '<button type="button" id="film-forward" aria-label="Next draw">›</button></span>' +
      `<label class="wide">Draw <input type="range" id="film-position" min="0" max="${most - 1}" value="0" step="1"></label>` +
      `${select("film-chain", "Chain", chain, "all")}${select(
        "film-speed",
        "Speed",
        [
          ["1", "1 a second"],
          ["4", "4 a second"],
          ["10", "10 a second"],
          ["25", "25 a second"],
        ],
        "4",
      )}</div><div class="film">${picture("draw")}${picture("running")}</div></div>`,
  );
}
