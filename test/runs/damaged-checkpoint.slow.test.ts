import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LiraDeconvolverOptions, type PRESETS, simulateGaussianAndPoints } from "tslira";
import { deconvolveToFile, resumeRun } from "tslira/node";
import { afterAll, describe, expect, it } from "vitest";
import { dataUnits } from "./data-units.js";

const folder = mkdtempSync(join(tmpdir(), "tslira-damaged-"));
afterAll(() => rmSync(folder, { recursive: true }));

const data = simulateGaussianAndPoints({ seed: 4 });
/** The default prior, whose state has maps of smoothness, and LIRA's, which has none. */
const LAWS = ["adaptive", "lira"] as const satisfies readonly (keyof typeof PRESETS)[];

/** A run that was stopped after chain 1 had come to some 300 of 1,000 sweeps, where draws were kept already. */
async function stopped(name: string, preset: (typeof LAWS)[number]): Promise<string> {
  const stop = new AbortController();
  const settings: LiraDeconvolverOptions = { preset, iterations: 1000, burnIn: 100, chains: 2, seed: 3 };
  const { checkpoint } = await deconvolveToFile(data, settings, join(folder, name), {
    workers: 0,
    batch: 10,
    // One state of each chain, however slow the machine is.
    checkpointSeconds: 1e6,
    signal: stop.signal,
    onProgress: ({ chains }) => {
      if (chains[1] > 250) stop.abort();
    },
  });
  return checkpoint!;
}

describe.each(LAWS)("a checkpoint under the preset %s", async (preset) => {
  const whole = join(folder, `${preset}-whole.fits`);
  const settings: LiraDeconvolverOptions = { preset, iterations: 1000, burnIn: 100, chains: 2, seed: 3 };
  await deconvolveToFile(data, settings, whole, { workers: 0 });
  const checkpoint = await stopped(`${preset}.fits`, preset);

  /** A copy with one file changed, and what happens when it is continued. */
  async function resumed(file: string, change: (path: string) => void): Promise<unknown> {
    const copy = mkdtempSync(join(folder, "copy-"));
    cpSync(checkpoint, copy, { recursive: true });
    // Without the state before the last there is nothing to fall back on.
    rmSync(join(copy, "chain-0.state.previous.fits"), { force: true });
    change(join(copy, file));
    const output = join(folder, "damaged.fits");
    const outcome = await resumeRun(copy, { workers: 0, output, overwrite: true }).catch((error) => error);
    rmSync(copy, { recursive: true, force: true });
    return outcome;
  }

  const FILES = ["chain-0.rows", "chain-0.draws.1", "chain-0.state.fits", "inputs.fits"];

  it.each(FILES)("with a flipped bit in %s is refused", async (file) => {
    const { length } = readFileSync(join(checkpoint, file));
    // Beginning, middle and the last byte that a chain of 300 sweeps needs; a FITS file ends in what fills its block.
    for (const place of [0, length >> 1, file.endsWith(".fits") ? length - 3 : 8]) {
      const outcome = await resumed(file, (path) => {
        const bytes = readFileSync(path);
        bytes[place] ^= 4;
        writeFileSync(path, bytes);
      });
      expect(outcome, `byte ${place} of ${length}`).toMatchObject({ code: "FORMAT" });
    }
  });

  it.each(FILES)("with %s cut short is refused", async (file) => {
    const { length } = readFileSync(join(checkpoint, file));
    for (const left of [0, length >> 1]) {
      const outcome = await resumed(file, (path) => truncateSync(path, left));
      expect(outcome, `${left} bytes of ${length}`).toMatchObject({ code: "FORMAT" });
    }
  });

  const expected = () => dataUnits(readFileSync(whole));
  const flipped = (path: string, place: (length: number) => number) => {
    const bytes = readFileSync(path);
    bytes[place(bytes.length)] ^= 4;
    writeFileSync(path, bytes);
  };
  const copyOf = (from: string) => {
    const copy = mkdtempSync(join(folder, "copy-"));
    cpSync(from, copy, { recursive: true });
    return copy;
  };

  it("with a flipped bit in run.json goes on from its copy, and says so; without a whole one it is refused", async () => {
    const warnings: string[] = [];
    const output = join(folder, "copied.fits");
    const copy = copyOf(checkpoint);
    flipped(join(copy, "run.json"), (length) => length >> 1);
    const both = copyOf(copy);
    flipped(join(both, "run.copy.json"), (length) => length >> 1);
    await expect(resumeRun(both, { workers: 0, output })).rejects.toMatchObject({ code: "FORMAT" });
    await resumeRun(copy, { workers: 0, output, onWarning: (text) => warnings.push(text) });
    expect(warnings).toEqual([expect.stringMatching(/run\.json: .*; its copy run\.copy\.json is used$/)]);
    expect(dataUnits(readFileSync(output))).toEqual(expected());
    rmSync(output);
    const gone = copyOf(checkpoint);
    rmSync(join(gone, "run.json"));
    await resumeRun(gone, { workers: 0, output, onWarning: (text) => warnings.push(text) });
    expect(warnings.at(-1)).toMatch(/run\.json: record .* got none; its copy run\.copy\.json is used$/);
    expect(dataUnits(readFileSync(output))).toEqual(expected());
    rmSync(output);
  });

  it("goes on from the checkpoint before where a byte of the last one differs, and says so", {
    timeout: 300_000,
  }, async () => {
    // Continued and stopped a second time: chain 1 has two states now, and traces that reach further than the first.
    const twice = copyOf(checkpoint);
    const stop = new AbortController();
    const output = join(folder, `${preset}-previous.fits`);
    await resumeRun(twice, {
      ...{ workers: 0, batch: 10, checkpointSeconds: 1e6, signal: stop.signal, output },
      // In a turn of chain 1 beyond the 408 sweeps of the one before, and before its end.
      onProgress: ({ chains }) => {
        if (chains[1] > 408) stop.abort();
      },
    });
    for (const file of ["chain-1.state.fits", "chain-1.rows", "chain-1.draws.1"]) {
      const copy = copyOf(twice);
      flipped(join(copy, file), (length) => (file.endsWith(".fits") ? length >> 1 : length - 1));
      const warnings: string[] = [];
      const onWarning = (text: string) => warnings.push(text);
      await resumeRun(copy, { workers: 0, output, overwrite: true, onWarning });
      expect(warnings).toEqual([
        expect.stringMatching(`${file}: .*; chain 2 goes on from the checkpoint before, after sweep \\d+$`),
      ]);
      expect(dataUnits(readFileSync(output))).toEqual(expected());
    }
  });

  it("that nobody touched ends in the bytes of an undisturbed run", async () => {
    const text = readFileSync(join(checkpoint, "chain-0.state.fits"), "latin1");
    expect(text.includes("SMOOTHNESS")).toBe(preset === "adaptive");
    const { output } = await resumeRun(checkpoint, { workers: 0 });
    expect(dataUnits(readFileSync(output))).toEqual(dataUnits(readFileSync(whole)));
    expect(existsSync(checkpoint)).toBe(false);
  });
});
