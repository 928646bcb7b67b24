import { describe, expect, it } from "vitest";
import { constantImage } from "../../src/image.js";
import type { Convergence } from "../../src/posterior/result.js";
import { meetsTarget, parseTarget } from "../../src/runs/target.js";

const row = (rhat: number, ess: number): Convergence => ({
  name: "alpha",
  mean: 1,
  std: 1,
  rhat,
  ess,
  mcse: 0.1,
});

describe("parseTarget", () => {
  it("reads one or both conditions in any order", () => {
    expect(parseTarget("rhat<1.01,ess>400")).toEqual({ text: "rhat<1.01,ess>400", rhat: 1.01, ess: 400 });
    expect(parseTarget(" ess > 100 , rhat < 1.1 ")).toMatchObject({ rhat: 1.1, ess: 100 });
    expect(parseTarget("ess>400").rhat).toBe(Number.POSITIVE_INFINITY);
    expect(parseTarget("rhat<1.05").ess).toBe(0);
  });

  it.each(["", "rhat", "rhat>1.01", "rhat<1", "rhat<0.9", "ess<400", "rhat<1.01;ess>4", "mcse<1"])(
    "refuses %j",
    (text) => {
      expect(() => parseTarget(text)).toThrow("lira: until must be conditions such as");
    },
  );
});

describe("meetsTarget", () => {
  const shape = [1, 2] as const;
  const mean = { data: Float64Array.of(9, 0.001), shape };
  const std = constantImage(shape, 1);
  const judge = (rows: Convergence[], rhat: [number, number], ess: [number, number], until: string) =>
    meetsTarget(
      {
        parameters: rows,
        rhat: { data: Float64Array.from(rhat), shape },
        ess: { data: Float64Array.from(ess), shape },
      },
      mean,
      std,
      parseTarget(until),
    );

  it("looks at every parameter and at the pixels that hold the flux", () => {
    expect(judge([row(1.001, 900)], [1.002, 2], [800, 1], "rhat<1.01,ess>400")).toBe(true);
    expect(judge([row(1.02, 900)], [1.002, 2], [800, 1], "rhat<1.01,ess>400")).toBe(false);
    expect(judge([row(1.001, 900)], [1.02, 1], [800, 800], "rhat<1.01,ess>400")).toBe(false);
    expect(judge([row(1.001, 900)], [1.002, 1], [300, 800], "rhat<1.01,ess>400")).toBe(false);
    expect(judge([row(1.001, 900)], [1.02, 1], [800, 800], "ess>400")).toBe(true);
  });

  it("takes an undefined figure for a miss", () => {
    expect(judge([row(Number.NaN, 900)], [1.002, 2], [800, 1], "rhat<1.01")).toBe(false);
    expect(judge([row(1, 900)], [1.002, 2], [Number.NaN, 1], "ess>400")).toBe(false);
  });
});
