/**
 * Result files in astropy (read as pylira reads them, too) and fitsverify.
 *
 * Needs Python with astropy (environment TSLIRA_PYTHON, else python3 or /usr/bin/python3) and fitsverify; skipped with
 * a reason when they are absent, failed with TSLIRA_REQUIRE_INTEROP=1.
 */

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { simulateDisk, simulatePointSource } from "../../src/data/observation/simulated-datasets.js";
import { writeResult } from "../../src/io/result-file-node.js";
import { LiraDeconvolver } from "../../src/runs/lira-deconvolver.js";
import { documentFences } from "../document-fences.js";
import { findPython } from "./python.js";

const SCRIPT = fileURLToPath(new URL("result-astropy.py", import.meta.url));
const python = findPython("astropy");
const ready = python !== undefined && spawnSync("fitsverify", ["-l"]).error === undefined;
const reason =
  "astropy and fitsverify must be installed, for example with `apt-get install python3-astropy fitsverify`";
if (!ready) {
  if (process.env.TSLIRA_REQUIRE_INTEROP === "1")
    throw new Error(`${reason} (required by TSLIRA_REQUIRE_INTEROP=1)`);
  console.warn(`skipped: ${reason}`);
}

const folder = mkdtempSync(join(tmpdir(), "tslira-interop-result-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const wcs = [
  { keyword: "CTYPE1", value: "RA---TAN" },
  { keyword: "CTYPE2", value: "DEC--TAN" },
  { keyword: "CRVAL1", value: 266.4 },
  { keyword: "CRVAL2", value: -29 },
  { keyword: "CRPIX1", value: 4.5 },
  { keyword: "CRPIX2", value: -3 },
  { keyword: "CDELT1", value: -1.4e-4 },
  { keyword: "CDELT2", value: 1.4e-4 },
];

it.skipIf(!ready)(
  "astropy reads values, sky coordinates, tables and traces; fitsverify has no complaint",
  async () => {
    const data = [simulateDisk({ shape: [9, 14] }), simulatePointSource({ shape: [9, 14], name: "Käse" })];
    const deconvolver = new LiraDeconvolver({
      iterations: 40,
      burnIn: 8,
      chains: 3,
      seed: 2 ** 53 - 1,
      fitBackgroundScale: true,
      smoothingPrior: { power: 2, rate: 0.02, exponent: 1 },
    });
    const result = await deconvolver.run(
      data.map((one) => ({ ...one, wcs })),
      {
        workers: 0,
        unit: "count / (cm2 s)",
        command: `tslira deconvolve ${"a-long-name/".repeat(20)}x.fits`,
        inputs: [{ name: "a".repeat(150), sha256: "ab".repeat(32) }],
      },
    );
    const path = join(folder, "result.fits");
    await writeResult(result, path);

    const report = execFileSync("fitsverify", [path], { encoding: "utf8" });
    expect(report).toContain("0 warning(s) and 0 error(s)");

    const found = JSON.parse(
      execFileSync(python as string, [SCRIPT, path], { encoding: "utf8", maxBuffer: 2 ** 28 }),
    );
    expect(found.names).toEqual([
      ...["PRIMARY", "POSTERIOR_STD", "POSTERIOR_QUANTILES", "RHAT", "ESS", "CHAIN_MEAN", "CHAIN_STD"],
      // A disk of 9 x 14 pixels goes on beyond the frame.
      ...["SKY", "PARAMETER_TRACE", "DIAGNOSTICS", "LEDGER", "CONFIG", "IMAGE_TRACE"],
    ]);
    expect(found.dtypes).toEqual([...new Array(8).fill(">f8"), ">f4"]);
    expect(found.mean).toEqual(Array.from(result.mean.data));
    expect(found.quantiles).toEqual(
      result.quantiles.images.flatMap(({ data: values }) => Array.from(values)),
    );
    expect(found.unit).toBe(result.unit);
    expect(found.verdict).toBe(result.diagnostics.verdict.sentence);
    expect(found.command).toBe(result.provenance.command);
    expect(found.pixel[0]).toBeCloseTo(3.5, 9);
    expect(found.pixel[1]).toBeCloseTo(-4, 9);

    const { names, chains } = result.trace.parameters;
    expect(found.columns).toEqual(["iteration", "chain", "logPost", "stepSize", ...names.slice(1)]);
    expect(found.logPost).toEqual(
      chains.flatMap((chain) => Array.from(chain).filter((_, index) => index % names.length === 0)),
    );
    if (result.config.adaptivePrior !== undefined) throw new Error("one alpha a level was asked for");
    expect(found.alpha_init).toEqual(result.config.alphaInit);
    expect(found.settings).toEqual({
      n_iter_max: 40,
      n_burn_in: 0,
      fit_background_scale: true,
      ms_al_kap1: 1,
      random_seed: 2 ** 53 - 1,
    });
    // pylira's posterior mean from the trace: here every draw after burn-in is kept, so it is the mean itself.
    expect(found.trace_shape).toEqual([3 * 32, 9, 14]);
    for (const [index, value] of found.trace_mean.entries())
      expect(value).toBeCloseTo(result.mean.data[index], 4);
    expect(found.ledger).toEqual(result.ledger.map(({ observed }) => observed));
    expect(found.diagnostics).toEqual(
      [...result.diagnostics.parameters, ...result.diagnostics.verdict.worst].map(({ name }) => name),
    );
  },
);

it.skipIf(!ready)("astropy runs the Python of the documents", async () => {
  const shape = [72, 70] as const;
  const data = { ...simulatePointSource({ shape, psfShape: [9, 9], seed: 1 }), wcs };
  const run = new LiraDeconvolver({ iterations: 40, burnIn: 8, chains: 2, seed: 1, trace: { every: 4 } });
  await writeResult(
    await run.run(data, { workers: 0, unit: "photon / (cm2 s)" }),
    join(folder, "result.fits"),
  );
  const printed = ["docs/files.md", "docs/result-file.md"].flatMap((file) =>
    documentFences(file)
      .filter(({ language, text }) => language === "python" && !text.includes("pylira")) // which is GPL and asks for a compiler
      .map(({ text }) => execFileSync(python as string, ["-c", text], { cwd: folder, encoding: "utf8" })),
  );
  expect(printed).toHaveLength(2);
  expect(printed[1]).toMatch(/^\S.* \d+\.\d+ \d+\.\d+\n$/);
});
