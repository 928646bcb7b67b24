import { describe, expect, it } from "vitest";
import { type Shape, skyImage } from "../../src/image.js";
import { createLiraChain, type LiraChainSettings } from "../../src/samplers/lira.js";
import {
  type ChainJob,
  type ChainOutput,
  type ChainPreview,
  keptDraws,
  runChainJob,
} from "../../src/workers/chain-job.js";
import { textbookRandom } from "../oracles/textbook-random.js";

const SHAPE: Shape = [6, 5];
const random = textbookRandom(3, 0);

const settings: LiraChainSettings = {
  boundary: "spill",
  cycleSpin: "random",
  pairTransfers: 0,
  fitAlpha: true,
  alphaInit: [0.1, 0.1, 0.1],
  fitBackgroundScale: false,
  totalCountsPrior: { shape: 1, rate: 0.05 },
  smoothingPrior: { power: 1, rate: 1000, exponent: 3 },
  backgroundScalePrior: { shape: 0.001, rate: 0 },
};

const job: ChainJob = {
  observations: [
    {
      counts: skyImage(
        Array.from({ length: 30 }, () => random.below(5)),
        SHAPE,
      ),
      psf: skyImage([1, 2, 1, 2, 4, 2, 1, 2, 1], [3, 3]),
    },
  ],
  settings,
  seed: 4,
  chain: 2,
  iterations: 103,
  burnIn: 20,
  traceEvery: 5,
};

/** Pieces of a chain as one. */
function joined(pieces: readonly ChainOutput[]): ChainOutput {
  return {
    ...pieces[pieces.length - 1],
    rows: Float64Array.from(pieces.flatMap(({ rows }) => [...rows])),
    draws: Float32Array.from(pieces.flatMap(({ draws }) => [...draws])),
  };
}

describe("runChainJob", () => {
  it("shows previews that add up to the trace, and gives the same output with them", async () => {
    const previews: ChainPreview[] = [];
    // Long enough for a few looks, 250 ms apart, on any machine.
    const long = { ...job, iterations: 1_000_003, traceEvery: 100_000 };
    const until = performance.now() + 900;
    const output = await runChainJob(long, {
      onPreview: (preview) => previews.push(preview),
      shouldStop: () => performance.now() > until,
    });
    expect(previews.length).toBeGreaterThan(2);
    const rows = previews.flatMap((preview) => [...preview.rows]);
    expect(rows).toEqual([...output.rows]);
    const last = previews.at(-1)!;
    expect(last.chain).toBe(2);
    expect(last.sweeps).toBe(output.state.sweeps);
    expect(last.draws).toBe(output.state.sweeps - 20);
    expect(last.mean?.data).toEqual(output.state.moments.mean);
    expect(last.flux.data).toEqual(output.state.arrays.flux);
    const quiet = await runChainJob({ ...long, iterations: output.state.sweeps });
    expect(quiet.state).toEqual(output.state);
  });

  it("is the chain, sweep by sweep, with every fifth draw after burn-in", async () => {
    const output = await runChainJob(job);
    const chain = createLiraChain(job.observations, settings, { seed: 4, chain: 2 });
    const columns = chain.columns.length;
    expect(output.chain).toBe(2);
    expect(output.rows).toHaveLength(103 * columns);
    expect(output.draws).toHaveLength(16 * 30);
    for (let sweep = 0; sweep < 103; sweep++) {
      const row = [...chain.sweep(1, sweep < 20 ? 1 : 0)];
      expect([...output.rows.subarray(sweep * columns, (sweep + 1) * columns)]).toEqual(row);
      const after = sweep + 1 - 20;
      if (after > 0 && after % 5 === 0) {
        const draw = output.draws.subarray((after / 5 - 1) * 30, (after / 5) * 30);
        expect([...draw]).toEqual([...Float32Array.from(chain.flux)]);
      }
    }
    expect(output.state).toEqual(chain.save());
    expect(output.state.moments.count).toBe(83);
  });

  it("does not depend on the batch", async () => {
    const expected = await runChainJob(job);
    for (const batch of [1, 7, 256]) expect(await runChainJob({ ...job, batch })).toEqual(expected);
  });

  it.each([1, 13, 20, 22, 25, 102, 103])(
    "continues after %i sweeps as if nothing had happened",
    async (first) => {
      const whole = await runChainJob(job);
      const resume = await runChainJob({ ...job, iterations: first });
      expect(resume.state.sweeps).toBe(first);
      const rest = await runChainJob({ ...job, resume: structuredClone(resume.state) });
      expect(joined([resume, rest])).toEqual(whole);
    },
  );

  it("stops when told to, with an output that can be continued", async () => {
    const long = { ...job, iterations: 200_000, burnIn: 1000, traceEvery: 1000, batch: 16 };
    const sweeps: number[] = [];
    let asked = 0;
    const stopped = await runChainJob(long, {
      onProgress: (done) => sweeps.push(done),
      shouldStop: () => ++asked === 2,
    });
    const done = stopped.state.sweeps;
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(200_000);
    expect(stopped.rows).toHaveLength(done * 10);
    expect(stopped.draws).toHaveLength(keptDraws(done, 1000, 1000) * 30);
    // Told the sweeps done twice on the way, and once at the end.
    expect(sweeps).toHaveLength(3);
    expect(sweeps[2]).toBe(done);
    expect([...sweeps].sort((a, b) => a - b)).toEqual(sweeps);
    const iterations = done + 50;
    const rest = await runChainJob({ ...long, iterations, resume: stopped.state });
    expect(joined([stopped, rest])).toEqual(await runChainJob({ ...long, iterations }));
  });

  it("hands over pieces that add up to the whole, each with the state to continue from", async () => {
    const long = { ...job, iterations: 1_000_003, burnIn: 500, traceEvery: 700 };
    const pieces: ChainOutput[] = [];
    const last = await runChainJob(
      { ...long, pieceSeconds: 0 },
      { onPiece: (piece) => pieces.push(structuredClone(piece)), shouldStop: () => pieces.length >= 5 },
    );
    expect(pieces).toHaveLength(5);
    expect(pieces.every(({ rows }) => rows.length > 0)).toBe(true);
    const iterations = last.state.sweeps;
    const whole = await runChainJob({ ...long, iterations });
    expect(joined([...pieces, last])).toEqual(whole);
    // From the middle: the pieces before, and what a chain adds that takes up their state.
    const rest = await runChainJob({ ...long, iterations, resume: pieces[2].state });
    expect(joined([...pieces.slice(0, 3), rest])).toEqual(whole);
  });

  it("starts where it is told to", async () => {
    const fluxInit = skyImage(
      Array.from({ length: 30 }, (_, pixel) => 1 + pixel),
      SHAPE,
    );
    const output = await runChainJob({ ...job, iterations: 2, burnIn: 0, fluxInit });
    const chain = createLiraChain(job.observations, settings, { seed: 4, chain: 2, fluxInit });
    expect([...output.rows]).toEqual([...chain.sweep(2)]);
  });
});

describe("keptDraws", () => {
  it("counts one draw every so many sweeps after burn-in", () => {
    expect(keptDraws(0, 10, 3)).toBe(0);
    expect(keptDraws(12, 10, 3)).toBe(0);
    expect(keptDraws(13, 10, 3)).toBe(1);
    expect(keptDraws(100, 0, 1)).toBe(100);
    expect(keptDraws(100, 50, 7)).toBe(7);
  });
});
