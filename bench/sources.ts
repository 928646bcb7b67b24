// `findSources` on simulated fields: false alarms without sources, and completeness, purity, fluxes and errors with them.
// Every field is kept under .bench/ as it is done, and the next run of the same command goes on from there.
//
//   npm run study:sources [-- --fields 50] [-- --kind shell,cloud] [-- --table]
//
// With --table nothing is simulated: what there is becomes docs/studies/sources.json and the tables of docs/sources.md.
import { parseArgs } from "node:util";
import { findSources } from "../src/photometry/find-sources.js";
import { expectedFalseAlarms } from "../src/photometry/source-false-alarms.js";
import { fittedSky } from "../src/posterior/fitted-sky.js";
import { deconvolve } from "../src/runs/deconvolve.js";
import { APERTURES, SOURCE_FIELDS, type TrueSource } from "./source-fields.js";
import { keptRows, printTable, writeStudy } from "./study-file.js";

const { values: flags } = parseArgs({
  options: {
    fields: { type: "string", default: "50" },
    kind: { type: "string", default: "" },
    table: { type: "boolean", default: false },
    work: { type: "string", default: ".bench/sources.jsonl" },
  },
});
const SEED = 20_261_129;
const RUN = { iterations: 600, burnIn: 100, chains: 2, trace: { every: 5 } } as const;
const EXTRA_DRAWS = 60;
/** Of fields without sources all peaks are kept that are not quite hopeless. */
const LOOSE = 3;
const FALSE_ALARMS = 0.1;
/** A source is found when one of the catalogue lies within so many pixels (one sigma of the psf is 1.5). */
const NEAR = 2;

/** A source of a catalogue. */
interface Found {
  readonly x: number;
  readonly y: number;
  /** Variances of x and y, and covariance. */
  readonly covariance: readonly [number, number, number];
  readonly statistic: number;
  readonly flux: number;
  readonly interval: readonly [number, number];
  /** The same as `measureRegions` has it. */
  readonly measured?: readonly [best: number, low: number, high: number];
  readonly extended: boolean;
}

/** What one field gave. */
interface Row {
  readonly kind: string;
  readonly number: number;
  readonly truth: readonly TrueSource[];
  readonly found: readonly Found[];
}

const { rows, keep } = keptRows<Row>(flags.work);
const chosen = SOURCE_FIELDS.filter(({ name }) => flags.kind.split(",").some((part) => name.includes(part)));

for (let number = 0; !flags.table && number < Number(flags.fields); number++) {
  for (const kind of chosen) {
    if (rows.some((row) => row.kind === kind.name && row.number === number)) continue;
    const seed = SEED + 10_000 * SOURCE_FIELDS.indexOf(kind) + number;
    const { observation, truth } = kind.draw(seed);
    const result = await deconvolve(observation, { ...RUN, seed, workers: 0 });
    const sources = await findSources(result.trace.images, [observation], {
      ...fittedSky(result),
      parameters: result.trace.parameters,
      falseAlarms: kind.sources ? FALSE_ALARMS : LOOSE,
      extraDraws: kind.sources ? EXTRA_DRAWS : 0,
    });
    const found = sources.map((one): Found => {
      const { centroid, statistic, extent, flux, measured } = one;
      const { extra } = measured;
      const { x, y, xStd, yStd, correlation } = centroid;
      return {
        x,
        y,
        covariance: [xStd ** 2, yStd ** 2, correlation * xStd * yStd],
        statistic,
        flux: flux.best,
        interval: [flux.low, flux.high],
        ...(extra && { measured: [extra.best, extra.intervals[0].low, extra.intervals[0].high] }),
        extended: extent.extended,
      };
    });
    const row: Row = { kind: kind.name, number, truth, found };
    keep(row);
  }
}

// The rates of the table are those of the constants in the code now, whichever were there when a field was done.
const alarmsOf = ({ statistic }: Found) => expectedFalseAlarms(statistic, APERTURES);
const percent = (part: number, of: number) => (of === 0 ? "-" : `${Math.round((100 * part) / of)} %`);
const nulls = SOURCE_FIELDS.filter(({ sources }) => !sources).flatMap(({ name }) => {
  const own = rows.filter(({ kind }) => kind === name);
  if (own.length === 0) return [];
  const above = (alarms: number) =>
    own.reduce((sum, { found }) => sum + found.filter((one) => alarmsOf(one) <= alarms).length, 0);
  const highest = own.map(({ found }) => Math.max(0, ...found.map(({ statistic }) => statistic)));
  return [
    {
      field: name,
      fields: own.length,
      atOne: above(1) / own.length,
      atATenth: above(FALSE_ALARMS) / own.length,
      atAHundredth: above(FALSE_ALARMS / 10) / own.length,
      highest: highest.sort((a, b) => b - a).slice(0, 5),
    },
  ];
});

/** Each true source with what was found of it: pairs by distance, nearest first, each used once. */
function matched({ truth, found: all }: Row) {
  const found = all.filter((one) => alarmsOf(one) <= FALSE_ALARMS);
  const pairs = truth
    .flatMap((source) =>
      found.map((one) => ({ source, one, away: Math.hypot(source.x - one.x, source.y - one.y) })),
    )
    .filter(({ away }) => away <= NEAR)
    .sort((a, b) => a.away - b.away);
  const of = new Map<TrueSource, Found>();
  const used = new Set<Found>();
  for (const { source, one } of pairs) {
    if (of.has(source) || used.has(one)) continue;
    of.set(source, one);
    used.add(one);
  }
  return { of, catalogued: found.length, spurious: found.length - used.size };
}

const fields = rows.filter(({ kind }) => SOURCE_FIELDS.find(({ name }) => name === kind)?.sources);
const matches = fields.map((row) => ({ row, ...matched(row) }));
const near = (row: Row, source: TrueSource) =>
  row.truth.some((other) => other !== source && Math.hypot(other.x - source.x, other.y - source.y) < 5);
const all = matches.flatMap(({ row, of }) =>
  row.truth.map((source) => ({ source, found: of.get(source), crowded: near(row, source) })),
);
const ranges: readonly (readonly [string, number, number, boolean | undefined])[] = [
  ["5 to 15", 5, 15, false],
  ["15 to 50", 15, 50, false],
  ["50 to 200", 50, 200, false],
  ["200 to 1,000", 200, 1001, false],
  ["all, alone", 5, 1001, false],
  ["another within 5 pixels", 5, 1001, true],
];
const table = ranges.map(([name, low, high, crowded]) => {
  const own = all.filter(
    ({ source, ...one }) => source.flux >= low && source.flux < high && one.crowded === crowded,
  );
  const seen = own.flatMap(({ source, found }) => (found === undefined ? [] : [{ source, found }]));
  const ratios = seen.map(({ source, found }) => found.flux / source.flux).sort((a, b) => a - b);
  const distance = ({ source, found }: (typeof seen)[number]) => {
    const [dx, dy] = [source.x - found.x, source.y - found.y];
    const [a, b, c] = found.covariance;
    return (b * dx * dx - 2 * c * dx * dy + a * dy * dy) / (a * b - c * c);
  };
  // Squared distances of a normal law in two dimensions: 68 % lie below 2.279, 39 % below 1.
  const held = (most: number) => seen.filter((one) => distance(one) <= most).length;
  return {
    photons: name,
    sources: own.length,
    found: seen.length,
    fluxRatio: ratios[ratios.length >> 1] ?? null,
    fluxHeld68: seen.filter(
      ({ source, found }) => found.interval[0] <= source.flux && source.flux <= found.interval[1],
    ).length,
    placeHeld39: held(1),
    placeHeld68: held(2.279),
    calledExtended: seen.filter(({ found }) => found.extended).length,
  };
});
const total = matches.reduce((sum, { catalogued }) => sum + catalogued, 0);
const spurious = matches.reduce((sum, one) => sum + one.spurious, 0);

printTable(
  ["field without sources", "fields", "at 1 a field", "at 0.1", "at 0.01", "highest statistics"],
  nulls.map((row) => [
    row.field,
    row.fields,
    ...[row.atOne, row.atATenth, row.atAHundredth].map((rate) => rate.toFixed(2)),
    row.highest.map((value) => value.toFixed(1)).join(", "),
  ]),
);
console.log(
  `\n${fields.length} fields with ${all.length} sources: ${total} in the catalogues, ${spurious} of them no source\n`,
);
printTable(
  [
    "expected photons",
    "sources",
    "found",
    "median flux by the true one",
    "68 % intervals of the flux hold",
    "ellipses of 39 % hold",
    "of 68 %",
    "called extended",
  ],
  table.map((row) => [
    row.photons,
    row.sources,
    percent(row.found, row.sources),
    row.fluxRatio?.toFixed(2) ?? "-",
    percent(row.fluxHeld68, row.found),
    percent(row.placeHeld39, row.found),
    percent(row.placeHeld68, row.found),
    percent(row.calledExtended, row.found),
  ]),
);
if (flags.table) {
  const run = { ...RUN, extraDraws: EXTRA_DRAWS, falseAlarms: FALSE_ALARMS, near: NEAR };
  const content = {
    seed: SEED,
    run,
    nulls,
    fields: fields.length,
    catalogued: total,
    spurious,
    table,
  };
  writeStudy("sources", content);
}
