import { deepStrictEqual } from "node:assert";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { Observation } from "../../src/data/observation/observation.js";
import { simulateCounts } from "../../src/data/observation/simulate.js";
import { simulatePointSource } from "../../src/data/observation/simulated-datasets.js";
import { constantImage } from "../../src/image.js";
import {
  columnNumbers,
  type FitsHdu,
  type FitsTableHdu,
  findColumn,
  fitsCard,
  readFits,
  readTable,
  writeFits,
} from "../../src/io/fits.js";
import { readColumnLayouts } from "../../src/io/fits-column.js";
import { decodeResult, encodeResult } from "../../src/io/result-file.js";
import { readResult, readResultSummary, writeResult } from "../../src/io/result-file-node.js";
import { escapeText, unescapeText } from "../../src/io/result-text.js";
import type { LiraResult } from "../../src/posterior/result.js";
import { LiraDeconvolver } from "../../src/runs/lira-deconvolver.js";
import type { LiraDeconvolverOptions } from "../../src/runs/lira-options.js";

const folder = mkdtempSync(join(tmpdir(), "tslira-result-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const psf = { data: Float64Array.of(1, 2, 1, 2, 4, 2, 1, 2, 1), shape: [3, 3] } as const;

function observation(shape: readonly [number, number], seed: number): Observation {
  return {
    counts: simulateCounts(constantImage(shape, 3), psf, { seed, background: 1 }),
    psf,
    background: constantImage(shape, 1),
    name: `no. ${seed}`,
  };
}

function run(
  data: Observation | readonly Observation[],
  options: LiraDeconvolverOptions = {},
  more: object = {},
): Promise<LiraResult> {
  const deconvolver = new LiraDeconvolver({ iterations: 30, burnIn: 6, chains: 2, ...options });
  return deconvolver.run(data, { workers: 0, ...more });
}

const wcs = [
  { keyword: "CTYPE1", value: "RA---TAN", comment: "axis 1" },
  { keyword: "CRPIX1", value: -12.25 },
  { keyword: "CRVAL1", value: 266.41683708 },
  { keyword: "OBJECT", value: "O'Neill" },
  { keyword: "SIMULATD", value: true },
];

/** Changes of the bytes of a result, whose HDUs are views of them: a cell of CONFIG, and the third value of an image. */
type Change = (hdus: readonly FitsHdu[]) => void;
const viewOf = ({ data }: FitsHdu) => new DataView(data.buffer, data.byteOffset, data.length);
const cell =
  (name: string, value: number | string): Change =>
  (hdus) => {
    const table = hdus.find((hdu) => hdu.name === "CONFIG") as FitsTableHdu;
    const { offset, code } = readColumnLayouts(table).find((column) => column.name === name)!;
    if (typeof value === "string") table.data.set(new TextEncoder().encode(value), offset);
    else if (code === "K") viewOf(table).setBigInt64(offset, BigInt(value));
    else viewOf(table).setFloat64(offset, value);
  };
const pixel =
  (name: string, value: number): Change =>
  (hdus) => {
    const hdu = name === "PRIMARY" ? hdus[0] : hdus.find((one) => one.name === name)!;
    if (name === "IMAGE_TRACE") viewOf(hdu).setFloat32(8, value);
    else viewOf(hdu).setFloat64(16, value);
  };

const cases: Readonly<Record<string, () => Promise<LiraResult>>> = {
  "one chain": () => run(observation([4, 4], 1), { chains: 1 }),
  "three chains, not square, all provenance": () =>
    run(
      { ...observation([5, 9], 2), wcs, name: "Käse  " },
      { chains: 3, seed: 2 ** 53 - 1, fitBackgroundScale: true, alphaInit: [0.1, 0.2, 0.3, 1 / 3] },
      {
        unit: "count / (cm2 s)",
        command: `tslira deconvolve '${"long/".repeat(40)}größe.fits' \\ "x"`,
        inputs: [
          { name: "C:\\data\\psf.fits[1]", sha256: "ab".repeat(32) },
          { name: "with  blanks ", sha256: "0".repeat(64) },
        ],
      },
    ),
  "two observations, no burn-in, fixed alpha": () =>
    run([observation([6, 3], 3), observation([6, 3], 4)], {
      burnIn: 0,
      fitAlpha: false,
      boundary: "wrap",
      cycleSpin: "none",
      pairTransfers: 100,
      fitBackgroundScale: true,
      totalCountsPrior: { shape: 0.1, rate: 0 },
      smoothingPrior: { power: 0.3, rate: 0.02, exponent: 1.1 },
      trace: { every: 5 },
    }),
  "a target": () => run(observation([3, 3], 12), { until: "rhat<1.01,ess>400", maxIterations: 40 }),
  "one pixel, no levels": () => run(observation([1, 1], 5)),
};

describe("encodeResult and decodeResult", () => {
  it.each(Object.entries(cases))("give back every field: %s", async (_, make) => {
    const result = await make();
    deepStrictEqual(decodeResult(encodeResult(result)), result);
  });

  it("keep numbers and text of any kind", async () => {
    const base = await run(observation([2, 3], 6));
    const amount = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true });
    const figure = fc.double({ min: 0 });
    const row = fc.record(
      {
        name: fc.string({ unit: "binary" }),
        mean: fc.double(),
        std: figure,
        rhat: figure,
        ess: figure,
        mcse: figure,
      },
      { noNullPrototype: true },
    );
    const text = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(
        fc.array(row),
        fc.array(row),
        text,
        text,
        text,
        amount,
        (parameters, worst, one, two, three, value) => {
          const result: LiraResult = {
            ...base,
            mean: { data: new Float64Array(6).fill(value), shape: [2, 3] },
            name: one,
            unit: two,
            diagnostics: {
              ...base.diagnostics,
              parameters,
              verdict: { state: "weak", sentence: three, remedy: two, worst },
            },
            ledger: [{ ...base.ledger[0], name: three, lost: value }],
            provenance: { ...base.provenance, inputs: [{ name: one, sha256: "00" }], command: three },
          };
          deepStrictEqual(decodeResult(encodeResult(result)), result);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("put what differs between equal runs into headers alone", async () => {
    const first = await run(
      observation([4, 5], 7),
      {},
      { command: "one", inputs: [{ name: "a", sha256: "1" }] },
    );
    const second = await run(observation([4, 5], 7), {}, { command: "another, longer" });
    const units = (result: LiraResult) => readFits(encodeResult(result)).map(({ data }) => data);
    deepStrictEqual(units(first), units(second));
  });

  it("leave out sky cards that would overwrite one of ours", async () => {
    const result = await run({
      ...observation([2, 2], 8),
      wcs: [{ keyword: "VERDICT", value: "fine" }, ...wcs],
    });
    expect(decodeResult(encodeResult(result)).wcs).toEqual(wcs);
  });

  it("refuse settings and numbers that no run can have had", async () => {
    const bytes = encodeResult(await run(observation([4, 4], 7), { trace: { every: 3 } }));
    const refused: readonly (readonly [string, Change, string])[] = [
      ["alphas", cell("state_alphas", -1), "adaptivePrior.alphas"],
      ["sweeps", cell("n_iter_max", -5), "FITS[CONFIG]: iterations must be a whole number"],
      ["more sweeps than asked for", cell("n_iter_max", 29), "sweeps than iterations, got 8, 24, 30 and 29"],
      ["burn-in", cell("burn_in", 30), "burn-in must be below the 30 iterations, got 30"],
      ["chains", cell("chains", 3), "each of 3 chains, got 2, 2 and 2"],
      [
        "a boundary",
        cell("boundary", "loops"),
        'FITS[CONFIG]: boundary must be "spill" or "wrap", got "loops"',
      ],
      ["the prior of the total", cell("ms_ttlcnt_pr", Number.NaN), "totalCountsPrior.shape must be > 0"],
      ["the exposure", cell("reference_exposure", 0), "reference_exposure must be finite and > 0, got 0"],
      ["draws", cell("chain_draws", 5), "kept draws than draws"],
      ["a mean", pixel("PRIMARY", -3), "FITS[0]: must hold numbers that are finite and >= 0, got -3 at 2"],
      [
        "an error",
        pixel("POSTERIOR_STD", -3),
        "FITS[POSTERIOR_STD]: must hold numbers that are >= 0 or NaN, got -3",
      ],
      [
        "a quantile",
        pixel("POSTERIOR_QUANTILES", 1e9),
        "must rise from plane to plane, got less in plane 2 at 2",
      ],
      [
        "a draw",
        pixel("IMAGE_TRACE", Number.NaN),
        "IMAGE_TRACE]: must hold numbers that are finite and >= 0, got NaN",
      ],
    ];
    for (const [what, change, message] of refused) {
      const edited = bytes.slice();
      change(readFits(edited));
      expect(() => decodeResult(edited), what).toThrow(message);
    }
    // A run that was stopped: its traces end with the shortest chain.
    const stopped = bytes.slice();
    cell("chain_draws", 30)(readFits(stopped));
    cell("n_iter_max", 90)(readFits(stopped));
    expect(decodeResult(stopped).chains[0].draws).toBe(30);
  });

  it("refuse what is no result, from a later version, or cut short", async () => {
    const bytes = encodeResult(await run(observation([2, 2], 9)));
    const hdus = readFits(bytes);
    const image = { kind: "image" as const, shape: [1, 1], data: new Float64Array(1) };
    const withCard = (value: number) => writeFits([{ ...image, cards: [fitsCard("TSLIRA", value)] }]);
    expect(() => decodeResult(writeFits([image]))).toThrow("must be a result of tslira");
    expect(() => decodeResult(withCard(2))).toThrow("must have layout 1, got 2");
    expect(() => decodeResult(withCard(1), { name: "x.fits" })).toThrow("x.fits: must hold HDU");
    expect(() => decodeResult(bytes.subarray(0, hdus.at(-1)?.headerOffset))).toThrow(
      "must hold HDU IMAGE_TRACE",
    );
    for (const length of [0, 100, 2880, 5000, bytes.length / 2, bytes.length - 2880]) {
      expect(() => decodeResult(bytes.subarray(0, length))).toThrow(
        expect.objectContaining({ code: "FORMAT" }),
      );
    }
  });
});

describe("what pylira reads", () => {
  const hdu = (hdus: readonly FitsHdu[], name: string) => hdus.find((one) => one.name === name) as FitsHdu;

  it("finds its settings, its columns, and draws after burn-in only", async () => {
    const result = await run(observation([4, 4], 10), {
      smoothingPrior: { power: 2, rate: 0.02, exponent: 1 },
      margin: 0,
    });
    const hdus = readFits(encodeResult(result));
    const config = readTable(hdu(hdus, "CONFIG"));
    const value = (name: string) => Array.from(columnNumbers(findColumn(config, name) as never));
    expect(value("alpha_init")).toEqual([0.1, 0.1]);
    expect(value("n_iter_max")).toEqual([30]);
    expect(value("n_burn_in")).toEqual([0]);
    expect(value("burn_in")).toEqual([6]);
    expect(["ms_al_kap1", "ms_al_kap2", "ms_al_kap3"].flatMap(value)).toEqual([1, 0.02, 1]);
    expect(["ms_ttlcnt_pr", "ms_ttlcnt_exp"].flatMap(value)).toEqual([1, 0]);
    expect(findColumn(config, "fit_background_scale")?.values).toEqual([false]);
    expect(hdu(hdus, "IMAGE_TRACE")).toMatchObject({ shape: [2 * 24, 4, 4], bitpix: -32 });

    const { columns, rows } = readTable(hdu(hdus, "PARAMETER_TRACE"));
    expect(rows).toBe(60);
    expect(columns.map(({ name }) => name)).toEqual([
      ...["iteration", "chain", "logPost", "stepSize", "cycleSpinRow", "cycleSpinCol"],
      ...["smoothingParam0", "smoothingParam1", "expectedMSCounts", "bkgScale", "logLikelihood", "logPrior"],
    ]);
    expect(Array.from(columns[0].values as Int32Array).slice(28, 32)).toEqual([29, 30, 1, 2]);
    expect(Array.from(columns[1].values as Int32Array).slice(28, 32)).toEqual([0, 0, 1, 1]);
  });
});

describe("result files", () => {
  it("hold what encodeResult holds, and read back", async () => {
    const result = await run(simulatePointSource({ shape: [20, 12] }), { chains: 3 });
    const path = join(folder, "result.fits");
    await writeResult(result, path);
    expect(Buffer.compare(readFileSync(path), encodeResult(result))).toBe(0);
    deepStrictEqual(await readResult(path), result);
    await writeResult(result, `${path}.gz`);
    deepStrictEqual(await readResult(`${path}.gz`), result);
    const { trace, chains, quantiles, smoothness, ...rest } = result;
    expect(smoothness).toHaveLength(5);
    expect(await readResultSummary(path)).toMatchObject(rest);
    expect((await readResultSummary(path))?.keptDraws).toEqual([24, 24, 24]);
    expect(readdirSync(folder).sort()).toEqual(["result.fits", "result.fits.gz"]);
  });

  it("give no summary of other FITS files, and say what is wrong with the path", async () => {
    const path = join(folder, "other.fits");
    writeFileSync(path, writeFits([{ kind: "image", shape: [1, 1], data: new Float64Array(1) }]));
    expect(await readResultSummary(path)).toBeUndefined();
    await expect(readResult(path)).rejects.toThrow("other.fits: must be a result of tslira");
    const result = await run(observation([2, 2], 11));
    await expect(writeResult(result, join(folder, "none", "x.fits"))).rejects.toThrow("folder must exist");
    rmSync(path);
  });
});

describe("escapeText", () => {
  it("is printable ASCII and has an inverse", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const escaped = escapeText(text);
        expect(escaped).toMatch(/^[ -~]*$/);
        expect(escaped).toBe(escaped.trimEnd());
        expect(unescapeText(escaped)).toBe(text);
      }),
    );
  });
});
