/** Jobs from one observation, or several of the same sky: its chains, its null replicates, its tiles. */

import { checkObservations, observationList } from "../data/observation/check-observation.js";
import type { Observation } from "../data/observation/observation.js";
import { cutPsf } from "../data/observation/psf-set.js";
import { InvalidInputError } from "../errors.js";
import { given } from "../given.js";
import { cutout, type Shape, type SkyImage } from "../image.js";
import { shiftWcs } from "../io/fits.js";
import { referenceExposure } from "../model/exposure.js";
import type { Region } from "../posterior/region.js";
import type { LiraSummary } from "../posterior/result.js";
import { checkCombination } from "../runs/deconvolve.js";
import { planRun } from "../runs/lira-options.js";
import { type ChainRunOptions, prepareRun } from "../runs/prepare-run.js";
import { isPortable } from "../samplers/open-chain.js";
import { planSignificance, type SignificanceSettings } from "../significance/plan.js";
import { significanceTasks } from "../significance/task.js";
import type { JobManifest, JobOptions, SlurmSettings, TileSettings } from "./job.js";
import { createJobFolder, type Job, type TaskDrafts } from "./job-folder-node.js";
import { taskSeed } from "./task-seed.js";
import { planTiles, type Tile, type TilePlan } from "./tile-plan.js";
import { tilePrior } from "./tile-prior.js";

/** What all jobs are made with. */
export interface CreateJobOptions {
  /** Where collected results go, a file or (for a list of observations) a folder; relative to the job's folder or absolute. */
  readonly output?: string;
  readonly name?: string;
  readonly slurm?: SlurmSettings;
  readonly command?: string;
  /** Files that the data came from. */
  readonly sources?: LiraSummary["provenance"]["inputs"];
  readonly unit?: string;
  /** What is legal but probably not meant, one sentence each. */
  readonly onWarning?: (warning: string) => void;
}

/** What `job.json` says at first, defaults filled in. */
export function manifestOf(
  kind: JobManifest["kind"],
  defaults: { readonly name: string; readonly output: string },
  options: JobOptions,
  { output = defaults.output, name = defaults.name, slurm, command, sources = [], unit }: CreateJobOptions,
) {
  return {
    kind,
    name,
    options,
    output,
    sources,
    ...given({ slurm, command, unit }),
  };
}

/**
 * Make a job of the chains of one run of any sampler, a task each. What `collectJob` makes of them is what one run of all chains gives.
 *
 * @param folder of the job, which must not exist
 * @param data one observation, or several of the same sky
 * @param settings of the run, as for `deconvolve`
 * @throws InvalidInputError for bad data or settings, among them `until` and `burnIn: "auto"`, starting images, and a prior of
 *   functions, which no other machine could have
 */
export async function createChainsJob(
  folder: string,
  data: Observation | readonly Observation[],
  settings: ChainRunOptions,
  options: CreateJobOptions = {},
): Promise<Job> {
  checkCombination(settings);
  if ("device" in settings && settings.device === "auto") {
    throw new InvalidInputError(
      "cluster: device must be cpu or gpu, since chains of a job may run on several machines, got auto; choose one",
      { fields: { device: "auto" } },
    );
  }
  const { plan, law, observations, given, starts } = prepareRun(data, settings, options.onWarning);
  const { config, autoBurnIn, target } = plan;
  if (autoBurnIn || target !== undefined) {
    throw new InvalidInputError(
      "cluster: chains of a job run apart and cannot be compared on the way, got " +
        `${target === undefined ? 'burnIn "auto"' : "until"}; give iterations and burnIn as numbers`,
    );
  }
  if (starts.some((start) => start !== undefined)) {
    throw new InvalidInputError(
      "cluster: chains of a job must start by themselves, got a starting image; leave it out",
    );
  }
  if (!isPortable(law)) {
    throw new InvalidInputError(
      `cluster: prior and sampler must be plain data that other machines can have, got functions for ${config.method}; ` +
        "make the prior by importPrior, or give the sampler as a module",
    );
  }
  const drafts: TaskDrafts = {
    count: config.chains,
    draft: async (chain) => ({
      task: { name: `chain ${chain}`, seed: config.seed, chain },
      observations: given,
    }),
  };
  const defaults = { name: observations[0].name, output: "result.fits" };
  const { iterations, burnIn, chains, seed } = config;
  const manifest = manifestOf("chains", defaults, { iterations, burnIn, chains, seed }, options);
  return createJobFolder(folder, { ...manifest, plan }, drafts);
}

/** The boundary among settings, as `checkObservations` takes it. */
export function boundaryOf({ boundary }: JobOptions) {
  return boundary === undefined ? {} : { boundary };
}

/** How to make a job of a significance run. */
export interface ReplicatesJobOptions extends CreateJobOptions {
  /** Fluxes whose excess is asked for, in the unit of the flux. */
  readonly thresholds?: readonly number[];
}

/**
 * Make a job of a significance run: a task for the observation, and one for each null replicate. The null hypothesis is
 * fitted here, once.
 *
 * @param regions to test
 * @param significance settings of test and sampler
 * @throws InvalidInputError as `planSignificance`
 */
export async function createReplicatesJob(
  folder: string,
  data: Observation | readonly Observation[],
  regions: readonly Region[],
  significance: SignificanceSettings,
  settings: ReplicatesJobOptions = {},
): Promise<Job> {
  const observations = observationList(data);
  const checked = checkObservations(observations, boundaryOf(significance));
  for (const warning of checked.warnings) settings.onWarning?.(warning);
  const { unit, thresholds } = settings;
  const run = planSignificance(observations, regions, {
    ...significance,
    ...given({ unit }),
  });
  const tasks = significanceTasks(run);
  const drafts: TaskDrafts = {
    count: tasks.length,
    draft: async (index) => ({
      task: { name: tasks[index].name, seed: tasks[index].seed },
      observations,
    }),
  };
  const defaults = { name: run.name, output: "significance.json" };
  const options: JobOptions = { seed: run.config.seed };
  const manifest = {
    ...manifestOf("replicates", defaults, options, settings),
    significance: run,
    ...given({ thresholds }),
  };
  return createJobFolder(folder, manifest, drafts);
}

/** The part of an observation over a tile's sky, its outer ring of detector pixels not in use. */
export function tileObservation(observation: Observation, { sky, used, index }: Tile): Observation {
  const { counts, exposure, background, mask, wcs, psf, name = "observation" } = observation;
  const { rows, cols } = sky;
  const cut = (image: SkyImage) => cutout(image, rows, cols);
  const part = cut(counts);
  const inUse = mask === undefined ? new Float64Array(part.data.length).fill(1) : cut(mask).data;
  const width = cols[1] - cols[0];
  for (let pixel = 0; pixel < inUse.length; pixel++) {
    const row = rows[0] + Math.floor(pixel / width);
    const col = cols[0] + (pixel % width);
    const inside = row >= used.rows[0] && row < used.rows[1] && col >= used.cols[0] && col < used.cols[1];
    if (!inside) inUse[pixel] = 0;
  }
  return {
    counts: part,
    psf: cutPsf(psf, { x: cols[0], y: rows[0] }),
    ...(exposure === undefined ? {} : { exposure: cut(exposure) }),
    ...(background === undefined ? {} : { background: cut(background) }),
    ...(inUse.includes(0) ? { mask: { data: inUse, shape: part.shape } } : {}),
    ...(wcs === undefined ? {} : { wcs: shiftWcs(wcs, cols[0], rows[0]) }),
    name: `${name}, tile ${index}`,
  };
}

/** Whether any pixel in use of a tile saw the sky. */
function sees({ counts, exposure, mask }: Observation): boolean {
  return counts.data.some(
    (_, pixel) => (exposure?.data[pixel] ?? 1) > 0 && (mask === undefined || mask.data[pixel] === 1),
  );
}

/** Sides of the widest psf, each direction by itself. */
function widestPsf(observations: readonly Observation[]): Shape {
  const most = (axis: 0 | 1) => Math.max(...observations.map(({ psf }) => psf.shape[axis]));
  return [most(0), most(1)];
}

/** The tiles of a job. */
export function jobTiles({ manifest }: Job): TilePlan {
  const { mosaic } = manifest;
  if (mosaic === undefined) throw new InvalidInputError("cluster: job must be one of tiles, got another");
  return planTiles(mosaic.shape, mosaic.psf, mosaic);
}

/**
 * Make a job of the tiles of a large image, a task each; tiles that saw nothing are left out.
 *
 * The settings are those of the whole image; each tile gets its share of the priors (`tilePrior`).
 *
 * @param settings the job, and how to cut; default cores of 128 x 128 with a margin as wide as the psf
 * @param given settings of the run; a larger sky than the frame is refused
 * @throws InvalidInputError for bad data or settings, the boundary `"wrap"` among them, or a margin narrower than the psf
 */
export async function createTilesJob(
  folder: string,
  data: Observation | readonly Observation[],
  given: JobOptions,
  settings: CreateJobOptions &
    Partial<TileSettings> & { readonly offset?: readonly [row: number, col: number] } = {},
): Promise<Job> {
  // The sky of a tile ends where its neighbours answer for it, and at the frame.
  const options: JobOptions = { ...given, margin: 0 };
  const { margin: beyond = "auto" } = given;
  if (beyond !== "auto" && beyond !== 0) {
    throw new InvalidInputError(
      `cluster: the sky of tiles must end at the frame, got margin ${beyond}; leave it out, or deconvolve the image as a whole`,
    );
  }
  if (options.boundary === "wrap") {
    throw new InvalidInputError(
      'cluster: tiles must have boundary "spill", got "wrap"; an image that is cut has edges',
    );
  }
  const observations = observationList(data);
  const checked = checkObservations(observations, {});
  for (const warning of checked.warnings) settings.onWarning?.(warning);
  const { shape } = observations[0].counts;
  const psf = widestPsf(observations);
  const { tile = [128, 128], margin = Math.max(...psf), offset = tile } = settings;
  const plan = planTiles(shape, psf, { tile, margin, offset });
  planRun(options, shape);
  const whole = { shape, reference: referenceExposure(observations) };
  const parts = plan.tiles.filter((one) =>
    observations.some((observation) => sees(tileObservation(observation, one))),
  );
  const { seed = 0 } = options;
  const drafts: TaskDrafts = {
    count: parts.length,
    async draft(index) {
      const part = parts[index];
      const cut = observations.map((observation) => tileObservation(observation, part)).filter(sees);
      const [row, col] = part.place;
      const place = { shape: cut[0].counts.shape, reference: referenceExposure(cut) };
      const own = tilePrior(options, whole, place);
      planRun({ ...options, ...own }, place.shape);
      return {
        task: {
          name: `tile ${part.index} (row ${row}, column ${col})`,
          seed: taskSeed(seed, part.index),
          tile: part.index,
          options: own,
        },
        observations: cut,
      };
    },
  };
  const defaults = { name: checked.observations[0].name, output: "mosaic.fits" };
  const manifest = manifestOf("tiles", defaults, options, settings);
  return createJobFolder(folder, manifest, drafts, { shape, psf, tile, margin, offset, observations });
}
