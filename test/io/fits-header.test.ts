import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { carriedCards, type FitsCard, FitsHeader, fitsCard, readFits, writeFits } from "../../src/io/fits.js";
import { formatCard, parseCard } from "../../src/io/fits-card.js";

function lines(text: string): string[] {
  return text.match(/.{80}/g) ?? [];
}

function parse(...texts: string[]): FitsCard {
  const { card, next } = parseCard(
    texts.map((text) => text.padEnd(80)),
    0,
  );
  expect(next).toBe(texts.length);
  return card;
}

/** Write a card and read it back, without the raw text. */
function again(card: FitsCard): FitsCard {
  const all = lines(formatCard(card));
  const { card: read, next } = parseCard(all, 0);
  expect(next).toBe(all.length);
  const { raw, ...rest } = read;
  expect(raw).toBe(all.join(""));
  return rest;
}

describe("reading cards", () => {
  it.each([
    ["A       =                    T / yes", { keyword: "A", value: true, comment: "yes" }],
    ["A       = F", { keyword: "A", value: false }],
    ["A       =                  -12", { keyword: "A", value: -12 }],
    ["A       = 12345678901234567890", { keyword: "A", value: 12345678901234567890n }],
    ["A       =              1.5D-03", { keyword: "A", value: 0.0015 }],
    ["A       = +.5", { keyword: "A", value: 0.5 }],
    ["A       = 1.e3/c", { keyword: "A", value: 1000, comment: "c" }],
    ["A       =", { keyword: "A", value: undefined }],
    ["A       =         / nothing", { keyword: "A", value: undefined, comment: "nothing" }],
    ["A       = (1.0, -2.0) / complex", { keyword: "A", value: "(1.0, -2.0)", comment: "complex" }],
    ["A       = 'it''s / here  ' / c", { keyword: "A", value: "it's / here", comment: "c" }],
    ["A       = '  lead'", { keyword: "A", value: "  lead" }],
    ["A       = ''", { keyword: "A", value: "" }],
    ["A       = 'open", { keyword: "A", value: "open" }],
    ["A       = bare words", { keyword: "A", value: "bare words" }],
    ["A       = 1E999", { keyword: "A", value: "1E999" }],
    ["COMMENT = is text", { keyword: "COMMENT", value: "= is text" }],
    ["HISTORY did this", { keyword: "HISTORY", value: "did this" }],
    ["        blank", { keyword: "", value: "blank" }],
    ["NOVALUE some text", { keyword: "NOVALUE", value: "some text" }],
    ["HIERARCH ESO DET  ID = 'x' / d", { keyword: "ESO DET ID", value: "x", comment: "d" }],
    ["HIERARCH without value", { keyword: "HIERARCH", value: " without value" }],
    ["A       = 'ends with &'", { keyword: "A", value: "ends with &" }],
  ])("%s", (text, expected) => {
    const { raw, ...card } = parse(text);
    expect(card).toEqual(expected);
    expect(raw).toBe(text.padEnd(80));
  });

  it("joins CONTINUE cards, their comments too", () => {
    const card = parse("A       = 'one &' / first", "CONTINUE  'two&'", "CONTINUE  '' / last");
    expect(card).toMatchObject({ value: "one two", comment: "first last" });
  });
});

describe("writing cards", () => {
  it("unchanged cards verbatim, changed ones anew", () => {
    const card = parse("A       = 1.50D+00 /odd   layout");
    expect(formatCard(card)).toBe(card.raw);
    expect(formatCard({ ...card, value: 2 })).toBe(
      "A       =                    2 / odd   layout".padEnd(80),
    );
  });

  it("puts numbers and strings where fixed format wants them", () => {
    expect(formatCard(fitsCard("A", 1.5, "c")).trimEnd()).toBe("A       =                  1.5 / c");
    expect(formatCard(fitsCard("A", 1e21)).trimEnd()).toBe("A       =               1.0E21");
    expect(formatCard(fitsCard("A", -0)).trimEnd()).toBe("A       =                 -0.0");
    expect(formatCard(fitsCard("A", "x", "c")).trimEnd()).toBe("A       = 'x       '           / c");
  });

  it.each([
    fitsCard("A", "µ"),
    fitsCard("A", 1, "line\nbreak"),
    fitsCard("A", Number.NaN),
    fitsCard("A", Number.POSITIVE_INFINITY),
    fitsCard("A=B", 1),
    fitsCard("x".repeat(80), "text"),
  ])("refuses what FITS cannot hold: %o", (card) => {
    expect(() => formatCard(card)).toThrow(/FITS card/);
  });

  it("round trip of any card", () => {
    const text = fc
      .string({ unit: fc.constantFrom(..." '&/=aB3.~"), maxLength: 300 })
      .map((value) => value.trimEnd());
    const value = fc.oneof(
      text,
      fc.boolean(),
      fc.maxSafeInteger(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n }),
      fc.constant(undefined),
    );
    const keyword = fc.constantFrom("A", "DATE-OBS", "ESO DET CHIP ID", "LONGKEYWORD");
    fc.assert(
      fc.property(keyword, value, fc.constantFrom("", "c", "a / 'comment' &"), (name, content, comment) => {
        const card = fitsCard(name, content, comment);
        expect(again(card)).toEqual(card);
      }),
      { numRuns: 1000 },
    );
  });

  it("long comments of strings go on in CONTINUE cards", () => {
    const comment = "word ".repeat(60).trim();
    expect(again(fitsCard("A", "text", comment))).toEqual(fitsCard("A", "text", comment));
    expect(again(fitsCard("A", "text".repeat(50), comment))).toEqual(
      fitsCard("A", "text".repeat(50), comment),
    );
  });
});

describe("headers", () => {
  const cards = [
    fitsCard("OBJECT", "Sgr A*", "target"),
    fitsCard("HISTORY", "h".repeat(100)),
    fitsCard("COMMENT", "one"),
    fitsCard("LONG", "long ".repeat(40).trim()),
    fitsCard("ESO TEL AMBI", 0.1),
    fitsCard("COMMENT", "two"),
  ];
  const file = writeFits([{ kind: "image", shape: [1], data: Uint8Array.of(1), cards }]);

  it("get, has, list", () => {
    const { header } = readFits(file)[0];
    expect(header.get("object")).toBe("Sgr A*");
    expect(header.has("ESO TEL AMBI")).toBe(true);
    expect(header.has("LONGSTRN")).toBe(true);
    expect(header.get("NONE")).toBeUndefined();
    expect(header.list("COMMENT").map(({ value }) => value)).toEqual(["one", "two"]);
    expect(header.list("HISTORY").map(({ value }) => value)).toEqual(["h".repeat(72), "h".repeat(28)]);
    expect(new FitsHeader([fitsCard("A", 1), fitsCard("A", 2)]).get("A")).toBe(1);
  });

  it("a second round trip changes nothing", () => {
    const { header } = readFits(file)[0];
    const carried = carriedCards(header);
    expect(carried.map(({ keyword }) => keyword)).toEqual([
      "OBJECT",
      "HISTORY",
      "HISTORY",
      "COMMENT",
      "LONG",
      "ESO TEL AMBI",
      "COMMENT",
    ]);
    expect(writeFits([{ kind: "image", shape: [1], data: Uint8Array.of(1), cards: carried }])).toEqual(file);
  });

  it("refuses cards that belong to the writer", () => {
    for (const keyword of ["NAXIS1", "bitpix", "TFORM3", "EXTNAME", "BZERO", "END", "CHECKSUM", "CONTINUE"]) {
      expect(() => writeFits([{ kind: "empty", cards: [fitsCard(keyword, 1)] }]), keyword).toThrow(
        /to the writer/,
      );
    }
  });

  it("characters that FITS forbids read as question marks", () => {
    const bytes = file.slice();
    bytes[bytes.findIndex((_, at) => String.fromCharCode(...bytes.subarray(at, at + 6)) === "target")] = 0xb5;
    expect(readFits(bytes)[0].header.list("OBJECT")[0].comment).toBe("?arget");
  });
});
