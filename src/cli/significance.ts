/** `tslira significance`. */

import { checkObservations } from "../data/observation/check-observation.js";
import type { Observation } from "../data/observation/observation.js";
import { InvalidInputError, toPlainError } from "../errors.js";
import { figureDocument } from "../figures/document-node.js";
import { plotLocalSignificance, plotSignificance } from "../figures/plot-significance.js";
import { renderPng } from "../figures/png-node.js";
import { given } from "../given.js";
import type { SkyImage } from "../image.js";
import { writeWholeFile } from "../io/whole-file-node.js";
import { isSampler, SAMPLERS } from "../settings/methods.js";
import type { SettingValues } from "../settings/setting.js";
import { foreignSetting } from "../settings/settle.js";
import type { SignificanceEstimate } from "../significance/collect.js";
import { runSignificance } from "../significance/estimate.js";
import { planSignificance, type SignificanceSettings } from "../significance/plan.js";
import { significanceCsv, significanceData } from "../significance/significance-data.js";
import { writeSignificance } from "../significance/significance-file-node.js";
import { openTaskFolder } from "../significance/task-folder-node.js";
import { durationText } from "../viewer/numbers.js";
import { type GivenOptions, mergeSettings, readConfig } from "./deconvolve-config.js";
import { formatNumber, formatWithError, tableLines } from "./format.js";
import { interruptible } from "./interrupt.js";
import { madeBy } from "./made-by.js";
import { requiredPrior } from "./method-options.js";
import { observationNames } from "./observation-options.js";
import { checkFitsName, checkOutputPaths, observationPaths } from "./output-path.js";
import { libraryOffsets, placeObservations } from "./place-observations.js";
import { openProgress } from "./progress.js";
import { readTogether } from "./read-together.js";
import { readRegions } from "./region-options.js";
import { flagValues } from "./setting-options.js";
import { MEASURE_KEYS, type SignificanceConfig, TEST_KEYS } from "./significance-config.js";
import { SAMPLER_SETTINGS, type SignificanceFlags, significanceOptions } from "./significance-options.js";

/** The command. */
export const command = () => significanceOptions().action(significance);

/** Settings of the run that flags give. */
export function significanceSettings(flags: SignificanceFlags): SignificanceSettings {
  return {
    ...given({
      replicates: flags.replicates,
      gamma: flags.gamma,
      null: flags.null,
      elliptical: flags.elliptical,
      nullAt: flags.nullAt,
      propagate: flags.fixedNull === true ? false : undefined,
      refit: flags.refit === false ? false : undefined,
      fitOutside: flags.fitOutside,
      scan: flags.scan === undefined ? undefined : { radius: flags.scan, ...given({ step: flags.scanStep }) },
    }),
    ...flagValues(flags, SAMPLER_SETTINGS),
  };
}

/** What a run needs: flags joined with the config file. */
async function significanceInputs(counts: string | undefined, flags: SignificanceFlags) {
  const { settings: config, more } = await readConfig(flags.config, { ...TEST_KEYS, ...MEASURE_KEYS });
  const { circles, thresholds, ...test } = more as SignificanceSettings &
    Pick<SignificanceConfig, "circles" | "thresholds">;
  const { offsets } = flags;
  const files = mergeSettings(
    {
      common: observationNames(counts, flags),
      options: {},
      ...given({ offsets, workers: flags.workers, output: flags.output, png: flags.png }),
    },
    config,
    "significance",
  );
  const { trace, ...own } = significanceSettings(flags);
  const { prior: _text, ...sampler } = files.options;
  return {
    ...files,
    settings: {
      ...(sampler as SignificanceSettings),
      ...test,
      ...own,
      ...given({
        trace: trace && { ...sampler.trace, ...trace },
        prior: await samplerPrior(files.options),
      }),
    } satisfies SignificanceSettings,
    ...given({ circle: flags.circle ?? circles, thresholds: flags.threshold ?? thresholds }),
  };
}

async function significance(counts: string | undefined, flags: SignificanceFlags): Promise<void> {
  const { csv, scanPng, json, quiet } = flags;
  const {
    observations: names,
    settings,
    output,
    png,
    workers,
    circle,
    thresholds,
    ...rest
  } = await significanceInputs(counts, flags);
  if (output === undefined) {
    throw new InvalidInputError("significance: output must be given, got none; add -o significance.fits");
  }
  checkFitsName("significance", output, ", and draw it with --png");
  const overwrite = flags.overwrite === true;
  const extra = [csv, png, scanPng].filter((path) => path !== undefined);
  await checkOutputPaths([output, ...extra], {
    overwrite,
    inputs: [flags.config, ...(flags.regions ?? []), ...observationPaths(names)],
  });
  if (scanPng !== undefined && settings.scan === undefined) {
    throw new InvalidInputError("significance: --scan-png must come with --scan, got none; add --scan 2");
  }
  const progress = openProgress({ quiet });
  const warnings: string[] = [];
  const warn = (text: string) => {
    if (warnings.includes(text)) return;
    warnings.push(text);
    progress.say(`tslira: warning: ${text}`);
  };
  const { observations: asRead, inputs, notes, unit } = await readTogether(names);
  for (const note of notes) warn(note);
  const { observations, warnings: doubts, expected } = placeObservations(asRead, rest);
  const { boundary = "spill" } = settings;
  const checked = checkObservations(observations, { boundary });
  for (const text of [...doubts, ...checked.warnings.filter((one) => !expected.includes(one))]) warn(text);
  const [{ counts: image, wcs }] = observations;
  const { x, y } = names[0].cutout ?? { x: [0], y: [0] };
  const regions = await readRegions(
    given({ regions: flags.regions, circle }),
    { shape: image.shape, origin: { x: x[0], y: y[0] }, ...given({ wcs, joined: flags.combine }) },
    warn,
  );
  const run = planSignificance(observations, regions, {
    ...settings,
    ...given({ unit }),
  });
  const { tasks = `${output}.tasks` } = flags;
  const store = await openTaskFolder(tasks, run, observations);
  let estimate: SignificanceEstimate;
  const started = performance.now();
  try {
    const stopping = "stopping; finished replicates are kept. Ctrl-C again quits at once";
    estimate = await interruptible(progress, stopping, (signal) =>
      runSignificance(observations, run, {
        store,
        signal,
        ...given({ workers, thresholds }),
        onProgress: ({ done, total, fraction, secondsLeft }) => {
          const left = Number.isFinite(secondsLeft) ? `, ${durationText(secondsLeft)} left` : "";
          progress.show(
            `${`${Math.floor(100 * fraction)} %`.padStart(5)}  ${done} of ${total} data sets${left}`,
            "sampling",
          );
        },
      }).catch((error) => {
        const { code } = toPlainError(error);
        if (code === "ABORTED" || code === "JOB") {
          progress.say(`tslira: finished replicates are in ${tasks}; the same command goes on from there`);
        }
        throw error;
      }),
    );
    for (const text of estimate.warnings) warn(text);
    await writeSignificance(estimate, output, { ...madeBy(), inputs });
    if (csv !== undefined) await writeWholeFile(csv, significanceCsv(estimate));
    if (png !== undefined || scanPng !== undefined) {
      const figure = { document: await figureDocument(), title: run.name, ...given({ theme: flags.theme }) };
      if (png !== undefined && estimate.regions.length > 0) {
        await writeWholeFile(png, await renderPng(plotSignificance(estimate.regions, figure)));
      }
      if (scanPng !== undefined && estimate.scan !== undefined) {
        const shown = libraryOffsets(rest.offsets) === undefined ? observations : observations.slice(0, 1);
        const svg = plotLocalSignificance(estimate.scan, {
          ...figure,
          counts: countsOf(shown),
          wcs: run.wcs,
        });
        await writeWholeFile(scanPng, await renderPng(svg));
      }
    }
    if (flags.keepTasks !== true) await store.remove();
  } finally {
    store.release();
  }
  const seconds = (performance.now() - started) / 1000;
  const written = `  written      ${[output, ...extra].join(", ")}`;
  progress.report(
    [...significanceLines(estimate, seconds), written].join("\n"),
    json && { ...significanceData(estimate), output, warnings },
  );
}

/**
 * The prior that a config file gives to its sampler.
 *
 * @throws InvalidInputError for another method, and for settings that it would not heed
 */
async function samplerPrior(options: GivenOptions) {
  const { method = "lira", prior } = options;
  const foreign = foreignSetting(method, options as SettingValues)?.key;
  if (!isSampler(method) || foreign !== undefined) {
    throw new InvalidInputError(
      `significance: all data sets must be sampled by ${SAMPLERS.join(", ")} and its settings, got ${foreign ?? method}; leave it out`,
    );
  }
  return method === "gibbs" || method === "nuts" ? requiredPrior(method, given({ prior })) : undefined;
}

/** Counts of observations that share their pixels. */
function countsOf(observations: readonly Observation[]): SkyImage {
  const [{ counts }] = observations;
  const data = counts.data.map((_, pixel) =>
    observations.reduce((sum, one) => sum + (one.mask?.data[pixel] === 0 ? 0 : one.counts.data[pixel]), 0),
  );
  return { data, shape: counts.shape };
}

/** A ratio of two fluxes is shown where the ends of its 68 % interval are not further apart: one of nothing is noise. */
const WIDEST_RATIO = 100;

/** What was found, for people. */
export function significanceLines(estimate: SignificanceEstimate, seconds?: number): string[] {
  const { run, regions, pairs, scan, replicates } = estimate;
  const { config, null: hypothesis } = run;
  const several = regions.length > 1;
  const time = seconds === undefined ? "" : `, ${durationText(seconds)}`;
  const fitted = hypothesis.parameters.map(
    ({ name, value, error }) => `${name} ${formatWithError(value, error)}`,
  );
  const lines = [
    `  ${run.name}: ${replicates} null replicates, ${config.chains} chains of ${config.iterations} sweeps each${time}`,
    `  null         ${hypothesis.kind}${fitted.length === 0 ? "" : `: ${fitted.join(", ")}`}${hypothesis.converged ? "" : " (fit did not converge)"}`,
  ];
  if (regions.length > 0) {
    const least = Math.min(...regions.map(({ tailProbability }) => tailProbability));
    lines.push(
      "",
      ...tableLines([
        [
          "region",
          "pixels",
          "p <=",
          "error",
          ...(several ? ["Holm"] : []),
          "by rank",
          "by ratio",
          "T",
          "share",
          "flux",
          "68 %",
          "95 % below",
        ],
        ...regions.map((region) => {
          const { flux, upperLimits } = region.products;
          const [middle] = flux.intervals;
          return [
            region.name,
            String(region.pixels),
            formatNumber(Number(region.bound.toPrecision(3))),
            formatNumber(Number(region.boundError.toPrecision(2))),
            ...(several ? [formatNumber(Number(region.boundHolm.toPrecision(3)))] : []),
            formatNumber(Number(region.direct.toPrecision(3))),
            formatNumber(Number(region.ratio.toPrecision(3))),
            region.test.toFixed(3),
            region.share.mean.toFixed(3),
            formatNumber(flux.median),
            `${formatNumber(middle!.low)} to ${formatNumber(middle!.high)}`,
            formatNumber(upperLimits[1].limit),
          ];
        }),
      ]).map((line) => `  ${line}`),
      "",
      `  p <=         bound on the p-value at gamma = ${run.gamma}, at best ${formatNumber(Number(least.toPrecision(3)))}; by rank of the`,
      `               share, and of the likelihood ratio of a source: at best 1 / (1 + ${replicates})`,
    );
  }
  for (const { name, products } of regions) {
    for (const { threshold, probability } of products.exceeds) {
      lines.push(
        `  exceeds      ${name}: flux > ${formatNumber(threshold)} with probability ${probability.toFixed(4)}`,
      );
    }
  }
  const measured = pairs.filter(
    ({ ratio: { intervals } }) => intervals[0].high < WIDEST_RATIO * intervals[0].low,
  );
  for (const { first, second, ratio, offset } of measured.slice(0, 6)) {
    const [middle] = ratio.intervals;
    lines.push(
      `  pair         ${first} : ${second} = ${formatNumber(ratio.median)} (68 %: ${formatNumber(middle!.low)} to ${formatNumber(middle!.high)}), ` +
        `apart by ${formatWithError(offset.distance.mean, offset.distance.std)} pixels`,
    );
  }
  if (scan !== undefined) {
    const { peak } = scan;
    lines.push(
      `  scan         largest excess ${peak.excess.toFixed(1)} sigma at x = ${peak.x}, y = ${peak.y}; p = ${formatNumber(Number(peak.global.toPrecision(3)))} for all places together`,
    );
  }
  return lines;
}
