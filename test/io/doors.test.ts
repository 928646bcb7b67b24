/** Doors to what comes from outside: files that are damaged, disturbed or out of proportion are refused, in time that grows with them. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { csvCell } from "../../src/csv-cell.js";
import { parseDs9Regions } from "../../src/data/regions/ds9-region.js";
import { claimPath } from "../../src/io/claim-node.js";
import { gunzip } from "../../src/io/gzip.js";
import { openSealed, sealBytes } from "../../src/io/sealed-bytes-node.js";
import { writeWholeFile } from "../../src/io/whole-file-node.js";
import { parseJson } from "../../src/parse-json.js";
import { shownValue } from "../../src/shown-value.js";

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

  it("is no formula in a cell", () => {
    expect(["=1", "+1", "-1", "@x", "\t=1"].map(csvCell)).toEqual(["'=1", "'+1", "'-1", "'@x", "'\t=1"]);
    expect(csvCell(-1)).toBe("-1");
    expect(csvCell('=A("x")')).toBe('"\'=A(""x"")"');
  });
});
