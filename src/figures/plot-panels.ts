import { InvalidInputError } from "../errors.js";
import { given } from "../given.js";
import { type SkyImage, sameShape } from "../image.js";
import type { NamesOf } from "../known-names.js";
import { colorScale } from "./color-scale.js";
import { type Cell, type FigureOptions, layoutFigure } from "./figure.js";
import { checkFigureOptions, FIGURE, IMAGE_PANEL } from "./figure-options.js";
import { type ImagePanelOptions, imagePanel } from "./image-panel.js";
import type { ThemeName } from "./theme.js";

/** One image of `plotPanels`. */
export interface Panel extends ImagePanelOptions {
  readonly image: SkyImage;
  readonly title?: string;
  /** Longer side of this picture in px; default that of the figure. */
  readonly size?: number;
}

/** Options of `plotPanels`. */
export interface PlotPanelsOptions extends FigureOptions {
  /** Panels a row; default up to 3. */
  readonly columns?: number;
  /**
   * `"own"` (default): each panel has its own limits; `"shared"`: one colour scale for all, by the options of the first
   * panel, with one colour bar a full row.
   */
  readonly colorScale?: "own" | "shared";
  /** Longer side of each picture in px; default 224. */
  readonly size?: number;
}

const PANEL: NamesOf<Panel> = { ...IMAGE_PANEL, image: true, title: true, size: true };
const NAMES: NamesOf<PlotPanelsOptions> = { ...FIGURE, columns: true, colorScale: true, size: true };

/**
 * Draw several images as one figure, in a grid with aligned frames.
 *
 * Images of the same shape and sky coordinates share their axes: labels stand at the left and bottom of the grid only.
 *
 * @param panels in reading order, at least one
 * @returns an SVG document
 * @throws InvalidInputError when there is no panel, or an image or option is not valid
 */
export function plotPanels(panels: readonly Panel[], options: PlotPanelsOptions): string {
  checkFigureOptions("plotPanels", options, NAMES);
  const { document, theme = "light", size = 224, columns = Math.min(3, panels.length) } = options;
  if (panels.length === 0)
    throw new InvalidInputError("plotPanels: need at least one panel, got none; give one with an image");
  for (const [index, panel] of panels.entries())
    checkFigureOptions(`plotPanels: panels[${index}]`, panel, PANEL);
  return layoutFigure(options, columns, (zoom, across) => ({
    cells: imageCells(panels, {
      ...{ document, theme, size, zoom, columns: across },
      colorScale: options.colorScale ?? "own",
    }),
    columns: across,
  }));
}

/** What the panels of one grid have in common. */
export interface ImageGrid {
  readonly document: Document;
  readonly theme: ThemeName;
  readonly size: number;
  /** Factor of the size of all panels. */
  readonly zoom: number;
  readonly columns: number;
  readonly colorScale: "own" | "shared";
  /** Places of the grid in reading order, when other cells follow the images; default the number of images. */
  readonly places?: number;
}

/**
 * Lay out images that stand in one grid: shared axes are labelled at its left and bottom only.
 *
 * @param panels in reading order, at least one
 */
export function imageCells(
  panels: readonly Panel[],
  { document, theme, size, zoom, columns, colorScale: scaling, places = panels.length }: ImageGrid,
): Cell[] {
  const first = panels[0];
  const shared =
    scaling === "shared"
      ? colorScale(
          panels.map(({ image }) => image),
          first,
        )
      : undefined;
  const aligned = panels.every((panel) => sharesAxes(panel, first));
  return panels.map((panel, index) => {
    const lastInRow = index % columns === Math.min(columns, panels.length) - 1;
    const { label, unit } = first;
    return imagePanel(panel.image, shared ? { ...panel, ...given({ label, unit }) } : panel, {
      document,
      theme,
      size: (panel.size ?? size) * zoom,
      exact: zoom !== 1,
      ...given({ title: panel.title }),
      ...(shared && { scale: shared, colorBar: lastInRow }),
      xLabels: !aligned || index + columns >= places,
      yLabels: !aligned || index % columns === 0,
    });
  });
}

function sharesAxes(panel: Panel, first: Panel): boolean {
  const key = ({ wcs = [] }: Panel) => JSON.stringify(wcs.map(({ keyword, value }) => [keyword, value]));
  return (
    sameShape(panel.image, first.image) &&
    panel.axes === first.axes &&
    (panel.wcs === first.wcs || key(panel) === key(first))
  );
}
