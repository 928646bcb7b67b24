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
export async function renderPng(svg: string, { scale = 2, width }: PngOptions = {}): Promise<Uint8Array> {
  const size = width ?? scale;
  if (!(size > 0 && Number.isFinite(size))) {
    throw new InvalidInputError(
      `renderPng: ${width === undefined ? "scale" : "width"} must be > 0, got ${size}; give for example scale 2`,
      {
        fields: { scale, width },
      },
    );
  }
  const { asPng } = await drawPixels(
    svg,
    width === undefined ? { mode: "zoom", value: scale } : { mode: "width", value: width },
  );
  return asPng();
}

/** A drawn figure. */
export interface DrawnFigure {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue, alpha of each pixel, top row first. */
  readonly rgba: Uint8Array;
  readonly asPng: () => Uint8Array;
}

/** Draw a figure at a zoom, or to a width in pixels; in the font of the package alone. */
export async function drawPixels(
  svg: string,
  fitTo: { readonly mode: "zoom" | "width"; readonly value: number },
): Promise<DrawnFigure> {
  const { Resvg } = await import("@resvg/resvg-js");
  const image = new Resvg(svg.replaceAll(' style="image-rendering:pixelated"', ""), {
    fitTo: { ...fitTo },
    font: {
      loadSystemFonts: false,
      fontFiles: [FONT_FILE],
      defaultFontFamily: FONT_FAMILY.split(",")[0]!,
    },
  }).render();
  return {
    width: image.width,
    height: image.height,
    rgba: image.pixels,
    asPng: () => Uint8Array.from(image.asPng()),
  };
}
