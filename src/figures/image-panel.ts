import { InvalidInputError } from "../errors.js";
import { checkShape, type SkyImage } from "../image.js";
import { drawAxes } from "./axes.js";
import { type ColorScale, type ColorScaleOptions, colorScale } from "./color-scale.js";
import { palette } from "./colormap.js";
import type { Cell } from "./figure.js";
import { colorBarElement, heatMapElement } from "./heat-map.js";
import { px, textElement, textWidth } from "./svg.js";
import { FONT_SIZE, type ThemeName, theme as themeColors } from "./theme.js";
import { colorBarTicks, formatLabel, linearTicks } from "./ticks.js";

/** A position to point out on an image. */
export interface Marker {
  /** Column of the position, 0-based; whole numbers are pixel centres. */
  readonly x: number;
  /** Row of the position, 0-based. */
  readonly y: number;
  /** Radius of a circle in image pixels; without it a cross is drawn. */
  readonly radius?: number;
  /** Text beside the marker. */
  readonly label?: string;
  /** CSS colour; default white over a black outline. */
  readonly color?: string;
}

/** How one image is shown. */
export interface ImagePanelOptions extends ColorScaleOptions {
  /** What the values are, beside the colour bar, for example `"flux"`. */
  readonly label?: string;
  /** Unit of the values, in FITS notation (`"cm-2 s-1"`) or ready to print; default none. */
  readonly unit?: string;
  readonly markers?: readonly Marker[];
}

/** What the neighbours of a panel leave to it. */
export interface ImagePanelLayout {
  readonly document: Document;
  readonly theme: ThemeName;
  /** Longer side of the box in px. */
  readonly size: number;
  readonly title?: string;
  /** Scale shared with other panels; default one of its own. */
  readonly scale?: ColorScale;
  /** Which labels to draw; all by default. */
  readonly colorBar?: boolean;
  readonly xLabels?: boolean;
  readonly yLabels?: boolean;
}

/** Shortest side of a box in px: below it pixels are drawn taller or wider than square. */
const SHORTEST_SIDE = 44;
const BAR = { gap: 8, width: 11, tip: 7 } as const;

/**
 * Lay out one image with axes in pixels and a colour bar.
 *
 * @throws InvalidInputError when the image or an option is not valid
 */
export function imagePanel(image: SkyImage, options: ImagePanelOptions, layout: ImagePanelLayout): Cell {
  checkImage(image);
  const { title, colorBar = true, xLabels = true, yLabels = true, document, theme } = layout;
  const [ny, nx] = image.shape;
  const colors = themeColors(theme);
  const scale = layout.scale ?? colorScale([image], options);
  const { width, height } = boxSize(nx, ny, layout.size);

  const xTicks = linearTicks(0, nx - 1 || 0.4, Math.max(2, Math.min(7, Math.floor(width / 42))), true);
  const yTicks = linearTicks(0, ny - 1 || 0.4, Math.max(2, Math.min(7, Math.floor(height / 34))), true);
  const yLabelWidth = Math.max(...yTicks.labels.map((label) => textWidth(label, FONT_SIZE.tick)));
  const bar = colorBar ? drawColorBar(scale, options, layout, width, height) : { elements: "", width: 0 };
  const margins = {
    top: title === undefined ? 6 : FONT_SIZE.title + 10,
    bottom: xLabels ? 36 : 8,
    left: yLabels ? Math.ceil(yLabelWidth) + 30 : 8,
    right: colorBar ? bar.width : 4,
  };

  let elements = heatMapElement(image, scale, width, height);
  elements += markerElements(options.markers ?? [], image, width, height);
  elements += `<rect width="${width}" height="${height}" fill="none" stroke="${colors.ink}" stroke-width="0.8"/>`;
  elements += drawAxes({
    document,
    theme: colors,
    width,
    height,
    x: {
      domain: [-0.5, nx - 0.5],
      ticks: xTicks,
      unlabelled: !xLabels,
      ...(xLabels && { label: "x (pixel)", labelOffset: 32 }),
    },
    y: {
      domain: [-0.5, ny - 0.5],
      ticks: yTicks,
      unlabelled: !yLabels,
      ...(yLabels && { label: "y (pixel)", labelOffset: Math.ceil(yLabelWidth) + 17 }),
    },
  });
  elements += bar.elements;
  if (title !== undefined) {
    elements += textElement(title, width / 2, -9, {
      size: FONT_SIZE.title,
      fill: colors.ink,
      anchor: "middle",
    });
  }
  return { width, height, margins, elements };
}

/** Box of an image in px: whole screen pixels an image pixel where that changes the size little. */
function boxSize(nx: number, ny: number, size: number): { width: number; height: number } {
  const longest = Math.max(nx, ny);
  const whole = Math.max(1, Math.round(size / longest));
  const zoom = Math.abs(whole * longest - size) <= 0.2 * size ? whole : size / longest;
  return {
    width: Math.max(SHORTEST_SIDE, Math.round(nx * zoom)),
    height: Math.max(SHORTEST_SIDE, Math.round(ny * zoom)),
  };
}

function drawColorBar(
  scale: ColorScale,
  { label = "", unit = "" }: ImagePanelOptions,
  { document, theme }: ImagePanelLayout,
  boxWidth: number,
  boxHeight: number,
): { elements: string; width: number } {
  const colors = themeColors(theme);
  const left = boxWidth + BAR.gap;
  const [below, above] = scale.beyond;
  const top = above ? BAR.tip : 0;
  const height = boxHeight - top - (below ? BAR.tip : 0);
  const bottom = top + height;
  const right = left + BAR.width;
  const table = palette(scale.colormap);
  const color = (index: number) => `rgb(${table.subarray(index * 3, index * 3 + 3).join(",")})`;

  let elements = colorBarElement(scale, left, top, BAR.width, height);
  const middle = left + BAR.width / 2;
  if (above) elements += `<path d="M${left},${top}H${right}L${middle},0Z" fill="${color(254)}"/>`;
  if (below) elements += `<path d="M${left},${bottom}H${right}L${middle},${boxHeight}Z" fill="${color(0)}"/>`;
  const tip = (show: boolean, y: number) => (show ? `L${middle},${y}` : "");
  elements +=
    `<path d="M${left},${bottom}V${top}${tip(above, 0)}L${right},${top}V${bottom}${tip(below, boxHeight)}Z" ` +
    `fill="none" stroke="${colors.ink}" stroke-width="0.8"/>`;

  const ticks = colorBarTicks(scale, height);
  const axis = drawAxes({
    document,
    theme: colors,
    width: BAR.width,
    height,
    y: { domain: [0, 1], ticks, anchor: "right" },
  });
  elements += `<g transform="translate(${px(left)},${px(top)})">${axis}</g>`;
  const tickWidth = Math.max(0, ...ticks.labels.map((text) => textWidth(text, FONT_SIZE.tick)));
  const start = right + 8 + Math.ceil(tickWidth) + 5;
  const lines = labelLines(label, unit, ticks.exponent, boxHeight);
  const style = { size: FONT_SIZE.label, fill: colors.ink };
  const upwards = lines.every((line) => textWidth(line, FONT_SIZE.label) <= boxHeight + 12);
  const lineHeight = FONT_SIZE.label + 3;
  let width = start - boxWidth;
  if (upwards) {
    lines.forEach((line, index) => {
      const x = start + FONT_SIZE.label * 0.8 + index * lineHeight;
      elements += textElement(line, x, boxHeight / 2, { ...style, anchor: "middle", upwards: true });
    });
    width += lines.length * lineHeight;
  } else {
    lines.forEach((line, index) => {
      const y = boxHeight / 2 + (index - (lines.length - 1) / 2) * lineHeight + FONT_SIZE.label * 0.35;
      elements += textElement(line, start, y, style);
    });
    width += Math.ceil(Math.max(...lines.map((line) => textWidth(line, FONT_SIZE.label))));
  }
  return { elements, width };
}

/** The label of a colour bar in one line when it fits beside the bar, else unit apart. */
function labelLines(label: string, unit: string, exponent: number, length: number): string[] {
  const parts = formatLabel(label, unit, exponent).filter((part) => part !== "");
  const line = parts.join(" ");
  return textWidth(line, FONT_SIZE.label) <= length + 12 ? [line].filter((text) => text !== "") : parts;
}

function markerElements(markers: readonly Marker[], image: SkyImage, width: number, height: number): string {
  if (markers.length === 0) return "";
  const [ny, nx] = image.shape;
  const [dx, dy] = [width / nx, height / ny];
  let shapes = "";
  for (const { x, y, radius, label, color = "#ffffff" } of markers) {
    const [cx, cy] = [(x + 0.5) * dx, height - (y + 0.5) * dy];
    const shape =
      radius === undefined
        ? `<path d="M${px(cx - 6)},${px(cy)}h4.5m3,0h4.5M${px(cx)},${px(cy - 6)}v4.5m0,3v4.5"`
        : `<ellipse cx="${px(cx)}" cy="${px(cy)}" rx="${px(radius * dx)}" ry="${px(radius * dy)}"`;
    for (const stroke of [
      `stroke="#000000" stroke-opacity="0.6" stroke-width="3"`,
      `stroke="${color}" stroke-width="1.2"`,
    ]) {
      shapes += `${shape} fill="none" ${stroke}/>`;
    }
    if (label !== undefined) {
      const reach = radius === undefined ? 6 : radius * dx * 0.71;
      const leftwards = cx + reach + 4 + textWidth(label, FONT_SIZE.tick) > width;
      const at = {
        x: leftwards ? cx - reach - 4 : cx + reach + 4,
        y: Math.max(FONT_SIZE.tick + 2, cy - reach),
      };
      const style = { size: FONT_SIZE.tick, anchor: leftwards ? ("end" as const) : ("start" as const) };
      shapes +=
        `<g stroke="#000000" stroke-opacity="0.6" stroke-width="2.5" stroke-linejoin="round">` +
        `${textElement(label, at.x, at.y, { ...style, fill: color })}</g>${textElement(label, at.x, at.y, { ...style, fill: color })}`;
    }
  }
  // A nested svg element clips at the frame without an id, so that figures may share a page.
  return `<svg width="${width}" height="${height}" overflow="hidden">${shapes}</svg>`;
}

function checkImage({ data, shape }: SkyImage): void {
  checkShape("figure", shape);
  if (data.length !== shape[0] * shape[1]) {
    throw new InvalidInputError(
      `figure: data must hold ny * nx = ${shape[0] * shape[1]} values, got ${data.length}; check the shape [ny, nx]`,
      { fields: { length: data.length, shape } },
    );
  }
}
