import { readFileSync } from "node:fs";
import { unzlibSync } from "fflate";
import { beforeAll, describe, expect, it } from "vitest";
import { figureDocument } from "../../src/figures/document-node.js";
import { renderPdf } from "../../src/figures/pdf-node.js";
import { plotImage } from "../../src/figures/plot-image.js";
import { FONT_FILE } from "../../src/figures/png-node.js";
import { parseSvg } from "../../src/figures/svg-tree.js";
import { readTrueType } from "../../src/figures/truetype.js";
import { imageOf } from "./images.js";

let document: Document;
beforeAll(async () => {
  document = await figureDocument();
});

const latin = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

/** The inflated streams of a PDF file. */
function streams(pdf: Uint8Array): Uint8Array[] {
  const text = latin(pdf);
  return [...text.matchAll(/\/Length (\d+) >>\nstream\n/g)].map((match) => {
    const start = match.index + match[0].length;
    return unzlibSync(pdf.subarray(start, start + Number(match[1])));
  });
}

const page = (body: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20" viewBox="0 0 40 20">${body}</svg>`;
const content = async (body: string) => latin(streams(await renderPdf(page(body))).at(-1)!);

describe("renderPdf", () => {
  it("has a table of objects that points at objects, and a page of the size of the figure in points", async () => {
    const svg = plotImage(
      imageOf(4, 6, (x, y) => x * y),
      { document, title: "Flux ×10⁻⁹ R\u0302" },
    );
    const pdf = await renderPdf(svg);
    const text = latin(pdf);
    const start = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(text)![1]);
    const entries = [...text.slice(start).matchAll(/^(\d{10}) 00000 n $/gm)];
    expect(entries.length).toBeGreaterThan(8);
    for (const [index, [, offset]] of entries.entries()) {
      expect(text.slice(Number(offset), Number(offset) + 12)).toMatch(new RegExp(`^${index + 1} 0 obj`));
    }
    const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)!.map(Number);
    expect(text).toContain(`/MediaBox [0 0 ${width! * 0.75} ${height! * 0.75}]`);
    expect(await renderPdf(svg)).toEqual(pdf);
  });

  it("keeps the pixels of heat maps as squares, and their colours", async () => {
    const svg = plotImage(
      imageOf(4, 6, (x, y) => x + 6 * y),
      { document, colormap: "gray" },
    );
    const pdf = await renderPdf(svg);
    expect(latin(pdf)).toContain("/Width 240 /Height 160 /ColorSpace [/Indexed /DeviceRGB 255");
    // 40 x 40 for each of 6 x 4. Lines behind filter type 0, top row first: the value 18 of 23 in 254 steps; then type 2, as above.
    const lines = streams(pdf)[0];
    const first = Math.round((18 / 23) * 254);
    expect([lines[0], lines[1], lines[40], lines[241], lines[242]]).toEqual([0, first, first, 2, 0]);
    expect(lines.length).toBe(160 * 241);
  });

  it.each([
    ['<rect x="1" y="2" width="3" height="4" fill="#ff0000"/>', "1 0 0 rg 1 2 3 4 re f"],
    ['<path d="M1,2h3v4m1,1l2,2Z" stroke="#000" fill="none"/>', "1 2 m 4 2 l 4 6 l 5 7 m 7 9 l h S"],
    ['<path d="M0,0Q3,3,6,0" fill="#fff"/>', "0 0 m 2 2 4 2 6 0 c f"],
    [
      '<path d="M0,0L1e1,-.5" stroke="rgb(0, 51, 255)" fill="none"/>',
      "0 0.2 1 RG 1 w 0 J 0 j 4 M 0 0 m 10 -0.5 l S",
    ],
    [
      '<g transform="translate(3,4)"><line x1="0" y1="0" x2="5" y2="1" stroke="black"/></g>',
      "q 1 0 0 1 3 4 cm q",
    ],
    ['<line x1="0" y1="0" x2="5" y2="1" stroke="black" stroke-dasharray="4,2"/>', "[4 2] 0 d"],
    [
      '<rect width="3" height="4" fill="currentColor" color="#00ff00" opacity="0.5"/>',
      "/G0p5_0p5 gs 0 1 0 rg",
    ],
    ['<svg width="7" height="8" overflow="hidden"><rect width="1" height="1"/></svg>', "0 0 7 8 re W n"],
  ])("writes %s", async (svg, operators) => {
    expect(await content(svg)).toContain(operators);
  });

  it("writes nothing for shapes without paint", async () => {
    expect((await content('<rect width="3" height="4" fill="none"/><title>x</title>')).trim()).toBe(
      "0.75 0 0 -0.75 0 15 cm",
    );
  });

  it("holds the outlines of the letters used, and the way back to characters", async () => {
    const pdf = await renderPdf(page('<text x="1" y="9" font-size="10">α₀ é</text>'));
    const font = streams(pdf)[0];
    const whole = readTrueType(new Uint8Array(readFileSync(FONT_FILE)));
    const tables = new DataView(font.buffer, font.byteOffset, font.byteLength);
    expect(tables.getUint16(4)).toBeGreaterThanOrEqual(6);
    expect(font.length).toBeLessThan(80_000);
    const map = latin(streams(pdf)[1]);
    for (const letter of "α₀é") {
      const glyph = whole.glyph(letter.codePointAt(0)!).toString(16).padStart(4, "0");
      const code = letter.codePointAt(0)!.toString(16).padStart(4, "0");
      expect(map).toContain(`<${glyph}> <${code}>`);
    }
  });

  it.each([
    '<path d="M0,0A1,1,0,0,0,2,2"/>',
    "<foreignObject/>",
    '<rect width="1" height="1" fill="url(#a)"/>',
    "<g><rect/>",
  ])("refuses %s, which figures do not hold", async (svg) => {
    await expect(renderPdf(page(svg))).rejects.toMatchObject({ code: "FORMAT" });
  });
});

describe("parseSvg", () => {
  it("reads elements, attributes and text", () => {
    expect(parseSvg('<svg a="1"><g b="x &amp; y"/><text>1 &lt; 2</text></svg>')).toEqual({
      name: "svg",
      attributes: { a: "1" },
      text: "",
      children: [
        { name: "g", attributes: { b: "x & y" }, children: [], text: "" },
        { name: "text", attributes: {}, children: [], text: "1 < 2" },
      ],
    });
  });
});
