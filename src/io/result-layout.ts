/**
 * Layout of result files: one FITS file a result, readable by astropy, DS9 and pylira.
 *
 * | HDU | content |
 * |---|---|
 * | PRIMARY | posterior mean, f8 `[ny, nx]`; header: sky coordinates, BUNIT, verdict, provenance |
 * | POSTERIOR_STD | posterior standard deviation |
 * | POSTERIOR_QUANTILES | one plane a probability (PROB1 ...), 16, 50 and 84 % |
 * | RHAT, ESS | convergence of each pixel; NaN where undefined |
 * | CHAIN_MEAN, CHAIN_STD | one plane a chain |
 * | SMOOTHNESS | under the adaptive prior: posterior mean of ln alpha of the block above each pixel, one plane a level, finest first |
 * | SKY | where the sky has a margin: posterior mean of the whole sky; all other images are of the frame, the sky over the detector |
 * | PARAMETER_TRACE | table, one row a sweep and chain (chain after chain), burn-in included; iteration from 1, chain from 0 |
 * | DIAGNOSTICS | table of `Convergence`; `list` is `parameter`, or `worst` for the rows behind the verdict |
 * | LEDGER | table of `CountsLedger`, one row an observation |
 * | CONFIG | table of one row: settings by pylira's names, then by ours; for `nuts` and `gibbs` the column `method` comes first |
 * | IMAGE_TRACE | kept draws, f4 `[draws, ny, nx]`, chain after chain |
 *
 * For pylira's reader, which takes `IMAGE_TRACE[n_burn_in:]` as the posterior, `CONFIG.n_burn_in` is 0: the trace holds draws
 * after burn-in only. Our own burn-in, which pylira should apply to the parameter trace, is `CONFIG.burn_in`. `stepSize` is 0 in
 * every row: pylira's plots expect the column, the sampler has no such thing.
 *
 * Images and draws are flux, expected counts a pixel for unit exposure; pylira's are counts at the maximum exposure: multiply
 * ours by REFEXPO.
 *
 * With the same inputs and settings all data units are equal byte by byte: dates, seconds, command and file names stand in
 * headers only.
 */

/** Version of the layout, card TSLIRA of the primary header. */
export const RESULT_FORMAT = 1;

/** Names of the HDUs. */
export type ResultHduName =
  | "PRIMARY"
  | "POSTERIOR_STD"
  | "POSTERIOR_QUANTILES"
  | "RHAT"
  | "ESS"
  | "CHAIN_MEAN"
  | "CHAIN_STD"
  | "SMOOTHNESS"
  | "SKY"
  | "PARAMETER_TRACE"
  | "DIAGNOSTICS"
  | "LEDGER"
  | "CONFIG"
  | "IMAGE_TRACE";

/** Columns of numbers of DIAGNOSTICS and of LEDGER, each with the field that it holds. */
export const CONVERGENCE_COLUMNS = (["mean", "std", "rhat", "ess", "mcse"] as const).map(
  (key) => [key, key] as const,
);
export const LEDGER_COLUMNS = [
  ["observed", "observed"],
  ["source", "source"],
  ["source_std", "sourceStd"],
  ["background", "background"],
  ["lost", "lost"],
] as const;
/** What is only there under a sky with a margin. */
export const OUTSIDE_COLUMN = ["outside", "outside"] as const;

const OWN_KEYWORDS = new RegExp(
  "^(TSLIRA|CREATOR|TITLE|BUNIT|TOTFLUX|TOTFLERR|COMPLETE|REFEXPO|PIXAREA|TARGET|MAXSWEEP|REACHED|VERDICT|VERDTEXT|" +
    "REMEDY|PRESET|UPSAMPLE|MARGIN|VERSION|COMMAND|SEED|DATE|RUNBEG|RUNEND|RUNSECS|RUNDEV|INPUT\\d+)$",
  "i",
);

/** Whether a card of the primary header is ours, and not of sky coordinates. */
export function isOwnKeyword(keyword: string): boolean {
  return OWN_KEYWORDS.test(keyword);
}
