import { FormatError } from "../errors.js";
import { given } from "../given.js";
import type { SkyImage } from "../image.js";
import type { EstimatedComponent, PointEstimate } from "../posterior/point-estimate.js";
import { type EstimateProvenance, provenanceCards, storedProvenance } from "./file-origin.js";
import {
  columnNumbers,
  type FitsCard,
  type FitsHdu,
  type FitsHduInput,
  findColumn,
  fitsCard,
  imageToSkyImage,
  readFitsMaybeGzip,
  readTable,
  wcsCards,
  writeFits,
} from "./fits.js";
import { numbered } from "./fits-header.js";
import { scaleWcs, shiftWcs } from "./fits-wcs.js";
import { pixelArea } from "./flux-unit.js";
import { fileOf } from "./hdu.js";
import { planes } from "./result-decode.js";
import { cube, image } from "./result-encode.js";
import {
  AMOUNT,
  checkedImage,
  checkedNumber,
  checkNumbers,
  damaged,
  FIGURE,
  type NumberRule,
  WHOLE,
} from "./result-rules.js";
import { escapeText, unescapeText } from "./result-text.js";
import { isEstimate } from "./tslira-file.js";

const LAYOUT = 1;

/**
 * An estimate as a FITS file:
 *
 * | HDU | content |
 * |---|---|
 * | PRIMARY | flux `[ny, nx]` with sky coordinates, and the cards below |
 * | SKY | flux of the whole sky, where it has a margin; all other images of the flux are of the frame |
 * | STD | standard deviation, if estimated |
 * | INTERVAL | `[2, ny, nx]`: ends of the 68 % interval, if estimated |
 * | PREDICTED | `[ny, nx]` of the detector: expected counts, one HDU for each observation (EXTVER 1, 2 ...) |
 * | OBJECTIVE | table `iteration, objective` |
 *
 * Cards: ESTIMATE (version of this layout, 1), METHOD, NITER, CONVERGD, COMPLETE, STOPPED, CASH, LOGPRIOR, PRIORSTR, UPSAMPLE,
 * MARGIN, BKGSCLn, PRIORPn, SECONDS, WARNn; CREATOR, COMMAND, INPUTn, SHAn.
 */
export function encodePointEstimate(
  estimate: PointEstimate,
  provenance: EstimateProvenance = {},
): Uint8Array {
  return writeFits(estimateHdus(estimate, provenance));
}

/** The HDUs of `encodePointEstimate`. */
export function estimateHdus(estimate: PointEstimate, provenance: EstimateProvenance = {}): FitsHduInput[] {
  const { upsampling, margin, wcs = [], objective } = estimate;
  const sky = scaleWcs(wcs, upsampling);
  const unit = provenance.unit === undefined ? [] : [fitsCard("BUNIT", escapeText(provenance.unit))];
  const area = pixelArea(sky, estimate.flux.shape);
  const hdus: FitsHduInput[] = [
    image("PRIMARY", estimate.flux, [
      ...unit,
      ...estimateCards(estimate),
      ...provenanceCards(provenance),
      ...(Number.isFinite(area)
        ? [fitsCard("PIXAREA", area, "[arcsec2] area of a pixel in the middle")]
        : []),
      ...sky,
    ]),
  ];
  for (const { name, prior, flux, logPrior } of estimate.components ?? []) {
    hdus.push(
      image("COMPONENT", flux, [
        ...unit,
        fitsCard("TITLE", escapeText(name), "name of the component"),
        fitsCard("PRIOR", escapeText(prior)),
        ...(Number.isFinite(logPrior) ? [fitsCard("LOGPRIOR", logPrior)] : []),
        ...sky,
      ]),
    );
  }
  if (estimate.sky !== undefined) {
    const whole = scaleWcs(shiftWcs(wcs, -margin, -margin), upsampling);
    hdus.push(image("SKY", estimate.sky, [...unit, ...whole]));
  }
  if (estimate.std !== undefined) hdus.push(image("STD", estimate.std, [...unit, ...sky]));
  if (estimate.interval !== undefined) {
    const ends = [fitsCard("PROB1", 0.16, "plane 1"), fitsCard("PROB2", 0.84, "plane 2")];
    hdus.push(cube("INTERVAL", estimate.flux.shape, estimate.interval, [...unit, ...ends, ...sky]));
  }
  for (const [index, predicted] of estimate.predicted.entries()) {
    hdus.push(image("PREDICTED", predicted, index === 0 ? wcs : []));
  }
  hdus.push({
    kind: "table",
    name: "OBJECTIVE",
    columns: [
      { name: "iteration", format: "J", values: Int32Array.from(objective, (_, index) => index + 1) },
      { name: "objective", format: "D", values: Float64Array.from(objective) },
    ],
  });
  return hdus;
}

function estimateCards(estimate: PointEstimate): FitsCard[] {
  const { method, iterations, converged, complete, stopped, cash, logPrior } = estimate;
  const { upsampling, margin, seconds, warnings } = estimate;
  return [
    fitsCard("ESTIMATE", LAYOUT, "one image, by the method below"),
    fitsCard("METHOD", method),
    fitsCard("NITER", iterations, "iterations"),
    fitsCard("CONVERGD", converged, "ended by its own rule"),
    fitsCard("COMPLETE", complete, "F: ended early from outside"),
    fitsCard("STOPPED", escapeText(stopped)),
    fitsCard("CASH", cash, "2 sum(lambda - counts ln lambda)"),
    ...(logPrior === undefined || !Number.isFinite(logPrior) ? [] : [fitsCard("LOGPRIOR", logPrior)]),
    ...(estimate.priorStrength === undefined
      ? []
      : [fitsCard("PRIORSTR", estimate.priorStrength, "factor of the log prior, by photons held out")]),
    fitsCard("UPSAMPLE", upsampling, "sky pixels a detector pixel"),
    fitsCard("MARGIN", margin, "detector pixels beyond each edge"),
    ...estimate.backgroundScale.map((value, index) => fitsCard(`BKGSCL${index + 1}`, value)),
    ...(estimate.priorParameters ?? []).map((value, index) => fitsCard(`PRIORP${index + 1}`, value)),
    fitsCard("SECONDS", seconds),
    ...warnings.map((text, index) => fitsCard(`WARN${index + 1}`, escapeText(text))),
  ];
}

/** An estimate from a file, and where it came from. */
export interface StoredEstimate {
  readonly estimate: PointEstimate;
  readonly provenance: EstimateProvenance;
}

/**
 * Read what `encodePointEstimate` wrote, plain or gzip.
 *
 * @throws FormatError when it is not an estimate, or damaged
 */
export async function decodePointEstimate(bytes: Uint8Array): Promise<StoredEstimate> {
  return decodeEstimateHdus(await readFitsMaybeGzip(bytes));
}

/** The estimate in HDUs. @throws FormatError when they are not those of an estimate */
export function decodeEstimateHdus(hdus: readonly FitsHdu[]): StoredEstimate {
  if (!isEstimate(hdus)) {
    throw new FormatError(
      "estimate: the file must be an image by a method such as richardson-lucy or map, got another FITS file; read results of " +
        "the sampler with decodeResult",
    );
  }
  const [{ header }] = hdus;
  const file = fileOf(hdus[0]);
  if (header.get("ESTIMATE") !== LAYOUT) {
    throw new FormatError(
      `${file}: estimate must have layout ${LAYOUT}, got ${String(header.get("ESTIMATE"))} of ${header.text("CREATOR") ?? "an unknown program"}; ` +
        "read it with that version",
    );
  }
  const named = (name: string) => hdus.find((hdu) => hdu.name === name);
  const sky = named("SKY");
  const std = named("STD");
  const interval = named("INTERVAL");
  const components = hdus.filter(({ name }) => name === "COMPONENT");
  const predicted = hdus.filter(({ name }) => name === "PREDICTED");
  const objective = named("OBJECTIVE");
  const values = objective === undefined ? undefined : findColumn(readTable(objective), "objective");
  if (predicted.length === 0 || values === undefined) {
    throw new FormatError(
      "estimate: the file must hold the HDUs PREDICTED and OBJECTIVE, got no such; it is damaged, write it again",
    );
  }
  const wcs = wcsCards(predicted[0].header);
  const amounts = (hdu: FitsHdu) => checkedImage(hdu.label, imageToSkyImage(hdu), { rule: AMOUNT });
  const flux = amounts(hdus[0]);
  const alike = ["flux", flux] as const;
  const card = (name: string, rule: NumberRule) =>
    checkedNumber(file, name, Number(header.get(name) ?? Number.NaN), rule);
  const priorParameters = numbered(header, "PRIORP").map(Number);
  const unit = header.text("BUNIT");
  return {
    estimate: {
      method: header.text("METHOD") ?? "",
      flux,
      ...(components.length === 0 ? {} : { components: components.map(component) }),
      ...(sky && { sky: amounts(sky) }),
      ...(std && { std: checkedImage(std.label, imageToSkyImage(std), { rule: FIGURE, alike }) }),
      ...(interval && { interval: bounds(interval, alike) }),
      predicted: predicted.map(amounts),
      backgroundScale: [...checkNumbers(`${file}: BKGSCL`, numbered(header, "BKGSCL").map(Number), AMOUNT)],
      cash: Number(header.get("CASH")),
      ...given({ logPrior: header.number("LOGPRIOR"), priorStrength: header.number("PRIORSTR") }),
      ...(priorParameters.length === 0 ? {} : { priorParameters }),
      iterations: card("NITER", WHOLE),
      objective: [...columnNumbers(values)],
      converged: header.get("CONVERGD") === true,
      complete: header.get("COMPLETE") === true,
      stopped: unescapeText(header.text("STOPPED") ?? ""),
      upsampling: card("UPSAMPLE", WHOLE),
      margin: card("MARGIN", WHOLE),
      warnings: numbered(header, "WARN").map((text) => unescapeText(String(text))),
      ...(wcs.length === 0 ? {} : { wcs }),
      seconds: Number(header.get("SECONDS")),
    },
    provenance: { ...storedProvenance(header), ...(unit === undefined ? {} : { unit: unescapeText(unit) }) },
  };
}

function component(hdu: FitsHdu): EstimatedComponent {
  const { header } = hdu;
  return {
    name: unescapeText(header.text("TITLE") ?? ""),
    prior: unescapeText(header.text("PRIOR") ?? ""),
    flux: imageToSkyImage(hdu),
    logPrior: header.number("LOGPRIOR") ?? Number.NaN,
  };
}

function bounds(hdu: FitsHdu, alike: readonly [string, SkyImage]): [SkyImage, SkyImage] {
  const [low, high, ...rest] = planes(hdu).map((plane) => checkedImage(hdu.label, plane, { alike }));
  if (high === undefined || rest.length > 0) throw damaged(hdu.label, "must have two planes, got others");
  return [low, high];
}
