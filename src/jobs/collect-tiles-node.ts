/** Tiles of a large image become one file, with what their seams look like. */

import { checkObservations } from "../data/observation/check-observation.js";
import type { WcsCard } from "../data/observation/observation.js";
import { FormatError } from "../errors.js";
import type { SkyImage } from "../image.js";
import { type FitsHduInput, fitsCard } from "../io/fits.js";
import { writeFitsFile } from "../io/fits-file-node.js";
import { scaleWcs } from "../io/fits-wcs.js";
import { cube } from "../io/result-encode.js";
import { escapeText } from "../io/result-text.js";
import { MOSAIC_CARD } from "../io/tslira-file.js";
import { framePrediction } from "../model/frame-prediction.js";
import { residuals } from "../model/predicted-counts.js";
import { combineGroups } from "../posterior/chain-groups.js";
import type { Convergence } from "../posterior/result.js";
import type { CollectContext, Collected } from "./collected.js";
import { jobTiles } from "./create-job-node.js";
import { type Job, readTask, readTaskInput } from "./job-folder-node.js";
import { readTaskResult } from "./observation-task-node.js";
import {
  measureSeams,
  mergeTiles,
  type Seam,
  type SeamResiduals,
  seamResiduals,
  type TilePosterior,
} from "./tile-merge.js";
import { finerPlan } from "./tile-plan.js";
import { commonSmoothing, type TileSmoothing } from "./tile-prior.js";

/** What a table says of a tile. */
interface TileRow {
  readonly posterior: TilePosterior;
  readonly scales: readonly number[];
  readonly verdict: string;
  readonly rhat: number;
  /** Posterior of each smoothing parameter, finest first. */
  readonly smoothing: readonly TileSmoothing[];
}

/**
 * Collect tiles into a FITS file:
 *
 * | HDU | content |
 * |---|---|
 * | PRIMARY | posterior mean `[ny, nx]` of the sky |
 * | POSTERIOR_STD, RHAT, ESS | standard deviation; worst R-hat and least effective size of the tiles behind a pixel |
 * | SMOOTHNESS | under the adaptive prior: posterior mean of ln alpha of the block above each pixel, one plane a level, finest first |
 * | COVERAGE | sum of the weights: 1, less at a hole |
 * | PREDICTED, RESIDUAL | expected counts by the mean, and residuals in standard deviations; one of each for every observation |
 * | TILES, SEAMS | tables: where each tile is, in pixels of the sky, and whether its chains agree; how neighbours agree |
 */
export async function collectTiles(
  job: Job,
  { output, results, onProgress }: CollectContext,
): Promise<Collected> {
  const { manifest, folder } = job;
  const plan = jobTiles(job);
  const { upsampling = 1 } = manifest.options;
  const finer = finerPlan(plan, upsampling);
  const rows: TileRow[] = [];
  for (const [index, path] of results) {
    const task = readTask(job, index);
    const result = await readTaskResult(job, task, path);
    const tile = finer.tiles[task.tile ?? -1];
    if (tile === undefined) {
      throw new FormatError(
        `${path}: must be the result of a tile, got another file; run task ${index} again`,
      );
    }
    const { mean, std, smoothness, diagnostics } = result;
    const { rhat, ess, parameters, verdict } = diagnostics;
    rows.push({
      posterior: { tile, mean, std, rhat, ess, ...(smoothness && { smoothness }) },
      scales: parameters.filter(({ name }) => name.startsWith("bkgScale")).map((row) => row.mean),
      verdict: verdict.state,
      rhat: combineGroups(parameters).rhat,
      smoothing: smoothingOf(parameters),
    });
    onProgress?.(rows.length / (results.size + 1));
  }
  const posteriors = rows.map(({ posterior }) => posterior);
  const merged = mergeTiles(finer, posteriors);
  const seams = measureSeams(finer, posteriors);
  const { mosaic } = manifest;
  if (mosaic === undefined)
    throw new FormatError(`${folder}: job must be one of tiles, got another; make it again`);
  const { observations } = checkObservations(await readTaskInput(job, mosaic), {});
  const fitted = manifest.options.fitBackgroundScale === true;
  const views = observations.map((observation, index) => {
    const scale = fitted ? meanScale(rows, index) : 1;
    const predicted = framePrediction(observation, { boundary: "spill", upsampling }, "tiles").predict(
      merged.mean.data,
      scale,
    );
    return { predicted, sigma: residuals(observation.counts, predicted, observation.mask).sigma };
  });
  const whole = results.size === manifest.tasks.count;
  const look = seamResiduals(plan, views[0].sigma);
  const unit = manifest.unit === undefined ? [] : [fitsCard("BUNIT", escapeText(manifest.unit))];
  const detector = observations.find(({ wcs }) => wcs !== undefined)?.wcs ?? [];
  const sky = scaleWcs(detector, upsampling);
  const image = (
    name: string,
    { data, shape }: SkyImage,
    cards: FitsHduInput["cards"] = [],
    wcs: readonly WcsCard[] = sky,
  ): FitsHduInput => ({
    kind: "image",
    name,
    shape,
    data,
    cards: [...cards, ...wcs],
  });
  await writeFitsFile(output, [
    image("PRIMARY", merged.mean, [
      fitsCard(MOSAIC_CARD, 1, "version of this layout of merged tiles of tslira"),
      fitsCard("CREATOR", `tslira ${manifest.version}`, "program that wrote this file"),
      ...unit,
      fitsCard("COMPLETE", whole, "whether all tiles are in it"),
      fitsCard("TILES", rows.length, "tiles in it"),
      fitsCard("MARGIN", mosaic.margin, "[pix] margin of a tile"),
      fitsCard("SEED", manifest.options.seed ?? 0, "seed of the job"),
      fitsCard("DATE", manifest.created.replace(/Z$/, ""), "UTC when the job was made"),
      ...seamCards(look, seams),
      ...manifest.sources.map(({ name, sha256 }, index) =>
        fitsCard(`INPUT${index + 1}`, `${sha256} ${escapeText(name)}`),
      ),
    ]),
    image("POSTERIOR_STD", merged.std, unit),
    image("RHAT", merged.rhat),
    image("ESS", merged.ess),
    ...(merged.smoothness.length === 0 ? [] : [cube("SMOOTHNESS", finer.shape, merged.smoothness, sky)]),
    image("COVERAGE", merged.coverage),
    ...views.map(({ predicted }) => image("PREDICTED", predicted, [fitsCard("BUNIT", "count")], detector)),
    ...views.map(({ sigma }) => image("RESIDUAL", sigma, [], detector)),
    tilesTable(rows),
    seamsTable(seams),
  ]);
  onProgress?.(1);
  const smoothing = commonSmoothing(
    rows.map((row) => row.smoothing),
    finer.shape,
  )?.map((alpha) => Number(alpha.toPrecision(4)));
  const apart = rows.filter(({ verdict }) => verdict === "disagree").length;
  return {
    files: [output],
    remarks: [
      ...(seams.length === 0
        ? []
        : [
            `neighbouring tiles differ by at most ${worstSeam(seams).toFixed(2)} posterior standard deviations (rms of the pixels of a seam)`,
            `residuals have rms ${look.near.toFixed(4)} +- ${look.nearError.toFixed(4)} near seams and ` +
              `${look.elsewhere.toFixed(4)} +- ${look.elsewhereError.toFixed(4)} elsewhere, means ` +
              `${look.meanNear.toFixed(3)} and ${look.meanElsewhere.toFixed(3)}`,
          ]),
      ...(smoothing === undefined
        ? []
        : [
            `smoothing parameters of all tiles together: ${smoothing.join(", ")}; for one prior everywhere make a second job ` +
              `with "fitAlpha": false, "alphaInit": [${smoothing.join(", ")}]`,
          ]),
      ...(apart === 0
        ? []
        : [`the chains of ${apart} of ${rows.length} tiles disagree: see the table TILES`]),
    ],
    figures: {
      tiles: rows.length,
      disagree: apart,
      seams,
      residuals: look,
      ...(smoothing === undefined ? {} : { smoothing }),
    },
  };
}

/** Posterior of each smoothing parameter of a tile, finest first; none where they were kept fixed. */
function smoothingOf(parameters: readonly Convergence[]): TileSmoothing[] {
  const levels: TileSmoothing[] = [];
  for (const { name, mean, std } of parameters) {
    const level = /^smoothingParam(\d+)$/.exec(name)?.[1];
    if (level !== undefined) levels[Number(level)] = { mean, std };
  }
  return levels;
}

/** Scale of the background of an observation over all tiles that fitted one; 1 where none did. */
function meanScale(rows: readonly TileRow[], index: number): number {
  const values = rows.flatMap(({ scales }) => (scales[index] === undefined ? [] : [scales[index]]));
  return values.length === 0 ? 1 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function worstSeam(seams: readonly Seam[]): number {
  return seams.reduce((most, { rms }) => (rms > most ? rms : most), 0);
}

function seamCards({ near, elsewhere, meanNear, meanElsewhere }: SeamResiduals, seams: readonly Seam[]) {
  const number = (keyword: string, value: number, comment: string) =>
    Number.isFinite(value) ? [fitsCard(keyword, value, comment)] : [];
  return [
    ...number("SEAMRMS", worstSeam(seams), "worst of the seams: difference over std"),
    ...number("RESSEAM", near, "rms of residuals near seams"),
    ...number("RESELSE", elsewhere, "rms of residuals elsewhere"),
    ...number("RESSEAMM", meanNear, "mean of residuals near seams"),
    ...number("RESELSEM", meanElsewhere, "mean of residuals elsewhere"),
  ];
}

function tilesTable(rows: readonly TileRow[]): FitsHduInput {
  const column = (name: string, format: string, of: (row: TileRow) => number | string) => ({
    ...{ name, format },
    values: rows.map(of) as number[] | string[],
  });
  return {
    kind: "table",
    name: "TILES",
    columns: [
      column("tile", "J", ({ posterior: { tile } }) => tile.index),
      column("x0", "J", ({ posterior: { tile } }) => tile.core.cols[0]),
      column("x1", "J", ({ posterior: { tile } }) => tile.core.cols[1]),
      column("y0", "J", ({ posterior: { tile } }) => tile.core.rows[0]),
      column("y1", "J", ({ posterior: { tile } }) => tile.core.rows[1]),
      column("rhat", "D", ({ rhat }) => rhat),
      column("verdict", "8A", ({ verdict }) => verdict),
    ],
  };
}

function seamsTable(seams: readonly Seam[]): FitsHduInput {
  return {
    kind: "table",
    name: "SEAMS",
    columns: [
      { name: "tile1", format: "J", values: seams.map(({ tiles }) => tiles[0]) },
      { name: "tile2", format: "J", values: seams.map(({ tiles }) => tiles[1]) },
      { name: "pixels", format: "J", values: seams.map(({ pixels }) => pixels) },
      { name: "rms", format: "D", values: seams.map(({ rms }) => rms) },
      { name: "block_rms", format: "D", values: seams.map(({ blockRms }) => blockRms) },
      { name: "flux1", format: "D", values: seams.map(({ flux }) => flux[0]) },
      { name: "flux2", format: "D", values: seams.map(({ flux }) => flux[1]) },
    ],
  };
}
