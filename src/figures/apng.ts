import { concatenated } from "../concatenated.js";
import { type Animation, changedPart } from "./animation.js";
import { PNG_SIGNATURE, pngChunk, pngHeader, pngLines } from "./png.js";

/**
 * Encode an animation as APNG (W3C Portable Network Graphics, third edition: chunks acTL, fcTL, fdAT) that plays for ever. A
 * viewer that knows PNG only shows the first frame.
 */
export function encodeApng(animation: Animation): Uint8Array {
  const { width, height, colors, frames, milliseconds } = animation;
  const chunks = [
    PNG_SIGNATURE,
    pngHeader(width, height),
    pngChunk("acTL", words(frames.length, 0)),
    pngChunk("PLTE", colors),
  ];
  let sequence = 0;
  for (const [index, frame] of frames.entries()) {
    const part = changedPart(frame, frames[index - 1], animation);
    const control = new Uint8Array(26);
    const view = new DataView(control.buffer);
    for (const [at, value] of [sequence++, part.width, part.height, part.x, part.y].entries())
      view.setUint32(4 * at, value);
    view.setUint16(20, Math.round(milliseconds));
    view.setUint16(22, 1000);
    // Disposal 0 leaves the frame, blending 0 replaces what was there: both are what the last two bytes already hold.
    chunks.push(pngChunk("fcTL", control));
    const lines = pngLines(part.indices, part.height);
    chunks.push(
      index === 0
        ? pngChunk("IDAT", lines)
        : pngChunk("fdAT", concatenated(Uint8Array, [words(sequence++), lines])),
    );
  }
  return concatenated(Uint8Array, [...chunks, pngChunk("IEND", new Uint8Array(0))]);
}

function words(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) view.setUint32(4 * index, value);
  return bytes;
}
