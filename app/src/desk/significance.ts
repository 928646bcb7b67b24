/** Is it real? The significance of a region at the desk: null replicates in workers, what is done is kept. */

import { VERSION } from "tslira";
import { plotSignificance } from "tslira/figures";
import { fitsCard, writeFits } from "tslira/fits";
import {
  encodeSignificance,
  planSignificance,
  runSignificance,
  type SignificanceEstimate,
  type SignificanceRun,
  type SignificanceTaskResult,
} from "tslira/significance";
import { circularRegion, type Region } from "tslira/sky";
import type { Composed } from "./files.js";
import type {
  SignificanceNews,
  SignificanceQuestion,
  SignificanceView,
  TestedRegion,
} from "./method-protocol.js";
import { onOneSky } from "./one-sky.js";
import { pageWords } from "./page-words.js";

/** What was found, with what its file says of it. */
interface KeptTest {
  readonly estimate: SignificanceEstimate;
  readonly command: string;
  readonly inputs: Composed["inputs"];
}

/** The region as the library takes it. */
function regionOf(tested: TestedRegion, shape: Region["weights"]["shape"]): Region {
  if ("circle" in tested) return circularRegion(tested.circle, shape);
  const data = new Float64Array(shape[0] * shape[1]);
  for (const pixel of tested.pixels) data[pixel] = 1;
  return { name: "label 1", weights: { data, shape } };
}

/** What tasks have in common whose results can be used again: all but how many there are, and which tail is looked at. */
function taskKey({
  gamma: _gamma,
  otherGammas: _others,
  replicates: _count,
  ...run
}: SignificanceRun): string {
  return JSON.stringify(run);
}

function viewOf({ run, regions: [region], replicates, warnings }: SignificanceEstimate): SignificanceView {
  const { name, pixels, gamma, test, bound, boundError, direct, rhat, share, products } = region;
  const [middle] = products.flux.intervals;
  return {
    ...{
      name,
      pixels,
      gamma,
      test,
      bound,
      boundError,
      direct,
      rhat,
      replicates,
      warnings: warnings.map(pageWords),
    },
    share: { mean: share.mean },
    flux: { median: products.flux.median, low: middle.low, high: middle.high },
    limit95: products.upperLimits[1].limit,
    kind: run.null.kind,
    parameters: run.null.parameters,
  };
}

/** Tests of a page: one at a time. */
export function significanceDesk() {
  let running: AbortController | undefined;
  let found: KeptTest | undefined;
  /** Of the observation at hand and one way to deconvolve it. */
  const done = { key: "", of: undefined as unknown, results: new Map<number, SignificanceTaskResult>() };

  function need(): KeptTest {
    if (found === undefined)
      throw new Error("studio: a test of a region is needed first, got none; run one under Test");
    return found;
  }

  return {
    async run(
      composed: Composed,
      { region, settings }: SignificanceQuestion,
      command: string,
      tell: (news: SignificanceNews) => void,
    ): Promise<SignificanceView> {
      const { unit, inputs } = composed;
      const { observations } = onOneSky(composed, settings.boundary);
      running?.abort();
      running = new AbortController();
      const { signal } = running;
      const run = planSignificance(observations, [regionOf(region, observations[0].counts.shape)], {
        ...settings,
        ...(unit !== undefined && { unit }),
      });
      const key = taskKey(run);
      if (done.key !== key || done.of !== composed) {
        done.results = new Map();
        done.key = key;
        done.of = composed;
      }
      const { results } = done;
      const estimate = await runSignificance(observations, run, {
        signal,
        onProgress: tell,
        store: {
          load: async ({ index }) => results.get(index),
          save: async (result) => void results.set(result.index, result),
        },
      });
      found = { estimate, command, inputs };
      return viewOf(estimate);
    },
    stop(): void {
      running?.abort();
    },
    /** The file of the last test, as `tslira significance` writes it. */
    file(): Uint8Array<ArrayBuffer> {
      const { estimate, command, inputs } = need();
      return encodeSignificance(estimate, { version: VERSION, command, inputs }) as Uint8Array<ArrayBuffer>;
    },
    figure(document: Document, theme: "light" | "dark"): string {
      const { estimate } = need();
      return plotSignificance(estimate.regions, { document, theme, title: estimate.run.name });
    },
    /** Pixels as a FITS image of labels, for `--regions`. */
    regionFile(
      { observations: [{ counts, wcs = [] }] }: Composed,
      pixels: readonly number[],
    ): Uint8Array<ArrayBuffer> {
      const data = new Int16Array(counts.data.length);
      for (const pixel of pixels) data[pixel] = 1;
      const cards = wcs.map(({ keyword, value, comment }) => fitsCard(keyword, value, comment));
      return writeFits([
        { kind: "image", name: "PRIMARY", shape: counts.shape, data, cards },
      ]) as Uint8Array<ArrayBuffer>;
    },
  };
}
