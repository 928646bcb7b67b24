/** Two fingers on a picture: what lay between them stays there while they spread and move. */

import { useRef } from "react";
import type { Shape } from "tslira";
import { clampView, type Frame, type Viewport, zoomAt } from "#viewer";

interface Point {
  readonly x: number;
  readonly y: number;
}

/** How a pinch began. */
interface Pinch {
  readonly view: Viewport;
  readonly middle: Point;
  readonly apart: number;
  /** Pixel of the image between the fingers, and px a pixel. */
  readonly at: readonly [x: number, y: number];
  readonly size: number;
}

/** Least distance of two fingers, px: below it a finger was counted twice. */
const LEAST = 8;

/** Middle and distance of the first two fingers. */
function between(fingers: ReadonlyMap<number, Point>): { readonly middle: Point; readonly apart: number } {
  const [a, b] = fingers.values();
  return {
    middle: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 },
    apart: Math.max(LEAST, Math.hypot(a.x - b.x, a.y - b.y)),
  };
}

/**
 * Zoom and move a picture by two fingers.
 *
 * @returns a listener for pointers; true from the second finger until the last has left: the event is then nothing else
 */
export function usePinch(view: Viewport, onView: (view: Viewport) => void, shape: Shape) {
  const fingers = useRef(new Map<number, Point>());
  const pinch = useRef<Pinch | "ending">(undefined);
  return (event: PointerEvent, frame: Frame): boolean => {
    const { type, pointerType, pointerId, clientX: x, clientY: y } = event;
    if (pointerType !== "touch") return false;
    const down = fingers.current;
    if (type === "pointerdown") {
      down.set(pointerId, { x, y });
      if (down.size < 2) return false;
      frame.element.setPointerCapture(pointerId);
      if (down.size > 2) return true;
      const { middle, apart } = between(down);
      const at = frame.locate({ clientX: middle.x, clientY: middle.y });
      pinch.current = { view, middle, apart, at, size: frame.pixelSize() };
      return true;
    }
    if (type === "pointermove") {
      if (down.has(pointerId)) down.set(pointerId, { x, y });
      const begun = pinch.current;
      if (begun === undefined) return false;
      if (begun === "ending") return true;
      const { middle, apart } = between(down);
      const next = zoomAt(begun.view, apart / begun.apart, ...begun.at, shape);
      const size = (begun.size * next.zoom) / begun.view.zoom;
      onView(
        clampView(
          {
            ...next,
            x: next.x - (middle.x - begun.middle.x) / size,
            y: next.y + (middle.y - begun.middle.y) / size,
          },
          shape,
        ),
      );
      return true;
    }
    down.delete(pointerId);
    const held = pinch.current !== undefined;
    if (held) pinch.current = down.size === 0 ? undefined : "ending";
    return held;
  };
}
