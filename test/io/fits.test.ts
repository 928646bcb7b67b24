import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  columnNumbers,
  type FitsHduInput,
  findColumn,
  findHdu,
  fitsCard,
  imageToSkyImage,
  type PixelArray,
  parseFitsName,
  readFits,
  readImageData,
  readStoredImage,
  readTable,
  writeFits,
} from "../../src/io/fits.js";
import { formatHeader } from "../../src/io/fits-header.js";

const BLOCK = 2880;

function thrownCode(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return "nothing";
}

/** A file from header cards and data, written by hand so that it may break every rule. */
function rawFile(
  cards: readonly (readonly [string, string | number | boolean | bigint])[],
  data = new Uint8Array(0),
) {
  const header = formatHeader(cards.map(([keyword, value]) => fitsCard(keyword, value)));
  const file = new Uint8Array(header.length + Math.ceil(data.length / BLOCK) * BLOCK);
  file.set(header);
  file.set(data, header.length);
  return file;
}

/** The same of two HDUs, the first without data. */
function rawFileOf(
  first: Parameters<typeof rawFile>[0],
  second: Parameters<typeof rawFile>[0],
  data: Uint8Array<ArrayBuffer>,
) {
  const [one, two] = [rawFile(first), rawFile(second, data)];
  const file = new Uint8Array(one.length + two.length);
  file.set(one);
  file.set(two, one.length);
  return file;
}

const primary = [
  ["SIMPLE", true],
  ["BITPIX", 8],
  ["NAXIS", 0],
] as const;

describe("images", () => {
  const types = [
    Uint8Array,
    Int8Array,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
  ] as const;

  it.each(types)("round trip of %o of any shape", (Type) => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 }),
        fc.uint8Array({ minLength: 256 * 8, maxLength: 256 * 8 }),
        (shape, noise) => {
          const size = shape.reduce((product, length) => product * length, 1);
          const data = new Type(noise.slice().buffer, 0, size);
          const [hdu] = readFits(writeFits([{ kind: "image", shape, data }]));
          const image = readImageData(hdu!);
          expect(image.shape).toEqual(shape);
          expect(image.data).toBeInstanceOf(Type);
          expect(image.data).toEqual(data);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("64-bit integers: stored exactly, numbers only while they are exact", () => {
    const data = BigInt64Array.of(2n ** 62n, -5n);
    const [hdu] = readFits(writeFits([{ kind: "image", shape: [2], data }]));
    expect(readStoredImage(hdu!).data).toEqual(data);
    expect(() => readImageData(hdu!)).toThrow(/2\^53.*4611686018427387904/);
    const [small] = readFits(writeFits([{ kind: "image", shape: [2], data: BigUint64Array.of(7n, 0n) }]));
    expect(readImageData(small!).data).toEqual(Float64Array.of(7, 0));
  });

  it("scale, zero point and blank value", () => {
    const cards = [
      ["SIMPLE", true],
      ["BITPIX", 16],
      ["NAXIS", 1],
      ["NAXIS1", 3],
      ["BSCALE", 0.5],
      ["BZERO", 10],
      ["BLANK", -1],
      ["BUNIT", "counts"],
    ] as const;
    const [hdu] = readFits(rawFile(cards, Uint8Array.of(0, 4, 255, 255, 255, 254)));
    expect(readImageData(hdu!)).toEqual({
      shape: [3],
      data: Float64Array.of(12, Number.NaN, 9),
      unit: "counts",
    });
  });

  it("becomes a sky image when all but two axes have length 1", () => {
    const data = Int16Array.of(1, 2, 3, 4, 5, 6);
    const [good] = readFits(writeFits([{ kind: "image", shape: [1, 1, 2, 3], data }]));
    expect(imageToSkyImage(good!)).toEqual({ data: Float64Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] });
    for (const shape of [[6], [2, 3, 1], [3, 2, 1, 1]]) {
      const hdu = readFits(writeFits([{ kind: "image", shape, data }]))[0];
      if (shape.length === 1 || shape[0] !== 1) expect(thrownCode(() => imageToSkyImage(hdu))).toBe("FORMAT");
    }
  });

  it("are written of several arrays, which may begin within a word of eight bytes", () => {
    // Of 1 to 8 bytes a value; five values fill no words, and others cross the border of a slice of a megabyte.
    const length = 2 ** 18 + 3;
    for (const type of [Uint8Array, Int16Array, Uint16Array, Float32Array, Float64Array] as const) {
      const whole = new type(5 + length + 1);
      for (let index = 0; index < whole.length; index++) whole[index] = index % 251;
      const parts = [whole.subarray(0, 5), whole.subarray(5, 5 + length), whole.subarray(5 + length)];
      const shape = [whole.length];
      expect(
        Buffer.compare(
          writeFits([{ kind: "image", shape, data: parts as PixelArray[] }]),
          writeFits([{ kind: "image", shape, data: whole }]),
        ),
      ).toBe(0);
    }
    const mixed = [new Float32Array(1), new Float64Array(1)];
    expect(() => writeFits([{ kind: "image", shape: [2], data: mixed }])).toThrow(
      /some of one type, got Float32Array, Float64Array/,
    );
  });

  it("tell how much of the file is written", () => {
    const told: [number, number][] = [];
    const data = new Float32Array(2 ** 20);
    const file = writeFits(
      [
        { kind: "image", shape: [data.length], data },
        { kind: "table", name: "T", columns: [{ name: "x", format: "D", values: [1, 2] }] },
      ],
      { onProgress: (written, bytes) => told.push([written, bytes]) },
    );
    const written = told.map(([bytes]) => bytes);
    expect(written).toEqual(written.toSorted((a, b) => a - b));
    expect([written[0], written.at(-1)]).toEqual([0, file.length]);
    expect(told.every(([, bytes]) => bytes === file.length)).toBe(true);
    // Four megabytes of pixels, each with a word of its own.
    expect(written.filter((bytes) => bytes > 0 && bytes < 2880 + 4 * 2 ** 20)).toHaveLength(3);
  });

  it("refuses data that do not fill the shape", () => {
    const wrong: FitsHduInput = { kind: "image", shape: [2, 2], data: new Float32Array(3) };
    expect(() => writeFits([wrong])).toThrow(/must hold 4 values.*got 3/);
    expect(
      thrownCode(() => writeFits([{ kind: "image", shape: [1], data: [1] as never as PixelArray }])),
    ).toBe("INVALID_INPUT");
  });
});

describe("tables", () => {
  const rows = 3;
  const columns = [
    { name: "flag", format: "L", values: [true, false, null] },
    { name: "flags", format: "2L", values: [true, false, true, true, null, false] },
    { name: "bits", format: "11X", values: Uint8Array.from({ length: 33 }, (_, at) => (at % 3) & 1) },
    { name: "byte", format: "B", values: Uint8Array.of(0, 128, 255) },
    { name: "sbyte", format: "B", values: Int8Array.of(-128, 0, 127) },
    { name: "short", format: "I", values: Int16Array.of(-32768, 0, 32767) },
    { name: "ushort", format: "2I", values: Uint16Array.of(0, 1, 32768, 65535, 5, 6) },
    { name: "int", format: "J", values: Int32Array.of(-(2 ** 31), 0, 2 ** 31 - 1), unit: "s" },
    { name: "uint", format: "J", values: Uint32Array.of(0, 2 ** 31, 2 ** 32 - 1) },
    { name: "long", format: "K", values: BigInt64Array.of(-(2n ** 63n), 0n, 2n ** 63n - 1n) },
    { name: "ulong", format: "K", values: BigUint64Array.of(0n, 2n ** 63n, 2n ** 64n - 1n) },
    { name: "float", format: "E", values: Float32Array.of(1.5, Number.NaN, Number.POSITIVE_INFINITY) },
    { name: "cube", format: "6D", dim: [2, 3], values: Float64Array.from({ length: 18 }, (_, at) => at / 7) },
    { name: "complex", format: "C", values: Float32Array.of(1, 2, 3, 4, 5, 6) },
    { name: "complexes", format: "2M", values: Float64Array.from({ length: 12 }, (_, at) => at) },
    { name: "text", format: "5A", values: ["ab", "", "it's"] },
    { name: "texts", format: "6A", dim: [2], values: ["a", "bc", "def", "", "x y", "z"] },
    { name: "wide", format: "40B", values: Uint8Array.from({ length: 120 }, (_, at) => at) },
    { name: "none", format: "0E", values: new Float32Array(0) },
    { name: "list", format: "PE", values: [Float32Array.of(1, 2), new Float32Array(0), Float32Array.of(3)] },
    { name: "names", format: "PA", values: ["one", "", "three"] },
    {
      name: "masks",
      format: "QX",
      values: [Uint8Array.of(1, 0, 1), Uint8Array.of(), new Uint8Array(9).fill(1)],
    },
    {
      name: "ids",
      format: "QK",
      values: [BigInt64Array.of(1n), BigInt64Array.of(-2n, 3n), BigInt64Array.of()],
    },
    {
      name: "ucounts",
      format: "PI",
      values: [Uint16Array.of(65535), Uint16Array.of(), Uint16Array.of(0, 1)],
    },
    { name: "yes", format: "PL", values: [[true], [], [false, null]] },
    {
      name: "pairs",
      format: "PC",
      values: [Float32Array.of(1, 2), new Float32Array(0), new Float32Array(4)],
    },
  ];

  it("round trip of every format", () => {
    const file = writeFits([{ kind: "table", name: "ALL", columns }]);
    expect(file.length % BLOCK).toBe(0);
    const hdus = readFits(file);
    expect(hdus.map(({ kind, name }) => [kind, name])).toEqual([
      ["empty", "PRIMARY"],
      ["table", "ALL"],
    ]);
    const table = readTable(hdus[1]);
    expect(table.rows).toBe(rows);
    for (const { name, values } of columns) {
      const column = findColumn(table, name)!;
      expect(column.values, name).toEqual(values);
      expect(column.values.constructor, name).toBe(values.constructor);
    }
    const shape = (name: string) => findColumn(table, name)!.shape;
    expect([shape("int"), shape("ushort"), shape("cube"), shape("texts"), shape("complexes")]).toEqual([
      [],
      [2],
      [2, 3],
      [2],
      [2, 2],
    ]);
    expect(findColumn(table, "int")!.unit).toBe("s");
    expect(findColumn(table, "list")!.variable).toBe(true);
  });

  it("leaves the bytes it reads alone, also those of a Buffer, whose slices share memory", () => {
    const file = writeFits([{ kind: "table", columns }]);
    const buffer = Buffer.from(file);
    const [, hdu] = readFits(buffer);
    expect(readTable(hdu!)).toEqual(readTable(readFits(file)[1]));
    expect(Buffer.compare(buffer, file)).toBe(0);
  });

  it("reads only the columns and rows asked for", () => {
    const [, hdu] = readFits(writeFits([{ kind: "table", columns }]));
    const table = readTable(hdu!, { columns: ["TEXT", "short"], rows: [1, 3] });
    expect(table.rows).toBe(2);
    expect(table.columns.map(({ values }) => values)).toEqual([["", "it's"], Int16Array.of(0, 32767)]);
    expect(thrownCode(() => readTable(hdu!, { columns: ["absent"] }))).toBe("INVALID_INPUT");
    expect(thrownCode(() => readTable(hdu!, { rows: [0, 4] }))).toBe("INVALID_INPUT");
  });

  it("missing integers read as NaN; 64-bit ones are marked", () => {
    const cards = [
      ["XTENSION", "BINTABLE"],
      ["BITPIX", 8],
      ["NAXIS", 2],
      ["NAXIS1", 9],
      ["NAXIS2", 2],
      ["PCOUNT", 0],
      ["GCOUNT", 1],
      ["TFIELDS", 2],
      ["TFORM1", "1B"],
      ["TNULL1", 9],
      ["TSCAL1", 2],
      ["TFORM2", "K"],
      ["TNULL2", -1],
    ] as const;
    const data = Uint8Array.of(9, ...new Array(8).fill(255), 4, 0, 0, 0, 0, 0, 0, 0, 6);
    const head = rawFile(primary);
    const tail = rawFile(cards, data);
    const file = new Uint8Array(head.length + tail.length);
    file.set(head);
    file.set(tail, head.length);
    const { columns: found } = readTable(readFits(file)[1]);
    expect(found[0].values).toEqual(Float64Array.of(Number.NaN, 8));
    expect(found[1].values).toEqual(BigInt64Array.of(-1n, 6n));
    expect(found[1].nullValue).toBe(-1n);
    expect(columnNumbers(found[1])).toEqual(Float64Array.of(Number.NaN, 6));
    expect(found.map(({ name }) => name)).toEqual(["COL1", "COL2"]);
  });

  it("refuses values that a format cannot hold, without changing them", () => {
    const bad = [
      { name: "a", format: "B", values: [256] },
      { name: "a", format: "J", values: [1.5] },
      { name: "a", format: "K", values: [2 ** 60] },
      { name: "a", format: "E", values: ["1"] },
      { name: "a", format: "2A", values: ["abc"] },
      { name: "a", format: "3A", values: ["µ"] },
      { name: "a", format: "2E", values: [1, 2, 3] },
      { name: "a", format: "6E", dim: [4, 2], values: new Float32Array(6) },
      { name: "a", format: "Z", values: [1] },
      { name: "a", format: "PE", values: [1, 2] },
      { name: "a\n", format: "E", values: [1] },
    ];
    for (const column of bad) {
      expect(
        thrownCode(() => writeFits([{ kind: "table", columns: [column as never] }])),
        column.format,
      ).toBe("INVALID_INPUT");
    }
    const twice = [
      { name: "a", format: "J", values: [1] },
      { name: "A", format: "J", values: [1] },
    ];
    expect(() => writeFits([{ kind: "table", columns: twice }])).toThrow(/differ/);
  });

  it("ASCII tables: FORTRAN numbers, implied decimals, missing values", () => {
    const rowsOfText = ["alpha   12 1.5D+01  125", "beta     * 2.5E-1      "];
    const cards = [
      ["XTENSION", "TABLE"],
      ["BITPIX", 8],
      ["NAXIS", 2],
      ["NAXIS1", 23],
      ["NAXIS2", 2],
      ["PCOUNT", 0],
      ["GCOUNT", 1],
      ["TFIELDS", 4],
      ["TTYPE1", "name"],
      ["TFORM1", "A5"],
      ["TBCOL1", 1],
      ["TFORM2", "I4"],
      ["TBCOL2", 7],
      ["TNULL2", "*"],
      ["TFORM3", "D8.2"],
      ["TBCOL3", 11],
      ["TFORM4", "F4.2"],
      ["TBCOL4", 20],
    ] as const;
    const head = rawFile(primary);
    const tail = rawFile(cards, new TextEncoder().encode(rowsOfText.join("")));
    const { columns: found } = readTable(readFits(new Uint8Array([...head, ...tail]))[1]);
    expect(found.map(({ values }) => values)).toEqual([
      ["alpha", "beta"],
      Float64Array.of(12, Number.NaN),
      Float64Array.of(15, 0.25),
      Float64Array.of(1.25, 0),
    ]);
  });
});

describe("files of several HDUs", () => {
  const image: FitsHduInput = { kind: "image", shape: [1], data: Uint8Array.of(1) };

  it("finds HDUs by index, name, and name with version", () => {
    const file = writeFits([
      image,
      { ...image, name: "PSF" },
      { ...image, name: "psf", data: Uint8Array.of(2) },
      { kind: "empty", name: "INFO" },
    ]);
    const hdus = readFits(file);
    expect(findHdu(hdus).index).toBe(0);
    expect(findHdu(hdus, 1).name).toBe("PSF");
    expect(findHdu(hdus, "primary").index).toBe(0);
    expect(findHdu(hdus, "psf").index).toBe(1);
    expect(findHdu(hdus, "PSF,2").index).toBe(2);
    expect(findHdu(hdus, { name: "PSF", version: 2 }).index).toBe(2);
    expect(findHdu(hdus, "INFO").kind).toBe("empty");
    expect(() => findHdu(hdus, "EXPOSURE")).toThrow(
      /must hold HDU "EXPOSURE", got 0 PRIMARY image, 1 PSF image/,
    );
    expect(() => findHdu(hdus, 9)).toThrow(/got 0 PRIMARY/);
  });

  it("takes names with brackets apart", () => {
    expect(parseFitsName("a/b.fits.gz[PSF]")).toEqual({ path: "a/b.fits.gz", extension: "PSF" });
    expect(parseFitsName("b.fits[ 2 ]")).toEqual({ path: "b.fits", extension: 2 });
    expect(parseFitsName("run[1]/b.fits")).toEqual({ path: "run[1]/b.fits" });
    expect(parseFitsName("b.fits[GTI,3]")).toEqual({ path: "b.fits", extension: "GTI,3" });
    expect(() => parseFitsName("b.fits[]")).toThrow(/path\[extension\]/);
    expect(() => parseFitsName("[1]")).toThrow(/path\[extension\]/);
  });

  it("ignores zeros after the last HDU, warns of anything else", () => {
    const file = writeFits([image]);
    const longer = new Uint8Array(file.length + 2 * BLOCK);
    longer.set(file);
    expect(readFits(longer)).toHaveLength(1);
    longer.fill(65, file.length);
    expect(readFits(longer, { name: "a.fits" })[0].warnings).toEqual([
      `a.fits: file should end with its last HDU, got ${longer.length - file.length} more bytes that begin no extension; they are ignored`,
    ]);
  });

  it("reads a file whose last block is not padded", () => {
    expect(readImageData(readFits(writeFits([image]).subarray(0, BLOCK + 1))[0]).data).toEqual(
      Uint8Array.of(1),
    );
  });
});

describe("damaged and hostile files", () => {
  const cases: [string, readonly (readonly [string, string | number | boolean | bigint])[]][] = [
    [
      "10^12 pixels",
      [
        ["SIMPLE", true],
        ["BITPIX", 8],
        ["NAXIS", 2],
        ["NAXIS1", 1e6],
        ["NAXIS2", 1e6],
      ],
    ],
    [
      "more bytes than 2^53",
      [
        ["SIMPLE", true],
        ["BITPIX", 64],
        ["NAXIS", 2],
        ["NAXIS1", 2 ** 52],
        ["NAXIS2", 2 ** 52],
      ],
    ],
    [
      "an axis beyond 2^53",
      [
        ["SIMPLE", true],
        ["BITPIX", 8],
        ["NAXIS", 1],
        ["NAXIS1", 10n ** 30n],
      ],
    ],
    [
      "negative NAXIS",
      [
        ["SIMPLE", true],
        ["BITPIX", 8],
        ["NAXIS", -1],
      ],
    ],
    [
      "negative NAXIS1",
      [
        ["SIMPLE", true],
        ["BITPIX", 8],
        ["NAXIS", 1],
        ["NAXIS1", -1],
      ],
    ],
    [
      "fractional NAXIS1",
      [
        ["SIMPLE", true],
        ["BITPIX", 8],
        ["NAXIS", 1],
        ["NAXIS1", 1.5],
      ],
    ],
    [
      "missing NAXIS1",
      [
        ["SIMPLE", true],
        ["BITPIX", 8],
        ["NAXIS", 1],
      ],
    ],
    [
      "missing NAXIS",
      [
        ["SIMPLE", true],
        ["BITPIX", 8],
      ],
    ],
    [
      "10^9 axes",
      [
        ["SIMPLE", true],
        ["BITPIX", 8],
        ["NAXIS", 1e9],
      ],
    ],
    [
      "BITPIX 12",
      [
        ["SIMPLE", true],
        ["BITPIX", 12],
        ["NAXIS", 0],
      ],
    ],
    [
      "SIMPLE = F",
      [
        ["SIMPLE", false],
        ["BITPIX", 8],
        ["NAXIS", 0],
      ],
    ],
  ];
  it.each<[string, string | number, string]>([
    ["EXTVER", "x", "a whole number"],
    ["EXTVER", 1.5, "a whole number"],
    ["EXTLEVEL", "two", "a whole number"],
    ["EXTNAME", 7, "text"],
    ["BUNIT", 3, "text"],
    ["BLANK", "none", "a whole number"],
  ])("%s = %s is ignored with a warning", (keyword, value, rule) => {
    const bytes = rawFile([
      ["SIMPLE", true],
      ["BITPIX", 8],
      ["NAXIS", 0],
      [keyword, value],
    ]);
    const [hdu] = readFits(bytes, { name: "a.fits" });
    expect(hdu!.warnings).toEqual([`a.fits[0]: ${keyword} should be ${rule}, got "${value}"; it is ignored`]);
    expect(hdu!.version).toBe(1);
  });

  it("a card that says what pixels mean, twice with two values, is a warning", () => {
    const cards = (...more: [string, string | number][]) =>
      readFits(rawFile([["SIMPLE", true], ["BITPIX", 8], ["NAXIS", 0], ...more]), { name: "a.fits" })[0]!;
    const hdu = cards(
      ["CRVAL1", 10],
      ["OBSERVER", "x"],
      ["BSCALE", 1],
      ["CRVAL1", 20],
      ["OBSERVER", "y"],
      ["BSCALE", 1],
    );
    expect(hdu.warnings).toEqual([
      "a.fits[0]: CRVAL1 should be there once, got 10 and 20; the first is taken",
    ]);
    expect(hdu.header.get("CRVAL1")).toBe(10);
  });

  it.each(cases)("%s", (_, cards) => {
    expect(thrownCode(() => readFits(rawFile(cards)))).toBe("FORMAT");
  });

  function tableFile(changes: Record<string, string | number>, data = new Uint8Array(16)): Uint8Array {
    const cards = {
      XTENSION: "BINTABLE",
      BITPIX: 8,
      NAXIS: 2,
      NAXIS1: 8,
      NAXIS2: 2,
      PCOUNT: 0,
      GCOUNT: 1,
      TFIELDS: 1,
      TFORM1: "1PB",
      ...changes,
    };
    return new Uint8Array([...rawFile(primary), ...rawFile(Object.entries(cards), data)]);
  }

  it("tables that promise too much", () => {
    expect(readTable(readFits(tableFile({}))[1]).rows).toBe(2);
    const changes: Record<string, string | number>[] = [
      { PCOUNT: 1e15 },
      { PCOUNT: -1 },
      { GCOUNT: 2 },
      { TFIELDS: 1e6 },
      { TFIELDS: 2 },
      { TFORM1: "9E" },
      { TFORM1: "99999999999999999999E" },
      { TFORM1: "2PB" },
      { TFORM1: "zz" },
      { THEAP: 1 },
      { THEAP: 1e9 },
      { NAXIS1: 0, NAXIS2: 1e12, TFORM1: "0A" },
      { NAXIS2: 1e12 },
      { XTENSION: "TABLE", TFORM1: "I4" },
      { XTENSION: "TABLE", TFORM1: "I4", TBCOL1: 6 },
    ];
    for (const change of changes) {
      expect(
        thrownCode(() => readTable(readFits(tableFile(change))[1])),
        JSON.stringify(change),
      ).toBe("FORMAT");
    }
  });

  it("a scale of 0, by which all numbers are the same, where some are read", () => {
    const said =
      /BSCALE, of columns TSCAL\) other than 0, got 0, by which all of them are 7; correct the header/;
    const cards = [
      ["SIMPLE", true],
      ["BITPIX", 16],
      ["NAXIS", 1],
      ["NAXIS1", 2],
      ["BSCALE", 0],
      ["BZERO", 7],
    ] as const;
    const [image] = readFits(rawFile(cards, Uint8Array.of(0, 1, 0, 2)), { name: "a.fits" });
    expect(() => readImageData(image)).toThrow(said);
    expect(() => readImageData(image)).toThrow(/^a\.fits\[0\]: /);
    expect([...readStoredImage(image).data]).toEqual([1, 2]);
    const table = (extension: string, ...columns: readonly (readonly [string, string | number])[]) =>
      readFits(
        rawFileOf(
          [...primary],
          [
            ...[["XTENSION", extension] as const, ["BITPIX", 8] as const, ["NAXIS", 2] as const],
            ...[["NAXIS1", 2] as const, ["NAXIS2", 1] as const, ["PCOUNT", 0] as const],
            ...[
              ["GCOUNT", 1] as const,
              ["TFIELDS", 1] as const,
              ["TSCAL1", 0] as const,
              ["TZERO1", 7] as const,
            ],
            ...columns,
          ],
          new TextEncoder().encode("12"),
        ),
      )[1];
    const binary = table("BINTABLE", ["TTYPE1", "N"], ["TFORM1", "I"]);
    expect(() => readTable(binary)).toThrow(/column N: .*BSCALE, of columns TSCAL/);
    expect(readTable(binary, { rows: [0, 0] }).columns[0].name).toBe("N");
    const ascii = table("TABLE", ["TTYPE1", "N"], ["TFORM1", "I2"], ["TBCOL1", 1]);
    expect(() => readTable(ascii)).toThrow(said);
  });

  it("ASCII fields that are no numbers", () => {
    const file = tableFile(
      { XTENSION: "TABLE", TFORM1: "I4", TBCOL1: 1 },
      new TextEncoder().encode("12 4    1       "),
    );
    expect(() => readTable(readFits(file)[1])).toThrow(/"12 4" in row 0/);
  });

  it("heap descriptors out of range or that reuse the heap without end", () => {
    const descriptor = (count: number, offset: number) => {
      const data = new Uint8Array(16);
      new DataView(data.buffer).setInt32(0, count);
      new DataView(data.buffer).setInt32(4, offset);
      return data;
    };
    for (const [count, offset] of [
      [1, 0],
      [-1, 0],
      [0x7fffffff, 0x7fffffff],
      [1, -1],
    ] as const) {
      expect(thrownCode(() => readTable(readFits(tableFile({}, descriptor(count, offset)))[1]))).toBe(
        "FORMAT",
      );
    }
    const rows = 60_000;
    const data = new Uint8Array(rows * 8 + 3000);
    for (let row = 0; row < rows; row++) new DataView(data.buffer).setInt32(8 * row, 3000);
    const file = tableFile({ NAXIS2: rows, PCOUNT: 3000 }, data);
    expect(thrownCode(() => readTable(readFits(file)[1]))).toBe("FORMAT");
  });

  it("no END, endless CONTINUE, text, nothing, gzip", () => {
    const line = (text: string) => text.padEnd(80);
    const start =
      line("SIMPLE  =                    T") +
      line("BITPIX  =                    8") +
      line("LONG    = 'a&'");
    const endless = new TextEncoder().encode(start + line("CONTINUE  '&'").repeat(200_000));
    const begin = Date.now();
    expect(() => readFits(endless)).toThrow(/END card/);
    const closed = new TextEncoder().encode(
      `${start}${line("CONTINUE  'bcd&'").repeat(90_000)}${line("NAXIS   =                    0")}${line("END")}`,
    );
    expect(readFits(closed)[0].header.get("LONG")).toHaveLength(1 + 3 * 90_000 + 1);
    expect(Date.now() - begin).toBeLessThan(5000);
    for (const bytes of [new Uint8Array(0), new TextEncoder().encode("hello"), new Uint8Array(10_000)]) {
      expect(thrownCode(() => readFits(bytes))).toBe("FORMAT");
    }
    expect(() => readFits(Uint8Array.of(0x1f, 0x8b, 8))).toThrow(/readFitsMaybeGzip/);
    const packed =
      (...bytes: number[]) =>
      () =>
        readFits(Uint8Array.of(...bytes), { name: "a.fits.gz" });
    expect(packed(0x42, 0x5a, 0x68, 0x39)).toThrow(
      "a.fits.gz: bytes must be plain FITS, got bzip2; unpack it with bunzip2",
    );
    expect(packed(0x50, 0x4b, 3, 4)).toThrow(/got zip; unpack it with unzip/);
  });

  it("random cuts and flipped bytes never give anything but FormatError", () => {
    const file = writeFits([
      {
        kind: "image",
        shape: [3, 4],
        data: new Int16Array(12),
        cards: [fitsCard("LONG", "x".repeat(200), "long")],
      },
      {
        kind: "table",
        name: "T",
        columns: [
          { name: "a", format: "2J", values: new Int32Array(8), dim: [2] },
          { name: "b", format: "PE", values: [[1], [2, 3], [], [4]] },
          { name: "c", format: "8A", values: ["a", "b", "c", "d"] },
        ],
      },
    ]);
    const readAll = (bytes: Uint8Array) => {
      try {
        for (const hdu of readFits(bytes)) {
          if (hdu.kind === "image") readImageData(hdu);
          if (hdu.kind === "table") readTable(hdu);
        }
      } catch (error) {
        if ((error as { code?: string }).code !== "FORMAT") throw error;
      }
    };
    const headerByte = fc.integer({ min: 0, max: file.length - 1 });
    const text = fc.constantFrom(..."0123456789-+.ED'&/=TFAPQX ".split("").map((char) => char.charCodeAt(0)));
    const change = fc.tuple(headerByte, fc.oneof(text, fc.integer({ min: 0, max: 255 })));
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 30 }),
        fc.integer({ min: 0, max: file.length }),
        (changes, cut) => {
          const bytes = file.slice(0, changes.length === 0 ? cut : undefined);
          for (const [at, value] of changes) bytes[at] = value;
          readAll(bytes);
        },
      ),
      { numRuns: 1500 },
    );
  });
});

describe("speed", () => {
  it("decodes 64 MB of pixels without delay", () => {
    const side = 4096;
    const [hdu] = readFits(
      writeFits([{ kind: "image", shape: [side, side], data: new Float32Array(side * side).fill(1.5) }]),
    );
    // Time of the processor, which other programs do not lengthen.
    const begin = process.cpuUsage();
    const { data } = readImageData(hdu!);
    expect(data[side * side - 1]).toBe(1.5);
    const { user, system } = process.cpuUsage(begin);
    expect((user + system) / 1000).toBeLessThan(2000);
  });
});
