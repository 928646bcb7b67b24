import { InvalidInputError } from "../errors.js";
import type { SkyImage } from "../image.js";
import type { NamesOf } from "../known-names.js";
import { asDrawSource, type DrawSource } from "../posterior/draw-source.js";
import type { ImageTrace } from "../posterior/trace.js";
import { collectFrames, type FrameCollector } from "./animation.js";
import { encodeApng } from "./apng.js";
import type { ColorScaleOptions } from "./color-scale.js";
import { type DrawFrame, drawFrames, drawScale, shownChains } from "./draw-sequence.js";
import { composeFigure, type FigureOptions } from "./figure.js";
import { COLORS, checkFigureOptions, FIGURE, oneOf } from "./figure-options.js";
import { encodeGif } from "./gif.js";
import { imagePanel } from "./image-panel.js";
import { renderPixels } from "./png-node.js";

/** Options of `animateDraws`. */
export interface AnimateDrawsOptions extends FigureOptions, ColorScaleOptions {
  /** `"apng"` (default), or `"gif"` for programs that do not know APNG. */
  readonly format?: "apng" | "gif";
  /** Single draws, the mean of all draws so far, or both beside each other (default). */
  readonly show?: "draws" | "mean" | "both";
  /** Number of the chain, from 0; default all, one after another. */
  readonly chain?: number;
  /** Frames at most, all chains together, evenly spread over the draws; default 60. */
  readonly frames?: number;
  /** From 0.1 to 100; default 8. */
  readonly framesPerSecond?: number;
  /** Pixels of the animation per px of the figure; default 1. */
  readonly scale?: number;
  /** Unit of the flux, in FITS notation; default none. */
  readonly unit?: string;
  /** Longer side of a picture in px; default 240. */
  readonly size?: number;
}

const NAMES: NamesOf<AnimateDrawsOptions> = {
  ...FIGURE,
  ...COLORS,
  format: true,
  show: true,
  chain: true,
  frames: true,
  framesPerSecond: true,
  scale: true,
  unit: true,
  size: true,
};

/** Blanks as wide as digits, so that counting does not move the text. */
const padded = (value: number, digits: number) => String(value).padStart(digits, "\u2007");

/**
 * Draw the posterior as an animation: single draws of the flux, which show what the data allow, beside the mean of all draws so far.
 * Each frame says its chain and draw; one colour scale with its bar serves all.
 *
 * The colours end at the brightest 0.2 % of the pixels of single draws unless `limits` or `vmax` are given.
 *
 * @param images kept draws, in memory or elsewhere
 * @returns the bytes of an APNG or GIF file, the same for the same draws
 * @throws InvalidInputError when there is no draw or chain, or an option is not valid
 */
export async function animateDraws(
  images: ImageTrace | DrawSource,
  options: AnimateDrawsOptions,
): Promise<Uint8Array> {
  checkFigureOptions("animateDraws", options, NAMES, { show: oneOf("draws", "mean", "both") });
  const { format = "apng", frames = 60, framesPerSecond = 8, scale = 1 } = options;
  for (const [name, value] of Object.entries({ frames, framesPerSecond, scale })) {
    if (value > 0 && Number.isFinite(value)) continue;
    throw new InvalidInputError(
      `animateDraws: ${name} must be > 0, got ${value}; leave it out for the default`,
      {
        fields: { [name]: value },
      },
    );
  }
  // Both formats hold the time of a frame in 16 bits: of thousandths of a second, and of hundredths.
  if (!(framesPerSecond >= 0.1 && framesPerSecond <= 100)) {
    throw new InvalidInputError(
      `animateDraws: framesPerSecond must be from 0.1 to 100, got ${framesPerSecond}; leave it out for 8`,
      { fields: { framesPerSecond } },
    );
  }
  const source = asDrawSource(images);
  const chains = shownChains("animateDraws", source, options.chain);
  const colors = drawScale(source, chains, options);
  const share = Math.max(1, Math.floor(frames / chains.length));
  let collector: FrameCollector | undefined;
  let last: DrawFrame | undefined;
  for (const chain of chains) {
    for (const frame of drawFrames(source, chain, share, last)) {
      last = frame;
      const drawn = await renderPixels(frameFigure(frame, source, colors, options), { scale });
      collector ??= collectFrames(drawn.width, drawn.height);
      collector.add(drawn.rgba);
    }
  }
  const animation = collector!.finish(1000 / framesPerSecond);
  return format === "gif" ? encodeGif(animation) : encodeApng(animation);
}

/** One frame as figure; all frames have the same size. */
function frameFigure(
  { chain, draw, sweep, image, mean, averaged }: DrawFrame,
  source: DrawSource,
  scale: ReturnType<typeof drawScale>,
  { document, theme = "light", title, unit, show = "both", size = 240 }: AnimateDrawsOptions,
): string {
  const most = Math.max(...Array.from({ length: source.chains }, (_, index) => source.draws(index)));
  const total = Array.from({ length: source.chains }, (_, index) => source.draws(index)).reduce(
    (a, b) => a + b,
    0,
  );
  const digits = (value: number) => String(value).length;
  const pictures: { image: SkyImage; title: string }[] = [];
  if (show !== "mean") {
    const label = `Chain ${chain + 1}, draw ${padded(draw + 1, digits(most))}, sweep ${padded(
      sweep + 1,
      digits(source.first + most * source.every),
    )}`;
    pictures.push({ image, title: label });
  }
  if (show !== "draws")
    pictures.push({ image: mean, title: `Mean of ${padded(averaged, digits(total))} draws` });
  const cells = pictures.map(({ image: picture, title: heading }, index) =>
    imagePanel(
      picture,
      { label: "flux", ...(unit !== undefined && { unit }) },
      {
        document,
        theme,
        size,
        title: heading,
        scale,
        colorBar: index === pictures.length - 1,
        yLabels: index === 0,
      },
    ),
  );
  return composeFigure(cells, cells.length, { theme, ...(title !== undefined && { title }) });
}
