/** `tslira diagnose`. */

import { Command } from "@commander-js/extra-typings";
import { type PredictiveCheck, predictiveCheck } from "../checks/predictive-check.js";
import { InvalidInputError } from "../errors.js";
import { given } from "../given.js";
import { fittedSky } from "../posterior/fitted-sky.js";
import { summariseQuantities } from "../posterior/quantities.js";
import type { LiraConfig, SamplerConfig } from "../posterior/result.js";
import { heldOutCheck } from "../runs/held-out-check.js";
import type { LiraDeconvolverOptions } from "../runs/lira-options.js";
import { type PriorSensitivity, priorSensitivity } from "../runs/prior-sensitivity.js";
import { type Diagnosis, diagnosisData, diagnosisLines } from "./diagnosis-report.js";
import { EXIT } from "./exit.js";
import { collected, parseCircle, parseNumbers, parseWhole } from "./option-values.js";
import { REGION_DETAILS, readRegions, regionOptions } from "./region-options.js";
import { addInputOptions, findResultInputs, type InputFlags } from "./result-inputs.js";
import { workOnResult } from "./result-work.js";

const DETAILS = `
Convergence: for every parameter, the worst pixels and the regions asked for: mean, standard deviation
  and quantiles with their Monte Carlo errors, R-hat, effective sample sizes, autocorrelation time;
  Geweke's check of the burn-in. What each figure means: docs/diagnostics.md.
Predictive checks: are the counts like counts that the model makes? They need the data, which are found
  by the command that the result remembers (files unchanged, by SHA-256), or given as for deconvolve.
  --point-source sees a psf that is wrong either way, where the source is known to be a point.
${REGION_DETAILS}

Examples:
  tslira diagnose result.fits
  tslira diagnose result.fits --region 16,26,3 --region 16,6,3 --json
  tslira diagnose result.fits --regions knots.reg
  tslira diagnose result.fits --counts counts.fits --psf psf.fits --point-source 16,26,3
  tslira diagnose result.fits --strict || echo "do not use it"`;

function diagnoseOptions() {
  const { regions } = regionOptions();
  const command = new Command("diagnose")
    .description(
      "Judge a result: do its chains agree, how exact are its numbers, and does the model describe the data?",
    )
    .argument("<result>", "result of tslira deconvolve")
    .option(
      "-r, --region <x,y,r>",
      "also judge the flux of a circle, in pixels from 0; may be repeated",
      collected(parseCircle),
    )
    .addOption(regions)
    .option("--json", "print it for programs")
    .option("--strict", "exit code 3 when the chains disagree")
    .option("-q, --quiet", "no progress")
    .optionsGroup("Predictive checks:")
    .option("--point-source <x,y,r>", "could the flux of this circle be one point?", parseCircle)
    .option("--centre <x,y>", "centre of the radial profile (default: the brightest pixel)", parseNumbers)
    .option("--draws <n>", "posterior draws to use (default: 200)", parseWhole)
    .option("-s, --seed <n>", "seed of the replicated counts (default: 0)", parseWhole)
    .option("--no-predictive", "leave the predictive checks out")
    .option("--held-out", "also deconvolve half of the photons and check on the others; takes a run")
    .option(
      "--prior-sensitivity",
      "also run with all alphas of the prior / 4 and x 4 (its rate, where they are fitted one a level); takes two runs",
    );
  addInputOptions(command);
  return command.helpOption("-h, --help", "print this help").addHelpText("after", DETAILS);
}

type Flags = ReturnType<ReturnType<typeof diagnoseOptions>["opts"]> & InputFlags;

/** The command. */
export const command = () => diagnoseOptions().action(diagnoseFile);

/** Settings that give the run of a result again. */
function settingsOf({ traceEvery, method: _lira, ...config }: LiraConfig): LiraDeconvolverOptions {
  const { margin = 0 } = config;
  return { ...config, margin, trace: { every: traceEvery } };
}

/** @throws InvalidInputError when the run cannot be done again with other data or priors */
function liraSettings(config: SamplerConfig): LiraDeconvolverOptions {
  if (config.method === undefined) return settingsOf(config);
  throw new InvalidInputError(
    `diagnose: --held-out and --prior-sensitivity must have a result of the method lira, got ${config.method}; leave them out`,
  );
}

async function diagnoseFile(path: string, flags: Flags): Promise<void> {
  await workOnResult(path, flags, async (open, progress, signal) => {
    const { result } = open;
    const regions = await readRegions(
      { ...given({ regions: flags.regions }), circle: flags.region ?? [] },
      { shape: result.mean.shape, wcs: result.wcs },
      (text) => progress.say(`tslira: warning: ${text}`),
    );
    const wanted = flags.predictive || flags.heldOut || flags.priorSensitivity;
    const { observations, missing } = wanted
      ? await findResultInputs("diagnose", path, result, flags)
      : { observations: [], missing: "left out (--no-predictive)" };
    const quantities = await summariseQuantities(open, { regions, signal });
    const predictive: PredictiveCheck[] = [];
    let sensitivity: PriorSensitivity | undefined;
    if (observations.length > 0) {
      const [x, y] = flags.centre ?? [];
      const options = { signal, ...given({ draws: flags.draws, seed: flags.seed }) };
      const fitted = { ...fittedSky(result), ...options };
      const centre = y === undefined ? {} : { centre: { x, y } };
      const { pointSource } = flags;
      if (flags.predictive) {
        predictive.push(...(await predictiveCheck(observations, open, { ...fitted, ...centre })));
        if (pointSource !== undefined) {
          predictive.push(...(await predictiveCheck(observations, open, { ...fitted, pointSource })));
        }
      }
      if (flags.heldOut) {
        const { checks } = await heldOutCheck(observations, liraSettings(result.config), {
          ...options,
          ...centre,
          onProgress: progress.update,
        });
        predictive.push(...checks);
      }
      if (flags.priorSensitivity) {
        sensitivity = await priorSensitivity(observations, liraSettings(result.config), {
          signal,
          baseline: result,
          onProgress: (_run, _runs, step) => progress.update(step),
        });
      }
    }
    progress.close();
    const diagnosis: Diagnosis = {
      path,
      result,
      quantities,
      predictive,
      missing,
      ...given({ sensitivity }),
    };
    process.stdout.write(
      flags.json
        ? `${JSON.stringify(diagnosisData(diagnosis), undefined, 2)}\n`
        : `${diagnosisLines(diagnosis).join("\n")}\n`,
    );
    if (flags.strict && result.diagnostics.verdict.state === "disagree") process.exitCode = EXIT.disagree;
  });
}
