import type { DiscrepancyCheck, DiscrepancyName, PredictiveKind } from "./discrepancy.js";

/** What a discrepancy that is flagged points at. */
const SUSPECTS: Readonly<Record<DiscrepancyName, string>> = {
  total: "background, exposure or the prior of the total",
  maximum: "psf or saturated pixels",
  pearson: "bad pixels, psf or counts that are not Poisson",
  cash: "psf or background",
  cstat: "bad pixels, psf or counts that are not Poisson",
  neighbours: "psf, background or exposure",
  patches: "psf, background or exposure",
  profile: "psf",
};

/** Discrepancies from the one that tells most about the cause to the one that tells least. */
const TELLING: readonly DiscrepancyName[] = [
  "profile",
  "maximum",
  "patches",
  "neighbours",
  "total",
  "cash",
  "pearson",
  "cstat",
];

/** Two-sided p of the total below which it is named, when nothing else is flagged. */
const TOTAL_ALONE = 0.01;

/** P-values as text: two digits, never 0. */
function pText(p: number): string {
  return p < 0.001 ? p.toExponential(0) : p.toPrecision(2);
}

/** The outcome of a predictive check in words. */
export function predictiveSentence(
  kind: PredictiveKind,
  rows: readonly DiscrepancyCheck[],
  falseAlarmRate: number,
): string {
  const bad = rows.filter(({ flagged }) => flagged).sort((a, b) => a.twoSided - b.twoSided);
  const what = {
    posterior: "the model",
    "held-out": "the model (on photons it has not seen)",
    "point source": "the model with a point in place of the source",
  }[kind];
  const rate = `false-alarm rate ${falseAlarmRate}`;
  const total = rows.find(({ name }) => name === "total");
  const others = rows.filter(({ name }) => name !== "total");
  if (total && total.twoSided < TOTAL_ALONE && others.every((row) => !row.flagged)) {
    const [few, where, way] =
      total.p < 0.5 ? ["fewer", "holds the total back", "low"] : ["more", "pulls the total up", "high"];
    return (
      `But for their total the counts look like draws from ${what}, which makes ${few} than observed ` +
      `(two-sided p = ${pText(total.twoSided)}): the prior of the total ${where}, or background or exposure are too ${way}; ` +
      "compare the ledger and --total-counts-prior."
    );
  }
  if (bad.length === 0) {
    const [least] = [...rows].sort((a, b) => a.twoSided - b.twoSided);
    return `The counts look like draws from ${what}: smallest two-sided p is ${pText(least.twoSided)} (${least.name}) of ${rows.length}, ${rate}.`;
  }
  const list = bad.map(({ name, twoSided }) => `${name} (p = ${pText(twoSided)})`).join(", ");
  const cause = TELLING.find((name) => bad.some((row) => row.name === name)) ?? bad[0].name;
  const advice =
    kind === "point source"
      ? "the psf is wrong, or the source is no point"
      : `look at the residuals and check ${SUSPECTS[cause]}`;
  return `The counts do not look like draws from ${what}: ${list}; ${rate}; ${advice}.`;
}
