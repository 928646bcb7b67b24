// What an uncertain width of the psf does to fluxes and extents, over simulated fields: a point and a Gaussian source, seen through a psf
// whose true width differs from the given one by a normal error of 10 %, sampled with the psf taken as exact and with `withWidthError`. Every field
// is kept under .bench/ as it is done, and the next run of the same command goes on from there.
//
//   npm run study:psf [-- --fields 200] [-- --photons 2400] [-- --table]
//
// With --table nothing is simulated: what there is becomes docs/studies/psf-width.json, of sources of so many photons psf-width-2400.json.
import { parseArgs } from "node:util";
import { withWidthError } from "../src/data/observation/psf-ensemble.js";
import { simulateCounts } from "../src/data/observation/simulate.js";
import { quantileOfSorted } from "../src/data/random/sorted-quantile.js";
import { constantImage, type SkyImage } from "../src/image.js";
import { deconvolve, gaussianPsf } from "../src/index.js";
import { textbookRandom } from "../test/oracles/textbook-random.js";
import { keptRows, printTable, writeStudy } from "./study-file.js";

const { values: flags } = parseArgs({
  options: {
    fields: { type: "string", default: "200" },
    photons: { type: "string", default: "600" },
    table: { type: "boolean", default: false },
    work: { type: "string", default: "" },
  },
});
/** Photons of each source. */
const FLUX = Number(flags.photons);
const NAME = FLUX === 600 ? "psf-width" : `psf-width-${FLUX}`;
const SEED = 20_261_129;
/** Sweeps, burn-in and chains as by default. */
const RUN = { iterations: 5000, burnIn: 500, chains: 4, traceEvery: 5 } as const;
const SIZE = 32;
const SIGMA = 2;
const ERROR = 0.1;
const SHAPE = [25, 25] as const;
const BACKGROUND = 0.05;
const POINT = { x: 8, y: 9, radius: 5 };
/** Standard deviation of the Gaussian source in pixels. */
const EXTENT = 1.5;
const EXTENDED = { x: 21, y: 20, radius: 7 };
type Place = typeof POINT;

/** Quantities of an image. */
const QUANTITIES: Readonly<Record<string, (image: ArrayLike<number>) => number>> = {
  "flux of the point source, 3 x 3 pixels": (image) => moments(image, { ...POINT, radius: 1.5 }).flux,
  "flux of the extended source": (image) => moments(image, EXTENDED).flux,
  "extent of the extended source": (image) => moments(image, EXTENDED).extent,
};

/** Flux in a circle, and its root mean square distance from its middle along an axis. */
function moments(image: ArrayLike<number>, { x, y, radius }: Place) {
  let [flux, square] = [0, 0];
  for (let row = 0; row < SIZE; row++) {
    for (let col = 0; col < SIZE; col++) {
      const distance = (row - y) ** 2 + (col - x) ** 2;
      if (distance > radius ** 2) continue;
      const value = image[row * SIZE + col];
      flux += value;
      square += value * distance;
    }
  }
  return { flux, extent: Math.sqrt(square / (2 * flux)) };
}

function sky(): SkyImage {
  const data = constantImage([SIZE, SIZE], 0).data.slice();
  data[POINT.y * SIZE + POINT.x] = FLUX;
  const blob = gaussianPsf(EXTENT, [17, 17]);
  for (let row = 0; row < 17; row++) {
    for (let col = 0; col < 17; col++)
      data[(EXTENDED.y + row - 8) * SIZE + EXTENDED.x + col - 8] = FLUX * blob.data[row * 17 + col];
  }
  return { data, shape: [SIZE, SIZE] };
}

/** Mean and 68 % interval of a quantity. */
interface Estimate {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

interface Row {
  readonly number: number;
  /** True width over the given one. */
  readonly width: number;
  readonly exact: Record<string, Estimate>;
  readonly drawn: Record<string, Estimate>;
  /** The width that the data leave, mean and standard deviation. */
  readonly found: readonly [mean: number, std: number];
}

const truth = sky();
const { rows, keep } = keptRows<Row>(flags.work || `.bench/${NAME}.jsonl`);
const given = gaussianPsf(SIGMA, SHAPE);

for (let number = 0; !flags.table && number < Number(flags.fields); number++) {
  if (rows.some((row) => row.number === number)) continue;
  const seed = SEED + number;
  const width = 1 + ERROR * textbookRandom(seed, 1).normal();
  const background = constantImage(truth.shape, BACKGROUND);
  const counts = simulateCounts(truth, gaussianPsf(SIGMA * width, SHAPE), { background, seed });
  const run = async (psf: SkyImage) => {
    const result = await deconvolve({ counts, psf, background }, { ...RUN, seed, workers: 0 });
    const { chains } = result.trace.images;
    const size = SIZE * SIZE;
    const draws = chains.flatMap((chain) =>
      Array.from({ length: chain.length / size }, (_, draw) =>
        chain.subarray(draw * size, (draw + 1) * size),
      ),
    );
    const estimates = Object.entries(QUANTITIES).map(([name, of]) => {
      const values = Float64Array.from(draws, of).sort();
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return [name, { mean, low: quantileOfSorted(values, 0.16), high: quantileOfSorted(values, 0.84) }];
    });
    const found = result.diagnostics.parameters.find(({ name }) => name === "psfWidth");
    return { estimates: Object.fromEntries(estimates), found: [found?.mean ?? 1, found?.std ?? 0] as const };
  };
  const [exact, drawn] = [await run(given), await run(withWidthError(given, ERROR))];
  keep({ number, width, exact: exact.estimates, drawn: drawn.estimates, found: drawn.found });
}

const table = Object.entries(QUANTITIES).map(([name, of]) => {
  const value = of(truth.data);
  const judge = (kind: "exact" | "drawn") => {
    const own = rows.map((row) => row[kind][name]);
    const mean = (part: (one: Estimate) => number) =>
      own.reduce((sum, one) => sum + part(one), 0) / own.length;
    return {
      holds: mean(({ low, high }) => Number(low <= value && value <= high)),
      bias: mean((one) => one.mean) - value,
      halfWidth: mean(({ low, high }) => (high - low) / 2),
    };
  };
  return { name, truth: value, fields: rows.length, exact: judge("exact"), drawn: judge("drawn") };
});
const z = rows.map(({ width, found: [mean, std] }) => (width - mean) / std);
const widths = {
  holds: z.filter((one) => Math.abs(one) < 1).length / z.length,
  std: rows.reduce((sum, { found }) => sum + found[1], 0) / rows.length,
};
const percent = (value: number) => `${Math.round(100 * value)} %`;
printTable(
  ["quantity", "truth", "fields", "exact: 68 % hold", "half width", "drawn: 68 % hold", "half width"],
  table.map(({ name, truth: value, fields, exact, drawn }) => [
    ...[name, value.toFixed(2), fields],
    ...[exact, drawn].flatMap(({ holds, halfWidth }) => [percent(holds), halfWidth.toFixed(3)]),
  ]),
);
console.log(`width: one standard deviation holds ${percent(widths.holds)}, it is ${widths.std.toFixed(3)}`);
if (flags.table) writeStudy(NAME, { seed: SEED, run: RUN, photons: FLUX, error: ERROR, table, widths });
