/** What chains look like so far, in words. */

import { countText, durationText, numberText } from "#viewer";
import type { LiveView } from "../desk/run-view.js";

/** R-hat below which things agree, and from which they are said to disagree, as in the verdict at the end. */
const AGREES = 1.05;
const DISAGREES = 1.1;
/** Effective draws of total and likelihood that are enough. */
const ENOUGH = 400;

/** What the chains look like so far, and no more than has been compared. */
export function liveSentence({ traces, sweeps, burnIn, stage, pixels, mean }: LiveView): string {
  if (stage === "diagnosing") return "All sweeps are done; comparing the chains pixel by pixel.";
  const least = Math.min(...sweeps);
  if (least < burnIn) return "Burn-in: the chains are on their way from separated starts.";
  const rhats = traces.map(({ rhat }) => rhat).filter(Number.isFinite);
  if (rhats.length < traces.length) return "Too early to compare the chains.";
  const scalars = Math.max(...rhats);
  if (scalars >= 1.2) return "The chains do not agree yet.";
  if (scalars >= AGREES) return "The chains are coming together.";
  if (pixels === undefined) return "Total and likelihood agree so far; no pixel has been compared yet.";
  const { worst, judged } = pixels;
  const nx = mean?.shape[1] ?? 1;
  const place = `x = ${worst.pixel % nx}, y = ${Math.floor(worst.pixel / nx)}`;
  if (worst.rhat >= DISAGREES)
    return `Total and likelihood agree so far, but not the flux at ${place}: R-hat ${worst.rhat.toFixed(2)}.`;
  if (worst.rhat >= AGREES) return `Total and likelihood agree so far; the flux at ${place} is not sure yet.`;
  const same = `Total, likelihood and the ${countText(judged)} brightest pixels agree so far`;
  return Math.min(...traces.map(({ ess }) => ess)) >= ENOUGH
    ? `${same}.`
    : `${same}; more sweeps make it certain.`;
}

/** Sweeps of all chains before which their pace says little. */
const FIRST = 20;

/** How fast it goes and how long it will take, once that is known. */
export function paceText({
  done,
  sweepsPerSecond: rate,
  secondsLeft,
}: Pick<LiveView, "done" | "sweepsPerSecond" | "secondsLeft">): string {
  if (done < FIRST || !(rate > 0) || !Number.isFinite(secondsLeft)) return "Estimating how long it takes …";
  const pace = rate < 1 ? `${durationText(1 / rate)} a sweep` : `${numberText(rate, 3)} sweeps a second`;
  return `${pace}, ${secondsLeft < 1 ? "almost done" : `${durationText(secondsLeft)} left`}`;
}
