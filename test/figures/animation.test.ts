import { inflateSync } from "fflate";
import { beforeAll, describe, expect, it } from "vitest";
import { animateDraws } from "../../src/figures/animate-draws-node.js";
import { type Animation, changedPart, collectFrames } from "../../src/figures/animation.js";
import { encodeApng } from "../../src/figures/apng.js";
import { figureDocument } from "../../src/figures/document-node.js";
import { drawPlayer, drawPlayerPage } from "../../src/figures/draw-player.js";
import { drawFrames } from "../../src/figures/draw-sequence.js";
import { encodeGif } from "../../src/figures/gif.js";
import { traceSource } from "../../src/posterior/draw-source.js";
import type { ImageTrace } from "../../src/posterior/trace.js";
import { decodeApngParts } from "../oracles/apng.js";
import { decodeGif } from "../oracles/gif.js";
import { uniforms } from "./images.js";

let document: Document;
beforeAll(async () => {
  document = await figureDocument();
});

/** Frames of noise and of runs, 97 x 61, so that codes of every length and full code tables occur; the last equals the one before. */
function noise(): Animation {
  const uniform = uniforms(13);
  const frame = (colors: number) =>
    Uint8Array.from({ length: 97 * 61 }, () => Math.floor(uniform() * colors));
  const frames = [frame(256), frame(2), new Uint8Array(97 * 61).fill(7), frame(256)];
  return {
    width: 97,
    height: 61,
    colors: Uint8Array.from({ length: 768 }, (_, index) => (index * 37) % 256),
    frames: [...frames, frames[3].slice()],
    milliseconds: 120,
  };
}

/** Two chains of 10 draws of a 2 x 3 image; draw k of chain c is 10 c + k everywhere. */
const trace: ImageTrace = {
  shape: [2, 3],
  first: 50,
  every: 5,
  chains: [0, 10].map((offset) =>
    Float32Array.from({ length: 60 }, (_, index) => offset + Math.floor(index / 6)),
  ),
};

describe("animations", () => {
  it("come out of a naive GIF decoder as they went in", () => {
    const animation = noise();
    const { width, height, frames, delays, loops } = decodeGif(encodeGif(animation));
    expect([width, height, loops]).toEqual([97, 61, 0]);
    expect(delays).toEqual([12, 12, 12, 12, 12]);
    expect(frames).toHaveLength(5);
    for (const [index, frame] of frames.entries()) {
      expect(frame.every((color, at) => color === animation.colors[3 * animation.frames[index][at]!])).toBe(
        true,
      );
    }
  });

  it("come out of their parts of an APNG as they went in", () => {
    const animation = noise();
    const { frames, delays, loops } = decodeApngParts(encodeApng(animation));
    expect([frames.length, loops]).toEqual([5, 0]);
    expect(delays).toEqual([0.12, 0.12, 0.12, 0.12, 0.12]);
    for (const [index, frame] of frames.entries()) {
      expect(Buffer.compare(frame, animation.frames[index])).toBe(0);
    }
  });

  it("keep the part that changed only", () => {
    const animation = { width: 4, height: 3 } as Animation;
    const before = new Uint8Array(12);
    const frame = before.slice();
    frame[5] = 1;
    frame[10] = 2;
    expect(changedPart(frame, before, animation)).toEqual({
      ...{ x: 1, y: 1, width: 2, height: 2 },
      indices: Uint8Array.of(1, 0, 0, 2),
    });
    expect(changedPart(before, before, animation)).toMatchObject({ x: 0, y: 0, width: 1, height: 1 });
    expect(changedPart(before, undefined, animation)).toMatchObject({ width: 4, height: 3 });
  });

  it("keep colours that are few, and put others near", () => {
    const collector = collectFrames(32, 32);
    const rgba = Uint8Array.from({ length: 4096 }, (_, at) =>
      at % 4 === 3
        ? 255
        : at % 4 === 0
          ? Math.floor(at / 4) % 256
          : at % 4 === 1
            ? 64 * Math.floor(at / 1024)
            : 0,
    );
    collector.add(rgba);
    const { colors, frames } = collector.finish(100);
    expect(colors).toHaveLength(768);
    for (let pixel = 0; pixel < 1024; pixel++) {
      const entry = 3 * frames[0][pixel]!;
      expect(Math.abs(colors[entry] - rgba[4 * pixel])).toBeLessThan(16);
      expect(colors[entry + 1]).toBe(rgba[4 * pixel + 1]);
    }
  });
});

describe("drawFrames", () => {
  it("spreads the frames, ends with the last draw and counts every draw for the mean", () => {
    const frames = [...drawFrames(traceSource(trace), 1, 4)];
    expect(frames.map(({ draw }) => draw)).toEqual([2, 4, 7, 9]);
    expect(frames.map(({ sweep }) => sweep)).toEqual([60, 70, 85, 95]);
    // Mean of 10, 11, ..., 10 + draw.
    expect(frames.map(({ mean }) => mean.data[5])).toEqual([11, 12, 13.5, 14.5]);
    const [next] = drawFrames(traceSource(trace), 1, 1, frames.at(-1));
    expect(next).toMatchObject({ averaged: 20 });
  });
});

describe("animateDraws", () => {
  it("has one size, a frame a draw and the same bytes again", async () => {
    const options = { document, frames: 6, size: 60, title: "Draws" };
    const png = await animateDraws(trace, options);
    expect(await animateDraws(trace, options)).toEqual(png);
    const { frames, width, height } = decodeApngParts(png);
    expect(frames).toHaveLength(6);
    const gif = decodeGif(await animateDraws(trace, { ...options, format: "gif" }));
    expect([gif.width, gif.height, gif.frames.length]).toEqual([width, height, 6]);
  });

  it("refuses chains that are not there and frames that are none", async () => {
    const invalid = { code: "INVALID_INPUT" };
    await expect(animateDraws(trace, { document, chain: 2 })).rejects.toMatchObject(invalid);
    await expect(animateDraws(trace, { document, frames: 0 })).rejects.toMatchObject(invalid);
    for (const framesPerSecond of [1e-300, 0.01, 1e9]) {
      const options = { document, format: "gif", framesPerSecond } as const;
      await expect(animateDraws(trace, options)).rejects.toThrow("framesPerSecond must be from 0.1 to 100");
    }
    const empty = { ...trace, chains: [new Float32Array(0)] };
    await expect(animateDraws(empty, { document })).rejects.toMatchObject(invalid);
  });
});

describe("drawPlayer", () => {
  it("holds all draws and means as steps of the colour scale", () => {
    const html = drawPlayer(trace, { document, vmin: 0, vmax: 20, stretch: "linear" });
    const data = JSON.parse(/<script type="application\/json">(.*?)<\/script>/.exec(html)![1]!);
    expect(data.tracks.map(({ draws }: { draws: number[] }) => draws.length)).toEqual([10, 10]);
    const bytes = inflateSync(Uint8Array.from(Buffer.from(data.tracks[1].images, "base64")));
    // Draw 3 of chain 2 is 13 of 20, in 254 steps.
    expect(bytes[6 * 3]).toBe(Math.round((13 / 20) * 254));
    expect(data.values[127]).toBe(10);
    const means = inflateSync(Uint8Array.from(Buffer.from(data.tracks[1].means, "base64")));
    for (let at = 6; at < means.length; at++) means[at] = means[at] + means[at - 6];
    expect(means[59]).toBe(Math.round((14.5 / 20) * 254));
  });

  it("asks for nothing from elsewhere, and stays near the size asked for", () => {
    const uniform = uniforms(17);
    const chain = () => Float32Array.from({ length: 64 * 64 * 200 }, uniform);
    const noisy: ImageTrace = { shape: [64, 64], first: 0, every: 1, chains: [chain(), chain()] };
    const page = drawPlayerPage(noisy, { document, maxBytes: 400_000, title: "a < b" });
    expect(page).not.toMatch(/(?:src|href)="(?!data:)|url\(|@import|fetch\(/);
    expect(page).toContain("<title>a &lt; b</title>");
    expect(page.length).toBeLessThan(500_000);
    expect(page.length).toBeGreaterThan(200_000);
  });
});
