import { Resvg } from "@resvg/resvg-js";
import { unzlibSync } from "fflate";
import { beforeAll, describe, expect, it } from "vitest";
import { figureDocument } from "../../src/figures/document-node.js";
import { plotImage } from "../../src/figures/plot-image.js";
import { encodePng, pngDataUri } from "../../src/figures/png.js";
import { renderPng } from "../../src/figures/png-node.js";
import { imageOf } from "./images.js";

let document: Document;
beforeAll(async () => {
  document = await figureDocument();
});

const sizeOf = (png: Uint8Array) => {
  const view = new DataView(png.buffer, png.byteOffset);
  return [view.getUint32(16), view.getUint32(20)];
};

it("refuses pictures of no pixel and of more than memory holds", async () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="40"></svg>';
  const refused = { code: "INVALID_INPUT", message: expect.stringContaining("picture must have") };
  for (const options of [{ scale: 1e9 }, { scale: 1e-9 }, { width: 2e5 }]) {
    await expect(renderPng(svg, options)).rejects.toMatchObject(refused);
  }
  expect(sizeOf(await renderPng(svg, { width: 128 }))).toEqual([128, 80]);
});

describe("encodePng", () => {
  it("writes lines that inflate to the indices, each behind filter type 0", () => {
    const png = encodePng(
      Uint8Array.of(0, 1, 2, 2, 1, 0),
      3,
      2,
      Uint8Array.of(0, 0, 0, 9, 9, 9, 255, 255, 255),
    );
    expect(sizeOf(png)).toEqual([3, 2]);
    const start = Buffer.from(png).indexOf("IDAT") + 4;
    const length = new DataView(png.buffer).getUint32(start - 8);
    expect(Array.from(unzlibSync(png.subarray(start, start + length)))).toEqual([0, 0, 1, 2, 0, 2, 1, 0]);
  });

  it("closes with the chunk that every PNG ends in", () => {
    // CRC of the empty IEND chunk, ISO/IEC 15948: AE 42 60 82.
    expect(Array.from(encodePng(Uint8Array.of(0), 1, 1, new Uint8Array(3)).subarray(-8))).toEqual([
      73, 69, 78, 68, 0xae, 0x42, 0x60, 0x82,
    ]);
  });
});

describe("renderPng", () => {
  const figure = () =>
    plotImage(
      imageOf(2, 2, (x, y) => 2 * y + x),
      { document, colormap: "gray", label: "counts", size: 80 },
    );

  it("scales to the size asked for", async () => {
    const svg = figure();
    const [width = 0, height = 0] = (svg.match(/viewBox="0 0 (\d+) (\d+)"/) ?? []).slice(1).map(Number);
    expect(sizeOf(await renderPng(svg))).toEqual([2 * width, 2 * height]);
    expect(sizeOf(await renderPng(svg, { scale: 1 }))).toEqual([width, height]);
    expect(sizeOf(await renderPng(svg, { width: 640 }))[0]).toBe(640);
  });

  it("gives the same bytes again", async () => {
    expect(await renderPng(figure())).toEqual(await renderPng(figure()));
  });

  it("shows row 0 at the bottom, pixels with sharp edges", async () => {
    const svg = figure();
    const [left = 0, top = 0] = (svg.match(/<g transform="translate\((\d+),(\d+)\)">/) ?? [])
      .slice(1)
      .map(Number);
    const png = await renderPng(svg, { scale: 1 });
    const [width = 0, height = 0] = sizeOf(png);
    // resvg decodes the PNG when it draws it again.
    const { pixels } = new Resvg(
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">` +
        `<image width="${width}" height="${height}" href="${pngDataUri(png)}"/></svg>`,
    ).render();
    const at = (x: number, y: number) => pixels[((top + y) * width + left + x) * 4];
    expect([at(20, 60), at(60, 60), at(20, 20), at(60, 20)]).toEqual([0, 85, 170, 255]);
    expect([at(38, 60), at(41, 60)]).toEqual([0, 85]);
  });

  it("draws text without any font of the machine", async () => {
    const text = (content: string) =>
      renderPng(
        `<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20"><text x="2" y="14" font-size="12">${content}</text></svg>`,
      );
    expect(await text("×10⁻⁹")).not.toEqual(await text(""));
  });

  it("refuses a size that is not positive", async () => {
    await expect(renderPng(figure(), { scale: 0 })).rejects.toMatchObject({ code: "INVALID_INPUT" });
    await expect(renderPng(figure(), { width: Number.NaN })).rejects.toMatchObject({ code: "INVALID_INPUT" });
  });
});
