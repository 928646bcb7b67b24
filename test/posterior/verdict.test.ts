import { describe, expect, it } from "vitest";
import { skyImage } from "../../src/image.js";
import { diagnose } from "../../src/pixels/diagnose.js";
import type { Convergence } from "../../src/posterior/result.js";
import type { ImageTrace, ParameterTrace } from "../../src/posterior/trace.js";
import { censusPixels, type Evidence, judge, pixelsThatMatter } from "../../src/posterior/verdict.js";
import { ar1Chains, normalSource } from "./chains.js";

const row = (name: string, rhat: number, ess: number): Convergence => ({
  name,
  mean: 1,
  std: 1,
  rhat,
  ess,
  mcse: 0.1,
});

const sound: Evidence = {
  parameters: [row("expectedMSCounts", 1.002, 2400), row("smoothingParam0", 1.01, 700)],
  pixels: { judged: 57, failing: 0, worst: [5], largestRhat: 1.02, smallestEss: 450 },
  worstPixels: [row("flux at (x, y) = (1, 2)", 1.02, 450)],
  chains: 4,
  shortChains: 0,
  sweeps: 4500,
  burnIn: 500,
  keptDraws: 1000,
};

describe("judge", () => {
  it("agree", () => {
    expect(judge(sound)).toMatchObject({
      state: "agree",
      sentence:
        "4 chains agree: R-hat is at most 1.02 and the effective sample size at least 450 for 2 parameters and the 57 pixels that hold the flux.",
      remedy: "",
    });
  });

  it("disagree: names the pixel and asks for sweeps in proportion to what is missing", () => {
    const verdict = judge({
      ...sound,
      pixels: { judged: 57, failing: 3, worst: [22], largestRhat: 1.34, smallestEss: 20 },
      worstPixels: [row("flux at (x, y) = (16, 6)", 1.34, 20)],
    });
    expect(verdict.state).toBe("disagree");
    expect(verdict.sentence).toBe(
      "4 chains disagree: R-hat is 1.34 for the flux at (x, y) = (16, 6); 3 of the 57 pixels that hold the flux (5 %) " +
        "and 0 of 2 parameters miss the limits (R-hat below 1.05, effective sample size at least 400).",
    );
    // 400 / 20 = 20 times 4,500 sweeps and 500 of burn-in: 90,500, two digits upwards.
    expect(verdict.remedy).toContain("at least 91,000 sweeps (--iterations 91000)");
    expect(verdict.worst[0].name).toBe("flux at (x, y) = (16, 6)");
  });

  it("weak: too few effective draws", () => {
    const verdict = judge({ ...sound, parameters: [row("smoothingParam0", 1.04, 63)] });
    expect(verdict.state).toBe("weak");
    expect(verdict.sentence).toContain("the effective sample size is only 63 for smoothingParam0");
    expect(verdict.remedy).toBe("Run at least 30,000 sweeps (--iterations 30000).");
  });

  it("weak: R-hat between the limits", () => {
    const verdict = judge({ ...sound, parameters: [row("smoothingParam0", 1.07, 500)] });
    expect(verdict.state).toBe("weak");
    expect(verdict.sentence).toContain("R-hat is 1.07 for smoothingParam0");
  });

  it("weak: of several that miss the limits, the largest R-hat is told, and the fewest draws count", () => {
    const rhat = skyImage([1.087, 1.06, 1.0], [1, 3]);
    const ess = skyImage([350, 90, 900], [1, 3]);
    const pixels = censusPixels({ rhat, ess }, [0, 1, 2], 4);
    expect(pixels.worst).toEqual([0, 1, 2]);
    const verdict = judge({
      ...sound,
      pixels,
      worstPixels: [row("flux at (x, y) = (0, 0)", 1.087, 350)],
      parameters: [row("smoothness0", 1.06, 95), row("logLikelihood", 1.073, 380)],
    });
    expect(verdict.state).toBe("weak");
    expect(verdict.sentence).toContain("R-hat is 1.09 for the flux at (x, y) = (0, 0)");
    expect(verdict.worst.map(({ rhat }) => rhat)).toEqual([1.087, 1.073, 1.06]);
    // 400 / 90 times 4,500 sweeps and 500 of burn-in, upwards.
    expect(verdict.remedy).toContain("--iterations 21000");
  });

  it("weak because too few images were kept: says so", () => {
    const verdict = judge({
      ...sound,
      keptDraws: 50,
      pixels: { judged: 57, failing: 57, worst: [5], largestRhat: 1.03, smallestEss: 180 },
      worstPixels: [row("flux at (x, y) = (1, 2)", 1.03, 180)],
    });
    expect(verdict.state).toBe("weak");
    expect(verdict.remedy).toContain("--trace-every");
  });

  it("unknown: a single chain, with a warning when its halves differ", () => {
    expect(judge({ ...sound, chains: 1 })).toMatchObject({
      state: "unknown",
      remedy: expect.stringContaining("--chains 4"),
    });
    expect(judge({ ...sound, chains: 1, parameters: [row("logPost", 1.5, 5)] }).sentence).toContain(
      "halves already differ",
    );
    expect(judge({ ...sound, chains: 0, parameters: [], worstPixels: [] }).state).toBe("unknown");
  });

  it("unknown: too few sweeps or kept images; R-hat of a handful of draws is not believed", () => {
    const noisy = [row("flux at (x, y) = (1, 2)", 2, 8)];
    expect(judge({ ...sound, sweeps: 12, parameters: [row("logPost", 2, 5)] }).state).toBe("unknown");
    expect(judge({ ...sound, keptDraws: 6, worstPixels: noisy }).state).toBe("unknown");
    expect(
      judge({ ...sound, keptDraws: 0, worstPixels: [], parameters: [row("logPost", 1.3, 5)] }).state,
    ).toBe("disagree");
    expect(judge({ ...sound, parameters: [], worstPixels: [] }).state).toBe("unknown");
  });

  it("frozen chains disagree infinitely", () => {
    const verdict = judge({ ...sound, parameters: [row("cell", Infinity, 4)] });
    expect(verdict.state).toBe("disagree");
    expect(verdict.sentence).toContain("R-hat is infinite for cell");
    expect(verdict.remedy).not.toMatch(/NaN|Infinity/);
  });

  it("lists at most five quantities, contradictions first", () => {
    const verdict = judge({
      ...sound,
      parameters: [1.001, 1.2, 1.06, 1.5, 1.03, 1.01].map((rhat, i) =>
        row(`p${i}`, rhat, rhat > 1.1 ? 300 : 5),
      ),
    });
    expect(verdict.worst.map(({ name }) => name).slice(0, 2)).toEqual(["p3", "p1"]);
    expect(verdict.worst.length).toBe(5);
  });

  it("mentions chains that were too short to compare", () => {
    expect(judge({ ...sound, shortChains: 1 }).sentence).toContain(
      "1 much shorter chain could not be compared.",
    );
  });
});

describe("pixelsThatMatter", () => {
  it("takes the brightest that hold 90 % of the flux and all that stand above their scatter", () => {
    const mean = skyImage([0, 60, 30, 5, 3, 2], [2, 3]);
    const std = skyImage([0, 90, 1, 6, 1, 4], [2, 3]);
    expect(pixelsThatMatter(mean, std)).toEqual([1, 2, 4]);
  });

  it("is empty for an empty or undefined image", () => {
    const nothing = skyImage([0, Number.NaN], [1, 2]);
    expect(pixelsThatMatter(nothing, nothing)).toEqual([]);
  });
});

describe("censusPixels", () => {
  it("counts failures and puts the worst first, without pixels whose R-hat is undefined", () => {
    const rhat = skyImage([1.0, 1.2, 1.04, Number.NaN, 1.0, 1.3], [2, 3]);
    const ess = skyImage([900, 50, 420, Number.NaN, 200, 30], [2, 3]);
    expect(censusPixels({ rhat, ess }, [0, 1, 2, 3, 4, 5], 4)).toEqual({
      judged: 5,
      failing: 3,
      worst: [5, 1, 4, 2, 0],
      largestRhat: 1.3,
      smallestEss: 30,
    });
  });
});

describe("diagnose", () => {
  /** Four chains of a 3 x 3 image with one bright pixel; `offset` sets the pixel of the last chain apart. */
  function run(draws: number, offset: number, chains = 4) {
    const normal = normalSource(7);
    const total = ar1Chains(0.3, chains, draws + 10, 1);
    const parameters: ParameterTrace = {
      names: ["iteration", "expectedMSCounts"],
      burnIn: 10,
      chains: total.map((chain) => Float64Array.from(chain.flatMap((x, k) => [k, x]))),
    };
    const images: ImageTrace = {
      shape: [3, 3],
      first: 10,
      every: 1,
      chains: total.map((_, c) =>
        Float32Array.from({ length: 9 * draws }, (_, i) =>
          i % 9 === 5 ? 100 + normal() + (c === chains - 1 ? offset : 0) : normal() ** 2 / 100,
        ),
      ),
    };
    const mean = skyImage([0.01, 0.01, 0.01, 0.01, 0.01, 100, 0.01, 0.01, 0.01], [3, 3]);
    const std = skyImage(new Array(9).fill(1), [3, 3]);
    return diagnose({ parameters, images, mean, std });
  }

  it("finds agreement", async () => {
    const { parameters, rhat, ess, verdict } = await run(500, 0);
    expect(verdict.state).toBe("agree");
    expect(verdict.sentence).toContain("1 parameter and the 1 pixel that holds");
    expect(parameters.map(({ name }) => name)).toEqual(["expectedMSCounts"]);
    expect(rhat.shape).toEqual([3, 3]);
    expect(ess.data.every((value) => value > 400)).toBe(true);
  });

  it("finds the pixel in which one chain stands apart", async () => {
    const { verdict } = await run(500, 3);
    expect(verdict.state).toBe("disagree");
    expect(verdict.sentence).toContain("flux at (x, y) = (2, 1)");
    expect(verdict.worst[0].mean).toBeGreaterThan(100);
    expect(verdict.worst[0].mcse).toBeGreaterThan(0);
  });

  it("does not judge one chain", async () => {
    expect((await run(500, 0, 1)).verdict.state).toBe("unknown");
  });

  it("survives a run without a single draw after burn-in", async () => {
    expect((await run(0, 0)).verdict.state).toBe("unknown");
  });
});
