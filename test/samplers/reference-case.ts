/** Reference posteriors on disk, and the real sampler as one that `test/oracles/acceptance.ts` can run. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type SkyImage, skyImage } from "../../src/image.js";
import { readFitsFile } from "../../src/io/fits-file-node.js";
import { findHdu } from "../../src/io/fits-hdu.js";
import { imageToSkyImage, readImageData } from "../../src/io/fits-image.js";
import { findColumn, readTable } from "../../src/io/fits-table.js";
import type { ReferenceCase } from "../oracles/acceptance.js";

const FOLDER = new URL("../../../shared/reference/", import.meta.url);

/** Names of the reference posteriors. */
export const REFERENCE_NAMES = ["point32", "disk32", "gausspoints32", "skew64nb", "chandra4684"] as const;

/**
 * Why the reference posteriors cannot be read, or `undefined` when they can. A silent skip must not pass for a test:
 * print the reason. `TSLIRA_REQUIRE_SHARED=1` makes the absence an error.
 */
export function missingReferences(): string | undefined {
  const missing = REFERENCE_NAMES.filter((name) => !existsSync(new URL(`${name}.fits.gz`, FOLDER)));
  if (missing.length === 0) return undefined;
  const reason = `no reference posteriors ${missing.join(", ")} in ../shared/reference`;
  if (process.env.TSLIRA_REQUIRE_SHARED === "1") throw new Error(`${reason}, and TSLIRA_REQUIRE_SHARED=1`);
  return reason;
}

/** Read a reference posterior; its README says what the HDUs and header cards mean. */
export async function readReferenceCase(name: string): Promise<ReferenceCase> {
  const hdus = await readFitsFile(fileURLToPath(new URL(`${name}.fits.gz`, FOLDER)));
  const { header } = findHdu(hdus, 0);
  const value = (keyword: string): number => {
    const found = header.get(keyword);
    if (typeof found !== "number") throw new Error(`${name}: header lacks the number ${keyword}`);
    return found;
  };
  const image = (hdu: string): SkyImage => imageToSkyImage(findHdu(hdus, hdu));
  const counts = image("PRIMARY");
  const exposureMax = value("EXPMAX");
  const fluxInit = image("FLUX_INIT");
  const batches = value("NBATCH");
  const chains = value("NCHAINS");
  const all = Float64Array.from(readImageData(findHdu(hdus, "BATCHMEAN")).data as ArrayLike<number>);
  const length = all.length / chains;

  const table = readTable(findHdu(hdus, "PARAMETERS"));
  const column = (title: string) => {
    const found = findColumn(table, title);
    if (found === undefined) throw new Error(`${name}: PARAMETERS lacks the column ${title}`);
    return Array.from(found.values as ArrayLike<string | number>);
  };
  const [names, means, stds, errors] = ["name", "mean", "std", "mcse"].map(column) as [
    string[],
    number[],
    number[],
    number[],
  ];
  return {
    name,
    observation: {
      counts,
      psf: image("PSF"),
      exposure: image("EXPOSURE"),
      background: image("BACKGROUND"),
      name,
    },
    settings: {
      boundary: "wrap",
      cycleSpin: "random",
      fitAlpha: true,
      alphaInit: value("ALPHA0"),
      fitBackgroundScale: header.get("FITBKG") === true,
      totalCountsPrior: { shape: value("TTLPR"), rate: value("TTLEXP") },
      smoothingPrior: { power: value("POWER"), rate: value("KAPPA2"), exponent: value("KAPPA3") },
      backgroundScalePrior: { shape: 0.001, rate: 0 },
    },
    fluxInit: skyImage(
      fluxInit.data.map((flux) => flux / exposureMax),
      fluxInit.shape,
    ),
    iterations: value("NITER"),
    burnIn: value("NBURNIN"),
    batches,
    exposureMax,
    batchMeans: Array.from({ length: chains }, (_, chain) =>
      all.subarray(chain * length, (chain + 1) * length),
    ),
    parameters: names.map((row, index) => ({
      name: row.trim(),
      mean: means[index],
      std: stds[index],
      mcse: errors[index],
    })),
  };
}
