// Power of the tests of `estimateSignificance` on injected sources: bound, rank of the share and rank of the likelihood ratio, beside an aperture
// whose other light is known. Every observation is kept under .bench/ as it is done, and the next run of the same command goes on from there.
//
//   npm run study:power [-- --injections 200] [-- --scene core] [-- --table]
//
// With --table nothing is simulated: what there is becomes docs/studies/power.json.
import { parseArgs } from "node:util";
import { chanceOf } from "../src/photometry/sensitivity.js";
import { estimateSignificance } from "../src/significance/estimate.js";
import type { NullKind } from "../src/significance/null-model.js";
import { limitScenes } from "./limit-scenes.js";
import { keptRows, printTable, writeStudy } from "./study-file.js";

const { values: flags } = parseArgs({
  options: {
    injections: { type: "string", default: "200" },
    scene: { type: "string", default: "" },
    fluxes: { type: "string", default: "0,5,10" },
    table: { type: "boolean", default: false },
    work: { type: "string", default: ".bench/power.jsonl" },
  },
});
const SEED = 20_261_130;
const RUN = { replicates: 19, iterations: 500, gamma: 0.02, workers: 0 } as const;
const SIGNIFICANT = 0.05;
/** What is there without the source, fitted outside of the circle. */
const NULLS: Readonly<Record<string, NullKind>> = {
  isolated: "background",
  "core of 800, 6 pixels away": "point",
  "diffuse cloud": "gaussian",
};

/** p-values of one observation. */
interface Row {
  readonly scene: string;
  readonly flux: number;
  readonly number: number;
  readonly bound: number;
  readonly rank: number;
  readonly ratio: number;
  readonly aperture: number;
}

const scenes = limitScenes().scenes.filter(
  ({ name }) => name in NULLS && flags.scene.split(",").some((part) => name.includes(part)),
);
const fluxes = flags.fluxes.split(",").map(Number);
const { rows, keep } = keptRows<Row>(flags.work);

for (let number = 0; !flags.table && number < Number(flags.injections); number++) {
  for (const [place, { name, inject }] of scenes.entries()) {
    for (const flux of fluxes) {
      if (rows.some((row) => row.scene === name && row.flux === flux && row.number === number)) continue;
      const seed = SEED + 1_000_000 * place + 1_000 * flux + number;
      const { observation, region, other } = inject(flux, seed);
      const kind = NULLS[name];
      const { regions } = await estimateSignificance(observation, [region], {
        ...RUN,
        seed,
        null: kind,
        fitOutside: kind !== "background",
      });
      const [{ bound, direct, ratio }] = regions;
      const counts = region.weights.data.reduce(
        (sum, weight, pixel) => sum + weight * observation.counts.data[pixel],
        0,
      );
      const row = {
        scene: name,
        flux,
        number,
        bound,
        rank: direct,
        ratio,
        aperture: chanceOf(counts, [other]),
      };
      keep(row);
    }
  }
}

const table = scenes.flatMap(({ name }) =>
  [...new Set(rows.map(({ flux }) => flux))]
    .sort((a, b) => a - b)
    .flatMap((flux) => {
      const own = rows.filter((row) => row.scene === name && row.flux === flux);
      const found = (test: "bound" | "rank" | "ratio" | "aperture") =>
        own.filter((row) => row[test] <= SIGNIFICANT).length / own.length;
      const tests = {
        bound: found("bound"),
        rank: found("rank"),
        ratio: found("ratio"),
        aperture: found("aperture"),
      };
      return own.length === 0 ? [] : [{ scene: name, flux, injections: own.length, ...tests }];
    }),
);
const percent = (value: number) => `${Math.round(100 * value)} %`;
printTable(
  ["scene", "counts", "injections", "bound", "rank", "likelihood ratio", "aperture"],
  table.map(({ scene, flux, injections, bound, rank, ratio, aperture }) => [
    ...[scene, flux, injections],
    ...[bound, rank, ratio, aperture].map(percent),
  ]),
);
if (flags.table) {
  const content = { seed: SEED, run: RUN, nulls: NULLS, significant: SIGNIFICANT, table };
  writeStudy("power", content);
}
