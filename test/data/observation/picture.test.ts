import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { encode } from "fast-png";
import { describe, expect, it } from "vitest";
import { fluxFromPicture } from "../../../src/data/observation/picture.js";
import { imageSum } from "../../../src/image.js";

function png(data: number[], width: number, height: number, channels: number, depth: 8 | 16 = 8): Uint8Array {
  return encode({
    width,
    height,
    data: depth === 8 ? Uint8Array.from(data) : Uint16Array.from(data),
    channels,
    depth,
  });
}

// Two by two: white, black, red, grey 51 (0.2).
const colours = png([255, 255, 255, 0, 0, 0, 255, 0, 0, 51, 51, 51], 2, 2, 3);

function expectValues(image: { data: Float64Array }, expected: number[]): void {
  expect(image.data).toHaveLength(expected.length);
  for (const [index, value] of expected.entries()) expect(image.data[index]).toBeCloseTo(value, 12);
}

describe("fluxFromPicture", () => {
  it("is max minus the sum of the channels, bottom row first", () => {
    const flux = fluxFromPicture(colours);
    expect(flux.shape).toEqual([2, 2]);
    expectValues(flux, [2, 2.4, 0, 3]);
    expectValues(fluxFromPicture(colours, { flip: false }), [0, 3, 2, 2.4]);
    expectValues(fluxFromPicture(colours, { flip: false, invert: true }), [3, 0, 1, 0.6]);
  });

  it("reads grey, 16 bits, and lays transparent pixels on white", () => {
    expectValues(fluxFromPicture(png([255, 0, 51], 3, 1, 1)), [0, 3, 2.4]);
    expectValues(fluxFromPicture(png([65535, 0, 13107], 3, 1, 1, 16)), [0, 3, 2.4]);
    expectValues(fluxFromPicture(png([0, 255, 0, 0, 0, 102], 3, 1, 2)), [3, 0, 1.2]);
    expectValues(fluxFromPicture(png([0, 0, 0, 0, 0, 0, 0, 255], 2, 1, 4)), [0, 3]);
  });

  it("reads palettes and packed grey", () => {
    // Made by hand from the PNG specification: 3 x 2 pixels of 1 bit, rows 101 and 010.
    const packed = handMade(1, 0, []);
    expectValues(fluxFromPicture(packed, { flip: false }), [0, 3, 0, 3, 0, 3]);
    const palette = handMade(1, 3, [0, 0, 0, 255, 255, 0]);
    expectValues(fluxFromPicture(palette, { flip: false }), [0, 2, 0, 2, 0, 2]);
  });

  it("scales to a total flux", () => {
    const flux = fluxFromPicture(colours, { totalFlux: 5000 });
    expect(imageSum(flux)).toBeCloseTo(5000, 9);
    expect(flux.data[3] / flux.data[0]).toBeCloseTo(1.5, 12);
  });

  it("resamples by areas and keeps the total", () => {
    expectValues(fluxFromPicture(colours, { shape: [1, 1] }), [7.4]);
    expectValues(fluxFromPicture(png([255, 0, 0], 3, 1, 1), { shape: [1, 2] }), [1.5, 4.5]);
    const larger = fluxFromPicture(colours, { shape: [3, 5] });
    expect(larger.shape).toEqual([3, 5]);
    expect(imageSum(larger)).toBeCloseTo(7.4, 12);
  });

  it("refuses what is no PNG, or a damaged one", () => {
    const format = (message: string) =>
      expect.objectContaining({ code: "FORMAT", message: expect.stringContaining(message) });
    expect(() => fluxFromPicture(Uint8Array.of(1, 2, 3))).toThrow(
      format("must be a PNG file, got other bytes"),
    );
    const damaged = colours.slice();
    damaged[45] ^= 0xff;
    expect(() => fluxFromPicture(damaged)).toThrow(format("must be a complete PNG file"));
    expect(() => fluxFromPicture(colours.subarray(0, 40))).toThrow(format("must be a complete PNG file"));
    const huge = colours.slice();
    huge.set([0x7f, 0xff, 0xff, 0xff], 16);
    expect(() => fluxFromPicture(huge)).toThrow(format("must have at most 67108864 pixels"));
  });

  it("refuses options that make no sense", () => {
    expect(() => fluxFromPicture(colours, { totalFlux: -1 })).toThrow(
      "totalFlux must be a finite number >= 0, got -1",
    );
    expect(() => fluxFromPicture(colours, { shape: [0, 4] })).toThrow("shape must be two whole numbers >= 1");
    expect(() => fluxFromPicture(png([9, 9], 2, 1, 1), { totalFlux: 10 })).toThrow(
      "must hold more than one colour",
    );
  });
});

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

function chunk(name: string, content: number[]): number[] {
  const body = [...Buffer.from(name, "latin1"), ...content];
  let crc = 0xffffffff;
  for (const byte of body) crc = CRC_TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  const word = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff);
  return [...word(content.length), ...body, ...word(~crc)];
}

/** 3 x 2 pixels, rows 101 and 010, with an optional palette. */
function handMade(depth: number, colourType: number, palette: number[]): Uint8Array {
  // A stored (uncompressed) zlib block of 4 bytes: filter 0, 101xxxxx, filter 0, 010xxxxx; Adler-32 as in RFC 1950.
  const raw = [0, 0b10100000, 0, 0b01000000];
  let a = 1;
  let b = 0;
  for (const byte of raw) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  const zlib = [0x78, 0x01, 1, 4, 0, 0xfb, 0xff, ...raw, b >> 8, b & 0xff, a >> 8, a & 0xff];
  return Uint8Array.from([
    ...[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    ...chunk("IHDR", [0, 0, 0, 3, 0, 0, 0, 2, depth, colourType, 0, 0, 0]),
    ...(palette.length ? chunk("PLTE", palette) : []),
    ...chunk("IDAT", zlib),
    ...chunk("IEND", []),
  ]);
}

const portrait = fileURLToPath(new URL("../../../../shared/data/images/lincoln.png", import.meta.url));
const present = existsSync(portrait);
if (!present) {
  if (process.env.TSLIRA_REQUIRE_SHARED === "1") throw new Error("picture: ../shared is required and absent");
  console.warn("picture: the portrait is skipped, ../shared is absent");
}

describe.skipIf(!present)("the portrait of Esch et al. 2004", () => {
  it("has the flux that pylira reads from it", () => {
    const flux = fluxFromPicture(readFileSync(portrait), { flip: false });
    expect(flux.shape).toEqual([128, 128]);
    expect(flux.data[16 * 128 + 16]).toBe(3); // pylira's test of its dataset "lincoln"
    expect(imageSum(flux)).toBe(13322); // sum of max - (r + g + b) / 255 over the file, a picture in black and white
  });
});
