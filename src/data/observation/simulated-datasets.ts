import { InvalidInputError } from "../../errors.js";
import { checkShape, constantImage, imageSum, type Shape, type SkyImage } from "../../image.js";
import { checkNames, type NamesOf } from "../../known-names.js";
import type { Boundary } from "./boundary.js";
import type { SimulatedObservation } from "./observation.js";
import { gaussianProfile, gaussianPsf } from "./psf.js";
import { exposureGradient, simulateCounts } from "./simulate.js";

/**
 * Options that the built-in datasets share. Numbers and layout of the defaults are those of the datasets with which
 * pylira is tested and documented; the counts differ, because the random numbers do.
 *
 * Deviation: pylira adds the background of its point source after the psf and loses photons at the edge in the other two.
 * Here all three follow the one model of the package, with `boundary`; `"wrap"` gives pylira's point source exactly.
 */
export interface SimulatedDatasetOptions {
  /** `[ny, nx]`; default `[32, 32]`. */
  readonly shape?: Shape;
  /** Background level, expected counts a pixel for unit exposure; default 2. */
  readonly background?: number;
  /** Exposure, an image or one number; the default depends on the dataset. */
  readonly exposure?: SkyImage | number;
  /** Point spread function instead of the Gaussian that `psfSigma` and `psfShape` describe. */
  readonly psf?: SkyImage;
  /** Standard deviation of the Gaussian psf in pixels; the default depends on the dataset. */
  readonly psfSigma?: number;
  /** Shape of the array of the Gaussian psf; default `[17, 17]`. */
  readonly psfShape?: Shape;
  /** Whole number in [0, 2^53); default 0. */
  readonly seed?: number;
  /** Default `"spill"`. */
  readonly boundary?: Boundary;
  /** Detector pixels in use, 1 or 0 `[ny, nx]`; default all. */
  readonly mask?: SkyImage;
  /** Name of the observation; the default is that of the dataset. */
  readonly name?: string;
}

/** A point source of a simulation: position in pixels, 0-based, and flux (expected counts for unit exposure, >= 0). */
export interface PointSource {
  readonly x: number;
  readonly y: number;
  readonly flux: number;
}

const DEFAULT_SHAPE: Shape = [32, 32];

/** Options of all datasets. */
const NAMES: NamesOf<SimulatedDatasetOptions> = {
  ...{ shape: true, exposure: true, background: true, psf: true, psfSigma: true, psfShape: true },
  ...{ seed: true, boundary: true, mask: true, name: true },
};

/** Options of `simulatePointSource`. */
export interface SimulatePointSourceOptions extends SimulatedDatasetOptions {
  /** Flux of the source, expected counts for unit exposure; default 1000. */
  readonly flux?: number;
  /** Pixel of the source, whole numbers; default `floor(nx / 2), floor(ny / 2)`. */
  readonly position?: { readonly x: number; readonly y: number };
}

/**
 * Simulate a point source on a flat background: flux 1000 at (16, 16) of 32 x 32 pixels, background 2, Gaussian psf of
 * sigma 3 on 17 x 17 pixels, exposure 1.
 *
 * @throws InvalidInputError when an option breaks its rule
 */
export function simulatePointSource(options: SimulatePointSourceOptions = {}): SimulatedObservation {
  const { shape = DEFAULT_SHAPE, flux = 1000 } = options;
  const names: NamesOf<SimulatePointSourceOptions> = { ...NAMES, flux: true, position: true };
  checkNames("simulatePointSource", options, Object.keys(names));
  checkShape("simulatePointSource", shape);
  const { position = { x: Math.floor(shape[1] / 2), y: Math.floor(shape[0] / 2) } } = options;
  const truth = constantImage(shape, 0);
  addPoint("simulatePointSource", truth, { ...position, flux });
  return observe(truth, { psfSigma: 3, exposure: 1, name: "point source", ...options });
}

/** Options of `simulateDisk`. */
export interface SimulateDiskOptions extends SimulatedDatasetOptions {
  /** Total flux of the disk, expected counts for unit exposure; default 1000. */
  readonly flux?: number;
  /** Radius in pixels, >= 0.1; default 3. */
  readonly radius?: number;
}

/**
 * Simulate a uniform disk in the middle of the image: total flux 1000, radius 3 pixels, centre
 * `((nx - 1) / 2, (ny - 1) / 2)`, background 2, Gaussian psf of sigma 3, exposure rising from 0.5 at the first column to 1.5
 * at the last.
 *
 * Deviation: the disk sums to `flux` exactly; pylira's to 0.02 % more, the error of its 10 x 10 samples a pixel.
 *
 * @throws InvalidInputError when an option breaks its rule
 */
export function simulateDisk(options: SimulateDiskOptions = {}): SimulatedObservation {
  const { shape = DEFAULT_SHAPE, flux = 1000, radius = 3 } = options;
  const names: NamesOf<SimulateDiskOptions> = { ...NAMES, flux: true, radius: true };
  checkNames("simulateDisk", options, Object.keys(names));
  checkShape("simulateDisk", shape);
  checkExtent("simulateDisk", "radius", radius);
  const truth = scaledTo("simulateDisk", flux, diskCoverage(shape, radius));
  return observe(truth, {
    psfSigma: 3,
    exposure: exposureGradient(shape, "cols", 0.5, 1.5),
    name: "disk",
    ...options,
  });
}

/** Options of `simulateGaussianAndPoints`. */
export interface SimulateGaussianAndPointsOptions extends SimulatedDatasetOptions {
  /** Total flux of the Gaussian, expected counts for unit exposure; default 1000. */
  readonly flux?: number;
  /** Standard deviation of the Gaussian source in pixels, >= 0.1; default 2. */
  readonly sigma?: number;
  /**
   * Point sources; default 100 %, 30 %, 10 % and 3 % of `flux` below the top, above the bottom, right and left:
   * (16, 26), (16, 6), (26, 16), (6, 16) as (x, y) of 32 x 32 pixels, and in proportion for other shapes.
   */
  readonly points?: readonly PointSource[];
}

/**
 * Simulate a Gaussian source in the middle of the image with four point sources around it: flux 1000, sigma 2 pixels,
 * centre `((nx - 1) / 2, (ny - 1) / 2)`, background 2, Gaussian psf of sigma 2 on 17 x 17 pixels, exposure rising from 0.5 at
 * the first row to 1.5 at the last.
 *
 * The point sources add to the Gaussian (pylira overwrites its pixels there, a difference below 0.001 counts).
 *
 * @throws InvalidInputError when an option breaks its rule
 */
export function simulateGaussianAndPoints(
  options: SimulateGaussianAndPointsOptions = {},
): SimulatedObservation {
  const { shape = DEFAULT_SHAPE, flux = 1000, sigma = 2 } = options;
  const names: NamesOf<SimulateGaussianAndPointsOptions> = {
    ...NAMES,
    flux: true,
    sigma: true,
    points: true,
  };
  checkNames("simulateGaussianAndPoints", options, Object.keys(names));
  checkShape("simulateGaussianAndPoints", shape);
  checkExtent("simulateGaussianAndPoints", "sigma", sigma);
  const truth = scaledTo("simulateGaussianAndPoints", flux, gaussianSource(shape, sigma));
  for (const point of options.points ?? defaultPoints(shape, flux)) {
    addPoint("simulateGaussianAndPoints", truth, point);
  }
  return observe(truth, {
    psfSigma: 2,
    exposure: exposureGradient(shape, "rows", 0.5, 1.5),
    name: "Gaussian and point sources",
    ...options,
  });
}

function defaultPoints([ny, nx]: Shape, flux: number): PointSource[] {
  const x = (of32: number) => Math.floor((of32 * nx) / 32);
  const y = (of32: number) => Math.floor((of32 * ny) / 32);
  return [
    { x: x(16), y: y(26), flux },
    { x: x(16), y: y(6), flux: 0.3 * flux },
    { x: x(26), y: y(16), flux: 0.1 * flux },
    { x: x(6), y: y(16), flux: 0.03 * flux },
  ];
}

function observe(
  flux: SkyImage,
  options: SimulatedDatasetOptions & {
    readonly psfSigma: number;
    readonly exposure: SkyImage | number;
    readonly name: string;
  },
): SimulatedObservation {
  const { shape } = flux;
  const { seed = 0, boundary = "spill", mask, name } = options;
  const psf = options.psf ?? gaussianPsf(options.psfSigma, options.psfShape ?? [17, 17]);
  const background = constantImage(shape, options.background ?? 2);
  const exposure =
    typeof options.exposure === "number" ? constantImage(shape, options.exposure) : options.exposure;
  const masked = mask === undefined ? {} : { mask };
  const counts = simulateCounts(flux, psf, { exposure, background, seed, boundary, ...masked });
  return { counts, psf, exposure, background, ...masked, flux, name };
}

function addPoint(where: string, truth: SkyImage, { x, y, flux }: PointSource): void {
  const [ny, nx] = truth.shape;
  if (!Number.isInteger(x) || !Number.isInteger(y) || x < 0 || y < 0 || x >= nx || y >= ny) {
    throw new InvalidInputError(
      `${where}: a point source must lie on a pixel of the image, whole 0 <= x < ${nx} and 0 <= y < ${ny}, ` +
        `got (${x}, ${y}); positions are (x, y), 0-based`,
      { fields: { x, y, shape: truth.shape } },
    );
  }
  truth.data[y * nx + x] += checkFlux(where, flux);
}

/** The flux of a source. @throws InvalidInputError unless it is finite and >= 0 */
export function checkFlux(where: string, flux: number): number {
  if (!(Number.isFinite(flux) && flux >= 0)) {
    throw new InvalidInputError(`${where}: flux must be a finite number >= 0, got ${flux}; clip it at 0`, {
      fields: { flux },
    });
  }
  return flux;
}

/** A source must reach the sample points of a pixel. */
function checkExtent(where: string, name: string, value: number): void {
  if (!(Number.isFinite(value) && value >= 0.1)) {
    throw new InvalidInputError(
      `${where}: ${name} must be a finite number >= 0.1 pixel, got ${value}; use a point source for less`,
      { fields: { [name]: value } },
    );
  }
}

function scaledTo(where: string, flux: number, image: SkyImage): SkyImage {
  const factor = checkFlux(where, flux) / imageSum(image);
  return { data: image.data.map((value) => value * factor), shape: image.shape };
}

/** Points a pixel and axis at which extended sources are sampled, as in pylira. */
const SAMPLES = 10;

function gaussianSource([ny, nx]: Shape, sigma: number): SkyImage {
  const rows = gaussianProfile(ny, (ny - 1) / 2, sigma, SAMPLES);
  const cols = gaussianProfile(nx, (nx - 1) / 2, sigma, SAMPLES);
  return {
    data: Float64Array.from({ length: ny * nx }, (_, i) => rows[Math.floor(i / nx)] * cols[i % nx]),
    shape: [ny, nx],
  };
}

/** Fraction of the sample points of each pixel that lie in the disk. */
function diskCoverage([ny, nx]: Shape, radius: number): SkyImage {
  // In units of half a sample, where all coordinates are whole numbers and the comparison is exact.
  const offsets = (length: number) =>
    Array.from({ length: length * SAMPLES }, (_, sample) => 2 * sample + 1 - length * SAMPLES);
  const limit = 4 * SAMPLES * SAMPLES * radius * radius;
  const cols = offsets(nx);
  const image = constantImage([ny, nx], 0);
  for (const [rowSample, dy] of offsets(ny).entries()) {
    for (const [colSample, dx] of cols.entries()) {
      if (dx * dx + dy * dy > limit) continue;
      image.data[Math.floor(rowSample / SAMPLES) * nx + Math.floor(colSample / SAMPLES)] +=
        1 / (SAMPLES * SAMPLES);
    }
  }
  return image;
}
