/** Regions and sources measured at the desk, from the draws of the result. */

import { type PosteriorResult, VERSION } from "tslira";
import { fittedSky } from "tslira/diagnostics";
import {
  type CatalogueSource,
  encodeMeasuredFits,
  encodeSourcesFits,
  type FoundSource,
  findSources,
  type MeasuredFileOptions,
  type MeasuredRegion,
  measuredCsv,
  measuredVotable,
  measureRegions,
  sourcesCsv,
  sourcesDs9,
  sourcesVotable,
} from "tslira/significance";
import { regionFluxUnit } from "#studio";
import type { Composed } from "./files.js";
import { onOneSky } from "./one-sky.js";
import type {
  MeasuredPixels,
  MeasuredRow,
  PhotometryKind,
  PhotometryTable,
  TableFormat,
} from "./photometry-protocol.js";

/** A table with the result that it is of. */
interface Kept<Row> {
  readonly rows: readonly Row[];
  readonly of: PosteriorResult;
}

function regionRow({ name, products: { flux, upperLimits }, extra }: MeasuredRegion): MeasuredRow {
  const limitOf = (probability: number) =>
    extra?.limits.find((one) => one.probability === probability)?.limit ?? Number.NaN;
  const [middle] = flux.intervals;
  const most = upperLimits.find(({ probability }) => probability === 0.95)?.limit ?? Number.NaN;
  return {
    name,
    flux: [flux.median, middle.low, middle.high, most],
    ...(extra && {
      extra: {
        ...{ counts: extra.counts, other: extra.other.mean, chance: extra.chance },
        ...{ limit95: limitOf(0.95), limit997: limitOf(0.997) },
      },
    }),
  };
}

function sourceRow({
  name,
  centroid,
  flux,
  extent,
  profile,
  falseAlarms,
  radius,
  inside,
}: FoundSource): CatalogueSource {
  const { x, y, xStd, yStd } = centroid;
  return {
    ...{ name, x, y, xStd, yStd, radius, inside, falseAlarms },
    ...{ flux: flux.best, low: flux.low, high: flux.high },
    width: profile === "point" ? 0 : extent.width,
  };
}

/** What was measured last; one task at a time. */
export function photometryDesk() {
  let running: AbortController | undefined;
  let regions: Kept<MeasuredRegion> | undefined;
  let sources: Kept<FoundSource> | undefined;

  function begin(result: PosteriorResult, composed: Composed | undefined, tell: (fraction: number) => void) {
    if (composed === undefined)
      throw new Error("measure: the data of the result are needed, got none; open them together with it");
    running?.abort();
    running = new AbortController();
    return {
      observations: onOneSky(composed, result.config.boundary).observations,
      options: {
        ...fittedSky(result),
        ...{ parameters: result.trace.parameters, signal: running.signal, onProgress: tell },
      },
    };
  }
  const tableOf = ({ unit, wcs = [] }: PosteriorResult) => ({ wcs, ...(unit !== undefined && { unit }) });
  const unitOf = ({ unit }: PosteriorResult) => regionFluxUnit(unit) ?? "";

  return {
    async measure(
      result: PosteriorResult,
      composed: Composed | undefined,
      wanted: readonly MeasuredPixels[],
      tell: (fraction: number) => void,
    ): Promise<PhotometryTable<MeasuredRow>> {
      const { observations, options } = begin(result, composed, tell);
      const rows = await measureRegions(result.trace.images, observations, wanted, options);
      regions = { rows, of: result };
      return { rows: rows.map(regionRow), unit: unitOf(result) };
    },
    async find(
      result: PosteriorResult,
      composed: Composed | undefined,
      falseAlarms: number,
      tell: (fraction: number) => void,
    ): Promise<PhotometryTable<CatalogueSource>> {
      const { observations, options } = begin(result, composed, tell);
      const rows = await findSources(result.trace.images, observations, { ...options, falseAlarms });
      sources = { rows, of: result };
      return { rows: rows.map(sourceRow), unit: unitOf(result) };
    },
    stop: () => running?.abort(),
    /** The last table, as `tslira measure` and `tslira sources` write it. */
    file(kind: PhotometryKind, format: TableFormat): Uint8Array<ArrayBuffer> | string {
      const origin = (of: PosteriorResult, words: string): MeasuredFileOptions => ({
        ...{ ...tableOf(of), version: VERSION, inputs: of.provenance.inputs },
        command: `tslira ${words} -o ${kind}.${format}`,
      });
      if (kind === "regions" && regions !== undefined) {
        const { rows, of } = regions;
        const options = origin(of, "measure result.fits --regions regions.reg");
        if (format === "fits") return encodeMeasuredFits(rows, options) as Uint8Array<ArrayBuffer>;
        return format === "vot" ? measuredVotable(rows, options) : measuredCsv(rows, options);
      }
      if (kind === "sources" && sources !== undefined) {
        const { rows, of } = sources;
        const options = origin(of, "sources result.fits");
        if (format === "fits") return encodeSourcesFits(rows, options) as Uint8Array<ArrayBuffer>;
        if (format === "reg") return sourcesDs9(rows, options);
        return format === "vot" ? sourcesVotable(rows, options) : sourcesCsv(rows, options);
      }
      throw new Error(`${kind}: must have been measured, got none; measure them first`);
    },
  };
}
