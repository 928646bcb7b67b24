import { readFile } from "node:fs/promises";
import { figurePdf } from "./pdf.js";
import { FONT_FILE } from "./png-node.js";
import { readTrueType } from "./truetype.js";

/**
 * Turn a figure into a PDF file of one page of its size (1 px is 0.75 pt): lines, areas and text as vectors, text
 * searchable and set in the font that comes with the package, heat maps as images in their own pixels.
 *
 * @param svg a figure of a `plot*` function
 * @returns the same bytes for the same figure
 * @throws FormatError when the SVG holds what the figures of this package do not
 */
export async function renderPdf(svg: string): Promise<Uint8Array> {
  return figurePdf(svg, readTrueType(new Uint8Array(await readFile(FONT_FILE))));
}
