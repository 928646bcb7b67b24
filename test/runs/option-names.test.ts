/** Options that no method has: from JavaScript, where no compiler looks at them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { simulatePointSource } from "../../src/data/observation/simulated-datasets.js";
import { circularRegion } from "../../src/posterior/region.js";
import { exponentialPrior } from "../../src/priors/pixel-priors.js";
import { deconvolve } from "../../src/runs/deconvolve.js";
import { deconvolveToFile, resumeRun } from "../../src/runs/deconvolve-to-file-node.js";
import { LiraDeconvolver } from "../../src/runs/lira-deconvolver.js";
import { METHODS } from "../../src/settings/methods.js";
import { planSignificance } from "../../src/significance/plan.js";

const data = simulatePointSource();
const attempt = (options: object) => deconvolve(data, options as never);
const folder = mkdtempSync(join(tmpdir(), "tslira-options-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("options that a method does not have", () => {
  it.each([...METHODS, "own"])("are refused by %s with the nearest that it has", async (method) => {
    const prior = ["map", "nuts", "gibbs"].includes(method) ? { prior: exponentialPrior({ rate: 1 }) } : {};
    await expect(attempt({ method, ...prior, itertions: 2 })).rejects.toThrow(
      'deconvolve: options must be known ones, got "itertions"; did you mean "iterations"?',
    );
  });

  it.each([
    [
      { method: "richardson-lucy", burnIn: 5 },
      'burnIn must be left out with the method "richardson-lucy", got 5; it is an option of "lira", "nuts" and "gibbs"',
    ],
    [
      { learningRate: 0.1 },
      'learningRate must be left out with the method "lira", got 0.1; it is an option of "map"',
    ],
    [{ method: "richardson-lucy", accelerate: true }, 'got "accelerate"; did you mean "acceleration"?'],
    [{ trace: { kep: 5 } }, 'got "trace.kep"; did you mean "trace.keep"?'],
    [
      { method: "richardson-lucy", stop: { rule: "held-out", fracton: 0.3 } },
      'got "stop.fracton"; did you mean "stop.fraction"?',
    ],
    [{ method: "richardson-lucy", bootstrap: { replicate: 9 } }, 'did you mean "bootstrap.replicates"?'],
    [
      { method: "map", components: [{ prior: exponentialPrior({ rate: 1 }), mesure: "flux" }] },
      'deconvolve: components[0]: options must be known ones, got "mesure"; did you mean "measure"?',
    ],
    [{ onIteration: () => undefined }, "onIteration must be left out"],
  ])("also of others, and parts of options: %j", async (options, message) => {
    await expect(attempt(options)).rejects.toThrow(message);
  });

  it("are refused by every other door", async () => {
    expect(() => new LiraDeconvolver({ itertions: 2 } as never)).toThrow('did you mean "iterations"?');
    await expect(new LiraDeconvolver({ iterations: 4 }).run(data, { worker: 0 } as never)).rejects.toThrow(
      'did you mean "workers"?',
    );
    const file = join(folder, "result.fits");
    await expect(deconvolveToFile(data, { itertions: 2 } as never, file)).rejects.toThrow(
      'did you mean "iterations"?',
    );
    await expect(
      deconvolveToFile(data, { iterations: 4 }, file, { overwite: true } as never),
    ).rejects.toThrow('did you mean "overwrite"?');
    await expect(resumeRun(folder, { outpt: file } as never)).rejects.toThrow('did you mean "output"?');
    const region = circularRegion({ x: 8, y: 8, radius: 2 }, data.counts.shape, "middle");
    expect(() => planSignificance(data, [region], { replicats: 3 } as never)).toThrow(
      'did you mean "replicates"?',
    );
  });

  it("may be there without a value", async () => {
    const estimate = await deconvolve(data, {
      method: "richardson-lucy",
      iterations: 2,
      burnIn: undefined,
    } as never);
    expect(estimate).toMatchObject({ iterations: 2 });
  });
});
