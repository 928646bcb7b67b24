import { fileURLToPath } from "node:url";
import { InvalidInputError } from "../errors.js";
import { FONT_FAMILY } from "./theme.js";

/** The font that comes with the package. */
export const FONT_FILE = fileURLToPath(new URL("../../assets/fonts/DejaVuSans.ttf", import.meta.url));

/** Size of a PNG: give one of the two. */
export interface PngOptions {
  /** Pixels of the PNG per px of the figure; default 2. */
  readonly scale?: number;
  /** Width of the PNG in pixels; the height follows. */
  readonly width?: number;
}

/** Pixels of a figure: some 1.5 GB while it is drawn. */
const MOST_PIXELS = 2 ** 27;

/**
 * Turn a figure into a PNG file.
 *
 * Text is set in the font that comes with the package, so the bytes do not depend on the fonts of the machine.
 *
 * @throws InvalidInputError when scale or width is not a positive number, or leads to less than a pixel or more than 2^27
 */
export async function renderPng(svg: string, options: PngOptions = {}): Promise<Uint8Array> {
  const image = await drawFigure("renderPng", svg, options);
  return Uint8Array.from(image.asPng());
}

/** A drawn figure. */
export interface DrawnFigure {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue, alpha of each pixel, `width * height * 4`, top row first. */
  readonly rgba: Uint8Array;
}

/**
 * Turn a figure into pixels, as `renderPng` does.
 *
 * @throws InvalidInputError as `renderPng`
 */
export async function renderPixels(svg: string, options: PngOptions = {}): Promise<DrawnFigure> {
  const { width, height, pixels } = await drawFigure("renderPixels", svg, options);
  return { width, height, rgba: pixels };
}

async function drawFigure(where: string, svg: string, { scale = 2, width }: PngOptions) {
  const size = width ?? scale;
  if (!(size > 0 && Number.isFinite(size))) {
    throw new InvalidInputError(
      `${where}: ${width === undefined ? "scale" : "width"} must be > 0, got ${size}; give for example scale 2`,
      {
        fields: { scale, width },
      },
    );
  }
  const { Resvg } = await import("@resvg/resvg-js");
  const drawing = new Resvg(svg.replaceAll(' style="image-rendering:pixelated"', ""), {
    fitTo: width === undefined ? { mode: "zoom", value: scale } : { mode: "width", value: width },
    font: {
      loadSystemFonts: false,
      fontFiles: [FONT_FILE],
      defaultFontFamily: FONT_FAMILY.split(",")[0],
    },
  });
  const zoom = width === undefined ? scale : width / drawing.width;
  const [columns, rows] = [zoom * drawing.width, zoom * drawing.height];
  if (!(columns >= 1 && rows >= 1 && columns * rows <= MOST_PIXELS)) {
    throw new InvalidInputError(
      `${where}: picture must have from 1 x 1 to ${MOST_PIXELS} pixels, got ${columns} x ${rows}; change ` +
        (width === undefined ? "scale" : "width"),
      { fields: { scale, width } },
    );
  }
  return drawing.render();
}
