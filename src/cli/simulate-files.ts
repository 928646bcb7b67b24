/** `tslira simulate` of a sky in a file, and of sources in observed counts. */

import type { Boundary } from "../data/observation/boundary.js";
import { checkObservation } from "../data/observation/check-observation.js";
import { injectSources } from "../data/observation/inject-sources.js";
import type { WcsCard } from "../data/observation/observation.js";
import { simulateCounts } from "../data/observation/simulate.js";
import { parseDs9Regions } from "../data/regions/ds9-region.js";
import { pixelToSky } from "../data/sky/sky-position.js";
import { parseWcs } from "../data/sky/sky-wcs.js";
import { InvalidInputError } from "../errors.js";
import { given } from "../given.js";
import { constantImage, type SkyImage } from "../image.js";
import {
  carriedCards,
  type FitsCard,
  type FitsColumnInput,
  type FitsHduInput,
  findHdu,
  fitsCard,
  parseFitsName,
} from "../io/fits.js";
import { openFitsFile, writeFitsFile } from "../io/fits-file-node.js";
import { type ObservationFiles, readObservationFiles, readSkyFiles } from "../io/public-datasets-node.js";
import { shellLine } from "../jobs/shell-command.js";
import { regionFluxUnit } from "../posterior/region.js";
import { VERSION } from "../version.js";
import { formatCount, formatNumber } from "./format.js";
import type { ObservationFlags } from "./observation-options.js";
import { checkOutputPaths, observationPaths } from "./output-path.js";

/** Says of an image that it is a flux, and no counts. */
export const FLUX_CARD = fitsCard("CONTENT", "flux", "true sky of simulated counts");

/** What `tslira simulate` was told of own files. */
export interface SimulateFilesFlags extends ObservationFlags {
  readonly sky?: string | undefined;
  readonly counts?: string | undefined;
  readonly inject?: readonly string[] | undefined;
  readonly injectUnit: "counts" | "flux";
  readonly seed: number;
  readonly boundary: Boundary;
  readonly overwrite?: true | undefined;
  readonly json?: true | undefined;
  readonly quiet?: true | undefined;
}

/** A source to inject: pixels from 0, flux in the unit of the flux, expected photons wherever the psf takes them, and drawn counts. */
interface Injected {
  readonly x: number;
  readonly y: number;
  readonly flux: number;
  readonly photons: number;
  readonly drawn?: number;
}

/** Counts of own files, written with their truth. @param prefix start of the names of all files */
export async function simulateFiles(prefix: string, flags: SimulateFilesFlags): Promise<void> {
  const { sky, seed, boundary, inject = [], quiet = false, json = false } = flags;
  const file = sky ?? flags.counts!;
  const { psf } = flags;
  if (psf === undefined)
    throw new InvalidInputError(
      "simulate: psf must be given, got none; add --psf psf.fits, or --psf gaussian:fwhm=2.5",
    );
  if ((sky === undefined) !== inject.length > 0) {
    throw new InvalidInputError(
      sky === undefined
        ? "simulate: counts must have a source to inject, got none; add --inject 40,17,30"
        : "simulate: --inject must go with --counts, got --sky; add the sources to the image of the sky",
    );
  }
  const companions = { exposure: companion(flags.exposure), background: companion(flags.background) };
  const files: Record<string, string> = { counts: `${prefix}counts.fits` };
  for (const [kind, { number }] of Object.entries(companions))
    if (number !== undefined) files[kind] = `${prefix}${kind}.fits`;
  files.flux = `${prefix}flux.fits`;
  await checkOutputPaths(Object.values(files), {
    overwrite: flags.overwrite === true,
    inputs: observationPaths([
      {
        ...{ counts: file, psf },
        ...{ exposure: companions.exposure.file, background: companions.background.file },
      },
    ]),
  });

  const { backgroundUnit, psfCutout, psfCentre, align } = flags;
  const names = {
    ...{ counts: file, psf },
    ...given({ exposure: companions.exposure.file, background: companions.background.file }),
    ...given({ backgroundUnit, psfCutout, psfCentre, align }),
  };
  const read = await (sky === undefined ? readObservationFiles : readSkyFiles)(names);
  const { shape } = read.observation.counts;
  const constants = Object.fromEntries(
    Object.entries(companions).flatMap(([kind, { number }]) =>
      number === undefined ? [] : [[kind, constantImage(shape, number)] as const],
    ),
  );
  const observation = { ...read.observation, ...constants };
  const header = await headerOf(file);
  const warn = (text: string) => quiet || process.stderr.write(`tslira: warning: ${text}\n`);
  for (const text of [...read.notes, ...(sky === undefined ? [] : skyUnitNotes(file, header, read))])
    warn(text);

  const { sources, made } =
    sky === undefined
      ? injected(observation, inject, flags)
      : { sources: [], made: simulated(observation, { seed, boundary }) };
  for (const text of checkObservation({ ...observation, counts: made.counts }, { boundary }).warnings)
    warn(text);
  const how = `tslira ${VERSION} simulate, seed ${seed}, boundary ${boundary}`;
  const history = [
    sky === undefined ? `${how}: sources injected into ${file}` : `${how}: counts drawn from the sky ${file}`,
    ...sources.map(
      ({ x, y, photons, drawn }) =>
        `injected at (${place(x)}, ${place(y)}), pixels from 0: ${formatNumber(photons)} expected photons, ${drawn} counts drawn`,
    ),
  ].map((text) => fitsCard("HISTORY", text.replace(/[^ -~]/g, "?")));
  // What a header says of the values is not true of other values.
  const carried = carriedCards(header).filter(
    ({ keyword }) => !/^(BUNIT|CONTENT|DATAMIN|DATAMAX)$/.test(keyword),
  );
  const unit = read.unit === undefined ? [] : [fitsCard("BUNIT", read.unit)];
  const wcs = (read.observation.wcs ?? []).map((card) => ({ ...card }));
  const write = (
    name: string,
    data: Int32Array | Float64Array,
    cards: readonly FitsCard[],
    more: FitsHduInput[] = [],
  ) => writeFitsFile(files[name], [{ kind: "image", shape: [...shape], data, cards }, ...more]);
  const counts = fitsCard("BUNIT", "count");
  await write("counts", wholeNumbers(made.counts), [...carried, counts, ...history]);
  for (const [kind, image] of Object.entries(constants)) await write(kind, image.data, wcs);
  const table = sources.length === 0 ? [] : [injectedTable(sources, read)];
  await write("flux", made.flux.data, [...wcs, ...unit, FLUX_CARD, ...history], table);

  const next = nextCommand(prefix, files, flags, companions);
  if (!quiet) {
    process.stderr.write(
      [
        `${file}: ${shape[1]} x ${shape[0]} pixels, ${formatCount(observedSum(made.counts))} counts, seed ${seed}`,
        ...sources.map(
          ({ x, y, flux, photons, drawn }) =>
            `  injected     (${place(x)}, ${place(y)}): flux ${formatNumber(flux)} ${regionFluxUnit(read.unit) ?? ""}`.trimEnd() +
            `, ${formatNumber(photons)} expected photons, ${drawn} counts on the detector`,
        ),
        `  written      ${Object.values(files).join(", ")}`,
        `  next         ${next}`,
        "",
      ].join("\n"),
    );
  }
  if (json) process.stdout.write(`${JSON.stringify({ files, seed, sources, next }, undefined, 2)}\n`);
}

/** Counts as 32-bit integers where they are such. */
export function wholeNumbers({ data }: SkyImage): Int32Array | Float64Array {
  return data.every((value) => Number.isInteger(value) && value < 2 ** 31) ? Int32Array.from(data) : data;
}

/** An exposure or a background: a number for all pixels, or a file. */
function companion(text: string | undefined): { readonly number?: number; readonly file?: string } {
  if (text === undefined) return {};
  const number = Number(text);
  return text.trim() !== "" && Number.isFinite(number) ? { number } : { file: text };
}

const place = (value: number) => String(Number(value.toFixed(2)));

const observedSum = ({ data }: SkyImage) =>
  data.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : value), 0);

async function headerOf(name: string) {
  const { path, extension } = parseFitsName(name);
  const file = await openFitsFile(path);
  try {
    return findHdu(file.hdus, extension).header;
  } finally {
    await file.close();
  }
}

function skyUnitNotes(
  file: string,
  header: Awaited<ReturnType<typeof headerOf>>,
  { unit }: ObservationFiles,
): string[] {
  const plain = (text: string) => text.replace(/[\s*^.()]|counts?|photons?|pixel|ph\b/gi, "");
  const stated = header.text("BUNIT");
  if (!stated || unit === undefined || plain(stated) === plain(unit)) return [];
  return [
    `${file}: sky should be in ${unit}, as the exposure has it, got BUNIT ${stated}; its values are taken as they are`,
  ];
}

function simulated(
  { counts: flux, psf, exposure, background }: ObservationFiles["observation"],
  options: { readonly seed: number; readonly boundary: Boundary },
) {
  const counts = simulateCounts(flux, psf, { ...options, ...given({ exposure, background }) });
  return { counts, flux };
}

/** Sources drawn into an observation. */
function injected(
  observation: ObservationFiles["observation"],
  texts: readonly string[],
  { seed, boundary, injectUnit }: SimulateFilesFlags,
) {
  const { exposure, counts, wcs = [] } = observation;
  const sources = texts.map((text): Injected => {
    const { x, y, amount } = parseSource(text, wcs);
    const [ny, nx] = counts.shape;
    const inside = (value: number, size: number) => Math.max(0, Math.min(size - 1, Math.round(value)));
    const seen = exposure?.data[inside(y, ny) * nx + inside(x, nx)] ?? 1;
    if (injectUnit === "flux") return { x, y, flux: amount, photons: amount * seen };
    if (!(seen > 0)) {
      throw new InvalidInputError(
        `simulate: a source in counts must lie where there is exposure, got ${seen} at (${x}, ${y}); move it, or give --inject-unit flux`,
      );
    }
    return { x, y, flux: amount / seen, photons: amount };
  });
  const made = injectSources(observation, sources, { seed, boundary });
  return { sources: sources.map((source, index) => ({ ...source, drawn: made.drawn[index] })), made };
}

/** A source as `x,y,flux`: pixels from 0, or a position as region files have it. */
function parseSource(text: string, wcs: readonly WcsCard[]) {
  const [, system = "", first = "", second = "", last = ""] =
    /^(?:([a-z0-9]+)\s*;)?([^,]+),([^,]+),([^,]+)$/i.exec(text.trim()) ?? [];
  const amount = Number(last);
  if (last.trim() === "" || !(amount >= 0 && amount < Number.POSITIVE_INFINITY)) {
    throw new InvalidInputError(
      `simulate: --inject must be x,y,flux with a flux >= 0, got ${text}; for example 40,17,30 in pixels from 0`,
    );
  }
  const [x, y] = [Number(first), Number(second)];
  if (system === "" && Number.isFinite(x + y)) return { x, y, amount };
  const region = `${system === "" ? "" : `${system};`}point(${first},${second})`;
  const term = parseDs9Regions(region, { wcs, name: `--inject ${text}` }).regions[0]?.terms[0]?.shape;
  if (term?.kind === "point") return { x: term.x, y: term.y, amount };
  throw new InvalidInputError(`simulate: --inject must name a position, got ${text}; for example 40,17,30`);
}

function injectedTable(sources: readonly Injected[], { unit, observation }: ObservationFiles): FitsHduInput {
  const { wcs } = parseWcs(observation.wcs ?? []);
  const column = (name: string, of: (source: Injected) => number, columnUnit?: string): FitsColumnInput => ({
    ...{ name, format: "D", values: sources.map(of) },
    ...given({ unit: columnUnit }),
  });
  const sky = ({ x, y }: Injected) => pixelToSky(wcs!, x, y);
  return {
    kind: "table",
    name: "INJECTED",
    columns: [
      column("x", ({ x }) => x, "pixel"),
      column("y", ({ y }) => y, "pixel"),
      ...(wcs === undefined
        ? []
        : [
            column("lon", (source) => sky(source).lon, "deg"),
            column("lat", (source) => sky(source).lat, "deg"),
          ]),
      column("flux", ({ flux }) => flux, regionFluxUnit(unit)),
      column("photons", ({ photons }) => photons, "count"),
      column("drawn", ({ drawn }) => drawn!, "count"),
    ],
  };
}

function nextCommand(
  prefix: string,
  files: Readonly<Record<string, string>>,
  { psf, backgroundUnit, psfCutout, psfCentre, align, boundary }: SimulateFilesFlags,
  { exposure, background }: Readonly<Record<"exposure" | "background", { readonly file?: string }>>,
): string {
  const options = {
    psf,
    exposure: files.exposure ?? exposure.file,
    background: files.background ?? background.file,
    "background-unit": backgroundUnit,
    "psf-cutout": psfCutout && `${psfCutout.x.join(":")},${psfCutout.y.join(":")}`,
    "psf-centre": typeof psfCentre === "object" ? `${psfCentre.x},${psfCentre.y}` : psfCentre,
    align,
    boundary: boundary === "spill" ? undefined : boundary,
  };
  const words = Object.entries(options).flatMap(([key, value]) =>
    value === undefined ? [] : [value].flat().flatMap((one) => [`--${key}`, one]),
  );
  return `tslira ${shellLine(["deconvolve", files.counts!, ...words, "-o", `${prefix}result.fits`])}`;
}
