/** A ruler and the directions on the sky, on top of a picture. */

import { pixelSizeAt } from "../data/sky/pixel-size.js";
import { skyDirections } from "../data/sky/sky-directions.js";
import type { SkyWcs } from "../data/sky/sky-wcs.js";
import { type Frame, outlined } from "./frame.js";

/** Longest ruler in px. */
const LONGEST = 110;
const UNITS = [
  { degrees: 1, name: "°" },
  { degrees: 1 / 60, name: "′" },
  { degrees: 1 / 3600, name: "″" },
] as const;

/** The ruler in the lower left corner: a round number of arcseconds, arcminutes, degrees, or pixels, as at a pixel position. */
export function scaleBar(frame: Frame, wcs: SkyWcs | undefined, x: number, y: number): string {
  const width = frame.element.clientWidth;
  const height = frame.element.clientHeight;
  const most = Math.min(LONGEST, width / 3) / frame.pixelSize();
  const side = wcs === undefined ? 0 : pixelSizeAt(wcs, x, y);
  const unit = UNITS.find(({ degrees }) => most * side >= degrees) ?? UNITS[2];
  const perPixel = side > 0 ? side / unit.degrees : 1;
  const length = roundDown(most * perPixel);
  const px = (length / perPixel) * frame.pixelSize();
  const label = side > 0 ? `${length}${unit.name}` : `${length} px`;
  const [left, bottom] = [10, height - 10];
  return (
    outlined(`<path d="M${left},${bottom - 4}v4h${px.toFixed(1)}v-4"/>`) +
    `<text x="${left + px / 2}" y="${bottom - 7}" text-anchor="middle">${label}</text>`
  );
}

/** A length in pixels at a pixel position on the sky: `12.3″`, `4.56′`, `1.2°`; empty without coordinates. */
export function lengthText(wcs: SkyWcs | undefined, pixels: number, x: number, y: number): string {
  const degrees = wcs === undefined ? 0 : pixels * pixelSizeAt(wcs, x, y);
  if (!(degrees > 0)) return "";
  const unit = UNITS.find((one) => degrees >= one.degrees) ?? UNITS[2];
  return `${Number((degrees / unit.degrees).toPrecision(3))}${unit.name}`;
}

/** North and east (`skyDirections`) in the upper right corner; empty where the sky has none. */
export function compass(frame: Frame, wcs: SkyWcs | undefined, x: number, y: number): string {
  const directions = wcs && skyDirections(wcs, x, y);
  if (directions === undefined) return "";
  const length = 20;
  const middle = { x: frame.element.clientWidth - 34, y: 36 };
  const arrows = directions.map(
    ({ dx, dy }) =>
      `<path d="M${middle.x},${middle.y}l${(length * dx).toFixed(1)},${(-length * dy).toFixed(1)}"/>`,
  );
  const letters = directions.map(
    ({ name, dx, dy }) =>
      `<text x="${(middle.x + (length + 8) * dx).toFixed(1)}" y="${(middle.y - (length + 8) * dy + 4).toFixed(1)}" ` +
      `text-anchor="middle">${name}</text>`,
  );
  return outlined(arrows.join("")) + letters.join("");
}

/** The largest of 1, 2, 5 times a power of ten that is not above a value. */
function roundDown(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const leading = [5, 2, 1].find((factor) => factor * power <= value * (1 + 1e-9)) ?? 1;
  return Number((leading * power).toPrecision(1));
}
