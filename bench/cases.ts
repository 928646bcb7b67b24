import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { DEFAULT_ADAPTIVE_PRIOR } from "../src/data/law/adaptive-prior.js";
import { DEFAULT_BACKGROUND_SCALE_PRIOR, DEFAULT_SMOOTHING_PRIOR } from "../src/data/law/prior-parameters.js";
import type { Observation } from "../src/data/observation/observation.js";
import { gaussianPsf } from "../src/data/observation/psf.js";
import { psfSet } from "../src/data/observation/psf-set.js";
import { simulateCounts } from "../src/data/observation/simulate.js";
import {
  simulateDisk,
  simulateGaussianAndPoints,
  simulatePointSource,
} from "../src/data/observation/simulated-datasets.js";
import { randomStream } from "../src/data/random/random.js";
import { cutout, type SkyImage } from "../src/image.js";
import { findHdu, readFits } from "../src/io/fits-hdu.js";
import { imageToSkyImage } from "../src/io/fits-image.js";
import { startingAlpha } from "../src/priors/multiscale.js";
import type { AdaptiveChainSettings, LevelChainSettings } from "../src/samplers/lira.js";

/** A dataset to time, with the settings of its chain. */
export interface BenchCase {
  readonly name: string;
  readonly observation: Observation;
  /** LIRA's law. */
  readonly settings: LevelChainSettings;
  /** Pixels `row * nx + col` whose mixing is watched; default the brightest. */
  readonly watched?: readonly number[];
  /** Sweeps of the chains with a fixed shift that make the effective size of the plain one known to some 10 %. */
  readonly sweeps?: number;
}

/** Settings of a chain of LIRA's law on images of the observation's shape. */
export function benchSettings(
  observation: Observation,
  changes: Partial<LevelChainSettings> = {},
): LevelChainSettings {
  return {
    boundary: "spill",
    cycleSpin: "random",
    pairTransfers: 0,
    fitAlpha: true,
    alphaInit: startingAlpha(0.1, observation.counts.shape),
    fitBackgroundScale: false,
    totalCountsPrior: { shape: 1, rate: 0.05 },
    smoothingPrior: DEFAULT_SMOOTHING_PRIOR,
    backgroundScalePrior: DEFAULT_BACKGROUND_SCALE_PRIOR,
    ...changes,
  };
}

/** The same under the adaptive prior and a flat prior of the total, its default. */
export function adaptiveSettings({
  fitAlpha: _fit,
  alphaInit: _alpha,
  smoothingPrior: _prior,
  ...settings
}: LevelChainSettings): AdaptiveChainSettings {
  return {
    ...settings,
    totalCountsPrior: { shape: 1, rate: 0 },
    adaptivePrior: DEFAULT_ADAPTIVE_PRIOR,
  };
}

/** A sky of a smooth slope, diffuse clouds and point sources, with `total` expected counts. */
export function simulateField(size: number, psfSize: number, total: number): Observation {
  const random = randomStream(size + psfSize);
  const data = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let col = 0; col < size; col++) data[row * size + col] = 1 + row / size;
  }
  for (let source = 0; source < Math.max(4, (size * size) / 512); source++) {
    data[Math.floor(random.uniform() * data.length)] += 200 * random.uniform();
  }
  const sum = data.reduce((accumulated, value) => accumulated + value, 0);
  const flux: SkyImage = { data: data.map((value) => (value * total) / sum), shape: [size, size] };
  const psf = gaussianPsf(psfSize / 8, [psfSize, psfSize]);
  // Blurring a field is all that this needs; counts drawn from the blurred sky.
  return { counts: simulateCounts(flux, psf, { seed: size }), psf, name: `field ${size}` };
}

function chandraCutout(): Observation {
  const folder = new URL("../../../shared/data/chandra-gc/", import.meta.url);
  const read = (file: string) => {
    const bytes = gunzipSync(readFileSync(new URL(file, folder)));
    return imageToSkyImage(findHdu(readFits(new Uint8Array(bytes))));
  };
  if (existsSync(folder)) {
    return {
      counts: cutout(read("chandra-counts-obs-id-4684.fits.gz"), [65, 193], [64, 192]),
      psf: cutout(read("chandra-psf-obs-id-4684.fits.gz"), [15, 32], [15, 32]),
      name: "Chandra 4684",
    };
  }
  // The real cut-out is not there: the same size, number of counts and width of psf.
  return { ...simulateField(128, 17, 7_920), name: "Chandra stand-in" };
}

/** The same under a set of 3 x 3 psfs, each as large as the one: a tenth of its light more or less far away. */
export function withPsfSet({ observation, ...bench }: BenchCase): BenchCase {
  const { psf } = observation;
  const [ny, nx] = observation.counts.shape;
  const places = Array.from({ length: 9 }, (_, place) => {
    const wings = gaussianPsf(1.5 + 0.2 * place, psf.shape);
    const data = psf.data.map((value, cell) => 0.9 * value + 0.1 * wings.data[cell]);
    return {
      psf: { data, shape: psf.shape },
      x: ((place % 3) * (nx - 1)) / 2,
      y: (Math.floor(place / 3) * (ny - 1)) / 2,
    };
  });
  return { ...bench, observation: { ...observation, psf: psfSet(places) } };
}

/** The data of a reference posterior; undefined where they are not at hand. */
function referenceData(name: string): Observation | undefined {
  const file = new URL(`../../../shared/reference/${name}.fits.gz`, import.meta.url);
  if (!existsSync(file)) return undefined;
  const hdus = readFits(new Uint8Array(gunzipSync(readFileSync(file))));
  const image = (hdu: string | number) => imageToSkyImage(findHdu(hdus, hdu));
  return {
    counts: image(0),
    psf: image("PSF"),
    exposure: image("EXPOSURE"),
    background: image("BACKGROUND"),
    name,
  };
}

/** The datasets of `npm run bench:mixing`: those of the reference posteriors, or simulated ones of the same kind. */
export function mixingCases(): BenchCase[] {
  const at = (row: number, col: number) => row * 32 + col;
  const small = benchCases().filter(({ observation }) => observation.counts.shape[0] <= 128);
  const skewed = referenceData("skew64nb") ?? { ...simulateField(64, 15, 1_100), name: "skew64 stand-in" };
  return [
    ...small.map((bench) => ({
      ...bench,
      observation: referenceData(bench.name) ?? bench.observation,
      ...(bench.name === "gausspoints32"
        ? { watched: [at(16, 16), at(26, 16), at(26, 15), at(6, 16), at(16, 26)], sweeps: 200_000 }
        : {}),
    })),
    { name: "skew64", observation: skewed, settings: benchSettings(skewed) },
  ];
}

/** The datasets of `npm run bench`. */
export function benchCases(): BenchCase[] {
  const point = simulatePointSource();
  const disk = simulateDisk();
  const points = simulateGaussianAndPoints();
  const chandra = chandraCutout();
  const field256 = simulateField(256, 33, 40_000);
  const field512 = simulateField(512, 33, 200_000);
  return [
    { name: "point32", observation: point, settings: benchSettings(point, { fitBackgroundScale: true }) },
    { name: "disk32", observation: disk, settings: benchSettings(disk, { fitBackgroundScale: true }) },
    { name: "gausspoints32", observation: points, settings: benchSettings(points) },
    {
      name: chandra.name ?? "Chandra",
      observation: chandra,
      settings: benchSettings(chandra, { smoothingPrior: { power: 2, rate: 0.02, exponent: 1 } }),
    },
    { name: "field 256", observation: field256, settings: benchSettings(field256) },
    { name: "field 512", observation: field512, settings: benchSettings(field512) },
  ];
}
