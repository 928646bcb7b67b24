import type { Observation } from "../data/observation/observation.js";
import { AbortedError, InvalidInputError } from "../errors.js";
import { given } from "../given.js";
import { type SkyImage, sameShape } from "../image.js";
import { checkNames, type NamesOf } from "../known-names.js";
import type { IterationReport } from "../methods/estimate.js";
import { heldOutCash, type SplitPhotonsOptions, splitPhotons } from "../quality/held-out-cash.js";
import { fluxBias, normalisedRmsError } from "../quality/image-error.js";
import { type IntervalCoverage, intervalCoverage } from "../quality/interval-coverage.js";
import { structuralSimilarity } from "../quality/structural-similarity.js";
import { checkCombination, deconvolve, isSampled } from "./deconvolve.js";
import type { DeconvolveOptions, ModelOptions } from "./deconvolve-options.js";
import { modelOptions } from "./prepare-run.js";
import type { RunProgress } from "./sample-run.js";

/** One of the methods to compare. */
export interface ComparedMethod {
  /** What it is called in tables and figures; default the word for the method. */
  readonly name?: string;
  /** As for `deconvolve`. */
  readonly options: DeconvolveOptions;
}

/** How one method did. */
export interface MethodScore {
  readonly name: string;
  /** Word by which `deconvolve` knows it. */
  readonly method: string;
  /** Its image `[ny, nx]`: the flux of a point estimate, the mean of a posterior. */
  readonly image: SkyImage;
  /**
   * Ends of the 68 % interval of every pixel, where there are any: quantiles of a posterior, of bootstrap replicates, or one
   * standard deviation on either side.
   */
  readonly interval?: readonly [lower: SkyImage, upper: SkyImage];
  /** `normalisedRmsError`, `structuralSimilarity` and `fluxBias` of the image; only with a truth. */
  readonly rmsError?: number;
  readonly similarity?: number;
  readonly fluxBias?: number;
  /** Of the intervals over the pixels that hold 90 % of the true flux; only with intervals and a truth. */
  readonly coverage?: IntervalCoverage;
  /** Cash statistic of photons held out under the image that the method makes of the others (`heldOutCash`). */
  readonly heldOutCash?: number;
  /** Wall-clock seconds of the run on all photons. */
  readonly seconds: number;
  /** One sentence of the method's own: why it stopped, or whether its chains agree. */
  readonly note: string;
  /** What `deconvolve` returned. */
  readonly result: object;
}

/** What a comparison found. */
export interface MethodComparison {
  /** In the order of the methods. */
  readonly scores: readonly MethodScore[];
  readonly truth?: SkyImage;
  /** How photons were held out. */
  readonly heldOut?: { readonly fraction: number; readonly seed: number };
}

/** How far a comparison is. */
export interface CompareProgress {
  /** Name of the method at work, its number from 0, and how many there are. */
  readonly name: string;
  readonly method: number;
  readonly methods: number;
  /** On all photons, or on those not held out. */
  readonly photons: "all" | "part";
  /** Iterations or sweeps done, of at most `total` where that is known. */
  readonly done: number;
  readonly total?: number;
}

/** Options of `compareMethods`. */
export interface CompareOptions {
  /** The true flux `[ny, nx]`, of the shape of the images. */
  readonly truth?: SkyImage;
  /** Photons held out to judge by; default half of them with seed 0. `false`: none, which saves the second run of every method. */
  readonly heldOut?: false | { readonly fraction?: number; readonly seed?: number };
  /** Called after each method, so that what was found survives an end from outside. */
  readonly onScore?: (score: MethodScore) => void;
  /** Called after iterations and batches of sweeps. Return `false` to end with an `AbortedError`. */
  readonly onProgress?: (progress: CompareProgress) => unknown;
  /** Ends the comparison with an `AbortedError`. */
  readonly signal?: AbortSignal;
}

const COMPARE: NamesOf<Omit<CompareOptions, "heldOut">> = {
  ...{ truth: true, onScore: true, onProgress: true, signal: true },
};
const HELD_OUT: NamesOf<SplitPhotonsOptions> = { fraction: true, seed: true };
const NAMES = [...Object.keys(COMPARE), ...Object.keys(HELD_OUT).map((name) => `heldOut.${name}`)];
const METHOD: NamesOf<ComparedMethod> = { name: true, options: true };

/**
 * Run several methods on the same data and measure what they make of it.
 *
 * ```ts
 * const data = simulateDisk();
 * const { scores } = await compareMethods(
 *   data,
 *   [
 *     { name: "RL", options: { method: "richardson-lucy", stop: { rule: "held-out" } } },
 *     { name: "LIRA", options: { method: "lira", iterations: 2_000 } },
 *   ],
 *   { truth: data.flux },
 * );
 * ```
 *
 * Every method runs once on all photons, for its image and its time, and once more with the same options on a part of them, for
 * the Cash statistic of the others. Where the truth is known the image is compared with it. A method that `deconvolve` knows
 * needs nothing more to be compared: an image `flux` or `mean` in its result is all that is asked for.
 *
 * Structural similarity is measured with the Gaussian window of 11 x 11 pixels, or the largest odd one that fits.
 *
 * @param observations one, or several of the same sky
 * @param methods at least one; all of the same `upsampling`
 * @throws InvalidInputError when there is no method, names are not different, skies differ, the truth has another shape, or a
 *   method refuses data or options
 * @throws AbortedError when `signal` fires or `onProgress` returns false
 */
export async function compareMethods(
  observations: Observation | readonly Observation[],
  methods: readonly ComparedMethod[],
  options: CompareOptions = {},
): Promise<MethodComparison> {
  checkNames("compare", options, NAMES);
  const { truth, heldOut = {}, onScore, onProgress, signal } = options;
  const named = namedMethods(methods);
  const held = heldOut === false ? undefined : { fraction: 0.5, seed: 0, ...heldOut };
  const split = held === undefined ? undefined : splitPhotons(observations, held);
  const scores: MethodScore[] = [];
  for (const [index, { name, options }] of named.entries()) {
    const watched = (photons: CompareProgress["photons"]) =>
      run(photons === "all" ? observations : split!.training, options, photons, {
        signal,
        report: (done, total) => {
          const at = { name, method: index, methods: named.length, photons, done };
          return onProgress?.(total === undefined ? at : { ...at, total }) !== false;
        },
      });
    const started = performance.now();
    const result = await watched("all");
    const seconds = (performance.now() - started) / 1000;
    const image = imageOf(result);
    const interval = intervalOf(result);
    const score: MethodScore = {
      name,
      method: options.method ?? "lira",
      image,
      ...given({ interval }),
      ...(truth === undefined ? {} : closeness(name, image, interval, truth)),
      ...(split === undefined ? {} : { heldOutCash: judge(await watched("part"), split.heldOut, options) }),
      seconds,
      note: noteOf(result),
      result,
    };
    scores.push(score);
    onScore?.(score);
  }
  return {
    scores,
    ...given({ truth, heldOut: held }),
  };
}

/** What a result may hold, whatever method made it. */
interface FoundImage {
  readonly flux?: SkyImage;
  readonly mean?: SkyImage;
  /** The whole sky, where it goes beyond the image. */
  readonly sky?: SkyImage;
  readonly margin?: number;
  readonly config?: { readonly margin?: number };
  readonly std?: SkyImage;
  readonly interval?: readonly [SkyImage, SkyImage];
  readonly quantiles?: { readonly probabilities: readonly number[]; readonly images: readonly SkyImage[] };
  readonly backgroundScale?: readonly number[];
  readonly diagnostics?: {
    readonly parameters: readonly { readonly name: string; readonly mean: number }[];
    readonly verdict?: { readonly sentence: string };
  };
  readonly stopped?: string;
}

/** Options that let a method be watched. */
interface Watching {
  readonly onIteration: (report: IterationReport) => unknown;
  readonly onProgress: (progress: RunProgress) => void;
}

async function run(
  observations: Observation | readonly Observation[],
  options: DeconvolveOptions,
  photons: CompareProgress["photons"],
  watch: {
    readonly signal: AbortSignal | undefined;
    readonly report: (done: number, total?: number) => boolean;
  },
): Promise<FoundImage> {
  const controller = new AbortController();
  const outside = watch.signal;
  const end = () => controller.abort(outside?.reason);
  if (outside?.aborted) end();
  outside?.addEventListener("abort", end, { once: true });
  const given = options as Partial<Watching> & { readonly iterations?: number; bootstrap?: unknown };
  const goOn = (done: number, total?: number): void => {
    if (!watch.report(done, total)) end();
  };
  const watching: Partial<Watching> = isSampled(options)
    ? {
        onProgress(progress) {
          given.onProgress?.(progress);
          if (progress.stage === "sampling") goOn(progress.done, progress.total);
        },
      }
    : {
        onIteration(report) {
          const answer = given.onIteration?.(report);
          goOn(report.iteration, report.stage === undefined ? given.iterations : undefined);
          return answer;
        },
      };
  // Errors cost time, and the photons held out judge the image alone.
  const { bootstrap: _bootstrap, curvature: _curvature, ...plain } = options as Record<string, unknown>;
  const all = { ...(photons === "all" ? options : plain), ...watching, signal: controller.signal };
  try {
    const result = (await (
      deconvolve as (data: typeof observations, how: DeconvolveOptions) => Promise<object>
    )(observations, all)) as FoundImage;
    if (!controller.signal.aborted) return result;
  } catch (error) {
    if (!controller.signal.aborted) throw error;
  } finally {
    outside?.removeEventListener("abort", end);
  }
  throw new AbortedError(
    "compare: all methods must run to their end, got an end from outside; start it again",
    { cause: outside?.reason },
  );
}

function namedMethods(
  methods: readonly ComparedMethod[],
): readonly { readonly name: string; readonly options: DeconvolveOptions }[] {
  if (methods.length === 0) {
    throw new InvalidInputError(
      'compare: must be given at least one method, got none; for example {options: {method: "richardson-lucy"}}',
    );
  }
  // Before the first runs, which may take hours.
  for (const [index, method] of methods.entries()) {
    checkNames(`compare: methods[${index}]`, method, Object.keys(METHOD));
    checkCombination(method.options);
  }
  const named = methods.map(({ name, options }) => ({ name: name ?? options.method ?? "lira", options }));
  const twice = named.find(({ name }, index) => named.findIndex((other) => other.name === name) < index);
  if (twice !== undefined) {
    throw new InvalidInputError(
      `compare: methods must have different names, got ${JSON.stringify(twice.name)} twice; give each a name`,
      { fields: { name: twice.name } },
    );
  }
  const sky = ({ options }: ComparedMethod) => {
    const { upsampling = 1 } = options as ModelOptions;
    return `upsampling ${upsampling}`;
  };
  const other = named.find((one) => sky(one) !== sky(named[0]));
  if (other !== undefined) {
    throw new InvalidInputError(
      `compare: methods must make images of the same pixels, got ${sky(named[0])} of ${named[0].name} and ${sky(other)} of ` +
        `${other.name}; give all the same`,
    );
  }
  return named;
}

function imageOf({ flux, mean }: FoundImage): SkyImage {
  const image = flux ?? mean;
  if (image === undefined) {
    throw new InvalidInputError("compare: a result must hold an image, flux or mean, got neither");
  }
  return image;
}

function intervalOf(result: FoundImage): readonly [SkyImage, SkyImage] | undefined {
  const { interval, quantiles, std } = result;
  if (interval !== undefined) return interval;
  if (quantiles !== undefined) {
    const [lower, upper] = [0.16, 0.84].map((p) => quantiles.images[quantiles.probabilities.indexOf(p)]);
    if (lower !== undefined && upper !== undefined) return [lower, upper];
  }
  if (std === undefined) return undefined;
  const image = imageOf(result);
  const end = (sign: number): SkyImage => ({
    data: image.data.map((value, index) => Math.max(0, value + sign * std.data[index])),
    shape: image.shape,
  });
  return [end(-1), end(1)];
}

function noteOf({ stopped, diagnostics }: FoundImage): string {
  return stopped ?? diagnostics?.verdict?.sentence ?? "";
}

/** What the truth says of an image. */
function closeness(
  name: string,
  image: SkyImage,
  interval: MethodScore["interval"],
  truth: SkyImage,
): Pick<MethodScore, "rmsError" | "similarity" | "fluxBias" | "coverage"> {
  if (!sameShape(image, truth)) {
    throw new InvalidInputError(
      `compare: truth must have the shape of the images, [${image.shape.join(", ")}] of ${name}, got ` +
        `[${truth.shape.join(", ")}]; with upsampling the image has more pixels than the counts`,
      { fields: { shape: truth.shape, expected: image.shape } },
    );
  }
  const least = Math.min(...truth.shape);
  const flat = truth.data.every((value) => value === truth.data[0]);
  const size = Math.min(11, least % 2 === 0 ? least - 1 : least);
  return {
    rmsError: normalisedRmsError(image, truth),
    // A flat truth has no dynamic range.
    ...(flat ? {} : { similarity: structuralSimilarity(image, truth, { size }) }),
    fluxBias: fluxBias(image, truth),
    ...(interval === undefined ? {} : { coverage: intervalCoverage(interval, truth) }),
  };
}

function judge(result: FoundImage, heldOut: readonly Observation[], options: DeconvolveOptions): number {
  const fitted = (options as { fitBackgroundScale?: boolean }).fitBackgroundScale === true;
  const drawn = (result.diagnostics?.parameters ?? [])
    .filter(({ name }) => /^bkgScale\d*$/.test(name))
    .map(({ mean }) => mean);
  const scale = result.backgroundScale ?? (fitted && drawn.length === heldOut.length ? drawn : undefined);
  return heldOutCash(result.sky ?? imageOf(result), heldOut, {
    ...modelOptions(options as ModelOptions, heldOut),
    margin: result.margin ?? result.config?.margin ?? 0,
    ...given({ backgroundScale: scale }),
  });
}
