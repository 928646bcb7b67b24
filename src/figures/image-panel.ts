import type { WcsCard } from "../data/observation/observation.js";
import type { ShapedRegion } from "../data/regions/ds9-region.js";
import { isEquatorial } from "../data/sky/sky-angle.js";
import { parseWcs, type SkyWcs } from "../data/sky/sky-wcs.js";
import { InvalidInputError } from "../errors.js";
import { given, givenOptions } from "../given.js";
import { checkShape, type SkyImage } from "../image.js";
import { drawAxes } from "./axes.js";
import { type ColorScale, type ColorScaleOptions, colorScale, type Stretch } from "./color-scale.js";
import { isDiverging, palette } from "./colormap.js";
import { type ContourImage, contourElements } from "./contours.js";
import type { Cell } from "./figure.js";
import { colorBarElement, heatMapElement, rgbElement } from "./heat-map.js";
import { type Marker, markerElements } from "./marker.js";
import { regionElements } from "./region-outlines.js";
import { type ImageBox, type SkyAxes, skyAxes } from "./sky-axes.js";
import { compassElements, scaleBarElements } from "./sky-marks.js";
import type { SkyNotation } from "./sky-ticks.js";
import { px, textElement, textWidth } from "./svg.js";
import { FONT_SIZE, type ThemeName, theme as themeColors } from "./theme.js";
import { colorBarTicks, formatLabel, linearTicks, type Ticks } from "./ticks.js";

/** How sky coordinates and positions are shown on an image. */
export interface SkyPanelOptions {
  readonly markers?: readonly Marker[];
  /**
   * How axes are labelled: `"sexagesimal"` (hours or degrees, minutes, seconds), `"degrees"`, `"pixels"`, `"offset"` (pixels from
   * pixel `floor(n / 2)`, the centre of a psf), or `"auto"` (default): sexagesimal for right ascension and declination, degrees for
   * other sky coordinates, pixels without.
   */
  readonly axes?: "auto" | SkyNotation | "pixels" | "offset";
  /** Draw lines of equal sky coordinates through the ticks; default false. */
  readonly grid?: boolean;
  /** Draw a bar of known angular length: `true` for a round one, or its length in degrees; default false. */
  readonly scaleBar?: boolean | number;
  /** Draw arrows to the north and east, unless the picture is less than 60 px wide or high; default false. */
  readonly compass?: boolean;
  /** Shapes to draw over the image, with their names where these are not made up by the reader, as `parseDs9Regions` returns them. */
  readonly regions?: readonly ShapedRegion[];
  /** Levels of contour lines to draw over the image, in the unit of `contoursOf`. */
  readonly contours?: readonly number[];
  /** What the contours are of; default the image itself, of `plotPosterior` the mean. */
  readonly contoursOf?: ContourImage;
}

/** How a sky is shown, among the options of a figure. */
export function skyOf(options: SkyPanelOptions): SkyPanelOptions {
  return givenOptions(options, [
    ...(["markers", "axes", "grid", "scaleBar", "compass"] as const),
    ...(["regions", "contours", "contoursOf"] as const),
  ]);
}

/** How one image is shown. */
export interface ImagePanelOptions extends ColorScaleOptions, SkyPanelOptions {
  /** What the values are, beside the colour bar, for example `"flux"`. */
  readonly label?: string;
  /** Unit of the values, in FITS notation (`"cm-2 s-1"`) or ready to print; default none. */
  readonly unit?: string;
  /**
   * Header cards of the sky coordinates, as in `result.wcs`. Without them, or when they are not supported (see `parseWcs`), axes
   * are in pixels and there is no grid, scale bar or compass.
   */
  readonly wcs?: readonly WcsCard[];
}

/** What the neighbours of a panel leave to it. */
export interface ImagePanelLayout {
  readonly document: Document;
  readonly theme: ThemeName;
  /** Longer side of the box in px. */
  readonly size: number;
  /** Size of the box in px, for pictures of other shapes that should look equal; default from `size` and the shape. */
  readonly box?: { readonly width: number; readonly height: number };
  readonly title?: string;
  /** Scale shared with other panels; default one of its own. */
  readonly scale?: ColorScale;
  /** Which labels to draw; all by default. */
  readonly colorBar?: boolean;
  readonly xLabels?: boolean;
  readonly yLabels?: boolean;
  /** Keep the box as large as `size` says: default false, whole screen pixels an image pixel where that changes the size little. */
  readonly exact?: boolean;
  /** Pixels of the axes a pixel of the image, for an image of blocks; default 1. */
  readonly block?: number;
}

/** Shortest side of a box in px: below it pixels are drawn taller or wider than square. */
const SHORTEST_SIDE = 44;
const BAR = { gap: 8, width: 11, tip: 7 } as const;

/**
 * Lay out one image with axes and a colour bar.
 *
 * @throws InvalidInputError when the image or an option is not valid
 */
export function imagePanel(image: SkyImage, options: ImagePanelOptions, layout: ImagePanelLayout): Cell {
  checkImage(image);
  const scale = layout.scale ?? colorScale([image], options);
  const { width, height } = layout.box ?? boxSize(image.shape[1], image.shape[0], layout.size, layout.exact);
  const bar =
    (layout.colorBar ?? true)
      ? drawColorBar(scale, options, layout, width, height)
      : { elements: "", width: 4 };
  return picturePanel(image, options, layout, {
    ...{ width, height, bar, bright: isDiverging(scale.colormap) },
    picture: heatMapElement(image, scale, width, height),
  });
}

/** Lay out three images as red, green and blue of one picture. @param channels of one shape */
export function rgbPanel(
  channels: readonly { readonly image: SkyImage; readonly scale: ColorScale }[],
  options: ImagePanelOptions,
  layout: ImagePanelLayout,
): Cell {
  for (const { image } of channels) checkImage(image);
  const { image } = channels[0];
  const { width, height } = boxSize(image.shape[1], image.shape[0], layout.size, layout.exact);
  return picturePanel(image, options, layout, {
    ...{ width, height, bar: { elements: "", width: 4 }, bright: false },
    picture: rgbElement(channels, width, height),
  });
}

/** What a panel shows in its box of px, and beside it. */
interface Picture {
  readonly width: number;
  readonly height: number;
  readonly picture: string;
  readonly bar: { readonly elements: string; readonly width: number };
  /** Whether lines over it must be dark. */
  readonly bright: boolean;
}

function picturePanel(
  image: SkyImage,
  options: ImagePanelOptions,
  layout: ImagePanelLayout,
  { width, height, picture, bar, bright }: Picture,
): Cell {
  const { title, xLabels = true, yLabels = true, document, theme } = layout;
  const [ny, nx] = image.shape;
  const colors = themeColors(theme);
  const box: ImageBox = { nx, ny, width, height };
  const wcs = options.wcs === undefined ? undefined : parseWcs(options.wcs).wcs;
  const axes = imageAxes(options, wcs, box, layout.block);
  const yLabelWidth = Math.max(...axes.y.ticks.labels.map((label) => textWidth(label, FONT_SIZE.tick)));
  const [beyondLeft, beyondRight] = xLabels ? overhang(axes.x.ticks, box) : [0, 0];
  // A title wider than its box must not run into the one beside it.
  const spare = title === undefined ? 0 : Math.ceil((textWidth(title, FONT_SIZE.title) - width) / 2) + 2;
  const margins = {
    top: title === undefined ? 6 : FONT_SIZE.title + 10,
    bottom: xLabels ? 36 : 8,
    left: Math.max(yLabels ? Math.ceil(yLabelWidth) + 30 : 8, beyondLeft, spare),
    right: Math.max(bar.width, beyondRight, spare),
  };

  let elements = picture;
  elements += overlay(image, options, wcs, axes.gridPath, box, bright);
  elements += `<rect width="${width}" height="${height}" fill="none" stroke="${colors.ink}" stroke-width="0.8"/>`;
  elements += drawAxes({
    document,
    theme: colors,
    width,
    height,
    x: {
      domain: [-0.5, nx - 0.5],
      ticks: axes.x.ticks,
      unlabelled: !xLabels,
      ...(xLabels && { label: axes.x.label, labelOffset: 32 }),
    },
    y: {
      domain: [-0.5, ny - 0.5],
      ticks: axes.y.ticks,
      unlabelled: !yLabels,
      ...(yLabels && { label: axes.y.label, labelOffset: Math.ceil(yLabelWidth) + 17 }),
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

/** Box of an image in px, its longer side near `size`: whole screen pixels an image pixel where that changes the size little, unless `exact`. */
export function boxSize(
  nx: number,
  ny: number,
  size: number,
  exact = false,
): { width: number; height: number } {
  const longest = Math.max(nx, ny);
  const whole = Math.max(1, Math.round(size / longest));
  const zoom = !exact && Math.abs(whole * longest - size) <= 0.2 * size ? whole : size / longest;
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
  const lines = labelLines(label, unit, ticks.exponent, scale.stretch, boxHeight);
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

/** The label of a colour bar and its stretch, in one line when they fit beside the bar, else apart, and a long unit before what it is divided by. */
function labelLines(
  label: string,
  unit: string,
  exponent: number,
  stretch: Stretch,
  length: number,
): string[] {
  const parts = [
    ...formatLabel(label, unit, exponent),
    stretch === "linear" ? "" : `${stretch} scale`,
  ].filter((part) => part !== "");
  const [first = "", ...rest] = parts;
  const fits = (line: string) => textWidth(line, FONT_SIZE.label) <= length + 12;
  const line = [[first, ...rest.slice(0, -1)].join(" "), ...rest.slice(-1)].join(
    rest.length > 0 && stretch !== "linear" ? ", " : " ",
  );
  if (fits(line)) return line === "" ? [] : [line];
  const two = [parts.slice(0, -1).join(" "), ...parts.slice(-1)];
  return two.every(fits) ? two : parts.flatMap((part) => (fits(part) ? [part] : part.split(/ (?=\/ )/)));
}

/** Axes on the sky where the image has one and they fit, else in pixels. */
function imageAxes(
  { axes = "auto" }: ImagePanelOptions,
  wcs: SkyWcs | undefined,
  box: ImageBox,
  block = 1,
): Pick<SkyAxes, "x" | "y"> & { readonly gridPath?: string } {
  if (wcs !== undefined && axes !== "pixels" && axes !== "offset") {
    const notation = axes === "auto" ? (isEquatorial(wcs) ? "sexagesimal" : "degrees") : axes;
    const sky = skyAxes(wcs, box, notation);
    if (sky !== undefined) return sky;
  }
  const { nx, ny, width, height } = box;
  const ticks = (pixels: number, length: number, room: number): Ticks => {
    const zero = axes === "offset" ? Math.floor(pixels / 2) : 0;
    const count = Math.max(2, Math.min(7, Math.floor(length / room)));
    const round = linearTicks(-zero, pixels * block - 1 - zero || 0.4, count, true);
    return { ...round, positions: round.positions.map((at) => (at + 0.5) / block - 0.5 + zero) };
  };
  const unit = axes === "offset" ? "offset (pixel)" : "(pixel)";
  return {
    x: { ticks: ticks(nx, width, 42), label: `x ${unit}` },
    y: { ticks: ticks(ny, height, 34), label: `y ${unit}` },
  };
}

/** How far tick labels of the lower edge reach beyond the box at the left and right, in px. */
function overhang({ positions, labels }: Ticks, { nx, width }: ImageBox): [left: number, right: number] {
  let [left, right] = [0, 0];
  for (const [index, label] of labels.entries()) {
    const middle = ((positions[index] + 0.5) * width) / nx;
    const half = textWidth(label, FONT_SIZE.tick) / 2;
    left = Math.max(left, half - middle);
    right = Math.max(right, middle + half - width);
  }
  return [Math.ceil(left), Math.ceil(right)];
}

/** What is drawn over the picture: grid, markers, scale bar, compass. */
function overlay(
  image: SkyImage,
  options: ImagePanelOptions,
  wcs: SkyWcs | undefined,
  gridPath: string | undefined,
  box: ImageBox,
  bright: boolean,
): string {
  const { markers = [], grid = false, scaleBar = false, compass = false } = options;
  const { regions = [], contours = [], contoursOf } = options;
  let shapes = "";
  if (grid && gridPath !== undefined) {
    const color = bright ? "#000000" : "#ffffff";
    shapes += `<path d="${gridPath}" fill="none" stroke="${color}" stroke-opacity="0.35" stroke-width="0.7"/>`;
  }
  if (contours.length > 0)
    shapes += contourElements(contoursOf ?? { image }, contours, { image, ...given({ wcs }) }, box);
  shapes += regionElements(regions, box);
  shapes += markerElements(markers, box);
  if (wcs !== undefined && scaleBar !== false)
    shapes += scaleBarElements(wcs, box, scaleBar === true ? undefined : scaleBar);
  if (wcs !== undefined && compass) shapes += compassElements(wcs, box);
  if (shapes === "") return "";
  // A nested svg element clips at the frame without an id, so that figures may share a page.
  return `<svg width="${box.width}" height="${box.height}" overflow="hidden">${shapes}</svg>`;
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
