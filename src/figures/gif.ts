import { concatenated } from "../concatenated.js";
import { type Animation, changedPart } from "./animation.js";

/** Encode an animation as GIF (GIF89a) that plays for ever. Times are rounded to 10 ms, at least 20. */
export function encodeGif(animation: Animation): Uint8Array {
  const { width, height, colors, frames, milliseconds } = animation;
  const table = new Uint8Array(256 * 3);
  table.set(colors);
  const parts: Uint8Array[] = [
    ascii("GIF89a"),
    // A global table of 256 colours, eight bits a channel.
    Uint8Array.of(...short(width), ...short(height), 0xf7, 0, 0),
    table,
    Uint8Array.of(0x21, 0xff, 11),
    ascii("NETSCAPE2.0"),
    Uint8Array.of(3, 1, 0, 0, 0),
  ];
  const delay = Math.max(2, Math.round(milliseconds / 10));
  for (const [index, frame] of frames.entries()) {
    const part = changedPart(frame, frames[index - 1], animation);
    parts.push(
      // Disposal 1: leave the frame as ground for the next.
      Uint8Array.of(0x21, 0xf9, 4, 1 << 2, ...short(delay), 0, 0),
      Uint8Array.of(0x2c, ...short(part.x), ...short(part.y), ...short(part.width), ...short(part.height), 0),
      compress(part.indices),
    );
  }
  return concatenated(Uint8Array, [...parts, Uint8Array.of(0x3b)]);
}

const short = (value: number) => [value & 255, value >> 8] as const;
const ascii = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** Bits of a pixel, and of the longest code. */
const PIXEL_BITS = 8;
const LONGEST_CODE = 12;

/** Pixels in the variable-length codes of GIF (Lempel, Ziv & Welch), in blocks of up to 255 bytes. */
function compress(indices: Uint8Array): Uint8Array {
  const clear = 1 << PIXEL_BITS;
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  let size = PIXEL_BITS + 1;
  const put = (code: number) => {
    held |= code << bits;
    bits += size;
    while (bits >= 8) {
      bytes.push(held & 255);
      held >>>= 8;
      bits -= 8;
    }
  };
  // Codes of strings by "code of the string without its last pixel" and that pixel.
  let codes = new Map<number, number>();
  let next = clear + 2;
  put(clear);
  let current = indices[0];
  for (let at = 1; at < indices.length; at++) {
    const pixel = indices[at];
    const key = current * 256 + pixel;
    const longer = codes.get(key);
    if (longer !== undefined) {
      current = longer;
      continue;
    }
    put(current);
    if (next === 1 << LONGEST_CODE) {
      put(clear);
      codes = new Map();
      next = clear + 2;
      size = PIXEL_BITS + 1;
    } else {
      if (next === 1 << size) size++;
      codes.set(key, next++);
    }
    current = pixel;
  }
  put(current);
  // The decoder has made one more code by now, and may read a longer one next.
  if (next === 1 << size && size < LONGEST_CODE) size++;
  put(clear + 1);
  if (bits > 0) bytes.push(held & 255);
  const blocks: Uint8Array[] = [Uint8Array.of(PIXEL_BITS)];
  for (let start = 0; start < bytes.length; start += 255) {
    const block = bytes.slice(start, start + 255);
    blocks.push(Uint8Array.of(block.length, ...block));
  }
  return concatenated(Uint8Array, [...blocks, Uint8Array.of(0)]);
}
