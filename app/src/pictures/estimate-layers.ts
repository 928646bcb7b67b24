/** The images that panels can show while a method looks for one image, and after it. */

import type { EstimateNews, EstimateView } from "../desk/method-protocol.js";
import type { ObservationView } from "../desk/observation-view.js";
import type { Layer } from "./layers.js";

const NO_ERRORS = "One image has no error bars. For errors choose a sampler, or simulated observations.";
const NO_CHAINS = "For posteriors only.";

/** Panels after a method has ended. */
export function estimatePanels({ std }: EstimateView, data: ObservationView): string[] {
  const given = ["psf", data.truth ? "truth" : data.exposure ? "exposure" : "background"];
  return ["counts", "mean", "residual", "predicted", ...(std ? ["std", "snr"] : given)].filter(
    (id) => id !== "background" || data.background !== undefined,
  );
}

/**
 * Layers of a sampler as those of one image.
 *
 * @param layers of the data, nothing sampled
 */
export function estimateLayers(
  layers: readonly Layer[],
  data: ObservationView,
  news: EstimateNews | undefined,
  estimate: EstimateView | undefined,
): Layer[] {
  const part = news?.stage === "held-out";
  const { std, interval } = estimate ?? {};
  const found: Readonly<Record<string, Partial<Layer>>> = {
    mean: estimate
      ? { title: "Flux", image: estimate.flux }
      : { title: part ? "Flux of a part of the photons" : "Flux so far", image: news?.flux },
    std: { image: std, waiting: NO_ERRORS },
    snr: {
      label: "flux / std",
      waiting: NO_ERRORS,
      image: estimate &&
        std && {
          data: estimate.flux.data.map((value, pixel) => value / std.data[pixel]),
          shape: std.shape,
        },
    },
    low: { image: interval?.[0], waiting: NO_ERRORS },
    high: { image: interval?.[1], waiting: NO_ERRORS },
    predicted: { image: estimate?.predicted },
    residual: { image: estimate?.residual },
    ...Object.fromEntries(
      (estimate?.others ?? []).flatMap(({ predicted, residual }, index) => [
        [`predicted-${index}`, { image: predicted }],
        [`residual-${index}`, { image: residual }],
      ]),
    ),
    rhat: { image: undefined, waiting: NO_CHAINS },
    ess: { image: undefined, waiting: NO_CHAINS },
  };
  const given = new Set(["counts", "psf", ...Object.keys(data)]);
  return layers.map((layer) =>
    found[layer.id] && !given.has(layer.id) ? { ...layer, ...found[layer.id] } : layer,
  );
}
