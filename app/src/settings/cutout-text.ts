/** Cut-outs as text, as `--cutout` takes them. */

import type { Cutout } from "tslira/fits";

/** `x0:x1,y0:y1`. */
export function cutoutText({ x, y }: Cutout): string {
  return `${x.join(":")},${y.join(":")}`;
}

/** For people. */
export function cutoutWords({ x, y }: Cutout): string {
  return `columns ${x.join(":")}, rows ${y.join(":")}`;
}

/** A rectangle from `x0:x1,y0:y1`; undefined when it is none. */
export function cutoutOf(text: string): Cutout | undefined {
  const [, ...ends] = /^\s*(\d+)\s*:\s*(\d+)\s*,\s*(\d+)\s*:\s*(\d+)\s*$/.exec(text) ?? [];
  if (ends.length !== 4) return undefined;
  const [x0, x1, y0, y1] = ends.map(Number);
  return x0 < x1 && y0 < y1 ? { x: [x0, x1], y: [y0, y1] } : undefined;
}
