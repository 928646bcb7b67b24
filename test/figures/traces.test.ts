import { beforeAll, describe, expect, it } from "vitest";
import { figureDocument } from "../../src/figures/document-node.js";
import { plotParameterTraces } from "../../src/figures/plot-parameter-traces.js";
import { plotPixelTrace } from "../../src/figures/plot-pixel-trace.js";
import { decimate, summariseColumns } from "../../src/figures/trace-panel.js";
import type { ImageTrace, ParameterTrace } from "../../src/posterior/trace.js";
import { textsOf, uniforms } from "./images.js";

let document: Document;
beforeAll(async () => {
  document = await figureDocument();
});

const NAMES = [
  "iteration",
  "chain",
  "logPost",
  "stepSize",
  "cycleSpinRow",
  "cycleSpinCol",
  "smoothingParam0",
  "bkgScale",
];

function parameterTrace(sweeps: number, chains: number): ParameterTrace {
  const random = uniforms(5);
  return {
    names: NAMES,
    burnIn: Math.floor(sweeps / 10),
    chains: Array.from({ length: chains }, (_, chain) =>
      Float64Array.from(
        Array.from({ length: sweeps }, (_, sweep) => [
          sweep,
          chain,
          -100 + random(),
          0.1,
          sweep % 8,
          0,
          random(),
          1,
        ]).flat(),
      ),
    ),
  };
}

const convergence = (name: string, rhat: number, ess: number) => ({
  name,
  mean: 0,
  std: 1,
  rhat,
  ess,
  mcse: 0.1,
});
const lines = (svg: string) =>
  svg.match(/<path fill="none"/g)?.length ?? svg.match(/<path d="M[^"]*L/g)?.length ?? 0;

describe("plotParameterTraces", () => {
  it("looks as it did", async () => {
    const diagnostics = { parameters: [convergence("logPost", 1.0012, 95.4)] };
    const svg = plotParameterTraces(parameterTrace(20, 2), diagnostics, { document, title: "Two chains" });
    await expect(svg).toMatchFileSnapshot("snapshots/plot-parameter-traces.svg.snap");
  });

  it("draws what varies and leaves bookkeeping out", () => {
    const texts = textsOf(plotParameterTraces(parameterTrace(50, 2), undefined, { document }));
    expect(texts).toEqual(expect.arrayContaining(["log posterior", "α₀", "burn-in", "chain 1", "2"]));
    for (const name of ["iteration", "chain", "stepSize", "cycleSpinRow", "cycleSpinCol", "background scale"])
      expect(texts).not.toContain(name);
  });

  it("draws the columns asked for, constants too", () => {
    const texts = textsOf(
      plotParameterTraces(parameterTrace(50, 1), undefined, { document, names: ["bkgScale"] }),
    );
    expect(texts).toContain("background scale");
    expect(texts).not.toContain("log posterior");
  });

  it("warns of an R-hat or ESS that fails", () => {
    const draw = (rhat: number, ess: number) =>
      plotParameterTraces(
        parameterTrace(50, 2),
        { parameters: [convergence("logPost", rhat, ess)] },
        { document },
      );
    expect(textsOf(draw(1.2, 900))).toContain("R\u0302 1.200, ESS 900");
    expect(draw(1.2, 900)).toContain("#c44600");
    expect(draw(1.01, 150)).toContain("#c44600");
    expect(draw(1.01, 900)).not.toContain("#c44600");
    expect(textsOf(draw(Number.NaN, Number.NaN))).toContain("R\u0302 –, ESS –");
  });

  it("stays small for long traces", () => {
    const svg = plotParameterTraces(parameterTrace(20_000, 2), undefined, { document });
    expect(lines(svg)).toBeGreaterThan(0);
    expect(svg.length).toBeLessThan(60_000);
    // 230 px for 20,000 sweeps: 87 sweeps a px, means of 1.5 px.
    expect(textsOf(svg)).toContain("mean of 130 sweeps");
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("refuses unknown names and empty traces", () => {
    const invalid = expect.objectContaining({ code: "INVALID_INPUT" });
    expect(() =>
      plotParameterTraces(parameterTrace(5, 1), undefined, { document, names: ["alpha"] }),
    ).toThrow(invalid);
    expect(() => plotParameterTraces(parameterTrace(5, 0), undefined, { document })).toThrow(invalid);
  });
});

describe("decimate", () => {
  it("keeps the extremes of every pixel column in order", () => {
    const random = uniforms(9);
    const values = Float64Array.from({ length: 1000 }, random);
    values[333] = 5;
    values[500] = Number.NaN;
    const indices = decimate(values, 0, 1000, 0.1);
    expect(indices.length).toBeLessThanOrEqual(200);
    expect(indices).toEqual(indices.toSorted((first, second) => first - second));
    for (let column = 0; column < 100; column++) {
      const all = values.subarray(column * 10, column * 10 + 10).filter((value) => !Number.isNaN(value));
      const kept = indices
        .filter((index) => Math.floor(index / 10) === column)
        .map((index) => values[index] ?? 0);
      expect(Math.min(...kept)).toBe(Math.min(...all));
      expect(Math.max(...kept)).toBe(Math.max(...all));
    }
  });

  it("keeps every value of a short trace", () => {
    expect(decimate([1, 2, 3], 0, 3, 50)).toEqual([0, 1, 2]);
  });
});

describe("summariseColumns", () => {
  it("gives mean and range of neighbouring values, the last column being shorter", () => {
    expect(summariseColumns([9, 1, 2, 6, Number.NaN, 4], 1, 6, 3)).toEqual([
      { middle: 2, mean: 3, low: 1, high: 6 },
      { middle: 4.5, mean: 4, low: 4, high: 4 },
    ]);
  });
});

describe("plotPixelTrace", () => {
  const draws = (chain: number) =>
    Float32Array.from({ length: 10 * 6 }, (_, index) =>
      index % 6 === 4 ? 2 + chain + (Math.floor(index / 6) % 2) : 0,
    );
  const trace: ImageTrace = { shape: [2, 3], first: 100, every: 10, chains: [draws(0), draws(1)] };

  it("shows the pixel asked for with mean and standard deviation", () => {
    const texts = textsOf(plotPixelTrace(trace, 1, 1, { document, unit: "photon / (cm2 pixel)" }));
    // 10 draws each of 2, 3 (twice) and 4: mean 3, sample standard deviation sqrt(10 / 19).
    expect(texts).toEqual(
      expect.arrayContaining(["flux at x = 1, y = 1", "flux (photon / cm²)", "mean 3, std 0.725"]),
    );
  });

  it("shows the sum over a circle, and counts draws after burn-in only", () => {
    const texts = textsOf(plotPixelTrace(trace, 1, 1, { document, radius: 1, burnIn: 180 }));
    // Pixels around (1, 1) hold 0. Draws 8 and 9 of each chain: 2, 3 and 3, 4.
    expect(texts).toEqual(
      expect.arrayContaining(["flux within 1 px of x = 1, y = 1", "mean 3, std 0.816", "burn-in"]),
    );
  });

  it("draws a pixel that never changes", () => {
    expect(plotPixelTrace(trace, 0, 0, { document })).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("refuses a pixel outside the image and a trace without draws", () => {
    const invalid = expect.objectContaining({ code: "INVALID_INPUT" });
    expect(() => plotPixelTrace(trace, 3, 0, { document })).toThrow(invalid);
    expect(() => plotPixelTrace({ ...trace, chains: [new Float32Array(0)] }, 0, 0, { document })).toThrow(
      invalid,
    );
  });
});
