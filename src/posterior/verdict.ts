/**
 * The verdict on a run in plain words, by fixed rules.
 *
 * Thresholds, after Vehtari et al. (2021), who ask for R-hat < 1.01 and an effective sample size (ESS) above 400 for four
 * chains, that is 50 for each half-chain:
 *
 * - ESS: at least 100 a chain (400 for four chains) for every quantity.
 * - R-hat: below 1.05 for every quantity. Even when nothing is wrong, R-hat - 1 is about (number of half-chains) / (2 ESS),
 *   0.01 at the smallest ESS that is accepted, and the largest of the thousands of pixels of an image is three to four
 *   times as far from 1; a limit of 1.01 would therefore reject sound runs. From 1.1 on, the old limit of Gelman & Rubin,
 *   the chains are said to disagree.
 * - Quantities: all varying parameters, and the pixels that matter (`pixelsThatMatter`), since pixels without flux are noise.
 * - At least two chains and 20 draws of each, or nothing can be said.
 */

import type { SkyImage } from "../image.js";
import type { Convergence, Verdict } from "./result.js";

/** R-hat below which a quantity counts as converged. */
export const RHAT_LIMIT = 1.05;
/** R-hat from which on chains are said to disagree. */
export const RHAT_DISAGREES = 1.1;
/** Smallest effective sample size for each chain. */
export const ESS_PER_CHAIN = 100;
/** Fewest draws of a chain from which agreement can be judged. */
export const FEWEST_DRAWS = 20;
/** Part of the total flux that the brightest pixels must hold together to be judged. */
export const FLUX_FRACTION = 0.9;

const WORST_LISTED = 5;

/**
 * Pixels whose convergence matters, brightest first (indices `row * nx + col`).
 *
 * Those that together hold 90 % of the flux, and any whose mean is above its standard deviation. The first rule alone keeps
 * a bright pixel that one chain has switched on and the others off (its standard deviation is above its mean); the second
 * keeps faint sources beside a bright one.
 *
 * @param mean posterior mean of the flux `[ny, nx]`
 * @param std posterior standard deviation `[ny, nx]`
 */
export function pixelsThatMatter(mean: SkyImage, std: SkyImage): number[] {
  const flux = mean.data;
  const order = Array.from(flux.keys())
    .filter((pixel) => flux[pixel] > 0)
    .sort((a, b) => flux[b] - flux[a] || a - b);
  let total = 0;
  for (const pixel of order) total += flux[pixel];
  let held = 0;
  return order.filter((pixel) => {
    const bright = held < FLUX_FRACTION * total;
    held += flux[pixel];
    return bright || flux[pixel] > std.data[pixel];
  });
}

/** What the pixels that matter say. */
export interface PixelCensus {
  /** Number of pixels judged: those that matter and have a defined R-hat. */
  readonly judged: number;
  /** Number of them with an R-hat of 1.05 or above, or too small an effective sample size. */
  readonly failing: number;
  /** Indices of the worst, worst first, at most five. */
  readonly worst: readonly number[];
  /** Largest R-hat and smallest effective sample size of the pixels judged; NaN when there are none. */
  readonly largestRhat: number;
  readonly smallestEss: number;
}

/** By which factor the run is too short for a quantity: R-hat^2 - 1 and 1 / ESS both fall as 1 / sweeps; <= 1 is enough. */
function shortfall(rhat: number, ess: number, chains: number): number {
  const fromRhat = (rhat * rhat - 1) / (RHAT_LIMIT * RHAT_LIMIT - 1);
  const fromEss = Number.isNaN(ess) ? Infinity : (ESS_PER_CHAIN * chains) / ess;
  return fromRhat > fromEss ? fromRhat : fromEss;
}

/** Whether a quantity misses one of the limits. */
function fails(rhat: number, ess: number, chains: number): boolean {
  return !(rhat < RHAT_LIMIT && ess >= ESS_PER_CHAIN * chains);
}

/** Sort key, larger is worse, in the order of what is said of them: those that miss the limit of R-hat by R-hat, then by how short the run is. */
function badness(rhat: number, ess: number, chains: number): number {
  return rhat >= RHAT_LIMIT ? 1e9 * rhat : shortfall(rhat, ess, chains);
}

/**
 * Judge the pixels that matter.
 *
 * @param pixels from `pixelsThatMatter`
 * @param chains number of chains compared
 */
export function censusPixels(
  { rhat, ess }: { readonly rhat: SkyImage; readonly ess: SkyImage },
  pixels: readonly number[],
  chains: number,
): PixelCensus {
  const defined = pixels.filter((pixel) => !Number.isNaN(rhat.data[pixel]));
  const score = (pixel: number) => badness(rhat.data[pixel], ess.data[pixel], chains);
  const worst = defined
    .map((pixel) => ({ pixel, score: score(pixel) }))
    .sort((a, b) => (a.score === b.score ? a.pixel - b.pixel : b.score - a.score))
    .slice(0, WORST_LISTED)
    .map(({ pixel }) => pixel);
  let failing = 0;
  let largestRhat = Number.NaN;
  let smallestEss = Number.NaN;
  for (const pixel of defined) {
    if (fails(rhat.data[pixel], ess.data[pixel], chains)) failing++;
    if (!(rhat.data[pixel] <= largestRhat)) largestRhat = rhat.data[pixel];
    if (!(ess.data[pixel] >= smallestEss)) smallestEss = ess.data[pixel];
  }
  return { judged: defined.length, failing, worst, largestRhat, smallestEss };
}

/** How messages call the flux of a pixel. */
export function pixelName(pixel: number, nx: number): string {
  return `flux at (x, y) = (${pixel % nx}, ${Math.floor(pixel / nx)})`;
}

/** What `judge` looks at. */
export interface Evidence {
  /** All varying parameters. */
  readonly parameters: readonly Convergence[];
  /** The pixels that matter. */
  readonly pixels: PixelCensus;
  /** One row for each of `pixels.worst`. */
  readonly worstPixels: readonly Convergence[];
  /** Number of chains compared. */
  readonly chains: number;
  /** Chains left out because they are much shorter than the longest. */
  readonly shortChains: number;
  /** Sweeps after burn-in that all chains compared have. */
  readonly sweeps: number;
  /** Sweeps of burn-in. */
  readonly burnIn: number;
  /** Kept draws of the image that all chains compared have. */
  readonly keptDraws: number;
}

/** A whole number with commas between thousands, for example 12,400; independent of the locale. */
function grouped(value: number): string {
  return String(Math.floor(value)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** R-hat for a sentence: two decimals, three when two would hide on which side of the limit it is. */
function rhatText(rhat: number): string {
  if (rhat === Infinity) return "infinite";
  const text = rhat.toFixed(2);
  return rhat < RHAT_LIMIT && Number(text) >= RHAT_LIMIT ? rhat.toFixed(3) : text;
}

/** Round up to two leading digits, so that an estimate does not look exact. */
function roundUp(value: number): number {
  let unit = 1;
  while (value / unit > 100) unit *= 10;
  return Math.ceil(value / unit) * unit;
}

/** `1 chain`, `4 chains`. */
function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** `the 57 pixels that hold the flux`. */
function pixelsText(judged: number): string {
  return `the ${counted(judged, "pixel")} that ${judged === 1 ? "holds" : "hold"} the flux`;
}

/** The clause that says how many parameters and pixels miss the limits. */
function failureText({ parameters, pixels, chains }: Evidence): string {
  const failing = parameters.filter(({ rhat, ess }) => fails(rhat, ess, chains)).length;
  const parts: string[] = [];
  if (pixels.judged > 0) {
    const percent = (100 * pixels.failing) / pixels.judged;
    const text = percent > 0 && percent < 1 ? "below 1" : percent.toFixed(0);
    parts.push(`${grouped(pixels.failing)} of ${pixelsText(pixels.judged)} (${text} %)`);
  }
  if (parameters.length > 0) parts.push(`${grouped(failing)} of ${counted(parameters.length, "parameter")}`);
  return `${parts.join(" and ")} miss the limits (R-hat below ${RHAT_LIMIT}, effective sample size at least ${grouped(ESS_PER_CHAIN * chains)})`;
}

/**
 * How many sweeps would do, burn-in included, judged from the worst quantity: at least half as many again, and ten times
 * as many when a quantity never moved, which tells nothing about how slow it is.
 */
function neededSweeps(
  { sweeps, burnIn, chains, pixels, keptDraws }: Evidence,
  rows: readonly Pick<Convergence, "rhat" | "ess">[],
): number {
  let factor = 1.5;
  // The pixel of fewest effective draws need not be among the worst by R-hat.
  const fewest = pixels.judged > 0 && keptDraws >= FEWEST_DRAWS ? [{ rhat: 1, ess: pixels.smallestEss }] : [];
  for (const { rhat, ess } of [...rows, ...fewest]) {
    const needed = shortfall(rhat, ess, chains);
    factor = Math.max(factor, needed === Infinity ? 10 : needed);
  }
  return roundUp(burnIn + factor * sweeps);
}

/**
 * Say in one word and one sentence whether the chains agree, and what to do if not.
 *
 * `"unknown"`: fewer than two chains, or fewer than 20 draws. `"disagree"`: an R-hat of 1.1 or above. `"agree"`: every R-hat
 * below 1.05 and every effective sample size at least 100 a chain. `"weak"`: anything between.
 */
export function judge(evidence: Evidence): Verdict {
  const { parameters, pixels, worstPixels, chains, shortChains, sweeps, burnIn, keptDraws } = evidence;
  const enoughKept = keptDraws >= FEWEST_DRAWS; // R-hat of a handful of draws is noise
  const rows = [...(enoughKept ? worstPixels : []), ...parameters]
    .filter(({ rhat }) => !Number.isNaN(rhat))
    .map((row) => ({ row, score: badness(row.rhat, row.ess, chains) }))
    .sort((a, b) => (a.score === b.score ? 0 : b.score - a.score))
    .map(({ row }) => row);
  const worst = rows.slice(0, WORST_LISTED);
  const first = worst[0];
  const firstName = first === undefined ? "" : `${worstPixels.includes(first) ? "the " : ""}${first.name}`;
  const aside =
    shortChains > 0 ? ` ${counted(shortChains, "much shorter chain")} could not be compared.` : "";

  if (chains < 2) {
    const halves =
      first !== undefined && first.rhat >= RHAT_DISAGREES
        ? ` Its two halves already differ: R-hat is ${rhatText(first.rhat)} for ${firstName}.`
        : "";
    return {
      state: "unknown",
      sentence:
        (chains === 0
          ? "There are no draws after burn-in, so nothing can be said about convergence."
          : "A single chain cannot show whether it has found the whole posterior.") +
        halves +
        aside,
      remedy:
        chains === 0
          ? `Run more than the ${counted(burnIn, "sweep")} of burn-in (--iterations).`
          : "Run at least 2, better 4 chains (--chains 4).",
      worst,
    };
  }

  if (first !== undefined && first.rhat >= RHAT_DISAGREES && sweeps >= FEWEST_DRAWS) {
    return {
      state: "disagree",
      sentence:
        `${counted(chains, "chain")} disagree: R-hat is ${rhatText(first.rhat)} for ${firstName}; ` +
        `${failureText(evidence)}.${aside}`,
      remedy:
        `Run at least ${grouped(neededSweeps(evidence, rows))} sweeps (--iterations ${neededSweeps(evidence, rows)}); ` +
        "until the chains agree, do not rely on these pixels or parameters, nor on their errors.",
      worst,
    };
  }

  if (sweeps < FEWEST_DRAWS || !enoughKept || first === undefined) {
    const few =
      sweeps < FEWEST_DRAWS
        ? `only ${counted(sweeps, "sweep")} after burn-in`
        : !enoughKept
          ? `only ${counted(keptDraws, "kept draw")} of the image`
          : "nothing that varies";
    return {
      state: "unknown",
      sentence: `${counted(chains, "chain")} hold ${few} each: too few to tell whether they agree.${aside}`,
      remedy:
        sweeps < FEWEST_DRAWS || first === undefined
          ? `Run more sweeps (--iterations ${roundUp(burnIn + Math.max(1000, 2 * sweeps))}).`
          : "Keep more draws (a smaller --trace-every) or run more sweeps (--iterations).",
      worst,
    };
  }

  if (fails(first.rhat, first.ess, chains)) {
    const thin =
      first.rhat >= RHAT_LIMIT
        ? `R-hat is ${rhatText(first.rhat)} for ${firstName}`
        : `the effective sample size is only ${grouped(first.ess)} for ${firstName}`;
    const needed = neededSweeps(evidence, rows);
    // Draws of the image that are nearly independent of each other can only be too few because too few were kept.
    const fewKept = worstPixels.includes(first) && first.ess > 0.5 * chains * keptDraws && keptDraws < sweeps;
    return {
      state: "weak",
      sentence:
        `${counted(chains, "chain")} do not contradict each other, but they are too short to be sure: ${thin}; ` +
        `${failureText(evidence)}.${aside}`,
      remedy:
        `Run at least ${grouped(needed)} sweeps (--iterations ${needed})` +
        (fewKept ? ", or keep more draws of the image (a smaller --trace-every)." : "."),
      worst,
    };
  }

  const largestRhat = rows.reduce(
    (most, { rhat }) => Math.max(most, rhat),
    pixels.judged > 0 ? pixels.largestRhat : 0,
  );
  const smallestEss = rows.reduce(
    (least, { ess }) => Math.min(least, ess),
    pixels.judged > 0 ? pixels.smallestEss : Infinity,
  );
  const judged = [
    ...(parameters.length > 0 ? [counted(parameters.length, "parameter")] : []),
    ...(pixels.judged > 0 ? [pixelsText(pixels.judged)] : []),
  ];
  return {
    state: "agree",
    sentence:
      `${counted(chains, "chain")} agree: R-hat is at most ${rhatText(largestRhat)} and the effective sample size at least ` +
      `${grouped(smallestEss)} for ${judged.join(" and ")}.${aside}`,
    remedy: "",
    worst,
  };
}
