/** How pictures share the room: as large as they can be, by their shape. */

import type { SkyImage } from "tslira";
import { brightestPixel } from "#studio";
import { colorScale } from "#viewer";

/** How many pictures are shown. */
export const PANEL_COUNTS = [1, 2, 4, 6] as const;

/** What a picture needs besides itself, px: title and colour bar, and the gaps between pictures. */
const AROUND = 92;
const GAP = { x: 16, y: 8 } as const;
/** Height below which a picture is not made, px: beyond it the column scrolls. */
const LEAST = 150;
/** What a picture is worth that must be scrolled to. */
const SCROLLED = 0.75;

/**
 * Columns in which pictures are largest, and the height of each.
 *
 * @param count pictures
 * @param aspect width over height of a picture
 * @param room px for all of them
 */
export function panelLayout(
  count: number,
  aspect: number,
  room: { readonly width: number; readonly height: number },
): { readonly columns: number; readonly tall: number } {
  let best = { columns: 1, tall: 0, drawn: 0 };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const wide = (room.width - (columns - 1) * GAP.x) / columns;
    const high = (room.height - (rows - 1) * GAP.y) / rows - AROUND;
    const tall = Math.max(high, LEAST);
    const drawn = Math.min(wide / aspect, tall);
    // A layout that fits is better than one that scrolls, unless its pictures are much smaller.
    const fits = high >= drawn - 0.5 ? 1 : SCROLLED;
    if (drawn * fits >= best.drawn) best = { columns, tall, drawn: drawn * fits };
  }
  return { columns: best.columns, tall: best.tall };
}

/** Pixels that the limits at the start may cut off: no more than a few, or a compact source in a large image would not be seen. */
const CUT_OFF = 10;
/** How many times the limit without them the brightest pixel must be for them to be cut off: else it leaves room for them all. */
const OUTSTANDING = 2;

/** Percentage of the pixels of counts within the limits at the start. */
export function startPercent(counts: SkyImage): number {
  const percent = Math.max(99.9, 100 * (1 - CUT_OFF / counts.data.length));
  const limit = colorScale([counts], { limits: percent }).limits[1];
  const brightest = counts.data[brightestPixel(counts)];
  return brightest > OUTSTANDING * limit ? percent : 100;
}
