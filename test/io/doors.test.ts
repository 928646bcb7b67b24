/** Doors to what comes from outside: files that are damaged, disturbed or out of proportion are refused, in time that grows with them. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { oneLine } from "../../src/cli/exit.js";
import { parseBytes, parseSeconds } from "../../src/cli/option-values.js";
import { csvCell } from "../../src/csv-cell.js";
import { parseDs9Regions } from "../../src/data/regions/ds9-region.js";
import { regionElements } from "../../src/figures/region-outlines.js";
import { claimPath } from "../../src/io/claim-node.js";
import { parseEventName } from "../../src/io/event-name.js";
import {
  type FitsHdu,
  type FitsImageHdu,
  fitsCard,
  parseFitsName,
  readFits,
  readImageData,
  writeFits,
} from "../../src/io/fits.js";
import { gunzip } from "../../src/io/gzip.js";
import { parsePsfName } from "../../src/io/named-psf.js";
import { splitPlace } from "../../src/io/psf-stack-node.js";
import { openSealed, sealBytes } from "../../src/io/sealed-bytes-node.js";
import { parseUnit } from "../../src/io/unit.js";
import { writeWholeFile } from "../../src/io/whole-file-node.js";
import { parseJson } from "../../src/parse-json.js";
import { regionsFromDs9 } from "../../src/posterior/region-file.js";
import { shownValue } from "../../src/shown-value.js";
import { escapeXml } from "../../src/xml-text.js";

const folder = mkdtempSync(join(tmpdir(), "tslira-doors-"));
afterAll(() => rmSync(folder, { recursive: true }));
const codeOf = async (work: () => unknown) => {
  try {
    await work();
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return "no error";
};

describe("gzip", () => {
  const member = gzipSync(
    Buffer.from(Uint8Array.from({ length: 5000 }, (_, index) => (index * index) % 251)),
  );

  it("reads members and zeros after them", async () => {
    const bytes = Buffer.concat([member, member, gzipSync(""), Buffer.alloc(100)]);
    expect((await gunzip(bytes)).length).toBe(10_000);
  });

  it("refuses a damaged member that equals an intact one, with zeros behind", async () => {
    const second = Buffer.from(member);
    second.fill(0xff, 12, 40);
    const bytes = Buffer.concat([member, second, Buffer.alloc(500)]);
    expect(await codeOf(() => gunzip(bytes))).toBe("FORMAT");
    const cut = Buffer.concat([member, member.subarray(0, 10), Buffer.alloc(500)]);
    expect(await codeOf(() => gunzip(cut))).toBe("FORMAT");
  });
});

describe("sealed bytes", () => {
  it("tell every changed bit and every lost byte", () => {
    const sealed = sealBytes(Uint8Array.from({ length: 40 }, (_, index) => index));
    expect([...openSealed("x", sealed)]).toEqual([...Array(40).keys()]);
    for (let bit = 0; bit < 8 * sealed.length; bit++) {
      const other = sealed.slice();
      other[bit >> 3] ^= 1 << (bit & 7);
      expect(() => openSealed("x", other)).toThrow("checksum");
    }
    for (let length = 0; length < sealed.length; length++) {
      expect(() => openSealed("x", sealed.subarray(0, length))).toThrow("checksum");
    }
  });
});

describe("claims", () => {
  it("are held by one at a time, and told with process and age", () => {
    const path = join(folder, "result.fits");
    const first = claimPath(path);
    expect(() => claimPath(path)).toThrow(`got process ${process.pid} on`);
    first.release();
    claimPath(path).release();
  });

  it("and temporary files of a program that is gone are removed", async () => {
    const claim = claimPath(join(folder, "r.fits"));
    const [lock] = readdirSync(folder).filter((name) => name.startsWith(".r.fits."));
    claim.release();
    // No process has the number 2^22 or more (proc(5), pid_max).
    const dead = lock.replace(`.${process.pid}.`, `.${2 ** 22 + 1}.`);
    writeFileSync(join(folder, dead), "");
    const left = join(folder, dead.replace(/lock$/, "tmp"));
    writeFileSync(left, "half of a result");
    claimPath(join(folder, "r.fits")).release();
    expect(existsSync(join(folder, dead))).toBe(false);
    await writeWholeFile(join(folder, "r.fits"), "whole");
    expect(existsSync(left)).toBe(false);
  });
});

describe("tiles of a compressed image", () => {
  /** An image of bytes in tiles of 8 x 8. */
  function tiled(algorithm: string, side: number, tile: Uint8Array): FitsHdu {
    // The writer leaves these keywords to nobody: they get their first letter afterwards.
    const cards = [
      ...[fitsCard("QIMAGE", true), fitsCard("QCMPTYPE", algorithm), fitsCard("QBITPIX", 8)],
      ...[fitsCard("QNAXIS", 2), fitsCard("QNAXIS1", side), fitsCard("QNAXIS2", side)],
      ...[fitsCard("QTILE1", side), fitsCard("QTILE2", side)],
    ];
    const columns = [{ name: "COMPRESSED_DATA", format: "1PB" as const, values: [tile] }];
    const bytes = writeFits([{ kind: "empty" }, { kind: "table", name: "TILES", cards, columns }]);
    const words = Buffer.from(bytes).toString("latin1");
    const named = words.replace(/Q(IMAGE|CMPTYPE|BITPIX|NAXIS|TILE)/g, "Z$1");
    return readFits(Uint8Array.from(Buffer.from(named, "latin1")))[1];
  }

  it("hold as many values as the tile has pixels", () => {
    const read = (algorithm: string, tile: Uint8Array) =>
      readImageData(tiled(algorithm, 8, tile) as FitsImageHdu);
    expect(read("NOCOMPRESS", new Uint8Array(64).fill(7)).data[63]).toBe(7);
    for (const length of [1, 63, 65, 128]) {
      const tile = new Uint8Array(length);
      expect(() => read("NOCOMPRESS", tile)).toThrow(`got ${length} bytes for 64 pixels`);
      expect(() => read("GZIP_1", gzipSync(tile))).toThrow(`got ${length} bytes for 64 pixels`);
    }
    expect(() => read("GZIP_1", gzipSync(new Uint8Array(2 ** 24)))).toThrow(
      "got a tile of more than 512 bytes",
    );
  });

  it.each(["RICE_1", "GZIP_1", "HCOMPRESS_1", "PLIO_1", "NOCOMPRESS"])(
    "of %s hold the image",
    (algorithm) => {
      for (const side of [30_000, 2 ** 30]) {
        const hdu = tiled(algorithm, side, new Uint8Array(64)) as FitsImageHdu;
        expect(() => readImageData(hdu)).toThrow(`bytes for an image of ${side ** 2}`);
      }
    },
  );
});

describe("text", () => {
  it("of brackets without end is refused, and shown without a crash", () => {
    const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
    expect(() => parseJson(deep, "x.json", "correct it")).toThrow("nested at most 64 levels");
    expect(shownValue(JSON.parse(deep))).toBe("a nested list");
    expect(parseJson('{"a":"[[[\\"["}', "x.json", "correct it")).toEqual({ a: '[[["[' });
  });

  it("of JSON with a key twice in one object is refused with the line of the second", () => {
    const read = (json: string) => parseJson(json, "x.json", "correct it");
    expect(() =>
      read('{"a": {"psf": 1},\n "b": [{"psf": 2}, 3,\n {"c": "x", "psf": 1, "\\u0070sf": 2}]}'),
    ).toThrow('x.json: each key of an object must be there once, got "psf" again in line 3; correct it');
    expect(() => read('{"": 1, "a": {}, "": 2}')).toThrow('got "" again');
    // The same words elsewhere: of other objects, as values, in lists.
    const good = '{"a": "a", "b": {"a": ["a", "a", {"a": "\\"b\\""}], "b": []}, "c": {"a,{": "b"}}';
    expect(read(good)).toEqual(JSON.parse(good));
  });

  it("of a region of 300,000 digits, and 20,000 regions of one name, take linear time", () => {
    const start = performance.now();
    expect(() => parseDs9Regions(`image;circle(${"1".repeat(300_000)}x,1,1)`)).toThrow("positions such as");
    const { regions } = parseDs9Regions(`image\n${"circle(4,4,1) # tag={src}\n".repeat(20_000)}`);
    expect(new Set(regions.map(({ name }) => name)).size).toBe(20_000);
    // A second where nothing else runs; the quadratic way took more than a minute.
    expect(performance.now() - start).toBeLessThan(30_000);
  });

  // Each took minutes while its pattern went back at every character.
  it("of names, units, lengths and marks without end takes linear time", () => {
    const long = 300_000;
    expect(parseUnit(`^${" ".repeat(long)}`).words).toEqual([]);
    expect(parseFitsName(`${"][".repeat(long)}x`)).toEqual({ path: `${"][".repeat(long)}x` });
    expect(() => parseEventName(`${"][".repeat(long)}[[]`)).toThrow("got []");
    expect(() => parsePsfName(`gaussian:fwhm=${"1".repeat(long)}x`)).toThrow("fwhm");
    expect(() => parsePsfName(`gaussian:fwhm=${" ".repeat(long)}\n=`)).toThrow("fwhm must be a length");
    expect(splitPlace(`a@${"1".repeat(long)}`).place).toBe("");
    const [region] = parseDs9Regions(`image\ncircle(4,4,1) #${" text={".repeat(long)} tag="a"`).regions;
    expect(region.name).toBe("a");
    expect(() => parseDs9Regions(`image\ncircle(4,4,1)${" ".repeat(long)}1`)).toThrow("must be a shape");
    expect(() => parseSeconds(`0${" ".repeat(long)}x`)).toThrow("Give a time");
    expect(() => parseBytes(`0${" ".repeat(long)}x`)).toThrow("Give a size");
    expect(oneLine(`a${" ".repeat(long)}b`)).toHaveLength(long + 2);
  });

  it("of regions with 200,000 corners or terms is drawn and measured", () => {
    const corners = Array.from({ length: 200_000 }, (_, at) => `${(at % 2) * 6 + 1},${(at % 3) * 2 + 1}`);
    const polygon = `image\npolygon(${corners.join(",")}) # text={wide}`;
    const box = { nx: 8, ny: 8, width: 80, height: 80 };
    expect(regionElements(parseDs9Regions(polygon).regions, box)).toContain(">wide</text>");
    const joined = `image;${"circle(1,1,1)||".repeat(200_000)}circle(1,1,1)`;
    expect(regionsFromDs9(joined, [2, 2]).regions).toHaveLength(1);
  });

  it("of brackets behind a name is an HDU and a plane", () => {
    expect(parseFitsName("a[b].fits[0][3]")).toEqual({ path: "a[b].fits", extension: 0, plane: 3 });
    expect(parseFitsName("a.fits[x=[1]]")).toEqual({ path: "a.fits[x=[1]]" });
    expect(parseFitsName("a.fits[EVENTS][pi=1]")).toEqual({ path: "a.fits", extension: "EVENTS][pi=1" });
    expect(() => parseFitsName("a.fits[]")).toThrow("path[extension]");
    expect(() => parseFitsName("[0][3]")).toThrow("path[extension]");
  });

  it("commands no terminal and breaks no XML", () => {
    const [region] = parseDs9Regions("image\ncircle(4,4,1) # text={a\u001b[31mb\u0000}").regions;
    expect(region.name).toBe("a [31mb");
    expect(oneLine("a\u001b[2J\r\n\u009b b")).toBe("a\\u001b[2J \\u009b b");
    expect(escapeXml("a\u0001\ufffe<\u001b é😀\t")).toBe("a\ufffd\ufffd&lt;\ufffd é😀\t");
  });

  it("is no formula in a cell", () => {
    expect(["=1", "+1", "-1", "@x", "\t=1"].map(csvCell)).toEqual(["'=1", "'+1", "'-1", "'@x", "'\t=1"]);
    // Full-width signs, blanks and line ends before them are taken off by spreadsheets.
    expect([" =1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff201"].map((text) => csvCell(text)[0])).toEqual(
      Array(5).fill("'"),
    );
    expect(csvCell("\n=1")).toBe('"\'\n=1"');
    expect(csvCell(-1)).toBe("-1");
    expect(csvCell('=A("x")')).toBe('"\'=A(""x"")"');
  });
});
