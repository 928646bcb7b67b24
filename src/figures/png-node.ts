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

/**
 * Turn a figure into a PNG file.
 *
 * Text is set in the font that comes with the package, so the bytes do not depend on the fonts of the machine.
 *
 * @throws InvalidInputError when scale or width is not a positive number
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
 * @throws InvalidInputError when scale or width is not a positive number
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
  return new Resvg(svg.replaceAll(' style="image-rendering:pixelated"', ""), {
    fitTo: width === undefined ? { mode: "zoom", value: scale } : { mode: "width", value: width },
    font: {
      loadSystemFonts: false,
      fontFiles: [FONT_FILE],
      defaultFontFamily: FONT_FAMILY.split(",")[0]!,
    },
  }).render();
}
