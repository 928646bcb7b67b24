import type { Shape, SkyImage } from "../image.js";
import { type ColorScale, type ColorScaleOptions, colorIndices, colorScale } from "./color-scale.js";
import { NAN_INDEX, palette } from "./colormap.js";
import { encodePng, pngDataUri } from "./png.js";
import { px } from "./svg.js";

/**
 * Colour an image for a canvas: RGBA bytes `[ny, nx, 4]`, top row first (row 0 of the image is the bottom row), as
 * `ImageData` takes them.
 */
export function colorImage(image: SkyImage, options: ColorScaleOptions = {}): Uint8ClampedArray<ArrayBuffer> {
  const scale = colorScale([image], options);
  const colors = palette(scale.colormap);
  const indices = topRowFirst(colorIndices(image, scale), image.shape[1]);
  const rgba = new Uint8ClampedArray(indices.length * 4);
  for (let pixel = 0; pixel < indices.length; pixel++) {
    const entry = indices[pixel] * 3;
    rgba[pixel * 4] = colors[entry];
    rgba[pixel * 4 + 1] = colors[entry + 1];
    rgba[pixel * 4 + 2] = colors[entry + 2];
    rgba[pixel * 4 + 3] = 255;
  }
  return rgba;
}

/** An image as SVG element that fills a box of `width` x `height` px at the origin, row 0 at the bottom. */
export function heatMapElement(image: SkyImage, scale: ColorScale, width: number, height: number): string {
  const nx = image.shape[1];
  return pixelsElement(topRowFirst(colorIndices(image, scale), nx), image.shape, palette(scale.colormap), {
    width,
    height,
  });
}

/** Three images of one shape as red, green and blue of an SVG element that fills a box, as `heatMapElement` does; NaN is dark. */
export function rgbElement(
  channels: readonly { readonly image: SkyImage; readonly scale: ColorScale }[],
  width: number,
  height: number,
): string {
  const { shape } = channels[0].image;
  const pixels = new Uint8Array(3 * shape[0] * shape[1]);
  for (const [channel, { image, scale }] of channels.entries()) {
    const levels = topRowFirst(colorIndices(image, scale), shape[1]);
    for (const [pixel, level] of levels.entries())
      pixels[3 * pixel + channel] = level === NAN_INDEX ? 0 : Math.round((level * 255) / (NAN_INDEX - 1));
  }
  return pixelsElement(pixels, shape, undefined, { width, height });
}

/** Screen pixels a px that programs which smooth pictures should not blur. */
const FINENESS = 2;
/** Times as many pixels a side at most. */
const MOST_TIMES = 40;

/**
 * Pixels as SVG element that fills a box of `width` x `height` px at the origin.
 *
 * Every pixel is a square of several: librsvg and some viewers of PDF files smooth pictures whatever they are told, and so blur no more
 * than the edges.
 *
 * @param pixels index of each pixel in `colors`, or without these red, green, blue of each; top row first
 */
function pixelsElement(
  pixels: Uint8Array,
  [ny, nx]: Shape,
  colors: Uint8Array | undefined,
  { width, height }: { readonly width: number; readonly height: number },
): string {
  const times = (length: number, count: number) =>
    Math.min(MOST_TIMES, Math.max(1, Math.ceil((FINENESS * length) / count)));
  const [across, down] = [times(width, nx), times(height, ny)];
  const [columns, rows] = [nx * across, ny * down];
  const bytes = pixels.length / (nx * ny);
  const large = new Uint8Array(columns * rows * bytes);
  for (let row = 0; row < ny; row++) {
    const line = new Uint8Array(columns * bytes);
    for (let at = 0; at < line.length; at++) {
      const col = Math.floor(at / bytes / across);
      line[at] = pixels[(row * nx + col) * bytes + (at % bytes)];
    }
    for (let copy = 0; copy < down; copy++) large.set(line, (row * down + copy) * line.length);
  }
  const uri = pngDataUri(encodePng(large, columns, rows, colors));
  // An image much finer than its box is smoothed: dropping rows would drop point sources.
  return imageElement(uri, 0, 0, width, height, nx <= 2 * width && ny <= 2 * height);
}

/** The colours of a map from bottom to top. */
export function colorBarElement(
  { colormap }: ColorScale,
  x: number,
  y: number,
  width: number,
  height: number,
): string {
  const indices = Uint8Array.from({ length: NAN_INDEX }, (_, row) => NAN_INDEX - 1 - row);
  return imageElement(
    pngDataUri(encodePng(indices, 1, NAN_INDEX, palette(colormap))),
    x,
    y,
    width,
    height,
    true,
  );
}

function imageElement(
  uri: string,
  x: number,
  y: number,
  width: number,
  height: number,
  sharp: boolean,
): string {
  // The attribute is for resvg and older viewers, the style for browsers.
  const rendering = sharp ? ` image-rendering="optimizeSpeed" style="image-rendering:pixelated"` : "";
  return (
    `<image x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}" ` +
    `preserveAspectRatio="none"${rendering} href="${uri}"/>`
  );
}

function topRowFirst(indices: Uint8Array, nx: number): Uint8Array {
  const flipped = new Uint8Array(indices.length);
  for (let start = 0; start < indices.length; start += nx) {
    flipped.set(indices.subarray(start, start + nx), indices.length - nx - start);
  }
  return flipped;
}
