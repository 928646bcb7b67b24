/**
 * Runs that begin on the GPU and go on on the CPU. Without a device of WebGPU this is skipped with a printed reason; `TSLIRA_REQUIRE_GPU=1`
 * makes its absence an error. The commands look at `dist`.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { simulatePointSource } from "../../src/data/observation/simulated-datasets.js";
import { readResult } from "../../src/io/result-file-node.js";
import { LiraDeconvolver } from "../../src/runs/lira-deconvolver.js";
import { planRun } from "../../src/runs/lira-options.js";
import { openGpuChains } from "../../src/samplers/gpu-chain.js";
import { createLiraChain } from "../../src/samplers/lira.js";
import { findTestGpu } from "../kernels-gpu/device.js";
import { compareDevices } from "../samplers/gpu-chains.js";
import { dataUnits } from "./data-units.js";
import { memoryCheckpoints } from "./memory-checkpoints.js";

const found = await findTestGpu();
if ("missing" in found) console.warn(`moved-run.slow.test.ts skipped: ${found.missing}`);
else found.gpu.close();
const here = "gpu" in found;
const CLI = new URL("../../dist/cli/main.js", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "tslira-moved-"));
afterAll(() => rmSync(folder, { recursive: true }));

const data = simulatePointSource({
  seed: 4,
  shape: [12, 10],
  psfShape: [5, 5],
  psfSigma: 1,
  background: 0.2,
});
/** Without transfers, whose shader takes SwiftShader seconds to compile: they leave nothing to the next sweep but the flux. */
const ADAPTIVE = ["adaptive", { pairTransfers: 0 }] as const;
const LEVELS = [
  "an alpha a level, fitted background",
  { preset: "lira", fitBackgroundScale: true, cycleSpin: "none", pairTransfers: 0 },
] as const;
const SHIFTED = ["adaptive, tree shifted at random", { cycleSpin: "random" }] as const;

/** The same checkpoints a second time. */
async function copyOf(checkpoints: ReturnType<typeof memoryCheckpoints>) {
  const kept = await checkpoints.read();
  const copy = memoryCheckpoints();
  await copy.writeRecord(kept!.record);
  for (const piece of kept!.pieces) await copy.addPiece(piece);
  return copy;
}

describe.skipIf(!here)("a chain that goes on on the CPU", () => {
  it.each([ADAPTIVE, LEVELS])("is where it was: %s", async (_, settings) => {
    const law = planRun({ device: "gpu", ...settings }, [12, 10]).config;
    const device = await openGpuChains([data], law as never, 1);
    const chain = device.open(0, { seed: 3, chain: 2 });
    await chain.sweep(20, 5);
    const state = chain.save();
    const moved = createLiraChain([data], law, { seed: 3, chain: 2 });
    moved.restore(state);
    expect(Array.from(moved.flux)).toEqual(Array.from(chain.flux));
    expect(moved.moments).toEqual(chain.moments);
    // Both tell of the flux at the start of the next sweep; f32 and f64 have it of the same flux, scale and prior.
    const { columns } = chain;
    const [there] = [(await chain.sweep(1)).slice()];
    const own = moved.sweep(1);
    device.close();
    for (const name of ["logLikelihood", "logPrior", "logPost"]) {
      const at = columns.indexOf(name);
      expect(Math.abs(own[at] - there[at]), name).toBeLessThan(1e-5 * Math.abs(there[at]) + 1e-3);
    }
    // Another chain, or the same from another sweep, draws other numbers.
    const other = createLiraChain([data], law, { seed: 3, chain: 2 });
    other.restore({ ...state, sweeps: state.sweeps + 1 });
    expect(other.sweep(1)).not.toEqual(own);
  });

  it("has the law of one that was there from the beginning", async () => {
    const observation = simulatePointSource({
      ...{ seed: 5, shape: [13, 12], psfShape: [9, 9], psfSigma: 1.5, background: 1 },
    } as const);
    const law = planRun(
      { pairTransfers: 0, fitBackgroundScale: true, backgroundScalePrior: { shape: 1, rate: 1 } },
      [13, 12],
    );
    const report = await compareDevices(observation, law.config, {
      ...{ chains: 8, skip: 2, sweeps: 48, onGpu: 10, seed: 2004 },
    });
    // As in gpu.slow.test.ts: t of 7 degrees of freedom, beyond 7.06 lies 2e-4.
    for (const { blockSize, rms } of report.blocks) {
      expect(rms, `blocks of ${blockSize}`).toBeLessThan(1.5 * Math.sqrt(7 / 5));
    }
    for (const { name, t } of report.columns) expect(Math.abs(t), name).toBeLessThan(7.06);
  });
});

describe.skipIf(!here)("a run that goes on on the CPU", () => {
  it.each([ADAPTIVE, SHIFTED])(
    "ends in the same bytes whatever breaks it off there: %s",
    async (_, settings) => {
      const run = { ...settings, iterations: 60, burnIn: 6, chains: 3, seed: 3 };
      const onGpu = new LiraDeconvolver({ ...run, device: "gpu" });
      const checkpoints = memoryCheckpoints();
      checkpoints.refuseAfter = 12;
      const often = { batch: 2, checkpointSeconds: 0, workers: 0 };
      const killed = onGpu.run(data, { ...often, checkpoints });
      await expect(killed).rejects.toThrow("the program was killed");
      const again = await copyOf(checkpoints);
      checkpoints.refuseAfter = Number.POSITIVE_INFINITY;
      const notes: string[] = [];
      const onNote = (note: string) => void notes.push(note);
      const onCpu = new LiraDeconvolver({ ...run, device: "cpu" });
      const { mean, std, trace, config, provenance, smoothness } = await onCpu.run(data, {
        ...{ checkpoints, onNote, workers: 0 },
      });
      expect(notes).toEqual(["device: chains that began on the GPU go on on the CPU"]);
      expect(config).not.toHaveProperty("device");
      expect(provenance.device).toMatch(
        /^device: chains began on the GPU and went on on the CPU after \d+( to \d+)? sweeps, with other/,
      );
      // Nothing is known of them from the GPU where the tree moves.
      expect(smoothness === undefined).toBe("cycleSpin" in settings);
      let breaks = 0;
      for (;;) {
        again.refuseAfter = again.added + 5;
        try {
          const other = await onCpu.run(data, { ...often, checkpoints: again });
          expect({ ...other.trace, mean: other.mean, std: other.std, smoothness: other.smoothness }).toEqual({
            ...{ ...trace, mean, std, smoothness },
          });
          expect(other.provenance.device).toBe(provenance.device);
          break;
        } catch (error) {
          expect((error as Error).message).toBe("the program was killed");
          breaks++;
        }
      }
      expect(breaks).toBeGreaterThan(0);
      // There is no way back, and a run that is there is no run on the GPU.
      await expect(onGpu.run(data, { checkpoints })).rejects.toThrow(/must have the settings it began with/);
    },
  );

  it("is one of the GPU where that had done all sweeps", async () => {
    const run = { iterations: 12, burnIn: 6, chains: 2, seed: 3, pairTransfers: 0 };
    const checkpoints = memoryCheckpoints();
    const whole = await new LiraDeconvolver({ ...run, device: "gpu" }).run(data, { checkpoints });
    const again = await new LiraDeconvolver(run).run(data, { checkpoints, workers: 0 });
    expect({ ...again, provenance: 0 }).toEqual({ ...whole, provenance: 0 });
    expect(again.provenance).not.toHaveProperty("device");
  });
});

describe.skipIf(!here)("tslira resume --device cpu", () => {
  const start = (words: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    spawn(process.execPath, [CLI, ...words], { cwd: folder, env: { ...process.env, ...env } });
  async function ended(child: ChildProcess) {
    let said = "";
    child.stderr?.on("data", (text) => {
      said += text;
    });
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    return { code, said };
  }
  const stateOf = (run: string, chain: number) =>
    join(folder, `${run}.fits.checkpoint`, `chain-${chain}.state.fits`);

  it("continues what was killed on the GPU, to the same bytes when it is killed again", async () => {
    expect((await ended(start(["simulate", "point-source", "-o", "."]))).code).toBe(0);
    const first = start([
      ...["deconvolve", "counts.fits", "--psf", "psf.fits", "--background", "background.fits"],
      ...["--chains", "2", "--seed", "9", "--preset", "lira", "--iterations", "4000", "--device", "gpu"],
      ...["--checkpoint-every", "0.1s", "-o", "run.fits"],
    ]);
    await expect
      .poll(() => existsSync(stateOf("run", 0)) && existsSync(stateOf("run", 1)), { timeout: 60_000 })
      .toBe(true);
    first.kill("SIGKILL");
    await ended(first);
    cpSync(join(folder, "run.fits.checkpoint"), join(folder, "copy.fits.checkpoint"), { recursive: true });

    const lost = await ended(start(["resume", "run.fits.checkpoint"], { TSLIRA_WEBGPU: "no-such-package" }));
    expect(lost.code).toBe(2);
    expect(lost.said).toMatch(
      /^tslira: gpu: the package webgpu must be .*or choose device cpu, on which a run that began on a GPU goes on/m,
    );

    const whole = await ended(start(["resume", "run.fits.checkpoint", "--device", "cpu"]));
    expect(whole).toMatchObject({ code: 0 });
    expect(whole.said).toContain("tslira: device: chains that began on the GPU go on on the CPU");
    const { provenance, config } = await readResult(join(folder, "run.fits"));
    expect(provenance.device).toMatch(/^device: chains began on the GPU and went on on the CPU after \d/);
    expect(config).not.toHaveProperty("device");

    const before = readFileSync(stateOf("copy", 0));
    const words = ["resume", "copy.fits.checkpoint", "-o", "copy.fits", "--checkpoint-every", "0.1s"];
    const second = start([...words, "--device", "cpu"]);
    await expect
      .poll(() => readFileSync(stateOf("copy", 0)).equals(before), { timeout: 60_000, interval: 5 })
      .toBe(false);
    second.kill("SIGKILL");
    expect((await ended(second)).code).toBe(null);
    // Where it is now: no word of the device is needed.
    expect(await ended(start(words))).toMatchObject({ code: 0 });
    expect(dataUnits(readFileSync(join(folder, "copy.fits")))).toEqual(
      dataUnits(readFileSync(join(folder, "run.fits"))),
    );
  });
});
