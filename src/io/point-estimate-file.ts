import type { WcsCard } from "../data/observation.js";
import type { SkyImage } from "../image.js";
import type { PointEstimate } from "../posterior/point-estimate.js";
import { type FitsCard, type FitsHduInput, fitsCard, writeFits } from "./fits.js";
import { scaleWcs, shiftWcs } from "./fits-wcs.js";
import { escapeText } from "./result-text.js";

/** What the header says about where an estimate comes from. */
export interface EstimateProvenance {
  /** Version of the program that made it. */
  readonly version?: string;
  /** The command or call. */
  readonly command?: string;
  readonly inputs?: readonly { readonly name: string; readonly sha256: string }[];
  /** Unit of the flux. */
  readonly unit?: string;
}

/**
 * An estimate as a FITS file:
 *
 * | HDU | content |
 * |---|---|
 * | PRIMARY | flux `[ny, nx]` with sky coordinates; METHOD, NITER, CONVERGD, STOPPED, CASH, LOGPRIOR, UPSAMPLE, MARGIN, BKGSCLn, PRIORPn |
 * | STD | standard deviation, if estimated |
 * | INTERVAL | `[2, ny, nx]`: ends of the 68 % interval, if estimated |
 * | PREDICTED | `[ny, nx]` of the detector: expected counts, one HDU for each observation (EXTVER 1, 2 ...) |
 * | OBJECTIVE | table `iteration, objective` |
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
  const sky = wcsOf(scaleWcs(shiftWcs(wcs, -margin, -margin), upsampling));
  const unit = provenance.unit === undefined ? [] : [fitsCard("BUNIT", escapeText(provenance.unit))];
  const image = (
    { data, shape }: SkyImage,
    name: string | undefined,
    cards: readonly FitsCard[],
  ): FitsHduInput => ({
    kind: "image",
    ...(name === undefined ? {} : { name }),
    data,
    shape: [...shape],
    cards,
  });
  const hdus: FitsHduInput[] = [
    image(estimate.flux, undefined, [
      ...unit,
      ...estimateCards(estimate),
      ...provenanceCards(provenance),
      ...sky,
    ]),
  ];
  if (estimate.std !== undefined) hdus.push(image(estimate.std, "STD", [...unit, ...sky]));
  if (estimate.interval !== undefined) {
    const [lower, upper] = estimate.interval;
    const data = new Float64Array(2 * lower.data.length);
    data.set(lower.data);
    data.set(upper.data, lower.data.length);
    hdus.push({
      kind: "image",
      name: "INTERVAL",
      data,
      shape: [2, ...lower.shape],
      cards: [...unit, fitsCard("PROB1", 0.16, "plane 1"), fitsCard("PROB2", 0.84, "plane 2"), ...sky],
    });
  }
  for (const [index, predicted] of estimate.predicted.entries()) {
    hdus.push(image(predicted, "PREDICTED", index === 0 ? wcsOf(wcs) : []));
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

function wcsOf(cards: readonly WcsCard[]): FitsCard[] {
  return cards.map(({ keyword, value, comment }) => fitsCard(keyword, value, comment));
}

function estimateCards(estimate: PointEstimate): FitsCard[] {
  const { method, iterations, converged, stopped, cash, logPrior, upsampling, margin, seconds } = estimate;
  return [
    fitsCard("METHOD", method),
    fitsCard("NITER", iterations, "iterations"),
    fitsCard("CONVERGD", converged, "ended by its own rule"),
    fitsCard("STOPPED", escapeText(stopped)),
    fitsCard("CASH", cash, "2 sum(lambda - counts ln lambda)"),
    ...(logPrior === undefined || !Number.isFinite(logPrior) ? [] : [fitsCard("LOGPRIOR", logPrior)]),
    fitsCard("UPSAMPLE", upsampling, "sky pixels a detector pixel"),
    fitsCard("MARGIN", margin, "detector pixels beyond each edge"),
    ...estimate.backgroundScale.map((value, index) => fitsCard(`BKGSCL${index + 1}`, value)),
    ...(estimate.priorParameters ?? []).map((value, index) => fitsCard(`PRIORP${index + 1}`, value)),
    fitsCard("SECONDS", seconds),
  ];
}

function provenanceCards({ version, command, inputs = [] }: EstimateProvenance): FitsCard[] {
  return [
    fitsCard("CREATOR", version === undefined ? "tslira" : `tslira ${version}`),
    ...(command === undefined ? [] : [fitsCard("COMMAND", escapeText(command))]),
    ...inputs.flatMap(({ name, sha256 }, index) => [
      fitsCard(`INPUT${index + 1}`, escapeText(name)),
      fitsCard(`SHA${index + 1}`, sha256),
    ]),
  ];
}
