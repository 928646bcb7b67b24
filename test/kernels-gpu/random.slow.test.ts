/**
 * Random numbers of the shaders: published vectors of Philox, and draws against exact laws. Streams are fixed, so a verdict never
 * flickers; exact draws would have been rejected with a probability of P_MINIMUM a test, below 5e-4 for the file.
 */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { meanTest, pearson } from "../kernels/goodness-of-fit.js";
import { binomialCdf, gammaCdf, normalCdf, poissonCdf } from "../oracles/distributions.js";
import { findTestGpu, shaderValues } from "./device.js";

const P_MINIMUM = 1e-5;
const DRAWS = 1 << 16;

const found = await findTestGpu();
if ("missing" in found) console.warn(`kernels-gpu/random.slow.test.ts skipped: ${found.missing}`);
const gpu = "gpu" in found ? found.gpu : undefined;
afterAll(() => gpu?.close());

const source = (name: string) =>
  readFileSync(new URL(`../../kernels-gpu/${name}.wgsl`, import.meta.url), "utf8");
const CODE = ["philox", "special", "random"].map(source).join("");

async function values(body: string, count: number, type: "u32" | "f32" = "f32") {
  if (gpu === undefined) throw new Error("no device");
  return shaderValues(gpu, CODE, body, count, type);
}

/** Draws by thread: of law `index % laws.length`, each law DRAWS times. */
async function drawsOf(step: number, laws: readonly string[]): Promise<Float32Array[]> {
  const cases = [...new Set(laws)].map((law, at, { length }) =>
    length === 1 ? `default: { value = ${law}; }` : `case ${at}u: { value = ${law}; }`,
  );
  if (cases.length > 1) cases.push("default: { value = 0.0; }");
  const all = await values(
    `beginStream(vec2<u32>(2011u, 4u), 3u, 7u, ${step}u, index);
     switch (index % ${laws.length}u) { ${cases.join("\n")} }`,
    DRAWS * laws.length,
  );
  return laws.map((_, at) => Float32Array.from({ length: DRAWS }, (_, draw) => all[draw * laws.length + at]));
}

/** p-value of draws against a distribution function: bins between quantiles of the first half, tested on the second, tails finer. */
function chiSquareOf(draws: Float32Array, cdf: (x: number) => number): number {
  const half = draws.length / 2;
  const pilot = [...draws.subarray(0, half)].sort((a, b) => a - b);
  const ranks = [
    0.0005,
    0.002,
    0.005,
    ...Array.from({ length: 49 }, (_, i) => 0.02 * (i + 1)),
    0.995,
    0.998,
    0.9995,
  ];
  const edges = [...new Set(ranks.map((rank) => pilot[Math.floor(rank * half)]))];
  const observed = new Array<number>(edges.length + 1).fill(0);
  for (const value of draws.subarray(half)) {
    const bin = edges.findIndex((edge) => value <= edge);
    observed[bin < 0 ? edges.length : bin]++;
  }
  const below = [0, ...edges.map(cdf), 1];
  return pearson(
    observed,
    observed.map((_, bin) => half * (below[bin + 1] - below[bin])),
  );
}

describe.skipIf(gpu === undefined)("random numbers of the shaders", () => {
  it("Philox 4x32-10 gives the published vectors", async () => {
    // Random123 1.14, tests/kat_vectors, philox4x32 10.
    const counters = [
      "vec4<u32>()",
      "vec4<u32>(0xffffffffu)",
      "vec4<u32>(0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u)",
    ];
    const keys = ["vec2<u32>()", "vec2<u32>(0xffffffffu)", "vec2<u32>(0xa4093822u, 0x299f31d0u)"];
    const calls = counters.map(
      (counter, at) => `case ${at}u: { value = philox(${counter}, ${keys[at]})[index % 4u]; }`,
    );
    expect([...(await values(`switch (index / 4u) { ${calls.join("\n")} default: {} }`, 12, "u32"))]).toEqual(
      [
        0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd,
        0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1,
      ],
    );
  });

  it("log, log(1 + x) and exp are good to some units in the last place of f32", async () => {
    const count = 4096;
    const check = async (
      body: string,
      at: (index: number) => number,
      exact: (x: number) => number,
      limit: number,
    ) => {
      const found = await values(body, count);
      let worst = 0;
      for (let index = 0; index < count; index++) {
        const truth = exact(at(index));
        worst = Math.max(worst, Math.abs(found[index] - truth) / Math.max(Math.abs(truth), 1e-30));
      }
      expect(worst).toBeLessThan(limit);
    };
    // One unit is 2^-24 to 2^-23 of the value, 1.2e-7; the argument of log is rounded too.
    await check(
      "value = logOf(ldexp(1.0 + f32(index % 64u) / 64.0, i32(index / 64u) - 32));",
      (index) => (1 + (index % 64) / 64) * 2 ** (Math.floor(index / 64) - 32),
      Math.log,
      4e-7,
    );
    await check(
      "value = logOnePlus(ldexp(select(-1.0, 1.0, (index & 1u) == 0u) * f32(index % 64u + 1u) / 128.0, -i32(index / 64u) / 2));",
      (index) =>
        ((index & 1 ? -1 : 1) * ((index % 64) + 1)) / 128 / 2 ** Math.floor(Math.floor(index / 64) / 2),
      Math.log1p,
      4e-7,
    );
    // The rounding of x alone makes an error of x 2^-24: 5e-6 at 80.
    await check(
      "value = expOf((f32(index) - 2048.0) / 25.6);",
      (index) => (index - 2048) / 25.6,
      Math.exp,
      6e-6,
    );
  });

  it("uniform, exponential, normal", async () => {
    const [uniform, exponential, normal] = await drawsOf(1, [
      "uniformOf(nextBits().x)",
      "exponentialOf(nextBits().y)",
      "normalOf(nextBits().z, nextBits().w)",
    ]);
    expect(chiSquareOf(uniform, (x) => x)).toBeGreaterThan(P_MINIMUM);
    expect(chiSquareOf(exponential, (x) => -Math.expm1(-x))).toBeGreaterThan(P_MINIMUM);
    expect(chiSquareOf(normal, normalCdf)).toBeGreaterThan(P_MINIMUM);
    expect(meanTest(exponential, 1)).toBeGreaterThan(P_MINIMUM);
    expect(meanTest(normal, 0)).toBeGreaterThan(P_MINIMUM);
    expect(
      meanTest(
        normal.map((value) => value * value),
        1,
      ),
    ).toBeGreaterThan(P_MINIMUM);
  });

  it("gamma numbers, down to shapes of 0.001 as logarithms", async () => {
    const shapes = [0.001, 0.02, 0.3, 0.999, 1, 2.7, 60, 5000];
    const draws = await drawsOf(
      2,
      shapes.map(() => `drawLogGamma(array<f32, 8>(${shapes.join(", ")})[index % 8u])`),
    );
    for (const [at, shape] of shapes.entries()) {
      expect(
        chiSquareOf(draws[at], (x) => gammaCdf(shape, x)),
        `shape ${shape}`,
      ).toBeGreaterThan(P_MINIMUM);
    }
    const [, , plain, , , , , large] = await drawsOf(
      3,
      shapes.map(() => `drawGamma(array<f32, 8>(${shapes.join(", ")})[index % 8u])`),
    );
    expect(chiSquareOf(plain, (x) => gammaCdf(0.3, Math.log(x)))).toBeGreaterThan(P_MINIMUM);
    expect(chiSquareOf(large, (x) => gammaCdf(5000, Math.log(x)))).toBeGreaterThan(P_MINIMUM);
    expect(meanTest(large, 5000)).toBeGreaterThan(P_MINIMUM);
  });

  it("Poisson counts", async () => {
    const means = [0.001, 0.3, 3.2, 9.99, 10.01, 47, 1234.5, 1e6];
    const draws = await drawsOf(
      4,
      means.map(() => `drawPoisson(array<f32, 8>(${means.join(", ")})[index % 8u])`),
    );
    for (const [at, mean] of means.entries()) {
      const cdf = poissonCdf(Math.fround(mean));
      expect(chiSquareOf(draws[at], cdf), `mean ${mean}`).toBeGreaterThan(P_MINIMUM);
      expect(meanTest(draws[at], Math.fround(mean)), `mean ${mean}`).toBeGreaterThan(P_MINIMUM);
    }
  });

  it("binomial counts", async () => {
    const laws = [
      [1, 0.3],
      [5, 0.97],
      [40, 0.02],
      [40, 0.5],
      [1000, 0.009],
      [1000, 0.011],
      [1000, 0.9],
      [1e6, 0.3],
    ] as const;
    const draws = await drawsOf(
      5,
      laws.map(
        () =>
          `drawBinomial(array<f32, 8>(${laws.map(([n]) => n).join(", ")})[index % 8u], array<f32, 8>(${laws.map(([, p]) => p).join(", ")})[index % 8u])`,
      ),
    );
    for (const [at, [n, p]] of laws.entries()) {
      expect(chiSquareOf(draws[at], binomialCdf(n, Math.fround(p))), `${n}, ${p}`).toBeGreaterThan(P_MINIMUM);
      expect(meanTest(draws[at], n * Math.fround(p)), `${n}, ${p}`).toBeGreaterThan(P_MINIMUM);
    }
  });
});
