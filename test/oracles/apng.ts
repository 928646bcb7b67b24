/** An APNG decoder that makes a PNG file of every frame, has it decoded by another package, and lays the parts on one another. */

import { decode } from "fast-png";
import { concatenated } from "../../src/concatenated.js";
import { PNG_SIGNATURE, pngChunk } from "../../src/figures/png.js";

/** Palette index of every pixel of every frame, as a viewer composes them. */
export interface DecodedApng {
  readonly width: number;
  readonly height: number;
  readonly frames: readonly Uint8Array[];
  /** In seconds. */
  readonly delays: readonly number[];
  readonly loops: number;
}

export function decodeApngParts(bytes: Uint8Array): DecodedApng {
  const chunks: { type: string; data: Uint8Array; view: DataView }[] = [];
  const file = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; at < bytes.length; at += 12 + file.getUint32(at)) {
    const data = bytes.slice(at + 8, at + 8 + file.getUint32(at));
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    chunks.push({ type, data, view: new DataView(data.buffer) });
  }
  const of = (wanted: string) => chunks.filter(({ type }) => type === wanted);
  const [header] = of("IHDR");
  const [control] = of("acTL");
  const [width, height] = [header!.view.getUint32(0), header!.view.getUint32(4)];
  const canvas = new Uint8Array(width * height);
  const frames: Uint8Array[] = [];
  const delays: number[] = [];
  let part: DataView | undefined;
  let sequence = 0;
  for (const { type, data, view } of chunks) {
    if (type === "fcTL" || type === "fdAT") {
      if (view.getUint32(0) !== sequence++) throw new Error(`${type} out of sequence`);
    }
    if (type === "fcTL") part = view;
    if ((type !== "IDAT" && type !== "fdAT") || part === undefined) continue;
    const [columns, rows, left, top] = [4, 8, 12, 16].map((at) => part!.getUint32(at)) as [
      number,
      number,
      number,
      number,
    ];
    const own = header!.data.slice();
    const ownView = new DataView(own.buffer);
    ownView.setUint32(0, columns);
    ownView.setUint32(4, rows);
    const png = concatenated(Uint8Array, [
      ...[PNG_SIGNATURE, pngChunk("IHDR", own), pngChunk("PLTE", of("PLTE")[0].data)],
      ...[pngChunk("IDAT", type === "IDAT" ? data : data.slice(4)), pngChunk("IEND", new Uint8Array(0))],
    ]);
    decode(png, { checkCrc: true }).data.forEach((index, k) => {
      canvas[(top + Math.floor(k / columns)) * width + left + (k % columns)] = index;
    });
    frames.push(canvas.slice());
    delays.push(part.getUint16(20) / part.getUint16(22));
  }
  if (control!.view.getUint32(0) !== frames.length) throw new Error("acTL counts other frames");
  return { width, height, frames, delays, loops: control!.view.getUint32(4) };
}
