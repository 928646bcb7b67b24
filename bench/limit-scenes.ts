// Observations with an injected source, for `study:limits`: skies drawn by hand, and real fields of ../shared.
import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { Observation } from "../src/data/observation.js";
import { drawPoisson } from "../src/data/poisson.js";
import { gaussianPsf } from "../src/data/psf.js";
import { randomStream } from "../src/data/random.js";
import { constantImage, cutout, type SkyImage } from "../src/image.js";
import { findHdu, readFits } from "../src/io/fits-hdu.js";
import { imageToSkyImage } from "../src/io/fits-image.js";
import { predictedCounts } from "../src/model/predicted-counts.js";
import { circularRegion, type Region } from "../src/posterior/region.js";

/** One observation, and what is known of it. */
export interface Injection {
  readonly observation: Observation;
  readonly region: Region;
  /** Expected counts of all other light in the circle: the truth, or for real fields what the ring around it says. */
  readonly other: number;
  /** Part of the photons of the source that fall into the circle. */
  readonly inside: number;
  /** Counts for a flux of 1: fluxes below are in counts. */
  readonly exposure: number;
}

/** A kind of surroundings. */
export interface LimitScene {
  readonly name: string;
  /** @param counts expected photons of the source; @param seed of everything random */
  readonly inject: (counts: number, seed: number) => Injection;
}

const SIZE = 32;
const RADIUS = 2;
// Of a core of 800 counts, 4.6 fall into a circle 6 pixels away, background included.
const PSF = gaussianPsf(1.8, [17, 17]);
const BACKGROUND = 0.02;

interface Place {
  readonly x: number;
  readonly y: number;
}

/** A sky drawn by hand: photons a pixel of everything but the source. */
function drawnScene(name: string, at: Place, light: (x: number, y: number) => number): LimitScene {
  const shape = [SIZE, SIZE] as const;
  const sky: SkyImage = {
    shape,
    data: Float64Array.from({ length: SIZE * SIZE }, (_, pixel) =>
      light(pixel % SIZE, Math.floor(pixel / SIZE)),
    ),
  };
  const background = constantImage(shape, BACKGROUND);
  const exposure = constantImage(shape, 1);
  const other = predictedCounts(sky, { psf: PSF, exposure, background }, { boundary: "spill" });
  return {
    name,
    inject(counts, seed) {
      const region = circularRegion({ ...at, radius: RADIUS }, shape);
      const source = pointCounts(at, counts, PSF, shape);
      const stream = randomStream(seed);
      const drawn = other.data.map((value, pixel) => drawPoisson(stream, value + source[pixel]));
      return {
        observation: { counts: { data: drawn, shape }, psf: PSF, background, name },
        region,
        other: within(region, other.data),
        inside: within(region, pointCounts(at, 1, PSF, shape)),
        exposure: 1,
      };
    },
  };
}

/** Expected counts of a point of `counts` photons. */
function pointCounts({ x, y }: Place, counts: number, psf: SkyImage, shape: readonly [number, number]) {
  const source = constantImage(shape, 0);
  source.data[y * shape[1] + x] = counts;
  const nothing = { exposure: constantImage(shape, 1), background: constantImage(shape, 0) };
  // Transforms round to just below 0.
  return predictedCounts(source, { psf, ...nothing }, { boundary: "spill" }).data.map((value) =>
    Math.max(0, value),
  );
}

function within({ weights }: Region, values: ArrayLike<number>): number {
  return weights.data.reduce((sum, weight, pixel) => sum + weight * values[pixel], 0);
}

const point = (px: number, py: number, counts: number) => (x: number, y: number) =>
  x === px && y === py ? counts : 0;
const cloud = (px: number, py: number, sigma: number, counts: number) => (x: number, y: number) =>
  (counts / (2 * Math.PI * sigma ** 2)) * Math.exp(-0.5 * (((x - px) ** 2 + (y - py) ** 2) / sigma ** 2));

const SHARED = new URL("../../../shared/data/", import.meta.url);

/** A field of ../shared: the source goes to places that seem empty, each in the middle of a cut-out of its own. */
function realScene(
  name: string,
  read: () => { counts: SkyImage; psf: SkyImage; exposure?: SkyImage; background?: SkyImage },
): LimitScene {
  const field = read();
  const { counts, psf } = field;
  const [ny, nx] = counts.shape;
  const half = SIZE / 2;
  const shape = [SIZE, SIZE] as const;
  const middle = { x: half, y: half };
  const region = circularRegion({ ...middle, radius: RADIUS }, shape);
  const ring = (data: ArrayLike<number>) => {
    let [sum, pixels] = [0, 0];
    for (let pixel = 0; pixel < SIZE * SIZE; pixel++) {
      const distance = Math.hypot((pixel % SIZE) - half, Math.floor(pixel / SIZE) - half);
      if (distance < RADIUS + 3 || distance > RADIUS + 8) continue;
      sum += data[pixel];
      pixels++;
    }
    return sum / pixels;
  };
  const area = within(region, new Float64Array(SIZE * SIZE).fill(1));
  return {
    name,
    inject(injected, seed) {
      const stream = randomStream(seed);
      for (;;) {
        const top = Math.floor(stream.uniform() * (ny - SIZE));
        const left = Math.floor(stream.uniform() * (nx - SIZE));
        const cut = (image: SkyImage) => cutout(image, [top, top + SIZE], [left, left + SIZE]);
        const here = cut(counts);
        const other = area * ring(here.data);
        // Some light, and no source of its own: the circle is no brighter than chance makes it.
        if (other < 0.5 || within(region, here.data) > other + 2 * Math.sqrt(other)) continue;
        const source = pointCounts(middle, injected, psf, shape);
        const data = here.data.map((value, pixel) => value + drawPoisson(stream, source[pixel]));
        const exposure = field.exposure && cut(field.exposure);
        return {
          observation: {
            counts: { data, shape },
            psf,
            ...(exposure && { exposure }),
            ...(field.background && { background: cut(field.background) }),
            name,
          },
          region,
          other,
          inside: within(region, pointCounts(middle, 1, psf, shape)),
          exposure: exposure?.data[half * SIZE + half] ?? 1,
        };
      }
    },
  };
}

function readShared(file: string): SkyImage {
  return imageToSkyImage(findHdu(readFits(new Uint8Array(gunzipSync(readFileSync(new URL(file, SHARED)))))));
}

/** All scenes whose data are at hand; `missing` says which are not. */
export function limitScenes(): { readonly scenes: readonly LimitScene[]; readonly missing: string } {
  const drawn = [
    drawnScene("isolated", { x: 16, y: 16 }, () => 0),
    drawnScene("core of 800, 6 pixels away", { x: 22, y: 16 }, point(16, 16, 800)),
    drawnScene("diffuse cloud", { x: 18, y: 14 }, cloud(15, 16, 6, 600)),
    drawnScene("edge", { x: 1, y: 16 }, () => 0),
  ];
  if (!existsSync(SHARED)) {
    return { scenes: drawn, missing: "real fields are left out: ../shared/data is absent" };
  }
  const real = [
    realScene("Chandra 4684", () => ({
      counts: readShared("chandra-gc/chandra-counts-obs-id-4684.fits.gz"),
      psf: cutout(readShared("chandra-gc/chandra-psf-obs-id-4684.fits.gz"), [15, 32], [15, 32]),
    })),
    realScene("Fermi Galactic Center", () => {
      const exposure = readShared("fermi-gc/fermi-3fhl-gc-exposure.fits.gz");
      const background = readShared("fermi-gc/fermi-3fhl-gc-background.fits.gz");
      return {
        counts: readShared("fermi-gc/fermi-3fhl-gc-counts.fits.gz"),
        psf: readShared("fermi-gc/fermi-3fhl-gc-psf.fits.gz"),
        exposure,
        // The file is in counts.
        background: {
          data: background.data.map((value, pixel) => value / exposure.data[pixel]),
          shape: background.shape,
        },
      };
    }),
  ];
  return { scenes: [...drawn, ...real], missing: "" };
}
