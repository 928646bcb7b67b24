// Limits and intervals of `measureRegions` on injected sources: coverage, and length against an aperture whose other light is known.
// Every observation is kept under .bench/ as it is done, and the next run of the same command goes on from there.
//
//   npm run study:limits [-- --injections 200] [-- --scene core,edge] [-- --table]
//
// With --table nothing is simulated: what there is becomes docs/studies/limits.json and the table of docs/significance.md.
import { parseArgs } from "node:util";
import { fluxLaw, PROBABILITIES } from "../src/photometry/flux-law.js";
import { measureRegions } from "../src/photometry/measure-regions.js";
import { chanceOf } from "../src/photometry/sensitivity.js";
import { fittedSky } from "../src/posterior/fitted-sky.js";
import { deconvolve } from "../src/runs/deconvolve.js";
import { limitScenes } from "./limit-scenes.js";
import { median } from "./median.js";
import { keptRows, printTable, writeStudy } from "./study-file.js";

const { values: flags } = parseArgs({
  options: {
    injections: { type: "string", default: "200" },
    scene: { type: "string", default: "" },
    fluxes: { type: "string", default: "0,3,5,10,30,100" },
    table: { type: "boolean", default: false },
    work: { type: "string", default: ".bench/limits.jsonl" },
  },
});
const SEED = 20_261_129;
const RUN = { iterations: 600, burnIn: 100, chains: 2, trace: { every: 5 } } as const;
const EXTRA_DRAWS = 60;
const SIGNIFICANT = 0.05;

/** What one observation gave; fluxes in counts of the source. */
interface Row {
  readonly scene: string;
  readonly flux: number;
  readonly number: number;
  /** Limits of `PROBABILITIES`, for a point and for the shape of the draws. */
  readonly point: readonly number[];
  readonly drawn: readonly number[];
  /** Ends of the shortest intervals of a point. */
  readonly intervals: readonly (readonly [number, number])[];
  readonly best: number;
  /** Limits of an aperture of known other light. */
  readonly aperture: readonly number[];
  /** The 95 % quantile of the image's flux in the circle: what is no limit. */
  readonly quantile: number;
  readonly expected: readonly number[];
  readonly detectable: number;
  /** Counts in the circle; other light there: true, and as estimated with its error. */
  readonly counts: number;
  readonly other: number;
  readonly estimated: readonly [number, number];
  readonly chance: number;
  readonly apertureChance: number;
}

const { scenes, missing } = limitScenes();
if (missing !== "") console.log(missing);
const chosen = scenes.filter(({ name }) => flags.scene.split(",").some((part) => name.includes(part)));
const fluxes = flags.fluxes.split(",").map(Number);
const { rows, keep } = keptRows<Row>(flags.work);

for (let number = 0; !flags.table && number < Number(flags.injections); number++) {
  for (const scene of chosen) {
    for (const flux of fluxes) {
      if (rows.some((row) => row.scene === scene.name && row.flux === flux && row.number === number))
        continue;
      const seed = SEED + 1_000_000 * scenes.indexOf(scene) + 1_000 * flux + number;
      const { observation, region, other, inside, exposure } = scene.inject(flux, seed);
      const result = await deconvolve(observation, { ...RUN, seed, workers: 0 });
      const measure = async (sourceShape: "point" | "drawn") => {
        const [{ extra, products }] = await measureRegions(result.trace.images, [observation], [region], {
          ...fittedSky(result),
          parameters: result.trace.parameters,
          sourceShape,
          extraDraws: EXTRA_DRAWS,
        });
        return { extra: extra!, products };
      };
      const { extra, products } = await measure("point");
      const { extra: drawn } = await measure("drawn");
      const known = fluxLaw(
        [extra.counts],
        [{ other: Float64Array.of(other), unit: Float64Array.of(inside) }],
      );
      const row: Row = {
        scene: scene.name,
        flux,
        number,
        point: extra.limits.map(({ limit }) => exposure * limit),
        drawn: drawn.limits.map(({ limit }) => exposure * limit),
        intervals: extra.intervals.map(({ low, high }) => [exposure * low, exposure * high] as const),
        best: exposure * extra.best,
        aperture: known.limits.map(({ limit }) => limit),
        quantile: exposure * products.upperLimits[1].limit,
        expected: extra.expectedLimits.map(({ limit }) => exposure * limit),
        detectable: exposure * extra.detectable,
        counts: extra.counts,
        other,
        estimated: [extra.other.mean, extra.other.std],
        chance: extra.chance,
        apertureChance: chanceOf(extra.counts, [other]),
      };
      keep(row);
    }
  }
}

const part = (own: readonly Row[], holds: (row: Row) => boolean) => own.filter(holds).length / own.length;
const AT_95 = PROBABILITIES.indexOf(0.95);
const table = scenes.flatMap(({ name }) =>
  [...new Set(rows.map(({ flux }) => flux))]
    .sort((a, b) => a - b)
    .flatMap((flux) => {
      const own = rows.filter((row) => row.scene === name && row.flux === flux);
      if (own.length === 0) return [];
      return [
        {
          scene: name,
          flux,
          injections: own.length,
          limits: PROBABILITIES.map((_, at) => part(own, ({ point }) => point[at] >= flux)),
          limits95Drawn: part(own, ({ drawn }) => drawn[AT_95] >= flux),
          quantile95: part(own, ({ quantile }) => quantile >= flux),
          aperture95: part(own, ({ aperture }) => aperture[AT_95] >= flux),
          intervals: PROBABILITIES.map((_, at) =>
            part(own, ({ intervals }) => intervals[at][0] <= flux && flux <= intervals[at][1]),
          ),
          medianLimit95: median(own.map(({ point }) => point[AT_95])),
          medianLimit95Drawn: median(own.map(({ drawn }) => drawn[AT_95])),
          medianAperture95: median(own.map(({ aperture }) => aperture[AT_95])),
          medianBest: median(own.map(({ best }) => best)),
          expected95: median(own.map(({ expected }) => expected[AT_95])),
          detectable: median(own.map(({ detectable }) => detectable)),
          other: own.reduce((sum, row) => sum + row.other, 0) / own.length,
          otherEstimated: own.reduce((sum, row) => sum + row.estimated[0], 0) / own.length,
          found: part(own, ({ chance }) => chance <= SIGNIFICANT),
          foundAperture: part(own, ({ apertureChance }) => apertureChance <= SIGNIFICANT),
        },
      ];
    }),
);
const percent = (value: number) => `${Math.round(100 * value)} %`;
printTable(
  [
    "scene",
    "counts",
    "injections",
    "95 % limits hold",
    "drawn shape",
    "quantile",
    "median limit",
    "drawn shape",
    "aperture",
    "68 % intervals hold",
    "other light, true",
    "estimated",
    "p <= 0.05",
    "aperture",
  ],
  table.map((row) => [
    row.scene,
    row.flux,
    row.injections,
    percent(row.limits[AT_95]),
    percent(row.limits95Drawn),
    percent(row.quantile95),
    row.medianLimit95.toFixed(1),
    row.medianLimit95Drawn.toFixed(1),
    row.medianAperture95.toFixed(1),
    percent(row.intervals[0]),
    row.other.toFixed(1),
    row.otherEstimated.toFixed(1),
    percent(row.found),
    percent(row.foundAperture),
  ]),
);
if (flags.table) {
  const content = {
    seed: SEED,
    run: { ...RUN, extraDraws: EXTRA_DRAWS },
    probabilities: PROBABILITIES,
    significant: SIGNIFICANT,
    table,
  };
  writeStudy("limits", content);
}
