/**
 * A report on a large result, 256 x 256 pixels with 4 x 1,000 draws (1 GB on disk): less than 30 s and 1 GiB of memory.
 * The draws are made up, Gamma-like around a smooth sky: their number and size matter here, not their law. Looks at `dist`.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { constantImage, type SkyImage } from "../../src/image.js";
import { writeResultFrom } from "../../src/io/result-file-node.js";
import { asParameterSource } from "../../src/posterior/trace.js";
import { smallResult } from "./small-result.js";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const PEAK = `process.on("exit", () => process.stderr.write("peak=" + process.resourceUsage().maxRSS + "\\n"))`;
const [SIDE, CHAINS, DRAWS] = [256, 4, 1000];
const PIXELS = SIDE * SIDE;

let folder = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tslira-large-"));
  // Its maps of smoothness are as small as its images were.
  const { smoothness: _small, ...result } = (await smallResult()).result;
  const sky = Float64Array.from({ length: PIXELS }, (_, pixel) => {
    const [x, y] = [pixel % SIDE, Math.floor(pixel / SIDE)];
    return 0.2 + 60 * Math.exp(-((x - 100) ** 2 + (y - 140) ** 2) / 18);
  });
  // A table of exponential numbers, read from a place that differs from draw to draw: 256 million of them in seconds.
  let state = 7;
  const table = Float32Array.from({ length: 2 ** 20 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return -Math.log((state + 1) / 2 ** 32);
  });
  const shape = [SIDE, SIDE] as const;
  const image = (of: (value: number) => number): SkyImage => ({ data: sky.map(of), shape });
  const names = ["logPost", "expectedMSCounts"];
  const parameters = result.diagnostics.parameters.filter(({ name }) => names.includes(name));
  const rows = Float64Array.from({ length: 5000 * names.length }, (_, index) => 100 + table[index]);
  await writeResultFrom(
    {
      ...result,
      mean: image((value) => value),
      std: image((value) => value),
      quantiles: {
        probabilities: [0.16, 0.5, 0.84],
        images: [0.17, 0.69, 1.83].map((factor) => image((value) => factor * value)),
      },
      chains: Array.from({ length: CHAINS }, () => ({
        mean: image((v) => v),
        std: image((v) => v),
        draws: 4500,
      })),
      diagnostics: {
        ...result.diagnostics,
        parameters,
        rhat: constantImage(shape, 1.01),
        ess: constantImage(shape, 900),
      },
      config: { ...result.config, chains: CHAINS, iterations: 5000, burnIn: 500 },
    },
    {
      parameters: asParameterSource({
        names,
        burnIn: 500,
        chains: Array.from({ length: CHAINS }, () => rows),
      }),
      images: {
        shape,
        chains: CHAINS,
        first: 504,
        every: 4,
        draws: () => DRAWS,
        readDraws(chain, first, count) {
          const out = new Float32Array(count * PIXELS);
          for (let draw = 0; draw < count; draw++) {
            const start = Math.imul(chain * DRAWS + first + draw + 1, 40503) & 0xfffff;
            for (let pixel = 0; pixel < PIXELS; pixel++) {
              out[draw * PIXELS + pixel] = sky[pixel] * table[(start + 7 * pixel) & 0xfffff];
            }
          }
          return out;
        },
        readBand: () => {},
      },
    },
    join(folder, "large.fits"),
  );
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a report on 256 x 256 pixels with 4 x 1,000 draws", () => {
  it("takes less than 30 s and less than 1 GiB, and has less than 5 MB", () => {
    const [result, page] = ["large.fits", "report.html"].map((name) => join(folder, name));
    expect(statSync(result).size).toBeGreaterThan(4 * CHAINS * DRAWS * PIXELS);
    const start = performance.now();
    const { status, stderr } = spawnSync(
      process.execPath,
      [
        "--import",
        `data:text/javascript,${encodeURIComponent(PEAK)}`,
        MAIN,
        "report",
        result,
        "-o",
        page,
        "--no-inputs",
      ],
      { encoding: "utf8" },
    );
    const seconds = (performance.now() - start) / 1000;
    const peak = 1024 * Number(/peak=(\d+)/.exec(stderr)?.[1]);
    expect(status, stderr).toBe(0);
    console.log(
      `report: ${seconds.toFixed(1)} s, ${(peak / 2 ** 20).toFixed(0)} MiB, ${statSync(page).size} bytes`,
    );
    expect(seconds).toBeLessThan(30);
    expect(peak).toBeLessThan(2 ** 30);
    expect(statSync(page).size).toBeLessThan(5e6);
  });
});
