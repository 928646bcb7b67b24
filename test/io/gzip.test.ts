import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { readFitsMaybeGzip, writeFits } from "../../src/io/fits.js";
import { crc32, gunzip, gunzipByStream } from "../../src/io/gzip.js";
import { gunzipNode, gzipNode } from "../../src/io/gzip-node.js";

/** The three ways to decompress: in the browser with and without the platform's stream, and in Node. */
const ways = [
  ["platform", gunzip],
  ["stream", async (...args: Parameters<typeof gunzipByStream>) => gunzipByStream(...args)],
  ["node", gunzipNode],
] as const;

function join(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

const noise = (length: number) => Uint8Array.from({ length }, (_, at) => (at * 2654435761) >>> 11);

afterEach(() => vi.unstubAllGlobals());

describe.each(ways)("gunzip: %s", (_, decompress) => {
  it("several members, empty ones too, and zero padding", async () => {
    const member = fc.uint8Array({ maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(member, { minLength: 1, maxLength: 5 }),
        fc.nat(3000),
        async (members, padding) => {
          const packed = join(...members.map((bytes) => gzipSync(bytes)), new Uint8Array(padding));
          expect(await decompress(packed)).toEqual(join(...members));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("large members, also when a member ends where a step of the input does", async () => {
    const large = noise(400_000);
    const packed = gzipSync(large, { level: 1 });
    // Buffer.compare: far faster than toEqual on large arrays.
    expect(Buffer.compare(await decompress(join(packed, packed)), join(large, large))).toBe(0);
    const stored = gzipSync(new Uint8Array(noise(16_384 - 23)), { level: 0 });
    expect(stored.length).toBe(16_384);
    expect(Buffer.compare(await decompress(join(stored, packed)), join(noise(16_384 - 23), large))).toBe(0);
    expect(await decompress(join(stored, new Uint8Array(512)))).toEqual(noise(16_384 - 23));
  });

  it("names, comments and extra fields in the header", async () => {
    const plain = gzipSync(Uint8Array.of(1, 2, 3));
    const extra = Uint8Array.of(2, 0, 9, 9);
    const name = new TextEncoder().encode("file.fits\0");
    const packed = join(plain.subarray(0, 10), extra, name, plain.subarray(10));
    packed[3] = 4 | 8;
    expect(await decompress(packed)).toEqual(Uint8Array.of(1, 2, 3));
  });

  it("damage of any kind is a FormatError", async () => {
    const packed = new Uint8Array(gzipSync(noise(2000)));
    const checksum = packed.slice();
    checksum[packed.length - 6] = checksum[packed.length - 6] ^ 1;
    const length = packed.slice();
    length[packed.length - 3] = length[packed.length - 3] ^ 1;
    const damaged = [
      packed.subarray(0, packed.length >> 1),
      packed.subarray(0, packed.length - 1),
      packed.subarray(0, packed.length - 8),
      packed.subarray(0, 5),
      checksum,
      length,
      join(checksum, packed),
      join(packed, Uint8Array.of(1, 2, 3)),
      join(packed, packed.subarray(0, packed.length >> 1)),
      Uint8Array.of(0x1f, 0x8b),
      Uint8Array.of(1, 2, 3),
    ];
    for (const [index, bytes] of damaged.entries()) {
      const outcome = await decompress(bytes).then(
        (result) => `${result.length} bytes`,
        (error) => error.code,
      );
      expect(outcome, `case ${index}`).toBe("FORMAT");
    }
  });

  it("stops a bomb at the limit", async () => {
    const bomb = new Uint8Array(gzipSync(new Uint8Array(50_000_000)));
    const limit = { name: "bomb.gz", maxBytes: 1_000_000 };
    await expect(decompress(bomb, limit)).rejects.toThrow(
      /bomb.gz: must decompress to at most 1000000 bytes/,
    );
    const exact = new Uint8Array(gzipSync(new Uint8Array(1_000_000)));
    expect(await decompress(exact, limit)).toHaveLength(1_000_000);
  });
});

it("falls back to the stream where a platform stops after the first member", async () => {
  class FirstMemberOnly {
    readonly readable: ReadableStream<Uint8Array>;
    readonly writable: WritableStream<Uint8Array>;
    constructor() {
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>({
        start: (controller) => controller.enqueue(Uint8Array.of(1)),
        transform: () => {},
      });
      this.readable = readable;
      this.writable = writable;
    }
  }
  vi.stubGlobal("DecompressionStream", FirstMemberOnly);
  const packed = join(gzipSync(Uint8Array.of(1)), gzipSync(Uint8Array.of(2)));
  expect(await gunzip(packed)).toEqual(Uint8Array.of(1, 2));
  vi.stubGlobal("DecompressionStream", undefined);
  expect(await gunzip(packed)).toEqual(Uint8Array.of(1, 2));
});

it("checksums as zlib does", () => {
  // Check value of CRC-32 in the catalogue of CRC algorithms: the digits 1 to 9.
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
});

it("compression has no time in it and can be undone", async () => {
  const bytes = noise(10_000);
  const packed = await gzipNode(bytes);
  expect(await gzipNode(bytes)).toEqual(packed);
  expect(packed.subarray(0, 10).slice(4, 8)).toEqual(new Uint8Array(4));
  expect(packed[9]).toBe(255);
  expect(new Uint8Array(gunzipSync(packed))).toEqual(bytes);
});

it("FITS, compressed or not", async () => {
  const file = writeFits([{ kind: "image", shape: [2], data: Uint8Array.of(1, 2) }]);
  expect(await readFitsMaybeGzip(file)).toHaveLength(1);
  const hdus = await readFitsMaybeGzip(await gzipNode(file), { name: "a.fits.gz" });
  expect(hdus[0]).toMatchObject({ kind: "image", shape: [2], label: "a.fits.gz[0]" });
  await expect(readFitsMaybeGzip(await gzipNode(Uint8Array.of(1)))).rejects.toMatchObject({ code: "FORMAT" });
  await expect(readFitsMaybeGzip(await gzipNode(file), { maxBytes: 0 })).rejects.toMatchObject({
    code: "INVALID_INPUT",
  });
});
