import { skyDirections } from "../data/sky/sky-directions.js";
import { skyDistance } from "../data/sky/sky-mapping.js";
import { pixelToSky } from "../data/sky/sky-position.js";
import type { SkyWcs } from "../data/sky/sky-wcs.js";
import { outlined, outlinedText } from "./marker.js";
import type { ImageBox } from "./sky-axes.js";
import { px, textWidth } from "./svg.js";
import { FONT_SIZE } from "./theme.js";

const INSET = 9;
const ARROW = 24;
/** Width in px below which scale bar and compass do not fit side by side. */
const NARROW = 110;
/** Side of a box in px below which a compass would cover the picture. */
const SMALLEST = 60;

/** Angular lengths that read well, in degrees, with their labels. */
const LENGTHS: readonly { readonly degrees: number; readonly label: string }[] = [
  ...[0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30].map((n) => ({ degrees: n / 3600, label: `${n}″` })),
  ...[1, 2, 5, 10, 20, 30].map((n) => ({ degrees: n / 60, label: `${n}′` })),
  ...[1, 2, 5, 10, 20, 30].map((n) => ({ degrees: n, label: `${n}°` })),
];

/**
 * A bar of known angular length in the lower left corner, measured along the row through the middle of the image.
 *
 * @param length in degrees; default a round one of at most 35 % of the width
 */
export function scaleBarElements(wcs: SkyWcs, box: ImageBox, length?: number): string {
  const { nx, ny, width, height } = box;
  const [x, y] = [(nx - 1) / 2, (ny - 1) / 2];
  const perPx = (skyDistance(pixelToSky(wcs, x - 0.5, y), pixelToSky(wcs, x + 0.5, y)) * nx) / width;
  if (!(perPx > 0)) return "";
  const chosen =
    length === undefined
      ? LENGTHS.findLast(({ degrees }) => degrees / perPx <= 0.35 * width)
      : { degrees: length, label: lengthLabel(length) };
  if (chosen === undefined) return "";
  const long = chosen.degrees / perPx;
  const bottom = height - INSET - 3;
  const left = Math.max(INSET, INSET + (textWidth(chosen.label, FONT_SIZE.tick) - long) / 2);
  return (
    outlined(`<path d="M${px(left)},${px(bottom - 3)}v6m0,-3h${px(long)}m0,-3v6"`) +
    outlinedText(chosen.label, left + long / 2, bottom - 6, "middle")
  );
}

function lengthLabel(degrees: number): string {
  const [value, mark] =
    degrees >= 1 ? [degrees, "°"] : degrees >= 1 / 60 ? [degrees * 60, "′"] : [degrees * 3600, "″"];
  return `${Number((value as number).toPrecision(3))}${mark}`;
}

/**
 * Arrows to the north and east at the middle of the image, in the lower right corner, or the upper one of a narrow image.
 *
 * Nothing on a picture of less than 60 px.
 *
 * North and east are those of the equator (ICRS for Galactic coordinates). Coordinates that are neither have arrows along
 * which latitude and longitude grow, with their symbols.
 */
export function compassElements(wcs: SkyWcs, box: ImageBox): string {
  const arrows = Math.min(box.width, box.height) < SMALLEST ? undefined : compassDirections(wcs, box);
  if (arrows === undefined) return "";
  const size = Math.min(ARROW, 0.25 * Math.min(box.width, box.height));
  const tips = arrows.map(({ name, x, y }) => ({
    name,
    x: x * size,
    y: y * size,
    textX: x * (size + 8),
    textY: y * (size + 8),
  }));
  const right = Math.max(5, ...tips.map(({ textX }) => textX + 5));
  const above = Math.min(-5, ...tips.map(({ textY }) => textY - 5));
  const below = Math.max(5, ...tips.map(({ textY }) => textY + 5));
  const originX = box.width - INSET - right + 3;
  const originY = box.width < NARROW ? INSET - above - 3 : box.height - INSET - below + 3;
  return tips
    .map(({ name, x, y, textX, textY }) => {
      const [ux, uy] = [x / size, y / size];
      const head = [-1, 1].map(
        (side) => `M${px(x)},${px(y)}l${px(-4 * ux + 3 * side * uy)},${px(-4 * uy - 3 * side * ux)}`,
      );
      return (
        `<g transform="translate(${px(originX)},${px(originY)})">` +
        `${outlined(`<path d="M0,0L${px(x)},${px(y)}${head.join("")}"`)}</g>` +
        outlinedText(name, originX + textX, originY + textY + FONT_SIZE.tick * 0.36, "middle")
      );
    })
    .join("");
}

/** Unit vectors on the figure (y downwards) towards north and east, at the middle of the image. */
function compassDirections(
  wcs: SkyWcs,
  { nx, ny, width, height }: ImageBox,
): { name: string; x: number; y: number }[] | undefined {
  return skyDirections(wcs, (nx - 1) / 2, (ny - 1) / 2)?.map(({ name, dx, dy }) => {
    const [x, y] = [(dx * width) / nx, (-dy * height) / ny];
    const norm = Math.hypot(x, y);
    return { name, x: x / norm, y: y / norm };
  });
}
