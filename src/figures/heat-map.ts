import type { SkyImage } from "../image.js";
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
    const entry = indices[pixel]! * 3;
    rgba[pixel * 4] = colors[entry]!;
    rgba[pixel * 4 + 1] = colors[entry + 1]!;
    rgba[pixel * 4 + 2] = colors[entry + 2]!;
    rgba[pixel * 4 + 3] = 255;
  }
  return rgba;
}

/** An image as SVG element that fills a box of `width` x `height` px at the origin, row 0 at the bottom. */
export function heatMapElement(image: SkyImage, scale: ColorScale, width: number, height: number): string {
  const [ny, nx] = image.shape;
  const indices = topRowFirst(colorIndices(image, scale), nx);
  const uri = pngDataUri(encodePng(indices, nx, ny, palette(scale.colormap)));
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
