/** Result files at the desk: what they say, and opened as a run that is done. */

import { constantImage, type LiraDeconvolverOptions, type LiraResult, type PosteriorResult } from "tslira";
import { resultFromHdus } from "tslira/fits";
import { configurationOfResult } from "../settings/configuration.js";
import { settingsOf } from "../settings/settings.js";
import type { Composed, deskFiles } from "./files.js";
import type { Choices, ObservationView } from "./observation-view.js";
import { resultView } from "./run.js";
import type { OpenedResult } from "./start-calls.js";

/** What is known of the data when only their result is there. */
function withoutData({ mean, ledger, unit, wcs }: PosteriorResult, warning: string): ObservationView {
  return {
    name: ledger[0]?.name ?? "result",
    counts: constantImage(mean.shape, Number.NaN),
    psf: constantImage([1, 1], Number.NaN),
    wcs: wcs ?? [],
    ...(unit !== undefined && { unit }),
    warnings: [warning],
    fullShape: mean.shape,
    withoutData: true,
  };
}

/** Data and their view, when the files on the list are those of the result; otherwise why they are not used. */
function matchingData(
  files: ReturnType<typeof deskFiles>,
  choices: Choices,
  { provenance, mean, ledger }: PosteriorResult,
  composition: ReturnType<typeof configurationOfResult>["composition"],
): { readonly composed: Composed; readonly view: ObservationView } | { readonly why: string } {
  if (choices.counts === undefined || choices.psf === undefined)
    return {
      why: "A result holds no counts. Open it together with its data to see predicted counts and residuals too.",
    };
  if (ledger.length !== 1)
    return { why: `The result is of ${ledger.length} observations; Studio shows it without their data.` };
  const made = files.compose(choices, composition);
  const hashes = new Set(made.composed.inputs.map(({ sha256 }) => sha256));
  const changed = provenance.inputs.find(({ sha256 }) => !hashes.has(sha256));
  if (changed && hashes.size > 0)
    return { why: `The data were left out: ${changed.name} is not the file that the result was made of.` };
  const { shape } = made.view.counts;
  if (shape.some((side, axis) => side !== mean.shape[axis]))
    return {
      why: `The data were left out: they have ${shape[1]} × ${shape[0]} pixels, the result ${mean.shape[1]} × ${mean.shape[0]}.`,
    };
  return made;
}

/** Open a result file as a run that is done. */
export function openResult(
  files: ReturnType<typeof deskFiles>,
  file: number,
  choices: Choices,
): { readonly opened: OpenedResult; readonly composed: Composed | undefined; readonly result: LiraResult } {
  const result = resultFromHdus(files.hdusOf(file)) as LiraResult;
  const command = result.provenance.command ?? "";
  const configuration = configurationOfResult(result.config, result.mean.shape, command);
  const { composition } = configuration;
  const found = matchingData(files, choices, result, composition);
  const composed = "composed" in found ? found.composed : undefined;
  const data = "composed" in found ? found.view : withoutData(result, found.why);
  const settings: LiraDeconvolverOptions = settingsOf(configuration.form);
  return {
    result,
    composed,
    opened: {
      ...{ data, configuration, settings, command },
      composition: composed ? composition : {},
      choices: composed ? choices : {},
      result: resultView(result, composed, []),
    },
  };
}
