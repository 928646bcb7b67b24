/** The images that panels can show, by the state of things. */

import type { SkyImage } from "tslira";
import type { PixelPosition } from "tslira/sky";
import type { Quantity } from "#viewer";
import type { ObservationView } from "../desk/observation-view.js";
import type { LiveView, ResultView } from "../desk/run-view.js";
import { psfPicture } from "./psf-mosaic.js";

/** A quantity that a panel can show. */
export interface Layer {
  readonly id: string;
  readonly title: string;
  /** Below the colour bar. */
  readonly label: string;
  readonly unit: string;
  readonly kind: Quantity;
  /** Undefined as long as there is none. */
  readonly image: SkyImage | undefined;
  /** What must happen first, when there is no image. */
  readonly waiting?: string;
  /** Where its pixel (0, 0) lies in pixels of the first observation, of another one that lies elsewhere. */
  readonly at?: PixelPosition;
}

/** Layers that a result without its data does not have. */
const NEED_DATA: ReadonlySet<string> = new Set(["counts", "psf", "predicted", "residual"]);
const AFTER = "Appears when the chains are done.";
const DURING = "Appears as soon as the chains run.";

/** All layers of an observation, whether they have an image yet or not. */
export function layersOf(
  data: ObservationView,
  live: LiveView | undefined,
  result: ResultView | undefined,
): Layer[] {
  const { unit = "", others = [], places } = data;
  const at = (index: number) => {
    const place = places?.[index + 1];
    return place && { at: place };
  };
  const layer = (
    id: string,
    title: string,
    kind: Quantity,
    image: SkyImage | undefined,
    rest: { label?: string; unit?: string; waiting?: string; at?: PixelPosition } = {},
  ): Layer => ({ id, title, kind, image, label: title.toLowerCase(), unit: "", ...rest });
  const flux = { label: "flux", unit };
  const soFar = live?.mean && live.meanKind === "mean";
  const all = [
    layer("counts", "Counts", "counts", data.counts),
    ...(data.exposure ? [layer("exposure", "Exposure", "exposure", data.exposure)] : []),
    ...(data.background ? [layer("background", "Background", "background", data.background, flux)] : []),
    ...(data.mask ? [layer("mask", "Mask", "exposure", data.mask)] : []),
    layer("psf", "PSF", "psf", psfPicture(data.psf), { label: "psf" }),
    ...others.flatMap(({ counts, psf, mask }, index) => [
      layer(`counts-${index}`, `Counts ${index + 2}`, "counts", counts, { label: "counts", ...at(index) }),
      ...(mask
        ? [layer(`mask-${index}`, `Mask ${index + 2}`, "exposure", mask, { label: "mask", ...at(index) })]
        : []),
      layer(`psf-${index}`, `PSF ${index + 2}`, "psf", psfPicture(psf), { label: "psf" }),
    ]),
    ...(data.truth ? [layer("truth", "True flux", "flux", data.truth, flux)] : []),
    layer(
      "mean",
      result
        ? "Posterior mean"
        : soFar
          ? "Posterior mean so far"
          : live
            ? "Chains in burn-in"
            : "Posterior mean",
      "flux",
      result?.mean ?? live?.mean,
      { ...flux, waiting: DURING },
    ),
    layer("std", "Standard deviation", "std", result?.std, { ...flux, waiting: AFTER }),
    layer("snr", "Signal to noise", "snr", result && ratio(result.mean, result.std), {
      label: "mean / std",
      waiting: AFTER,
    }),
    layer("predicted", "Predicted counts", "predicted", result?.predicted, {
      label: "counts",
      waiting: AFTER,
    }),
    layer("residual", "Residual", "residual", result?.residual, { label: "residual in σ", waiting: AFTER }),
    ...others.flatMap((_, index) => [
      layer(`predicted-${index}`, `Predicted ${index + 2}`, "predicted", result?.others?.[index].predicted, {
        ...{ label: "counts", waiting: AFTER, ...at(index) },
      }),
      layer(`residual-${index}`, `Residual ${index + 2}`, "residual", result?.others?.[index].residual, {
        ...{ label: "residual in σ", waiting: AFTER, ...at(index) },
      }),
    ]),
    layer("rhat", "R-hat", "rhat", result?.rhat, { label: "R-hat", waiting: AFTER }),
    layer("ess", "Effective sample size", "ess", result?.ess, { label: "ESS", waiting: AFTER }),
    ...(result?.smoothness ?? []).map((image, level) => {
      const size = 2 ** (level + 1);
      return layer(`smoothness-${level}`, `Smoothness, ${size} × ${size}`, "smoothness", image, {
        label: "points ← mean ln α → diffuse light",
      });
    }),
    layer("low", "16 % quantile", "flux", result?.low, { ...flux, waiting: AFTER }),
    layer("high", "84 % quantile", "flux", result?.high, { ...flux, waiting: AFTER }),
  ];
  return data.withoutData ? all.filter(({ id }) => !NEED_DATA.has(id)) : all;
}

function ratio(mean: SkyImage, std: SkyImage): SkyImage {
  return { data: mean.data.map((value, pixel) => value / std.data[pixel]), shape: mean.shape };
}

/** Layers of the six panels, before a run and after it. */
export function panelsFor(data: ObservationView, finished: boolean): string[] {
  if (data.withoutData) return ["mean", "std", "snr", "low", "high", "rhat"];
  if (finished && data.others) return ["counts", "counts-0", "mean", "std", "residual", "residual-0"];
  if (finished) return ["counts", "mean", "std", "predicted", "residual", "rhat"];
  const given = [
    "counts",
    ...(data.others ? ["counts-0"] : []),
    ...(["exposure", "background"] as const).filter((id) => data[id] !== undefined),
    "psf",
  ];
  return [...given, "mean", "std", "residual", "rhat"].slice(0, 6);
}
