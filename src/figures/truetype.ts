import { FormatError } from "../errors.js";

/** What is needed of a TrueType font to set text and to embed a part of it (OpenType specification 1.9, tables by name). */
export interface TrueTypeFont {
  readonly unitsPerEm: number;
  /** Lower left and upper right corner of all glyphs, in font units. */
  readonly box: readonly [number, number, number, number];
  readonly ascent: number;
  readonly descent: number;
  /** Number of the glyph of a character; 0, the sign for a missing one, where the font has none. */
  readonly glyph: (codePoint: number) => number;
  /** Width of a glyph in font units. */
  readonly advance: (glyph: number) => number;
  /** Left and right end of the outline of a glyph in font units. */
  readonly extent: (glyph: number) => readonly [left: number, right: number];
  /** The font with the outlines of some glyphs only; their numbers stay. */
  readonly subset: (glyphs: Iterable<number>) => Uint8Array;
}

/** Tables that a font inside a PDF file needs. */
const KEPT = ["cvt ", "fpgm", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "prep"] as const;

/** @throws FormatError when the bytes are not a TrueType font with a Unicode character map */
export function readTrueType(bytes: Uint8Array): TrueTypeFont {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tables = new Map<string, DataView>();
  for (let index = 0, at = 12; index < view.getUint16(4); index++, at += 16) {
    const tag = String.fromCharCode(...bytes.subarray(at, at + 4));
    tables.set(
      tag,
      new DataView(bytes.buffer, bytes.byteOffset + view.getUint32(at + 8), view.getUint32(at + 12)),
    );
  }
  const table = (tag: string): DataView => {
    const found = tables.get(tag);
    if (found) return found;
    throw new FormatError(`font: must have a table ${tag}, got none; use a TrueType font`);
  };
  const head = table("head");
  const hhea = table("hhea");
  const hmtx = table("hmtx");
  const metrics = hhea.getUint16(34);
  const glyf = table("glyf");
  const loca = table("loca");
  const count = table("maxp").getUint16(4);
  const long = head.getInt16(50) === 1;
  const offset = (glyph: number) => (long ? loca.getUint32(4 * glyph) : 2 * loca.getUint16(2 * glyph));
  return {
    unitsPerEm: head.getUint16(18),
    box: [head.getInt16(36), head.getInt16(38), head.getInt16(40), head.getInt16(42)],
    ascent: hhea.getInt16(4),
    descent: hhea.getInt16(6),
    glyph: characterMap(table("cmap")),
    advance: (glyph) => hmtx.getUint16(4 * Math.min(glyph, metrics - 1)),
    extent: (glyph) => {
      const at = offset(glyph);
      return offset(glyph + 1) === at ? [0, 0] : [glyf.getInt16(at + 2), glyf.getInt16(at + 6)];
    },
    subset(glyphs) {
      const kept = withComponents(glyphs, glyf, offset);
      const starts = new DataView(new ArrayBuffer(4 * (count + 1)));
      const outlines: Uint8Array[] = [];
      let end = 0;
      for (let glyph = 0; glyph < count; glyph++) {
        starts.setUint32(4 * glyph, end);
        if (!kept.has(glyph)) continue;
        const outline = bytesOf(glyf).subarray(offset(glyph), offset(glyph + 1));
        outlines.push(outline);
        end += outline.length;
      }
      starts.setUint32(4 * count, end);
      const newGlyf = new Uint8Array(end);
      let at = 0;
      for (const outline of outlines) {
        newGlyf.set(outline, at);
        at += outline.length;
      }
      const newHead = bytesOf(head).slice();
      new DataView(newHead.buffer).setInt16(50, 1);
      const changed: Record<string, Uint8Array> = { glyf: newGlyf, loca: bytesOf(starts), head: newHead };
      return fontFile(
        KEPT.flatMap((tag): [string, Uint8Array][] => {
          const data = changed[tag] ?? (tables.has(tag) ? bytesOf(table(tag)) : undefined);
          return data ? [[tag, data]] : [];
        }),
      );
    },
  };
}

const bytesOf = (view: DataView) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

/** The map of Unicode characters to glyphs, of format 4 or 12. */
function characterMap(cmap: DataView): (codePoint: number) => number {
  for (const wanted of [12, 4]) {
    for (let index = 0; index < cmap.getUint16(2); index++) {
      const start = cmap.getUint32(4 + 8 * index + 4);
      if (cmap.getUint16(start) !== wanted) continue;
      return wanted === 12 ? groupedMap(cmap, start) : segmentedMap(cmap, start);
    }
  }
  throw new FormatError("font: must have a character map of format 4 or 12, got none; use a Unicode font");
}

function groupedMap(cmap: DataView, start: number): (codePoint: number) => number {
  const groups = cmap.getUint32(start + 12);
  return (codePoint) => {
    for (let group = 0, at = start + 16; group < groups; group++, at += 12) {
      if (codePoint >= cmap.getUint32(at) && codePoint <= cmap.getUint32(at + 4))
        return cmap.getUint32(at + 8) + codePoint - cmap.getUint32(at);
    }
    return 0;
  };
}

function segmentedMap(cmap: DataView, start: number): (codePoint: number) => number {
  const doubled = cmap.getUint16(start + 6);
  const [ends, starts] = [start + 14, start + 16 + doubled];
  const [deltas, ranges] = [starts + doubled, starts + 2 * doubled];
  return (codePoint) => {
    for (let at = 0; at < doubled; at += 2) {
      if (codePoint > cmap.getUint16(ends + at)) continue;
      const first = cmap.getUint16(starts + at);
      if (codePoint < first) return 0;
      const range = cmap.getUint16(ranges + at);
      const delta = cmap.getUint16(deltas + at);
      if (range === 0) return (codePoint + delta) & 0xffff;
      const glyph = cmap.getUint16(ranges + at + range + 2 * (codePoint - first));
      return glyph === 0 ? 0 : (glyph + delta) & 0xffff;
    }
    return 0;
  };
}

/** Glyphs, the sign for a missing one, and all that they are composed of. */
function withComponents(
  glyphs: Iterable<number>,
  glyf: DataView,
  offset: (glyph: number) => number,
): Set<number> {
  const kept = new Set<number>();
  const pending = [0, ...glyphs];
  for (let glyph = pending.pop(); glyph !== undefined; glyph = pending.pop()) {
    if (kept.has(glyph)) continue;
    kept.add(glyph);
    let at = offset(glyph);
    if (offset(glyph + 1) === at || glyf.getInt16(at) >= 0) continue;
    at += 10;
    for (let flags = 0x20; flags & 0x20; ) {
      flags = glyf.getUint16(at);
      pending.push(glyf.getUint16(at + 2));
      const scale = flags & 0x80 ? 8 : flags & 0x40 ? 4 : flags & 0x08 ? 2 : 0;
      at += 4 + (flags & 1 ? 4 : 2) + scale;
    }
  }
  return kept;
}

/** A font file of some tables; readers inside PDF do not look at checksums, which stay 0. */
function fontFile(tables: readonly (readonly [tag: string, data: Uint8Array])[]): Uint8Array {
  const padded = (length: number) => (length + 3) & ~3;
  const start = 12 + 16 * tables.length;
  const bytes = new Uint8Array(start + tables.reduce((sum, [, data]) => sum + padded(data.length), 0));
  const view = new DataView(bytes.buffer);
  const power = 2 ** Math.floor(Math.log2(tables.length));
  view.setUint32(0, 0x00010000);
  for (const [at, value] of [
    tables.length,
    16 * power,
    Math.log2(power),
    16 * (tables.length - power),
  ].entries())
    view.setUint16(4 + 2 * at, value);
  let end = start;
  for (const [index, [tag, data]] of tables.entries()) {
    const at = 12 + 16 * index;
    for (let character = 0; character < 4; character++) bytes[at + character] = tag.charCodeAt(character);
    view.setUint32(at + 8, end);
    view.setUint32(at + 12, data.length);
    bytes.set(data, end);
    end += padded(data.length);
  }
  return bytes;
}
