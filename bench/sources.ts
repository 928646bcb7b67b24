// `findSources` on simulated fields: false alarms without sources, and completeness, purity, fluxes and errors with them.
// Every field is kept under .bench/ as it is done, and the next run of the same command goes on from there.
//
//   npm run study:sources [-- --fields 50] [-- --kind shell,cloud] [-- --table]
//
// With --table nothing is simulated: what there is becomes docs/studies/sources.json and the tables of docs/sources.md.
import { parseArgs } from "node:util";
import type { Observation } from "../src/data/observation/observation.js";
import { findSources } from "../src/photometry/find-sources.js";
import { expectedFalseAlarms } from "../src/photometry/source-false-alarms.js";
import { fittedSky } from "../src/posterior/fitted-sky.js";
import { deconvolve } from "../src/runs/deconvolve.js";
import {
  APERTURES,
  EXTENDED_FIELDS,
  EXTENDED_PHOTONS,
  EXTENDED_PLACE,
  SOURCE_FIELDS,
  type TrueSource,
} from "./source-fields.js";
import { keptRows, printTable, writeStudy } from "./study-file.js";

const { values: flags } = parseArgs({
  options: {
    fields: { type: "string", default: "50" },
    kind: { type: "string", default: "" },
    table: { type: "boolean", default: false },
    work: { type: "string", default: ".bench/sources.jsonl" },
  },
});
/** None of the seeds by which the constants of the catalogue were chosen. */
const SEED = 20_261_201;
const RUN = { iterations: 600, burnIn: 100, chains: 2, trace: { every: 5 } } as const;
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
const isChosen = ({ name }: { readonly name: string }) =>
  flags.kind.split(",").some((part) => name.includes(part));
const chosen = SOURCE_FIELDS.filter(isChosen);

async function found(observation: Observation, seed: number, falseAlarms: number): Promise<Found[]> {
  const result = await deconvolve(observation, { ...RUN, seed, workers: 0 });
  const sources = await findSources(result.trace.images, [observation], {
    ...fittedSky(result),
    parameters: result.trace.parameters,
    falseAlarms,
    extraDraws: 0,
  });
  return sources.map(({ centroid, statistic, profile, flux }) => {
    const { x, y, xStd, yStd, correlation } = centroid;
    return {
      ...{ x, y, covariance: [xStd ** 2, yStd ** 2, correlation * xStd * yStd], statistic },
      ...{ flux: flux.best, interval: [flux.low, flux.high], extended: profile !== "point" },
    };
  });
}

for (let number = 0; !flags.table && number < Number(flags.fields); number++) {
  for (const kind of chosen) {
    if (rows.some((row) => row.kind === kind.name && row.number === number)) continue;
    const seed = SEED + 10_000 * SOURCE_FIELDS.indexOf(kind) + number;
    const { observation, truth } = kind.draw(seed);
    const alarms = kind.sources ? FALSE_ALARMS : LOOSE;
    keep({ kind: kind.name, number, truth, found: await found(observation, seed, alarms) });
  }
  for (const kind of EXTENDED_FIELDS.filter(isChosen)) {
    for (const flux of EXTENDED_PHOTONS) {
      const truth = [{ ...EXTENDED_PLACE, flux }];
      if (rows.some((row) => row.kind === kind.name && row.number === number && row.truth[0]?.flux === flux))
        continue;
      const seed =
        SEED +
        10_000 * (SOURCE_FIELDS.length + EXTENDED_FIELDS.indexOf(kind)) +
        100 * number +
        EXTENDED_PHOTONS.indexOf(flux);
      keep({ kind: kind.name, number, truth, found: await found(kind.draw(flux, seed), seed, FALSE_ALARMS) });
    }
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

/** Of a field: each source of the catalogue with the true ones that are nearest to it, and true ones of which nothing was found. */
function matched({ truth, found: all }: Row) {
  const found = all.filter((one) => alarmsOf(one) <= FALSE_ALARMS);
  const own = new Map<Found, TrueSource[]>(found.map((one) => [one, []]));
  const missed: TrueSource[] = [];
  for (const source of truth) {
    const away = (one: Found) => Math.hypot(source.x - one.x, source.y - one.y);
    const [nearest] = found.filter((one) => away(one) <= NEAR).sort((a, b) => away(a) - away(b));
    if (nearest === undefined) missed.push(source);
    else own.get(nearest)!.push(source);
  }
  return { own, missed };
}

/** Sources that lie as one in the catalogue: their light together, and its centre. */
function together(sources: readonly TrueSource[]): TrueSource {
  const flux = sources.reduce((sum, one) => sum + one.flux, 0);
  const mean = (axis: "x" | "y") => sources.reduce((sum, one) => sum + one.flux * one[axis], 0) / flux;
  return { x: mean("x"), y: mean("y"), flux };
}

const fields = rows.filter(({ kind }) => SOURCE_FIELDS.find(({ name }) => name === kind)?.sources);
const crowded = (row: Row, own: readonly TrueSource[]) =>
  row.truth.some(
    (other) => !own.includes(other) && own.some(({ x, y }) => Math.hypot(other.x - x, other.y - y) < 5),
  );
let [total, spurious] = [0, 0];
const all: { source: TrueSource; found?: Found; state: string }[] = [];
for (const row of fields) {
  const { own, missed } = matched(row);
  total += own.size;
  for (const source of missed) all.push({ source, state: crowded(row, [source]) ? "crowded" : "alone" });
  for (const [found, sources] of own) {
    if (sources.length === 0) spurious++;
    else {
      const state = sources.length > 1 ? "several" : crowded(row, sources) ? "crowded" : "alone";
      all.push({ source: together(sources), found, state });
    }
  }
}
const ranges: readonly (readonly [name: string, low: number, high: number, state: string])[] = [
  ["5 to 15", 5, 15, "alone"],
  ["15 to 50", 15, 50, "alone"],
  ["50 to 200", 50, 200, "alone"],
  ["200 to 1,000", 200, 1001, "alone"],
  ["all, alone", 0, Number.POSITIVE_INFINITY, "alone"],
  ["another within 5 pixels", 0, Number.POSITIVE_INFINITY, "crowded"],
  ["several as one", 0, Number.POSITIVE_INFINITY, "several"],
];
const table = ranges.map(([name, low, high, state]) => {
  const own = all.filter((one) => one.source.flux >= low && one.source.flux < high && one.state === state);
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

/** Normal deviations that hold 90 %. */
const NINETY = 1.645;
const extended = EXTENDED_FIELDS.flatMap(({ name }) =>
  EXTENDED_PHOTONS.flatMap((photons) => {
    const own = rows.filter(({ kind, truth }) => kind === name && truth[0]?.flux === photons);
    if (own.length === 0) return [];
    const seen = own.flatMap((row) => {
      const one = row.found.find(
        ({ x, y }) => Math.hypot(x - EXTENDED_PLACE.x, y - EXTENDED_PLACE.y) <= NEAR,
      );
      return one === undefined ? [] : [one];
    });
    const ratios = seen.map(({ flux }) => flux / photons).sort((a, b) => a - b);
    const held = (deviations: number) =>
      seen.filter(({ flux, interval: [low, high] }) => {
        const [below, above] = [deviations * (flux - low), deviations * (high - flux)];
        return flux - below <= photons && photons <= flux + above;
      }).length;
    return [
      {
        light: name,
        photons,
        fields: own.length,
        found: seen.length,
        entries: own.reduce((sum, row) => sum + row.found.length, 0),
        calledExtended: seen.filter((one) => one.extended).length,
        fluxRatio: ratios[ratios.length >> 1] ?? null,
        fluxHeld68: held(1),
        fluxHeld90: held(NINETY),
      },
    ];
  }),
);

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
  `\n${fields.length} fields with ${fields.reduce((sum, { truth }) => sum + truth.length, 0)} sources: ${total} in the catalogues, ${spurious} of them no source\n`,
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
console.log();
printTable(
  [
    "extended source",
    "photons",
    "found",
    "entries a field",
    "called extended",
    "median flux by the true one",
    "68 % hold",
    "90 % hold",
  ],
  extended.map((row) => [
    row.light,
    row.photons,
    `${row.found} of ${row.fields}`,
    (row.entries / row.fields).toFixed(1),
    row.calledExtended,
    row.fluxRatio?.toFixed(2) ?? "-",
    row.found === 0 ? "-" : `${row.fluxHeld68} of ${row.found}`,
    row.found === 0 ? "-" : `${row.fluxHeld90} of ${row.found}`,
  ]),
);
if (flags.table) {
  const run = { ...RUN, falseAlarms: FALSE_ALARMS, near: NEAR };
  const content = {
    seed: SEED,
    run,
    nulls,
    fields: fields.length,
    catalogued: total,
    spurious,
    table,
    extended,
  };
  writeStudy("sources", content);
}
