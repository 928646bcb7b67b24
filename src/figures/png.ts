import { zlibSync } from "fflate";
import { base64 } from "../base64.js";
import { concatenated } from "../concatenated.js";

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/**
 * Encode pixels as PNG of 8 bits (ISO/IEC 15948): with a palette (colour type 3), or in true colour (2).
 *
 * @param pixels palette index of each pixel, `width * height`; without a palette red, green and blue of each; top row first
 * @param colors up to 256 triples red, green, blue
 */
export function encodePng(
  pixels: Uint8Array,
  width: number,
  height: number,
  colors: Uint8Array | undefined,
): Uint8Array {
  return concatenated(Uint8Array, [
    PNG_SIGNATURE,
    pngHeader(width, height, colors === undefined ? 2 : 3),
    ...(colors === undefined ? [] : [pngChunk("PLTE", colors)]),
    pngChunk("IDAT", pngLines(pixels, height)),
    pngChunk("IEND", new Uint8Array(0)),
  ]);
}

/** The bytes that a PNG file starts with. */
export const PNG_SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** The chunk IHDR of an image with a palette (colour type 3, default) or in true colour (2). */
export function pngHeader(width: number, height: number, colorType: 2 | 3 = 3): Uint8Array {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, colorType, 0, 0, 0], 8);
  return pngChunk("IHDR", header);
}

/** The compressed lines of an image, as IDAT holds them. */
export function pngLines(pixels: Uint8Array, height: number): Uint8Array {
  // Each line starts with its filter type; 0 (none) is what suits palette images, and 2 (up) a line like the one above: zeros.
  const length = pixels.length / height;
  const lines = new Uint8Array(height * (length + 1));
  for (let row = 0; row < height; row++) {
    const line = pixels.subarray(row * length, (row + 1) * length);
    const at = row * (length + 1);
    if (row > 0 && line.every((value, index) => value === pixels[(row - 1) * length + index])) lines[at] = 2;
    else lines.set(line, at + 1);
  }
  return zlibSync(lines, { level: 9 });
}

/** A PNG file as URI that `<img>` and SVG `<image>` accept. */
export function pngDataUri(png: Uint8Array): string {
  return `data:image/png;base64,${base64(png)}`;
}

/** A chunk of a PNG file: length, type, data, CRC. */
export function pngChunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let index = 0; index < 4; index++) bytes[4 + index] = type.charCodeAt(index);
  bytes.set(data, 8);
  let crc = 0xffffffff;
  for (let index = 4; index < 8 + data.length; index++)
    crc = CRC_TABLE[(crc ^ bytes[index]!) & 255] ^ (crc >>> 8);
  view.setUint32(8 + data.length, ~crc >>> 0);
  return bytes;
}
