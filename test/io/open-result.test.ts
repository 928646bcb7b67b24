import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { simulatePointSource } from "../../src/data/observation/simulated-datasets.js";
import { writeFitsFile } from "../../src/io/fits-file-node.js";
import { openResult } from "../../src/io/open-result-node.js";
import { readResult, writeResult } from "../../src/io/result-file-node.js";
import { pixelConvergence } from "../../src/pixels/pixel-summary.js";
import { summariseQuantities } from "../../src/posterior/quantities.js";
import { LiraDeconvolver } from "../../src/runs/lira-deconvolver.js";

const folder = mkdtempSync(join(tmpdir(), "tslira-source-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const data = simulatePointSource({ shape: [9, 7], psfSigma: 1, psfShape: [5, 5], flux: 200 });

describe("openResult", () => {
  it.each(["result.fits", "result.fits.gz"])(
    "%s: sources hold what was written, maps are the same",
    async (name) => {
      const result = await new LiraDeconvolver({ iterations: 120, burnIn: 20, chains: 3 }).run(data, {
        workers: 0,
      });
      const path = join(folder, name);
      await writeResult(result, path);
      const open = await openResult(path);
      try {
        const { parameters, images } = open;
        const { trace, ...rest } = await readResult(path);
        expect(open.result).toEqual(rest);
        expect(parameters.names).toEqual(trace.parameters.names);
        expect(parameters.burnIn).toBe(20);
        for (const [chain, rows] of trace.parameters.chains.entries()) {
          expect(parameters.readRows(chain, 0, 120)).toEqual(rows);
          expect(images.readDraws(chain, 0, images.draws(chain))).toEqual(trace.images.chains[chain]);
        }
        const width = parameters.names.length;
        expect(parameters.readRows(1, 7, 2)).toEqual(trace.parameters.chains[1].slice(7 * width, 9 * width));
        expect([images.first, images.every]).toEqual([trace.images.first, trace.images.every]);
        const draws = images.draws(1);
        const pixels = new Float32Array(2 * draws);
        await images.readBand(1, 50, 2, pixels);
        expect(pixels[2 * 4 + 1]).toBe(trace.images.chains[1][4 * 63 + 51]);
        expect(await pixelConvergence(images)).toEqual(await pixelConvergence(trace.images));
        expect(await summariseQuantities(open)).toEqual(
          await summariseQuantities({ result, parameters: trace.parameters, images: trace.images }),
        );
      } finally {
        open.close();
      }
    },
  );

  it("refuses files that are no results", async () => {
    const path = join(folder, "other.fits");
    await writeFitsFile(path, [{ kind: "image", shape: [1, 1], data: new Float64Array(1) }]);
    const text = join(folder, "text.fits");
    writeFileSync(text, "nothing");
    await expect(openResult(text)).rejects.toMatchObject({ code: "FORMAT" });
    await expect(openResult(path)).rejects.toMatchObject({ code: "FORMAT" });
    await expect(openResult(join(folder, "none.fits"))).rejects.toMatchObject({ code: "INVALID_INPUT" });
  });
});
