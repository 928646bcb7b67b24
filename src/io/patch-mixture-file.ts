import type { PatchMixture, PatchNorm } from "../data/law/patch-mixture.js";
import { prepareMixture } from "../data/law/patch-mixture.js";
import { FormatError } from "../errors.js";
import { columnNumbers, fitsCard, readFitsMaybeGzip, readTable, writeFits } from "./fits.js";

/** Words of the keyword PNPTYPE. */
const NORM_WORDS: Readonly<Record<string, PatchNorm>> = {
  "std-subtract-mean": "relative",
  "subtract-mean": "subtract-mean",
  identity: "none",
};

/**
 * Read a Gaussian mixture of patches from a FITS table with the columns `means`, `covariances` and `weights`, one component a
 * row: the format of the Jolideco GMM library. The keyword PNPTYPE says how patches are normed; `subtract-mean` when it is
 * absent.
 *
 * @param bytes a FITS file, plain or gzip
 * @param options `name`: name of the file for messages
 * @throws FormatError when it is no such file
 * @throws InvalidInputError when a covariance is not positive definite
 */
export async function decodePatchMixture(
  bytes: Uint8Array,
  { name = "patch mixture" }: { readonly name?: string } = {},
): Promise<PatchMixture> {
  const hdus = await readFitsMaybeGzip(bytes, { name });
  const table = hdus.find((hdu) => hdu.kind === "table");
  const columns = table === undefined ? [] : readTable(table).columns;
  const numbers = (wanted: string) => {
    const column = columns.find((found) => found.name.toLowerCase() === wanted);
    if (column !== undefined) return columnNumbers(column);
    throw new FormatError(
      `${name}: a patch mixture must be a table with the columns means, covariances and weights, got no ${wanted}; ` +
        "see docs/methods.md for the format",
    );
  };
  const [means, covariances, weights] = ["means", "covariances", "weights"].map(numbers);
  const patchSize = Math.round(Math.sqrt(means.length / weights.length));
  const word = table?.header.text("PNPTYPE") ?? "subtract-mean";
  const patchNorm = NORM_WORDS[word];
  if (patchNorm === undefined) {
    throw new FormatError(
      `${name}: PNPTYPE must be one of ${Object.keys(NORM_WORDS).join(", ")}, got ${word}; this norm is not supported`,
    );
  }
  const mixture = { patchSize, patchNorm, weights, means, covariances };
  prepareMixture(mixture);
  return mixture;
}

/**
 * The FITS file of a mixture, as `decodePatchMixture` reads it.
 *
 * @throws InvalidInputError when the mixture breaks a rule
 */
export function encodePatchMixture(mixture: PatchMixture): Uint8Array {
  const { patchSize, patchNorm, weights, means, covariances } = prepareMixture(mixture);
  const n = patchSize * patchSize;
  const word = Object.keys(NORM_WORDS).find((key) => NORM_WORDS[key] === patchNorm) ?? "identity";
  return writeFits([
    { kind: "empty" },
    {
      kind: "table",
      name: "GMM",
      columns: [
        { name: "means", format: `${n}D`, values: means },
        { name: "covariances", format: `${n * n}D`, dim: [n, n], values: covariances },
        { name: "weights", format: "D", values: weights },
      ],
      cards: [fitsCard("PNPTYPE", word, "how patches are normed")],
    },
  ]);
}
