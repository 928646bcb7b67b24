/** A large image made smaller, on which the part that is opened is chosen. Fetched when there is one. */

import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Shape, SkyImage } from "tslira";
import type { Cutout } from "tslira/fits";
import {
  arrowStep,
  colorScale,
  type Frame,
  selectionShape,
  type Viewport,
  viewByKey,
  wheelFactor,
  wholeView,
  zoomAt,
} from "#viewer";
import type { Desk } from "../desk/desk.js";
import type { ImageChoice } from "../desk/observation-view.js";
import { previewStep } from "../desk/preview.js";
import { OVERVIEW_SIDE } from "../desk/start-calls.js";
import { Picture } from "../pictures/picture.js";
import { usePinch } from "../pictures/pinch.js";
import { isLarge } from "./large-image.js";

interface OverviewProps {
  readonly desk: Desk;
  readonly choice: ImageChoice;
  readonly shape: Shape;
  /** The part that is chosen. */
  readonly part: Cutout | undefined;
  readonly onPart: (part: Cutout) => void;
}

/** Blocks that may be brighter than the last colour: those of bright sources, so that faint compact ones are seen beside them. Half are dark. */
const SATURATED = 20;
/** px before a press becomes a drag. */
const SLACK = 4;

/** What a press began: a new part from a corner, or moving the one there is, or the view. */
type Held = { readonly px: readonly [number, number]; moved: boolean } & (
  | { readonly kind: "draw"; readonly from: readonly [number, number] }
  | { readonly kind: "move"; readonly from: readonly [number, number]; readonly part: Cutout }
);

const within = (at: number, size: number) => Math.min(Math.max(at, 0), size);

/** A part moved by whole pixels, kept inside of the image. */
function movedPart({ x, y }: Cutout, dx: number, dy: number, [ny, nx]: Shape): Cutout {
  const moved = ([from, to]: readonly [number, number], by: number, size: number): [number, number] => {
    const start = within(from + by, size - (to - from));
    return [start, start + to - from];
  };
  return { x: moved(x, dx, nx), y: moved(y, dy, ny) };
}

/** The picture. */
export function Overview({ desk, choice, shape, part, onPart }: OverviewProps) {
  const [image, setImage] = useState<SkyImage>();
  const { file, hdu, name } = choice;
  useEffect(() => {
    let current = true;
    setImage(undefined);
    desk.overview({ file, hdu, name }).then(
      (found) => current && setImage(found),
      // Opening the file says what is wrong with it.
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [desk, file, hdu, name]);
  if (image === undefined) return <p className="muted">Drawing the whole image …</p>;
  return <Chooser image={image} shape={shape} part={part} onPart={onPart} />;
}

function Chooser({
  image,
  shape,
  part,
  onPart,
}: Pick<OverviewProps, "shape" | "part" | "onPart"> & { readonly image: SkyImage }) {
  const step = previewStep(shape, OVERVIEW_SIDE);
  const [view, setView] = useState<Viewport>(() => wholeView(image.shape));
  const held = useRef<Held>(undefined);
  const pinch = usePinch(view, setView, image.shape);
  const scale = useMemo(() => {
    const percent = 100 * Math.max(0.9, 1 - SATURATED / image.data.length);
    return colorScale([image], { limits: [50, percent] });
  }, [image]);
  const overlay = useCallback(
    (frame: Frame) => {
      if (part === undefined) return "";
      const [left, bottom, right, top] = [part.x[0], part.y[0], part.x[1], part.y[1]].map((at) => at / step);
      return selectionShape(frame, {
        kind: "rectangle",
        ...{ x0: left, y0: bottom, x1: right - 1, y1: top - 1 },
      });
    },
    [part, step],
  );
  /** Edges of pixels of the image under a pointer. */
  const edgeAt = (event: PointerEvent, frame: Frame): [number, number] => {
    const [x, y] = frame.locate(event);
    return [within(Math.round((x + 0.5) * step), shape[1]), within(Math.round((y + 0.5) * step), shape[0])];
  };
  const onPointer = (event: PointerEvent, frame: Frame) => {
    if (pinch(event, frame)) {
      held.current = undefined;
      return;
    }
    const [x, y] = edgeAt(event, frame);
    const now = held.current;
    if (event.type === "pointerdown" && event.button === 0) {
      const inside = part && x > part.x[0] && x < part.x[1] && y > part.y[0] && y < part.y[1];
      const press = { px: [event.clientX, event.clientY] as const, moved: false, from: [x, y] as const };
      held.current =
        inside && !event.shiftKey ? { ...press, kind: "move", part } : { ...press, kind: "draw" };
      frame.element.setPointerCapture(event.pointerId);
    } else if (event.type === "pointermove" && now) {
      now.moved ||= Math.hypot(event.clientX - now.px[0], event.clientY - now.px[1]) >= SLACK;
      if (!now.moved) return;
      const [fromX, fromY] = now.from;
      if (now.kind === "move") onPart(movedPart(now.part, x - fromX, y - fromY, shape));
      else if (x !== fromX && y !== fromY)
        onPart({
          x: [Math.min(x, fromX), Math.max(x, fromX)],
          y: [Math.min(y, fromY), Math.max(y, fromY)],
        });
    } else if (event.type === "pointerup" || event.type === "pointercancel") held.current = undefined;
  };
  const onWheel = (event: WheelEvent, frame: Frame) => {
    event.preventDefault();
    setView(zoomAt(view, wheelFactor(event), ...frame.locate(event), image.shape));
  };
  const onKey = (event: KeyboardEvent) => {
    if (part === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const move = arrowStep(event.key, event.shiftKey ? 256 : 32);
    const middle = [(part.x[0] + part.x[1]) / 2 / step, (part.y[0] + part.y[1]) / 2 / step] as const;
    const next = viewByKey(event.key, view, middle, image.shape);
    if (move) onPart(movedPart(part, ...move, shape));
    else if (next) setView(next);
    else return;
    event.preventDefault();
  };
  const size = part && ([part.y[1] - part.y[0], part.x[1] - part.x[0]] as const);
  return (
    <div className="overview">
      <Picture
        image={image}
        scale={scale}
        view={view}
        overlay={overlay}
        active
        label={`The whole image, ${shape[1]} by ${shape[0]} pixels, and the part that is opened. Arrow keys move the part, plus and minus zoom.`}
        cursor="crosshair"
        onPointer={onPointer}
        onWheel={onWheel}
        onKey={onKey}
      />
      <p className="muted" role="status">
        {size && `${size[1].toLocaleString("en-US")} × ${size[0].toLocaleString("en-US")} pixels are opened`}
        {size && isLarge(size) && ": too many, at most 2 million"}. Drag another rectangle, or this one to
        another place; the wheel zooms.
      </p>
    </div>
  );
}
