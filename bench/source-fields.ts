// Simulated fields without sources, with points, and with an extended source, for `study:sources`.
import type { Observation } from "../src/data/observation/observation.js";
import { gaussianProfile, gaussianPsf } from "../src/data/observation/psf.js";
import { exponential, naturalLog } from "../src/data/random/exponential.js";
import { drawPoisson } from "../src/data/random/poisson.js";
import { randomStream } from "../src/data/random/random.js";
import { constantImage } from "../src/image.js";
import { predictedCounts } from "../src/model/predicted-counts.js";
import { halfLightRadius } from "../src/photometry/extra-source.js";

/** A source: place in pixels from 0, expected photons. */
export interface TrueSource {
  readonly x: number;
  readonly y: number;
  readonly flux: number;
}

/** A kind of field. */
export interface SourceField {
  readonly name: string;
  readonly sources: boolean;
  readonly draw: (seed: number) => {
    readonly observation: Observation;
    readonly truth: readonly TrueSource[];
  };
}

const SIZE = 32;
const SHAPE = [SIZE, SIZE] as const;
const SIGMA = 1.5;
const PSF = gaussianPsf(SIGMA, [13, 13]);
/** Apertures that a field has room for, as `findSources` counts them. */
export const APERTURES = SIZE ** 2 / (Math.PI * Math.max(1.5, halfLightRadius(PSF)) ** 2);
/** Sources keep so far from the edge, in pixels. */
const EDGE = 2;

type Light = (x: number, y: number) => number;

/** Light that sums to a number of photons. */
function scaled(photons: number, light: Light, size = SIZE): Float64Array {
  const data = Float64Array.from({ length: size * size }, (_, at) => light(at % size, Math.floor(at / size)));
  const total = data.reduce((sum, value) => sum + value, 0);
  return data.map((value) => (photons * value) / total);
}

const dark = new Float64Array(SIZE * SIZE);
const radius = (x: number, y: number) => Math.hypot(x - 15.5, y - 15.5);
const cloud = (photons: number, sigma: number) =>
  scaled(photons, (x, y) => exponential(-0.5 * (radius(x, y) / sigma) ** 2));
const beta = scaled(1500, (x, y) => (1 + (radius(x, y) / 5) ** 2) ** -1.5);
const shell = scaled(1500, (x, y) => exponential(-0.5 * ((radius(x, y) - 9) / 1.5) ** 2));

/** @param told whether the background is given to the method, or is for it a part of the sky; @param number of sources at least and at most */
function field(
  name: string,
  background: number,
  sky: Float64Array,
  {
    told = true,
    number = [0, 0],
  }: { readonly told?: boolean; readonly number?: readonly [number, number] } = {},
): SourceField {
  const level = constantImage(SHAPE, background);
  const diffuse = predictedCounts(
    { data: sky, shape: SHAPE },
    { psf: PSF, exposure: constantImage(SHAPE, 1), background: level },
    { boundary: "spill" },
  );
  return {
    name,
    sources: number[1] > 0,
    draw(seed) {
      const stream = randomStream(seed);
      const within = (low: number, high: number) => low + (high - low) * stream.uniform();
      const many = Math.floor(within(number[0], number[1] + 1));
      const truth = Array.from({ length: number[1] === 0 ? 0 : many }, () => ({
        x: within(EDGE, SIZE - 1 - EDGE),
        y: within(EDGE, SIZE - 1 - EDGE),
        flux: exponential(within(naturalLog(5), naturalLog(1000))),
      }));
      const expected = Float64Array.from(diffuse.data);
      for (const { x, y, flux } of truth) {
        const [rows, cols] = [gaussianProfile(SIZE, y, SIGMA), gaussianProfile(SIZE, x, SIGMA)];
        for (let at = 0; at < expected.length; at++)
          expected[at] += (flux * rows[Math.floor(at / SIZE)] * cols[at % SIZE]) / (2 * Math.PI * SIGMA ** 2);
      }
      const data = expected.map((value) => drawPoisson(stream, Math.max(0, value)));
      return {
        observation: { counts: { data, shape: SHAPE }, psf: PSF, ...(told && { background: level }), name },
        truth,
      };
    },
  };
}

/** All kinds. */
export const SOURCE_FIELDS: readonly SourceField[] = [
  field("empty, 0.05 a pixel", 0.05, dark),
  field("empty, 0.5 a pixel", 0.5, dark),
  field("empty, 5 a pixel", 5, dark),
  field("flat, 0.5 a pixel, not told", 0.5, dark, { told: false }),
  field("cloud of 1,000, sigma 6", 0.1, cloud(1000, 6)),
  field("cloud of 10,000, sigma 6", 0.1, cloud(10_000, 6)),
  field("beta model of 1,500, core 5", 0.1, beta),
  field("shell of 1,500, radius 9", 0.1, shell),
  field("sources on a cloud", 0.1, cloud(800, 7), { number: [3, 6] }),
];

/** Fields of the extended sources: their wings have room. */
const WIDE = 64;
const WIDE_SHAPE = [WIDE, WIDE] as const;
/** Where they are, between pixels; and what else shines. */
const MIDDLE = { x: 31.3, y: 30.8 } as const;
const POINT = { away: 8, photons: 300 } as const;
const CLOUD = { photons: 3000, sigma: 12, x: 36, y: 28 } as const;

/** A kind of field with one extended source in the middle. */
export interface ExtendedField {
  readonly name: string;
  readonly draw: (photons: number, seed: number) => Observation;
}

const gaussian = (sigma: number, { x: x0, y: y0 }: { readonly x: number; readonly y: number } = MIDDLE) =>
  sampled((x, y) => exponential(-((x - x0) ** 2 + (y - y0) ** 2) / (2 * sigma * sigma)));
const fromMiddle = (x: number, y: number) => Math.hypot(x - MIDDLE.x, y - MIDDLE.y);
const betaModel = (core: number) => sampled((x, y) => (1 + (fromMiddle(x, y) / core) ** 2) ** -1.5);
const disk = (edge: number) => sampled((x, y) => Number(fromMiddle(x, y) < edge));

/** Light averaged over 5 x 5 points of a pixel. */
function sampled(light: Light): Light {
  const steps = [-0.4, -0.2, 0, 0.2, 0.4];
  return (x, y) =>
    steps.reduce((sum, dx) => sum + steps.reduce((row, dy) => row + light(x + dx, y + dy), 0), 0);
}

function extendedField(
  name: string,
  source: Light,
  beside: { readonly flat?: number; readonly cloud?: boolean; readonly point?: boolean } = {},
): ExtendedField {
  const level = constantImage(WIDE_SHAPE, 0.3);
  return {
    name,
    draw(photons, seed) {
      const sky = scaled(photons, source, WIDE);
      const add = (light: Float64Array) => {
        for (let pixel = 0; pixel < sky.length; pixel++) sky[pixel] += light[pixel];
      };
      if (beside.flat) add(new Float64Array(sky.length).fill(beside.flat));
      if (beside.cloud) add(scaled(CLOUD.photons, gaussian(CLOUD.sigma, CLOUD), WIDE));
      if (beside.point) {
        const place = {
          x: Math.round(MIDDLE.x + POINT.away * Math.cos(seed)),
          y: Math.round(MIDDLE.y + POINT.away * Math.sin(seed)),
        };
        sky[place.y * WIDE + place.x] += POINT.photons;
      }
      const expected = predictedCounts(
        { data: sky, shape: WIDE_SHAPE },
        { psf: PSF, exposure: constantImage(WIDE_SHAPE, 1), background: level },
        { boundary: "spill" },
      );
      const stream = randomStream(seed);
      const data = expected.data.map((value) => drawPoisson(stream, Math.max(0, value)));
      return { counts: { data, shape: WIDE_SHAPE }, psf: PSF, background: level, name };
    },
  };
}

/** Where the extended source of a field is. */
export const EXTENDED_PLACE = MIDDLE;
/** How many photons they have. */
export const EXTENDED_PHOTONS: readonly number[] = [200, 1000, 5000];
/** All kinds. */
export const EXTENDED_FIELDS: readonly ExtendedField[] = [
  extendedField("Gaussian, sigma 1", gaussian(1)),
  extendedField("Gaussian, sigma 2", gaussian(2)),
  extendedField("Gaussian, sigma 3", gaussian(3)),
  extendedField("Gaussian, sigma 4", gaussian(4)),
  extendedField("Gaussian, sigma 6", gaussian(6)),
  extendedField("beta model, core 2", betaModel(2)),
  extendedField("disk, radius 4", disk(4)),
  extendedField("Gaussian, sigma 2, a point 8 pixels away", gaussian(2), { point: true }),
  extendedField("Gaussian, sigma 2, on 0.5 a pixel, not told", gaussian(2), { flat: 0.5 }),
  extendedField("Gaussian, sigma 2, on a cloud", gaussian(2), { cloud: true }),
  extendedField("beta model, core 2, on a cloud", betaModel(2), { cloud: true }),
];
