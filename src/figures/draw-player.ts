import { deflateSync } from "fflate";
import { base64 } from "../base64.js";
import { InvalidInputError } from "../errors.js";
import type { NamesOf } from "../known-names.js";
import { asDrawSource, type DrawSource } from "../posterior/draw-source.js";
import type { ImageTrace } from "../posterior/trace.js";
import { escapeXml } from "../xml-text.js";
import { type ColorScale, type ColorScaleOptions, colorIndices, valueAt } from "./color-scale.js";
import { NAN_INDEX, palette } from "./colormap.js";
import { drawFrames, drawScale, shownChains } from "./draw-sequence.js";
import { composeFigure, type FigureOptions } from "./figure.js";
import { COLORS, checkFigureOptions, FIGURE } from "./figure-options.js";
import { imagePanel } from "./image-panel.js";
import { PLAYER_SCRIPT, playerStyle } from "./player-script.js";
import { theme as themeColors } from "./theme.js";

/** Options of `drawPlayer`. */
export interface DrawPlayerOptions extends FigureOptions, ColorScaleOptions {
  /** Number of the chain, from 0; default all, to choose from. */
  readonly chain?: number;
  /** Draws a chain at most, evenly spread; default 200, fewer where `maxBytes` is reached before. */
  readonly draws?: number;
  /** About how long the page may become; default 4 MB. At least 8 draws a chain are kept. */
  readonly maxBytes?: number;
  /** Unit of the flux, in FITS notation; default none. */
  readonly unit?: string;
  /** Longer side of a picture in px; default 300. */
  readonly size?: number;
}

const NAMES: NamesOf<DrawPlayerOptions> = {
  ...FIGURE,
  ...COLORS,
  chain: true,
  draws: true,
  maxBytes: true,
  unit: true,
  size: true,
};

/** Fewest draws of a chain that are worth playing. */
const FEWEST = 8;

/**
 * A player of the draws as a piece of HTML that works without a network: single draws beside the mean of all draws so far, with play
 * and pause, a slider, choice of chain, speed, and a readout of the pixel under the pointer. Keys, when it has the focus: space,
 * arrows, Home, End, + and - for the speed, digits for the chain.
 *
 * Values are kept in 255 steps of the colour scale. The piece is a `div` with its style, data and script; it may stand anywhere
 * in a page and more than once. Without scripts the first draw is shown.
 *
 * @param images kept draws, in memory or elsewhere
 * @throws InvalidInputError when there is no draw or chain, or an option is not valid
 */
export function drawPlayer(images: ImageTrace | DrawSource, options: DrawPlayerOptions): string {
  checkFigureOptions("drawPlayer", options, NAMES);
  const { document, theme = "light", title, unit = "", size = 300, draws = 200, maxBytes = 4e6 } = options;
  if (!(draws >= 1) || !(maxBytes > 0)) {
    throw new InvalidInputError(
      `drawPlayer: draws and maxBytes must be >= 1, got ${draws} and ${maxBytes}; leave them out for the defaults`,
    );
  }
  const source = asDrawSource(images);
  const chains = shownChains("drawPlayer", source, options.chain);
  const scale = drawScale(source, chains, options);
  const most = affordableDraws(source, chains, scale, draws, maxBytes);
  const tracks = chains.map((chain) => track(source, chain, scale, most));

  const [first] = drawFrames(source, chains[0], 1);
  const label = { label: "flux", unit };
  const layout = { document, theme, size, scale };
  const left = imagePanel(first!.image, label, { ...layout, title: "Draw", colorBar: false });
  const right = imagePanel(first!.mean, label, {
    ...layout,
    title: "Mean of the draws so far",
    yLabels: false,
  });
  const svg = composeFigure([left, right], 2, { theme, ...(title !== undefined && { title }) });
  const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)!.map(Number) as [number, number, number];
  const places = [...svg.matchAll(/\n<g transform="translate\((-?[\d.]+),(-?[\d.]+)\)">/g)].slice(0, 2);
  const canvas = places.map(([, x, y], index) => {
    const cell = index === 0 ? left : right;
    const part = (value: number, of: number) => `${((100 * value) / of).toFixed(3)}%`;
    const style = `left:${part(Number(x), width)};top:${part(Number(y), height)};width:${part(cell.width, width)};height:${part(cell.height, height)}`;
    return `<canvas style="${style}" role="img" aria-label="${index === 0 ? "Draw of the flux" : "Mean of the draws so far"}"></canvas>`;
  });
  const data = {
    shape: source.shape,
    unit,
    colors: base64(palette(scale.colormap)),
    values: Array.from({ length: NAN_INDEX }, (_, index) =>
      readable(valueAt(scale, index / (NAN_INDEX - 1)), scale),
    ),
    tracks,
  };
  const name = escapeXml(title ?? "Draws of the posterior");
  return (
    `<div class="tslira-player" tabindex="0" role="group" aria-label="${name}">` +
    `<style>${playerStyle(themeColors(theme), width)}</style>` +
    `<div class="stage">${svg.trim()}${canvas.join("")}</div>${CONTROLS}` +
    `<script type="application/json">${JSON.stringify(data)}</script><script>${PLAYER_SCRIPT}</script></div>`
  );
}

/**
 * A page with nothing but the player of `drawPlayer`.
 *
 * @throws InvalidInputError as `drawPlayer`
 */
export function drawPlayerPage(images: ImageTrace | DrawSource, options: DrawPlayerOptions): string {
  const { background } = themeColors(options.theme ?? "light");
  const title = escapeXml(options.title ?? "Draws of the posterior");
  return (
    `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>${title}</title>` +
    `<meta name="viewport" content="width=device-width, initial-scale=1">` +
    `<style>html{background:${background}}body{margin:1rem;display:flex;justify-content:center}</style></head>\n` +
    `<body>${drawPlayer(images, options)}</body></html>\n`
  );
}

const CONTROLS =
  `<div class="controls"><button type="button" class="play" aria-label="Play">▶</button>` +
  `<input type="range" class="at" min="0" value="0" step="1" aria-label="Draw">` +
  `<label>chain <select class="chain"></select></label>` +
  `<label>draws a second <select class="speed"><option>1</option><option>2</option><option>4</option>` +
  `<option selected>8</option><option>16</option><option>30</option></select></label></div>` +
  `<div class="say"><span class="which" aria-live="off"></span><span class="pixel"></span></div>`;

interface Track {
  readonly chain: number;
  readonly draws: readonly number[];
  readonly sweeps: readonly number[];
  readonly averaged: readonly number[];
  /** Colour indices `[draws, ny, nx]`, deflated, in base64. */
  readonly images: string;
  /** Colour indices of the means, from the second on as difference to the one before modulo 256, deflated, in base64. */
  readonly means: string;
}

function track(source: DrawSource, chain: number, scale: ColorScale, most: number): Track {
  const frames = [...drawFrames(source, chain, most)];
  const pixels = source.shape[0] * source.shape[1];
  const images = new Uint8Array(frames.length * pixels);
  const means = new Uint8Array(frames.length * pixels);
  for (const [index, { image, mean }] of frames.entries()) {
    images.set(colorIndices(image, scale), index * pixels);
    means.set(colorIndices(mean, scale), index * pixels);
  }
  for (let at = means.length - 1; at >= pixels; at--) means[at] = means[at] - means[at - pixels];
  return {
    chain,
    draws: frames.map(({ draw }) => draw + 1),
    sweeps: frames.map(({ sweep }) => sweep + 1),
    averaged: frames.map(({ averaged }) => averaged),
    images: base64(deflateSync(images, { level: 9 })),
    means: base64(deflateSync(means, { level: 9 })),
  };
}

/** Draws a chain that the page has room for, judged by how well the first few can be compressed. */
function affordableDraws(
  source: DrawSource,
  chains: readonly number[],
  scale: ColorScale,
  wanted: number,
  maxBytes: number,
): number {
  const probe = track(source, chains[0], scale, FEWEST);
  const each = (probe.images.length + probe.means.length) / probe.draws.length;
  return Math.max(Math.min(wanted, Math.floor(maxBytes / (each * chains.length))), Math.min(wanted, FEWEST));
}

/** A value to three digits; what is nothing beside the limits of the scale is zero. */
function readable(value: number, { limits }: ColorScale): number {
  return Math.abs(value) < 1e-9 * Math.max(...limits.map(Math.abs)) ? 0 : Number(value.toPrecision(3));
}
