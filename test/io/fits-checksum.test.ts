import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { gaussianPsf } from "../../src/data/observation/psf.js";
import { binEvents } from "../../src/io/bin-events.js";
import { type FitsHduInput, readFits, writeFits } from "../../src/io/fits.js";
import { hasSums, onesComplementSum } from "../../src/io/fits-checksum.js";
import { openFitsFile, readFitsFile, writeFitsFile } from "../../src/io/fits-file-node.js";
import { readObservationFiles } from "../../src/io/public-datasets-node.js";
import { runCli } from "../cli/run-cli.js";

const CHANDRA = fileURLToPath(
  new URL("../../../shared/data/chandra-gc/chandra-counts-obs-id-4684.fits.gz", import.meta.url),
);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslira-checksum-"));
});
afterEach(() => rm(folder, { recursive: true }));
const inFolder = (name: string) => join(folder, name);

/** The sum as the standard says it, a word at a time (section 4.4.2.7). */
function slowSum(bytes: Uint8Array): number {
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  const view = new DataView(padded.buffer);
  let sum = 0n;
  for (let at = 0; at < padded.length; at += 4) sum += BigInt(view.getUint32(at));
  while (sum >> 32n) sum = (sum & 0xffffffffn) + (sum >> 32n);
  return Number(sum);
}

/** The complement of a sum in 16 letters and digits (appendix J of the standard). */
function encodedSum(sum: number): string {
  const excluded = (code: number) => (code > 57 && code < 65) || (code > 90 && code < 97);
  const letters = new Array<string>(16);
  for (let byte = 0; byte < 4; byte++) {
    const value = ((~sum >>> 0) >>> (24 - 8 * byte)) & 0xff;
    const codes = [0, 1, 2, 3].map((index) => (value >> 2) + 48 + (index === 0 ? value % 4 : 0));
    while (codes.some(excluded)) {
      for (const first of [0, 2]) {
        if (!excluded(codes[first]) && !excluded(codes[first + 1])) continue;
        codes[first]++;
        codes[first + 1]--;
      }
    }
    for (const [index, code] of codes.entries())
      letters[(4 * index + byte + 1) % 16] = String.fromCharCode(code);
  }
  return letters.join("");
}

/** A file whose first (or second) HDU states its sums. */
function summed(hdus: readonly FitsHduInput[], index = 0): Uint8Array {
  const cards = ["SUMDATA", "SUMCHECK"].map((keyword) => ({ keyword, value: "0".repeat(16) }));
  const bytes = writeFits(hdus.map((hdu, at) => (at === index ? { ...hdu, cards } : hdu)));
  const { headerOffset, dataOffset, dataLength } = readFits(bytes).find(({ header }) =>
    header.has("SUMDATA"),
  )!;
  const end = dataOffset + Math.ceil(dataLength / 2880) * 2880;
  const put = (keyword: string, card: string) => {
    const text = new TextDecoder("latin1").decode(bytes.subarray(headerOffset, dataOffset));
    const place = headerOffset + text.search(new RegExp(`${keyword.padEnd(8)}=`));
    bytes.set(new TextEncoder().encode(card.padEnd(80)), place);
  };
  put("SUMDATA", `DATASUM = '${slowSum(bytes.subarray(dataOffset, end))}'`);
  put("SUMCHECK", `CHECKSUM= '${"0".repeat(16)}'`);
  put("CHECKSUM", `CHECKSUM= '${encodedSum(slowSum(bytes.subarray(headerOffset, end)))}'`);
  return bytes;
}

const image: FitsHduInput = {
  kind: "image",
  shape: [16, 16],
  data: Int32Array.from({ length: 256 }, (_, index) => (index === 119 ? 200 : index % 3)),
};
const events: FitsHduInput = {
  kind: "table",
  name: "EVENTS",
  columns: [
    { name: "X", format: "D", values: [1, 2, 3] },
    { name: "Y", format: "D", values: [1, 2, 3] },
  ],
};
/** Bytes with one bit turned over. */
function damaged(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] ^= 1;
  return copy;
}
const DATA_SAID = /^.*\[.*\]: DATASUM should be the sum of the data, \d+, got \d+; the data were changed/;
const HEADER_SAID =
  /CHECKSUM should make the sum of header and data 4294967295, got \d+; the header was changed/;

describe("sums of HDUs", () => {
  it("are those of the standard, wherever the bytes lie", () => {
    const bytes = Uint8Array.from({ length: 4321 }, (_, index) => (index * index + 77) % 251);
    for (const [from, to] of [
      [0, 4320],
      [0, 4321],
      [1, 4318],
      [3, 4],
      [8, 8],
    ])
      expect(onesComplementSum(bytes.subarray(from, to))).toBe(slowSum(bytes.subarray(from, to)));
    // More than fits in 32 bits, many times over.
    const full = new Uint8Array(2 ** 23 + 4).fill(0xff);
    expect(onesComplementSum(full)).toBe(0xffffffff);
  });

  it.skipIf(!existsSync(CHANDRA))("agree with what CIAO wrote", async () => {
    const hdus = await readFitsFile(CHANDRA);
    // The image and five tables of good times.
    expect(hdus.filter(({ header }) => hasSums(header))).toHaveLength(6);
    for (const { warnings } of hdus) expect(warnings).toBeUndefined();
  });

  it("say what was changed, and nothing of what was not or states none", () => {
    for (const bytes of [summed([image]), summed([image, events], 1), writeFits([image, events])])
      for (const hdu of readFits(bytes)) expect(hdu.warnings).toBeUndefined();
    const bytes = summed([image]);
    const [{ dataOffset, header }] = readFits(bytes);
    const stated = Number(header.text("DATASUM"));
    const [{ warnings = [] }] = readFits(damaged(bytes, dataOffset + 3), { name: "a.fits" });
    expect(warnings).toEqual([
      `a.fits[0]: DATASUM should be the sum of the data, ${stated + 1}, got ${stated}; the data were changed after it was written, or are damaged`,
    ]);
    // A letter of a comment.
    const edited = readFits(damaged(bytes, 60))[0].warnings;
    expect(edited).toEqual([expect.stringMatching(HEADER_SAID)]);
    const text = new TextDecoder("latin1").decode(bytes);
    for (const blank of ["0", "", "0000000000000000"]) {
      const unsaid = text.replace(/(DATASUM |CHECKSUM)= '[^']*' */g, (card, keyword) =>
        `${keyword}= '${blank}'`.padEnd(card.length),
      );
      const [hdu] = readFits(
        damaged(
          Uint8Array.from(unsaid, (letter) => letter.charCodeAt(0)),
          dataOffset,
        ),
      );
      expect(hdu.warnings).toBeUndefined();
    }
  });

  it("are compared in files, plain and gzip, of what is read whole", async () => {
    const good = summed([image]);
    const bad = damaged(good, readFits(good)[0].dataOffset + 3);
    await writeFile(inFolder("a.fits"), bad);
    await writeFile(inFolder("a.fits.gz"), gzipSync(bad));
    await writeFile(inFolder("good.fits"), good);
    for (const name of ["a.fits", "a.fits.gz", "good.fits"]) {
      const said = name === "good.fits" ? undefined : [expect.stringMatching(DATA_SAID)];
      expect((await readFitsFile(inFolder(name)))[0].warnings).toEqual(said);
      const file = await openFitsFile(inFolder(name));
      expect((await file.readHdu(0)).warnings).toEqual(said);
      await file.close();
    }
    const file = await openFitsFile(inFolder("a.fits"));
    expect((await file.readHdu(0, { cutout: { x: [0, 8], y: [0, 8] } })).warnings).toBeUndefined();
    await file.close();
  });

  it("are told of observations, event lists and by tslira info", async () => {
    const good = summed([image]);
    await writeFile(inFolder("counts.fits"), damaged(good, readFits(good)[0].dataOffset + 3));
    const psf = gaussianPsf(1, [5, 5]);
    await writeFitsFile(inFolder("psf.fits"), [{ kind: "image", shape: [5, 5], data: psf.data }]);
    const { notes } = await readObservationFiles({
      ...{ counts: inFolder("counts.fits"), psf: inFolder("psf.fits") },
    });
    expect(notes).toContainEqual(expect.stringMatching(DATA_SAID));
    const list = summed([{ kind: "empty" }, events], 1);
    const [, hdu] = readFits(damaged(list, readFits(list)[1].dataOffset + 7));
    expect(binEvents(hdu).notes).toContainEqual(expect.stringMatching(DATA_SAID));
    await writeFile(inFolder("events.fits"), damaged(list, readFits(list)[1].dataOffset + 7));
    for (const name of ["counts.fits", "events.fits"]) {
      const { stdout } = await runCli(folder, "info", name);
      expect(stdout).toMatch(/Warning: .*DATASUM should be the sum of the data/);
      const told = JSON.parse((await runCli(folder, "info", name, "--json")).stdout);
      expect(told.hdus.at(-1).warnings).toEqual([expect.stringMatching(DATA_SAID)]);
    }
  });
});
