/** What a significance run found, as a FITS file. */

import type { WcsCard } from "../data/observation/observation.js";
import { pixelMap, twoSkies } from "../data/sky/sky-mapping.js";
import { FormatError, InvalidInputError } from "../errors.js";
import type { Shape, SkyImage } from "../image.js";
import { type EstimateProvenance, provenanceCards, storedProvenance } from "../io/file-origin.js";
import {
  columnNumbers,
  type FitsCard,
  type FitsColumnInput,
  type FitsHduInput,
  findColumn,
  findHdu,
  fitsCard,
  imageToSkyImage,
  readFitsMaybeGzip,
  readTable,
  writeFits,
} from "../io/fits.js";
import { numberColumn, textColumn } from "../io/result-config.js";
import { escapeText } from "../io/result-text.js";
import { checkSchema } from "../io/side-file.js";
import { parseJson } from "../parse-json.js";
import { shownValue } from "../shown-value.js";
import { VERSION } from "../version.js";
import type { SignificanceEstimate } from "./collect.js";
import type { LocalSignificance } from "./local-significance.js";
import { significanceColumns } from "./significance-data.js";
import { ESTIMATE_SCHEMA } from "./significance-schema.js";

/** Where an estimate comes from. */
export type SignificanceProvenance = Omit<EstimateProvenance, "unit">;

const LAYOUT = 1;
const MAPS = ["excess", "bound", "local", "global"] as const;
const MAP_NAMES: Readonly<Record<(typeof MAPS)[number], string>> = {
  excess: "SCAN_EXCESS",
  bound: "SCAN_BOUND",
  local: "SCAN_LOCAL",
  global: "SCAN_GLOBAL",
};

/** Numbers that JSON has no word for. */
function withSpecialNumbers(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? { number: String(value) } : value;
}

function reviveNumbers(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("number" in value)) return value;
  const { number } = value as { number: unknown };
  return typeof number === "string" && Object.keys(value).length === 1 ? Number(number) : value;
}

/**
 * An estimate as a FITS file:
 *
 * | HDU | content |
 * |---|---|
 * | PRIMARY | no data; cards SIGNIFIC (version of this layout), GAMMA, NREPL, NASKED, SEED, NULLKIND, NULLPn and NULLVn and NULLEn (name, value and error of parameters of the null), CREATOR, COMMAND, INPUTn, SHAn, WARNn |
 * | REGIONS | table, a row a region, the columns of `significanceColumns` |
 * | PAIRS | table of flux ratios and offsets of two regions, if there are two |
 * | MASKS | `[regions, ny, nx]`: weights of the regions, with sky coordinates |
 * | SCAN_EXCESS, SCAN_BOUND, SCAN_LOCAL, SCAN_GLOBAL | maps of a scan, if there was one |
 * | ESTIMATE | table of one row: everything as JSON in bytes, from which it is read again |
 */
export function significanceHdus(
  estimate: SignificanceEstimate,
  provenance: SignificanceProvenance = {},
): FitsHduInput[] {
  const { run, regions, pairs, scan, replicates, warnings } = estimate;
  const [ny, nx] = run.shape;
  const sky = run.wcs;
  const cards: FitsCard[] = [
    fitsCard("SIGNIFIC", LAYOUT, "significance of regions, layout version"),
    fitsCard("NAME", escapeText(run.name)),
    fitsCard("GAMMA", run.gamma, "tail probability, stated in advance"),
    fitsCard("NREPL", replicates, "null replicates"),
    fitsCard("NASKED", run.replicates, "null replicates asked for"),
    fitsCard("SEED", run.config.seed),
    fitsCard("NITER", run.config.iterations, "sweeps of a chain"),
    fitsCard("NBURNIN", run.config.burnIn, "of them not used"),
    fitsCard("NCHAINS", run.config.chains, "chains of each data set"),
    fitsCard("NULLKIND", run.null.kind, "null hypothesis"),
    ...run.null.parameters.flatMap(({ name, value, error }, index) => [
      fitsCard(`NULLP${index + 1}`, name),
      fitsCard(`NULLV${index + 1}`, value),
      fitsCard(`NULLE${index + 1}`, error),
    ]),
    ...provenanceCards(provenance),
    ...warnings.map((text, index) => fitsCard(`WARN${index + 1}`, escapeText(text))),
  ];
  const hdus: FitsHduInput[] = [{ kind: "empty", cards }];
  if (regions.length > 0) {
    const columns = significanceColumns(estimate).map(({ name, unit, of }): FitsColumnInput => {
      const values = regions.map(of);
      if (typeof values[0] === "string") return textColumn(name, values.map(String));
      return { ...numberColumn(name, values.map(Number)), ...(unit && { unit: escapeText(unit) }) };
    });
    hdus.push({ kind: "table", name: "REGIONS", columns });
    if (pairs.length > 0) hdus.push({ kind: "table", name: "PAIRS", columns: pairColumns(estimate) });
    const masks = new Float32Array(regions.length * ny * nx);
    for (const [region, { pixels, weights }] of run.regions.entries()) {
      for (const [index, pixel] of pixels.entries()) masks[region * ny * nx + pixel] = weights?.[index] ?? 1;
    }
    hdus.push({ kind: "image", name: "MASKS", data: masks, shape: [regions.length, ny, nx], cards: sky });
  }
  const { scan: _, ...rest } = estimate;
  if (scan !== undefined) {
    for (const map of MAPS) {
      hdus.push({ kind: "image", name: MAP_NAMES[map], data: scan[map].data, shape: [ny, nx], cards: sky });
    }
  }
  const maps = Object.fromEntries(MAPS.map((map) => [map, undefined]));
  const json = JSON.stringify(
    { ...rest, ...(scan === undefined ? {} : { scan: { ...scan, ...maps } }) },
    withSpecialNumbers,
  );
  const bytes = new TextEncoder().encode(json);
  hdus.push({
    kind: "table",
    name: "ESTIMATE",
    columns: [{ name: "JSON", format: `${bytes.length}B`, values: bytes }],
  });
  return hdus;
}

/** Intervals of ratios and distances, 68 %, and their medians. */
function pairColumns({ pairs }: SignificanceEstimate): FitsColumnInput[] {
  type Pair = (typeof pairs)[number];
  const names = (name: string, of: (pair: Pair) => string) => textColumn(name, pairs.map(of));
  const numbers = (name: string, of: (pair: Pair) => number, unit?: string): FitsColumnInput => ({
    ...numberColumn(name, pairs.map(of)),
    ...(unit && { unit }),
  });
  return [
    names("first", ({ first }) => first),
    names("second", ({ second }) => second),
    numbers("ratio_median", ({ ratio }) => ratio.median),
    numbers("ratio_low_68", ({ ratio }) => ratio.intervals[0].low),
    numbers("ratio_high_68", ({ ratio }) => ratio.intervals[0].high),
    numbers("ratio_low_95", ({ ratio }) => ratio.intervals[2].low),
    numbers("ratio_high_95", ({ ratio }) => ratio.intervals[2].high),
    numbers("p_brighter", ({ brighter }) => brighter),
    numbers("dx", ({ offset }) => offset.dx.mean, "pixel"),
    numbers("dx_std", ({ offset }) => offset.dx.std, "pixel"),
    numbers("dy", ({ offset }) => offset.dy.mean, "pixel"),
    numbers("dy_std", ({ offset }) => offset.dy.std, "pixel"),
    numbers("distance", ({ offset }) => offset.distance.median, "pixel"),
    numbers("distance_low_68", ({ offset }) => offset.distance.intervals[0].low, "pixel"),
    numbers("distance_high_68", ({ offset }) => offset.distance.intervals[0].high, "pixel"),
  ];
}

/** An estimate as the bytes of a FITS file; see `significanceHdus`. The same arguments give the same bytes. */
export function encodeSignificance(
  estimate: SignificanceEstimate,
  provenance: SignificanceProvenance = {},
): Uint8Array {
  return writeFits(significanceHdus(estimate, provenance));
}

const DAMAGED = "the file is damaged, run tslira significance again";

/** @throws FormatError when regions have pixels beyond the images, or a weight for none */
function checkPixels({ run }: SignificanceEstimate, where: string): void {
  const size = run.shape[0] * run.shape[1];
  for (const { name, pixels, weights } of run.regions) {
    if (pixels.every((pixel) => pixel < size) && (weights?.length ?? pixels.length) === pixels.length)
      continue;
    throw new FormatError(
      `${where}: region ${shownValue(name)} must have pixels in the image of ${size}, each with its weight, got others; ${DAMAGED}`,
    );
  }
}

/** An estimate from a file, and where it came from. */
export interface StoredSignificance {
  readonly estimate: SignificanceEstimate;
  readonly provenance: SignificanceProvenance;
}

/**
 * Read what `encodeSignificance` wrote, plain or gzip.
 *
 * @param name of the file for messages
 * @throws FormatError when it is something else, or damaged
 */
export async function decodeSignificance(
  bytes: Uint8Array,
  name = "significance",
): Promise<StoredSignificance> {
  const hdus = await readFitsMaybeGzip(bytes, { name });
  const header = hdus[0]?.header;
  const layout = header?.get("SIGNIFIC");
  if (typeof layout === "number" && layout !== LAYOUT) {
    throw new FormatError(
      `${name}: significance run must have layout ${LAYOUT}, that of tslira ${VERSION}, got layout ${layout} of ` +
        `${header.text("CREATOR") ?? "another version"}; read it with that version`,
    );
  }
  if (layout !== LAYOUT) {
    throw new FormatError(
      `${name}: the file must be written by tslira significance (SIGNIFIC ${LAYOUT}), got another FITS file; give such a file`,
    );
  }
  const json = findColumn(readTable(findHdu(hdus, "ESTIMATE")), "JSON");
  const where = `${name}: table ESTIMATE`;
  if (json === undefined) {
    throw new FormatError(`${where} must have a column JSON, got none; ${DAMAGED}`);
  }
  const text = new TextDecoder().decode(Uint8Array.from(columnNumbers(json), Number));
  const parsed = parseJson(text, where, DAMAGED, reviveNumbers);
  checkSchema(ESTIMATE_SCHEMA, parsed, where, DAMAGED);
  const data = parsed as SignificanceEstimate;
  checkPixels(data, where);
  const maps =
    data.scan === undefined
      ? undefined
      : (Object.fromEntries(
          MAPS.map((map) => [map, imageToSkyImage(findHdu(hdus, MAP_NAMES[map]))]),
        ) as Record<(typeof MAPS)[number], SkyImage>);
  for (const map of maps === undefined ? [] : MAPS) {
    if (maps?.[map].shape.join() === data.run.shape.join()) continue;
    throw new FormatError(
      `${name}: ${MAP_NAMES[map]} must have the shape [${data.run.shape.join(", ")}] of the images, got ` +
        `[${maps?.[map].shape.join(", ")}]; ${DAMAGED}`,
    );
  }
  return {
    estimate: {
      ...data,
      ...(maps === undefined ? {} : { scan: { ...data.scan, ...maps } as LocalSignificance }),
    },
    provenance: storedProvenance(header),
  };
}

/** How far pixels of one observation may lie apart by two headers, in pixels. */
const SAME = 0.5;

/**
 * Check that a significance run is about the observation of a result: its pixels, its place on the sky, its file of counts, as far as both
 * say these.
 *
 * @param path of the run, named in errors
 * @throws InvalidInputError when one of them is another
 */
export function checkSignificance(
  {
    estimate: { run },
    provenance = {},
  }: { readonly estimate: SignificanceEstimate } & Partial<StoredSignificance>,
  of: {
    readonly shape: Shape;
    readonly wcs: readonly WcsCard[];
    readonly inputs?: SignificanceProvenance["inputs"];
  },
  path: string,
): void {
  const refuse = (rule: string, got: string) => {
    throw new InvalidInputError(
      `${path}: must be about ${rule} of the result, got ${got}; give the run of the same observation`,
    );
  };
  if (run.shape.join() !== of.shape.join())
    refuse(`the image [${of.shape.join(", ")}]`, `[${run.shape.join(", ")}]`);
  const { skies } = twoSkies(of.wcs, run.wcs);
  const [ny, nx] = of.shape;
  if (skies !== undefined) {
    const map = pixelMap(...skies);
    for (const [x, y] of [
      [0, 0],
      [nx - 1, 0],
      [0, ny - 1],
      [nx - 1, ny - 1],
    ]) {
      const there = map?.(x, y);
      const apart = there === undefined ? Number.NaN : Math.hypot(there.x - x, there.y - y);
      if (!(apart <= SAME))
        refuse("the sky", Number.isNaN(apart) ? "another" : `pixels ${apart.toFixed(1)} pixels away`);
    }
  }
  const counts = provenance.inputs?.[0];
  if (counts?.sha256 && of.inputs?.length && of.inputs.every(({ sha256 }) => sha256 !== counts.sha256))
    refuse("the counts", `those of ${counts.name} (another SHA-256)`);
}
