/** Results of tasks as FITS files, so that they can wait on a disk until all are in. */

import { FormatError } from "../errors.js";
import {
  columnNumbers,
  type FitsColumnInput,
  findColumn,
  fitsCard,
  readFitsMaybeGzip,
  readTable,
  writeFits,
} from "../io/fits.js";
import { numbered } from "../io/fits-header.js";
import { SCAN_BINS } from "./scan-meter.js";
import type { SignificanceTaskResult } from "./task.js";

const LAYOUT = 3;

/**
 * A result as a FITS file: table `DRAWS`, a row a kept draw (all draws of chain 0 first), a column `XI`, `SOURCE`, `FLUX`, `X`, `Y`,
 * `WIDTH` with a value for each region, and table `RATIOS`, a row a region; for a scan the table `APERTURES` with columns `MEAN` and `HISTOGRAM`. Cards of the first
 * HDU: SIGTASK (version of this layout), TASK, SEED, COUNTS, CHAINS, DRAWS, REGIONS and the parameters THETAn of the null.
 *
 * The same result gives the same bytes.
 */
export function encodeTaskResult(result: SignificanceTaskResult): Uint8Array {
  const { index, seed, counts, chains, draws, values, histogram, apertureMean, theta, ratios } = result;
  const rows = chains * draws;
  const regions = values.xi!.length / rows;
  const apertures = apertureMean?.length ?? 0;
  const columns = Object.entries(values).map(
    ([name, draw]): FitsColumnInput => ({
      ...{ name: name.toUpperCase(), format: `${regions}D`, values: transposed(draw, rows) },
    }),
  );
  return writeFits([
    {
      kind: "empty",
      cards: [
        fitsCard("SIGTASK", LAYOUT, "result of a task of a significance run"),
        fitsCard("TASK", index, "0: the observation, from 1: null replicates"),
        fitsCard("SEED", seed),
        fitsCard("COUNTS", counts),
        fitsCard("CHAINS", chains),
        fitsCard("DRAWS", draws, "kept draws of a chain"),
        fitsCard("REGIONS", regions),
        ...theta.map((value, number) => fitsCard(`THETA${number + 1}`, value)),
      ],
    },
    ...(regions === 0
      ? []
      : [
          { kind: "table" as const, name: "DRAWS", columns },
          {
            kind: "table" as const,
            name: "RATIOS",
            columns: [{ name: "RATIO", format: "D", values: Float64Array.from(ratios) }],
          },
        ]),
    ...(histogram === undefined || apertureMean === undefined || apertures === 0
      ? []
      : [
          {
            kind: "table" as const,
            name: "APERTURES",
            columns: [
              { name: "MEAN", format: "D", values: apertureMean },
              { name: "HISTOGRAM", format: `${SCAN_BINS}J`, values: Int32Array.from(histogram) },
            ],
          },
        ]),
  ]);
}

/** Lines of so many numbers with each column made a line. */
function transposed(values: Float64Array, length: number): Float64Array {
  const lines = values.length / length;
  return Float64Array.from(values, (_, at) => values[(at % lines) * length + Math.floor(at / lines)]);
}

/**
 * Read what `encodeTaskResult` wrote.
 *
 * @throws FormatError when it is something else, or damaged
 */
export async function decodeTaskResult(bytes: Uint8Array): Promise<SignificanceTaskResult> {
  const hdus = await readFitsMaybeGzip(bytes);
  const header = hdus[0]?.header;
  if (header?.get("SIGTASK") !== LAYOUT) {
    throw new FormatError(
      `significance: the file must be the result of a task (SIGTASK ${LAYOUT}), got ${header?.get("SIGTASK") ?? "another file"}; ` +
        "run the task again",
    );
  }
  const number = (keyword: string) => Number(header.get(keyword));
  const [chains, draws, regions] = [number("CHAINS"), number("DRAWS"), number("REGIONS")];
  const rows = chains * draws;
  const values: Record<string, Float64Array> = { xi: new Float64Array(0) };
  if (regions > 0) {
    const hdu = hdus.find(({ name }) => name === "DRAWS");
    if (hdu === undefined) {
      throw new FormatError("significance: the file must hold the table DRAWS, got none; run the task again");
    }
    const table = readTable(hdu);
    for (const column of table.columns) {
      const numbers = columnNumbers(column);
      if (numbers.length !== rows * regions) {
        throw new FormatError(
          `significance: column ${column.name} must hold ${rows * regions} values, got ${numbers.length}; run the task again`,
        );
      }
      values[column.name.toLowerCase()] = transposed(numbers, regions);
    }
  }
  const tested = hdus.find(({ name }) => name === "RATIOS");
  const column = tested && findColumn(readTable(tested), "RATIO");
  const ratios = column === undefined ? [] : columnNumbers(column);
  if (ratios.length !== regions) {
    throw new FormatError(
      `significance: the table RATIOS must have ${regions} rows, got ${ratios.length}; run the task again`,
    );
  }
  const theta = numbered(header, "THETA").map(Number);
  const scan = hdus.find(({ name }) => name === "APERTURES");
  const table = scan === undefined ? undefined : readTable(scan);
  const mean = table === undefined ? undefined : findColumn(table, "MEAN");
  const histogram = table === undefined ? undefined : findColumn(table, "HISTOGRAM");
  return {
    index: number("TASK"),
    seed: number("SEED"),
    counts: number("COUNTS"),
    chains,
    draws,
    values,
    ...(mean === undefined || histogram === undefined
      ? {}
      : {
          histogram: Uint32Array.from(columnNumbers(histogram), Number),
          apertureMean: Float64Array.from(columnNumbers(mean), Number),
        }),
    theta,
    ratios: Array.from(ratios, Number),
  };
}
