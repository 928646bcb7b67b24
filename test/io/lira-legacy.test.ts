import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parseLegacyImages, parseLegacyParameters } from "../../src/io/lira-legacy.js";

const folder = fileURLToPath(new URL("../../../shared/data/lira-legacy/", import.meta.url));
const present = existsSync(folder);
if (!present) {
  if (process.env.TSLIRA_REQUIRE_SHARED === "1") throw new Error(`${folder} must exist, got none`);
  console.log(`skipped: traces of the original LIRA are not at ${folder}`);
}

describe.skipIf(!present)("traces written by the original LIRA", () => {
  const text = (name: string) => readFileSync(`${folder}${name}`, "utf8");

  it("reads the image trace", () => {
    const trace = parseLegacyImages(text("output.txt"));
    expect(trace.shape).toEqual([32, 32]);
    expect(trace.chains[0]).toHaveLength(10 * 32 * 32);
    expect(trace.chains[0][16 * 32 + 16]).toBeCloseTo(979.513855, 4);
  });

  it("reads the parameter trace and the settings in its comments", () => {
    const { trace, iterations, settings } = parseLegacyParameters(text("output-par.txt"));
    expect(trace.names.slice(0, 3)).toEqual(["logPost", "stepSize", "cycleSpinRow"]);
    expect(trace.names.at(-1)).toBe("bkgScale");
    expect(iterations).toHaveLength(100);
    expect(trace.chains[0]).toHaveLength(100 * trace.names.length);
    expect(trace.chains[0][0]).toBeNaN();
    expect(trace.chains[0][trace.names.length]).toBe(66.5734);
    expect(trace.chains[0][8 * trace.names.length]).toBe(Number.NEGATIVE_INFINITY);
    expect(settings).toEqual({
      shape: [32, 32],
      iterations: 100,
      every: 1,
      fitBackgroundScale: true,
      alphaInit: [1, 1, 1, 1, 1],
      totalCountsPrior: { shape: 1, rate: 0.05 },
      smoothingRate: 1000,
    });
  });
});

describe("parseLegacyImages", () => {
  const two = "1 2 3\n4 5 6\n\n7 8 9\n10 11 1.2e1\n";

  it("takes the shape of images that are not square, and leaves out the burn-in", () => {
    const trace = parseLegacyImages(two, { shape: [2, 3], burnIn: 1, every: 5 });
    expect(trace).toEqual({
      shape: [2, 3],
      first: 9,
      every: 5,
      chains: [Float32Array.of(7, 8, 9, 10, 11, 12)],
    });
  });

  it.each([
    ["", {}, "no numbers"],
    [two, {}, "4 lines with 3"],
    ["1 2\n3", {}, "line 2 must have 2 values"],
    ["1 x\n3 4", {}, '"x"'],
  ])("refuses %j", (text, options, message) => {
    expect(() => parseLegacyImages(text, options)).toThrow(message);
  });

  it("refuses more burn-in than images", () => {
    expect(() => parseLegacyImages(two, { shape: [2, 3], burnIn: 3 })).toThrow("at most the 2 images");
  });
});

describe("parseLegacyParameters", () => {
  it("counts rows when there is no iteration column", () => {
    const { trace, iterations, settings } = parseLegacyParameters("logPost bkgScale\n-nan 1\n2 1.5\n", {
      burnIn: 1,
    });
    expect(iterations).toEqual([1, 2]);
    expect(trace).toEqual({
      names: ["logPost", "bkgScale"],
      burnIn: 1,
      chains: [Float64Array.of(Number.NaN, 1, 2, 1.5)],
    });
    expect(settings).toEqual({});
  });

  it.each([
    ["# only a comment\n", "got none"],
    ["1 2 3\n", "line 1 of numbers"],
    ["a b\n1\n", "line 2 must have 2 values"],
  ])("refuses %j", (text, message) => {
    expect(() => parseLegacyParameters(text)).toThrow(message);
  });
});
