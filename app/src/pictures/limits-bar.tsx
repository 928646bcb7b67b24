/** The colour bar of a picture, whose ends are dragged to other limits. */

import { type PointerEvent, useRef } from "react";
import { type ColorScale, valueAt } from "#viewer";
import type { Layer } from "./layers.js";
import type { LookControl } from "./look.js";
import { Bar } from "./picture.js";

/** An end that is being dragged, on the scale of when it was taken. */
interface Held {
  readonly upper: boolean;
  readonly scale: ColorScale;
  readonly from: number;
  readonly width: number;
  readonly step: string;
}

/** Narrowest range that a drag leaves, as a part of the one before. */
const NARROWEST = 0.02;

/**
 * Limits after the end of a scale was dragged.
 *
 * @param by part of the length of the bar, to the right
 */
export function draggedLimits(scale: ColorScale, upper: boolean, by: number): [low: number, high: number] {
  const [low, high] = scale.limits;
  const value = valueAt(scale, upper ? Math.max(1 + by, NARROWEST) : Math.min(by, 1 - NARROWEST));
  const short = Number(value.toPrecision(4));
  // What is white in the middle stays so.
  if (scale.colormap === "RdBu") return upper ? [-short, short] : [short, -short];
  // An end at 0 or above stays there: below lies nothing.
  return upper ? [low, short] : [low < 0 ? short : Math.max(short, 0), high];
}

/** The bar. */
export function LimitsBar({
  layer,
  scale,
  look,
}: {
  readonly layer: Layer;
  readonly scale: ColorScale;
  readonly look: LookControl;
}) {
  const held = useRef<Held>(undefined);
  const drags = useRef(0);
  const onPointerDown = (event: PointerEvent<HTMLDivElement>) => {
    const bar = event.currentTarget.querySelector("canvas");
    if (event.button !== 0 || bar === null || event.target !== bar) return;
    const { left, width } = bar.getBoundingClientRect();
    const upper = event.clientX > left + width / 2;
    held.current = {
      upper,
      scale,
      from: event.clientX,
      width,
      step: `limits ${layer.id} ${++drags.current}`,
    };
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const onPointerMove = (event: PointerEvent<HTMLDivElement>) => {
    const drag = held.current;
    if (drag === undefined) return;
    const limits = draggedLimits(drag.scale, drag.upper, (event.clientX - drag.from) / drag.width);
    if (!(limits[0] < limits[1])) return;
    look.change(({ limits: all }) => ({ limits: { ...all, [layer.id]: limits } }), drag.step);
  };
  const release = () => {
    held.current = undefined;
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: without a pointer limits are typed, under Limits.
    <div
      className="limits-bar"
      title="Drag an end for other limits; double click for those of the picture"
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={release}
      onPointerCancel={release}
      onDoubleClick={() => look.change(({ limits: { [layer.id]: _, ...rest } }) => ({ limits: rest }), "")}
    >
      <Bar scale={scale} label={layer.label} unit={layer.unit} />
    </div>
  );
}
