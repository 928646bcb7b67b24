import type { Observation } from "../data/observation/observation.js";
import { given } from "../given.js";
import type { SkyImage } from "../image.js";
import type { NamesOf } from "../known-names.js";
import { type StretchOptions, stretchOf } from "./color-scale.js";
import { type FigureOptions, figureTitle, frameOf } from "./figure.js";
import { checkFigureOptions, FIGURE, SKY, STRETCH } from "./figure-options.js";
import { boxSize, type SkyPanelOptions, skyOf } from "./image-panel.js";
import { type Panel, plotPanels } from "./plot-panels.js";
import { psfPanels } from "./psf-panels.js";

/** What `plotDataset` shows: an observation, and the true flux where it is known. */
export interface DatasetImages extends Observation {
  /** True flux `[ny, nx]` of a simulation, expected counts a pixel for unit exposure. */
  readonly flux?: SkyImage;
}

/** Options of `plotDataset`. */
export interface PlotDatasetOptions extends FigureOptions, SkyPanelOptions, StretchOptions {
  /** Unit of the exposure, in FITS notation; default none. */
  readonly exposureUnit?: string;
  /** Unit of flux and background, in FITS notation; default none. */
  readonly unit?: string;
  /** Panels a row; default 2 for four panels, else up to 3. */
  readonly columns?: number;
  /** Longer side of each picture in px; default 224. */
  readonly size?: number;
}

const NAMES: NamesOf<PlotDatasetOptions> = {
  ...{ ...FIGURE, ...SKY, ...STRETCH },
  exposureUnit: true,
  unit: true,
  columns: true,
  size: true,
};

/**
 * Draw everything that belongs to an observation: counts, psf, and exposure, background and true flux where it has them.
 *
 * `stretch`, `vmin`, `vmax`, `limits` and `softening` are those of the counts; the flux follows the stretch. Masked pixels of the counts are shown as missing. The psf, or each of a set, has its own pixels as axes, counted from its centre, and a
 * logarithmic scale.
 *
 * @returns an SVG document; its heading is `options.title`, by default the object of the header cards, or the name of the observation
 * @throws InvalidInputError when an image or option is not valid
 */
export function plotDataset(dataset: DatasetImages, options: PlotDatasetOptions): string {
  checkFigureOptions("plotDataset", options, NAMES);
  const { unit, exposureUnit, document, columns, size = 224 } = options;
  const scale = stretchOf(options);
  const { counts, psf, exposure, background, flux, mask, wcs } = dataset;
  const box = boxSize(counts.shape[1], counts.shape[0], size);
  const shared = { ...skyOf(options), ...given({ wcs }) };
  const inFlux = { label: "flux", ...given({ unit }), ...shared };
  const panels: Panel[] = [
    { image: mask ? masked(counts, mask) : counts, title: "Counts", label: "counts", ...scale, ...shared },
  ];
  if (flux) panels.push({ image: flux, title: "True flux", ...inFlux, stretch: scale.stretch });
  if (exposure) {
    panels.push({
      ...{ image: exposure, title: "Exposure", label: "exposure", colormap: "viridis", ...shared },
      ...given({ unit: exposureUnit }),
    });
  }
  if (background)
    panels.push({
      image: background,
      title: "Background",
      ...inFlux,
      label: "background",
      colormap: "cividis",
    });
  // Not taller than the images beside it.
  panels.push(...psfPanels(psf, Math.max(Math.min(box.height, box.width), 140)));
  const title = figureTitle(dataset);
  return plotPanels(panels, {
    document,
    columns: columns ?? (panels.length === 4 ? 2 : Math.min(3, panels.length)),
    size,
    ...given({ title }),
    ...frameOf(options),
  });
}

function masked(counts: SkyImage, mask: SkyImage): SkyImage {
  return {
    data: counts.data.map((value, index) => (mask.data[index] === 0 ? Number.NaN : value)),
    shape: counts.shape,
  };
}
