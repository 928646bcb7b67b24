/** A GIF decoder that follows the specification (GIF89a, appendix F) step by step, for files with a global table of colours. */

/** Red channel of every pixel of every frame, as a viewer composes them. */
export interface DecodedGif {
  readonly width: number;
  readonly height: number;
  readonly frames: readonly Uint8Array[];
  /** In hundredths of a second. */
  readonly delays: readonly number[];
  readonly loops: number | undefined;
}

export function decodeGif(bytes: Uint8Array): DecodedGif {
  let at = 0;
  const byte = () => bytes[at++];
  const short = () => byte() + 256 * byte();
  const blocks = () => {
    const data: number[] = [];
    for (let length = byte(); length > 0; length = byte()) for (let k = 0; k < length; k++) data.push(byte());
    return data;
  };
  const signature = String.fromCharCode(...bytes.subarray(0, 6));
  if (signature !== "GIF89a") throw new Error(`signature ${signature}`);
  at = 6;
  const [width, height] = [short(), short()];
  const flags = byte();
  at += 2;
  const table = bytes.subarray(at, at + 3 * 2 ** ((flags & 7) + 1));
  at += table.length;
  const canvas = new Uint8Array(width * height);
  const frames: Uint8Array[] = [];
  const delays: number[] = [];
  let loops: number | undefined;
  for (;;) {
    const kind = byte();
    if (kind === 0x3b) break;
    if (kind === 0x21) {
      const label = byte();
      const data = blocks();
      if (label === 0xf9) delays.push(data[1] + 256 * data[2]);
      if (label === 0xff) loops = data.at(-2)! + 256 * data.at(-1)!;
    } else if (kind === 0x2c) {
      const [left, top, columns, rows] = [short(), short(), short(), short()];
      if (byte() !== 0) throw new Error("local colours or interlacing");
      const indices = decompress(byte(), blocks());
      if (indices.length !== columns * rows) throw new Error(`${indices.length} pixels of ${columns * rows}`);
      indices.forEach((index, k) => {
        canvas[(top + Math.floor(k / columns)) * width + left + (k % columns)] = table[3 * index];
      });
      frames.push(canvas.slice());
    } else throw new Error(`block ${kind}`);
  }
  if (at !== bytes.length) throw new Error("bytes after the end");
  return { width, height, frames, delays, loops };
}

function decompress(pixelBits: number, data: readonly number[]): number[] {
  const clear = 2 ** pixelBits;
  let bit = 0;
  let size = pixelBits + 1;
  const code = () => {
    let value = 0;
    for (let k = 0; k < size; k++, bit++) value += ((data[bit >> 3] >> (bit & 7)) & 1) * 2 ** k;
    return value;
  };
  const out: number[] = [];
  let strings: number[][] = [];
  let previous: number[] | undefined;
  for (;;) {
    const next = code();
    if (next === clear) {
      strings = Array.from({ length: clear + 2 }, (_, k) => (k < clear ? [k] : []));
      size = pixelBits + 1;
      previous = undefined;
      continue;
    }
    if (next === clear + 1) return out;
    let string: number[];
    if (previous === undefined) string = strings[next];
    else {
      string = next < strings.length ? strings[next] : [...previous, previous[0]];
      if (strings.length < 4096) strings.push([...previous, string[0]]);
    }
    out.push(...string);
    previous = string;
    if (strings.length === 2 ** size && size < 12) size++;
  }
}
