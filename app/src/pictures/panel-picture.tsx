/** One of the linked pictures, and what mouse, fingers and keys do on it. */

import { useCallback, useMemo, useRef } from "react";
import type { Shape } from "tslira";
import type { Cutout } from "tslira/fits";
import type { CatalogueSource } from "tslira/significance";
import type { SkyWcs } from "tslira/sky";
import {
  arrowStep,
  type ColorScale,
  clampView,
  compass,
  crossShape,
  type Frame,
  nearestPixel,
  outlined,
  quantityScale,
  type Selection,
  scaleBar,
  selectionShape,
  shapeOutline,
  type Viewport,
  viewByKey,
  viewHolding,
  wheelFactor,
  wholeView,
  zoomAt,
} from "#viewer";
import type { RegionGestures } from "../regions/region-gestures.js";
import type { Layer } from "./layers.js";
import { LimitsBar } from "./limits-bar.js";
import type { LookControl } from "./look.js";
import { styleOf } from "./look-menu.js";
import { Picture } from "./picture.js";
import { usePinch } from "./pinch.js";
import type { LineDrawing } from "./sky-lines.js";
import type { Tool } from "./tool.js";

/** A rectangle that is being drawn or waits for a yes. */
export interface Cut {
  readonly target: "counts" | "psf";
  readonly rectangle: Selection & { readonly kind: "rectangle" };
}

/** What all pictures of the grid share. */
export interface GridProps {
  readonly layers: readonly Layer[];
  readonly panels: readonly string[];
  readonly onPanels: (panels: readonly string[]) => void;
  readonly shape: Shape;
  readonly wcs: SkyWcs | undefined;
  readonly view: Viewport;
  readonly onView: (view: Viewport) => void;
  readonly cursor: readonly [number, number];
  readonly onCursor: (cursor: readonly [number, number]) => void;
  readonly selection: Selection;
  readonly onSelect: (selection: Selection) => void;
  readonly tool: Tool;
  readonly onCut: (target: "counts" | "psf", part: Cutout) => void;
  readonly look: LookControl;
  readonly gestures: RegionGestures;
  /** Grid and contours. */
  readonly lines: LineDrawing | undefined;
  /** Marked on the sky. */
  readonly sources: readonly CatalogueSource[] | undefined;
}

/** Ruler and compass, above the labels of a grid. */
export function rulers(
  frame: Frame,
  wcs: SkyWcs | undefined,
  view: Viewport,
  lines: LineDrawing | undefined,
): string {
  const bar = scaleBar(frame, wcs, view.x, view.y);
  const margin = lines?.margin(frame) ?? 0;
  return (
    (margin > 0 ? `<g transform="translate(0,-${margin})">${bar}</g>` : bar) +
    compass(frame, wcs, view.x, view.y)
  );
}

/** Apertures of sources with their names. */
function sourceMarks(frame: Frame, sources: readonly CatalogueSource[] = []): string {
  return sources
    .map(({ name, x, y, radius }) => {
      const [left, top] = frame.project(x + radius, y + radius);
      const ring = outlined(shapeOutline(frame, { kind: "circle", x, y, radius }));
      return `${ring}<text class="source-name" x="${left}" y="${top}">${name}</text>`;
    })
    .join("");
}

interface PanelProps extends GridProps {
  readonly layer: Layer;
  readonly image: NonNullable<Layer["image"]>;
  readonly first: boolean;
  readonly cut: Cut | undefined;
  readonly onDraw: (cut: Cut | undefined) => void;
}

/** The picture with its colour bar. */
export function PanelPicture(props: PanelProps) {
  const { layer, image, first, cut, cursor, selection, wcs, tool, look, gestures, sources, lines } = props;
  const style = useMemo(() => styleOf(look.now, layer.id), [look.now, layer.id]);
  const isPsf = layer.kind === "psf";
  const shape = isPsf ? image.shape : props.shape;
  const psfView = useMemo(() => wholeView(image.shape), [image.shape]);
  const view = isPsf ? psfView : props.view;
  const scale: ColorScale = useMemo(
    () => quantityScale(layer.kind, image, style),
    [layer.kind, image, style],
  );
  const drag = useRef<{ start: [number, number]; px: [number, number]; moved: boolean }>(undefined);

  const overlay = useCallback(
    (frame: Frame) => {
      const rectangle = cut && (cut.target === "psf") === isPsf ? selectionShape(frame, cut.rectangle) : "";
      if (isPsf) return rectangle;
      const ruler = first ? rulers(frame, wcs, view, lines) : "";
      const picked = selection.kind === "region" ? "" : selectionShape(frame, selection);
      return (
        (lines?.overlay(frame, wcs, view, shape) ?? "") +
        crossShape(frame, cursor) +
        picked +
        sourceMarks(frame, sources) +
        gestures.overlay(frame) +
        rectangle +
        ruler
      );
    },
    [cut, isPsf, first, wcs, view, shape, cursor, selection, gestures, sources, lines],
  );

  const pixelAt = (position: readonly [number, number]) => nearestPixel(position, shape);
  const pick = ([x, y]: readonly [number, number]) => props.onSelect({ kind: "pixel", x, y });
  const pinch = usePinch(view, props.onView, shape);

  const onPointer = (event: PointerEvent, frame: Frame) => {
    if (!isPsf && pinch(event, frame)) {
      drag.current = undefined;
      gestures.letGo();
      return;
    }
    const at = frame.locate(event);
    if ((!isPsf || event.button === 2 || event.buttons === 2) && gestures.onPointer(event, frame)) {
      if (!isPsf && event.type === "pointermove") props.onCursor(pixelAt(at));
      return;
    }
    if (event.type === "pointerdown") {
      if (event.button !== 0) return;
      drag.current = { start: at, px: [event.clientX, event.clientY], moved: false };
      frame.element.setPointerCapture(event.pointerId);
      return;
    }
    const held = drag.current;
    if (event.type === "pointermove") {
      if (held === undefined) {
        if (!isPsf) props.onCursor(pixelAt(at));
        return;
      }
      if (!held.moved && Math.hypot(event.clientX - held.px[0], event.clientY - held.px[1]) < 4) return;
      held.moved = true;
      const [x, y] = held.start;
      if (tool === "cut") {
        const [x1, y1] = pixelAt(at);
        const [x0, y0] = pixelAt(held.start);
        props.onDraw({ target: isPsf ? "psf" : "counts", rectangle: { kind: "rectangle", x0, y0, x1, y1 } });
      } else if (isPsf) return;
      else {
        props.onView(clampView({ ...view, x: view.x + x - at[0], y: view.y + y - at[1] }, shape));
      }
      return;
    }
    if (event.type === "pointerup" && held !== undefined && !held.moved && !isPsf && tool !== "cut") {
      props.onCursor(pixelAt(at));
      pick(pixelAt(at));
    }
    if (event.type !== "pointerleave") drag.current = undefined;
  };
  const onWheel = (event: WheelEvent, frame: Frame) => {
    if (isPsf) return;
    event.preventDefault();
    const [x, y] = frame.locate(event);
    props.onView(zoomAt(view, wheelFactor(event), x, y, shape));
  };
  const onKey = (event: KeyboardEvent) => {
    if (isPsf || event.ctrlKey || event.metaKey) return;
    if (gestures.onKey(event, cursor)) {
      event.preventDefault();
      return;
    }
    if (event.altKey) return;
    const move = arrowStep(event.key, event.shiftKey ? 10 : 1);
    const next = viewByKey(event.key, view, cursor, shape);
    if (move) {
      const at = pixelAt([cursor[0] + move[0], cursor[1] + move[1]]);
      props.onCursor(at);
      props.onView(viewHolding(view, at, shape));
    } else if (event.key === "Enter" || event.key === " ") pick(cursor);
    else if (next) props.onView(next);
    else return;
    event.preventDefault();
  };

  const [ny, nx] = image.shape;
  return (
    <>
      <Picture
        image={image}
        scale={scale}
        shape={shape}
        {...(layer.at && { at: layer.at })}
        view={view}
        overlay={overlay}
        active
        label={`${layer.title}, ${nx} by ${ny} pixels.${
          isPsf
            ? ""
            : " Arrow keys move the cursor, Enter selects or draws, plus and minus zoom, Alt with arrows moves a region, brackets resize it."
        }`}
        cursor={tool === "cut" ? "crosshair" : isPsf ? "default" : "crosshair"}
        onPointer={onPointer}
        onWheel={onWheel}
        onKey={onKey}
      />
      <LimitsBar layer={layer} scale={scale} look={look} />
    </>
  );
}
