/** What mouse, finger and keys do to regions on a picture. */

import { useMemo, useRef, useState } from "react";
import type { Shape } from "tslira";
import { type RegionShape, termsContain } from "tslira/sky";
import { arrowStep, escapeXml, type Frame, nearestPixel, outlined, shapeOutline } from "#viewer";
import { type DrawnLine, freeId, freeName, type LookControl } from "../pictures/look.js";
import type { Tool } from "../pictures/tool.js";
import {
  type DrawnRegion,
  dragHandle,
  drawnShape,
  grownShape,
  handleAfter,
  handlesOf,
  movedRegion,
  onBorder,
  onlyShape,
  regionOf,
  type ShapeTool,
  shapeAt,
  withRegion,
} from "./region-edit.js";

type Position = readonly [x: number, y: number];

/** How far from a border or handle a pointer may be, in px of the screen. */
const REACH = { mouse: 7, touch: 16 } as const;
/** Distance of the handle that turns, in px. */
const TURN_GAP = 18;
/** px before a press becomes a drag. */
const SLACK = 4;

type Gesture = { readonly step: string; moved: boolean; readonly px: Position } & (
  | { kind: "handle"; handle: string; region: DrawnRegion }
  | { readonly kind: "move"; readonly region: DrawnRegion; readonly from: Position; readonly click: boolean }
  | {
      readonly kind: "draw";
      readonly tool: Exclude<ShapeTool, "polygon">;
      readonly from: Position;
      id?: number;
    }
  | { readonly kind: "line"; readonly from: Position }
  | { readonly kind: "corner" }
  | { readonly kind: "contrast"; readonly bias: number; readonly contrast: number }
);

/** Handlers for a picture; each says whether the event was its own. */
export interface RegionGestures {
  onPointer(event: PointerEvent, frame: Frame): boolean;
  onKey(event: KeyboardEvent, cursor: Position): boolean;
  overlay(frame: Frame): string;
  /** End what is being drawn or moved: the fingers do something else. */
  letGo(): void;
}

const isShapeTool = (tool: Tool): tool is ShapeTool =>
  tool === "circle" || tool === "ellipse" || tool === "box" || tool === "polygon" || tool === "annulus";

const NO_CORNERS: readonly Position[] = [];

/**
 * Gestures on the pictures of the sky.
 *
 * @param onPick a pixel was picked in a region that could also have been moved
 * @param onDrawn something new was drawn
 */
export function useRegionGestures(
  look: LookControl,
  tool: Tool,
  shape: Shape,
  onPick: (at: Position) => void,
  onDrawn: (what: "region" | "line") => void,
): RegionGestures {
  const gesture = useRef<Gesture>(undefined);
  const count = useRef(0);
  const [corners, setCorners] = useState<readonly Position[]>([]);
  const draft = tool === "polygon" ? corners : NO_CORNERS;

  return useMemo(() => {
    const { now, region: chosen, change } = look;
    const put = (region: DrawnRegion, step: string) =>
      change(({ regions }) => ({ regions: withRegion(regions, region), chosen: region.id }), step);
    const add = (made: RegionShape, step: string): number => {
      const id = freeId(now.regions);
      change(
        ({ regions }) => ({ regions: [...regions, regionOf(id, freeName(regions), made)], chosen: id }),
        step,
      );
      onDrawn("region");
      return id;
    };
    const clamp = (position: Position) => nearestPixel(position, shape);
    const close = () => {
      if (draft.length < 3) return false;
      add({ kind: "polygon", vertices: draft.map(([x, y]) => ({ x, y })) }, "");
      setCorners([]);
      return true;
    };

    function press(event: PointerEvent, frame: Frame): Gesture | undefined {
      const at = frame.locate(event);
      const px: Position = [event.clientX, event.clientY];
      const base = { step: `drag ${++count.current}`, moved: false, px };
      if (event.button === 2) {
        const { bias = 0.5, contrast = 1 } = now.style;
        return { ...base, kind: "contrast", bias, contrast };
      }
      if (event.button !== 0 || tool === "cut") return undefined;
      if (tool === "line") return { ...base, kind: "line", from: clamp(at) };
      if (tool === "polygon" && draft.length > 0) return { ...base, kind: "corner" };
      const size = frame.pixelSize();
      const reach = REACH[event.pointerType === "touch" ? "touch" : "mouse"] / size;
      const only = chosen && onlyShape(chosen);
      if (chosen && only) {
        const near = handlesOf(only, TURN_GAP / size)
          .map((handle) => ({ handle, distance: Math.hypot(handle.x - at[0], handle.y - at[1]) }))
          .filter(({ distance }) => distance <= reach)
          .sort((a, b) => a.distance - b.distance)[0];
        if (near) return { ...base, kind: "handle", handle: near.handle.id, region: chosen };
      }
      // The chosen one first, then the one that was drawn last.
      const order = [...(chosen ? [chosen] : []), ...[...now.regions].reverse()];
      const drawing = isShapeTool(tool);
      const hit = event.shiftKey
        ? undefined
        : order.find(
            (one) =>
              onBorder(one, ...at, reach) || ((drawing || one === chosen) && termsContain(one.terms, ...at)),
          );
      if (hit) {
        const click = !drawing && !onBorder(hit, ...at, reach);
        return { ...base, kind: "move", region: hit, from: at, click };
      }
      if (tool === "polygon") return { ...base, kind: "corner" };
      return drawing ? { ...base, kind: "draw", tool, from: clamp(at) } : undefined;
    }

    function drag(held: Gesture, event: PointerEvent, frame: Frame): void {
      const at = frame.locate(event);
      switch (held.kind) {
        case "contrast": {
          const { clientWidth, clientHeight } = frame.element;
          const bias = held.bias + (event.clientX - held.px[0]) / clientWidth;
          const contrast = held.contrast * 10 ** ((held.px[1] - event.clientY) / clientHeight);
          change(
            ({ style }) => ({
              style: {
                ...style,
                bias: Math.round(100 * Math.min(Math.max(bias, 0), 1)) / 100,
                contrast: Math.round(100 * Math.min(Math.max(contrast, 0.1), 10)) / 100,
              },
            }),
            held.step,
          );
          return;
        }
        case "handle": {
          const { region, handle } = held;
          const only = onlyShape(region);
          if (only === undefined) return;
          const made = dragHandle(only, handle, ...at);
          const next = regionOf(region.id, region.name, made);
          if (handleAfter(handle) !== handle) {
            held.handle = handleAfter(handle);
            held.region = next;
          }
          put(next, held.step);
          return;
        }
        case "move": {
          // By whole pixels, so that what lies on pixels stays on them.
          const [dx, dy] = [Math.round(at[0] - held.from[0]), Math.round(at[1] - held.from[1])];
          put(movedRegion(held.region, dx, dy), held.step);
          return;
        }
        case "draw": {
          const made = drawnShape(held.tool, held.from, at);
          if (held.id === undefined) held.id = add(made, held.step);
          else {
            const { id } = held;
            change(
              ({ regions }) => ({
                regions: regions.map((one) => (one.id === id ? regionOf(id, one.name, made) : one)),
              }),
              held.step,
            );
          }
          return;
        }
        case "line": {
          const [x1, y1] = clamp(at);
          change({ line: { x0: held.from[0], y0: held.from[1], x1, y1 } }, held.step);
          return;
        }
        case "corner":
          return;
      }
    }

    function release(held: Gesture, event: PointerEvent, frame: Frame): void {
      const at = frame.locate(event);
      if (held.kind === "line" && held.moved) onDrawn("line");
      if (held.moved) return;
      if (held.kind === "move") {
        if (held.click) onPick(clamp(at));
        else change({ chosen: held.region.id });
      } else if (held.kind === "draw") add(shapeAt(held.tool, held.from, shape), "");
      else if (held.kind === "corner") {
        const [first] = draft;
        const reach = (2 * REACH.mouse) / frame.pixelSize();
        if (first && Math.hypot(first[0] - at[0], first[1] - at[1]) < reach && close()) return;
        setCorners([...draft, [Math.round(10 * at[0]) / 10, Math.round(10 * at[1]) / 10]]);
      }
    }

    return {
      onPointer(event, frame) {
        if (event.type === "pointerdown") {
          gesture.current = press(event, frame);
          if (gesture.current === undefined) return false;
          frame.element.setPointerCapture(event.pointerId);
          return true;
        }
        const held = gesture.current;
        if (held === undefined) return false;
        if (event.type === "pointermove") {
          const [x, y] = held.px;
          held.moved ||= Math.hypot(event.clientX - x, event.clientY - y) >= SLACK;
          if (held.moved) drag(held, event, frame);
        } else if (event.type === "pointerup") {
          gesture.current = undefined;
          release(held, event, frame);
        } else if (event.type === "pointercancel") gesture.current = undefined;
        return true;
      },

      onKey(event, cursor) {
        const { key, altKey, shiftKey } = event;
        const move = arrowStep(key, shiftKey ? 10 : 1);
        if (altKey && move && chosen) {
          put(movedRegion(chosen, ...move), `move ${chosen.id}`);
          return true;
        }
        if (altKey) return false;
        const only = chosen && onlyShape(chosen);
        if ((key === "[" || key === "]") && chosen && only) {
          put(
            regionOf(chosen.id, chosen.name, grownShape(only, key === "]" ? 0.5 : -0.5)),
            `grow ${chosen.id}`,
          );
          return true;
        }
        if (key === "Escape" && (draft.length > 0 || chosen)) {
          if (draft.length > 0) setCorners([]);
          else change({ chosen: undefined });
          return true;
        }
        if (key !== "Enter" && key !== " ") return false;
        if (tool === "polygon") {
          const last = draft.at(-1);
          if (last && last[0] === cursor[0] && last[1] === cursor[1]) close();
          else setCorners([...draft, cursor]);
          return true;
        }
        if (tool === "line") {
          const { line } = now;
          const open = line !== undefined && line.x0 === line.x1 && line.y0 === line.y1;
          const [x, y] = cursor;
          const next: DrawnLine = open ? { ...line, x1: x, y1: y } : { x0: x, y0: y, x1: x, y1: y };
          change({ line: next }, "line by keys");
          if (open) onDrawn("line");
          return true;
        }
        if (!isShapeTool(tool)) return false;
        add(shapeAt(tool, cursor, shape), "");
        return true;
      },

      letGo() {
        gesture.current = undefined;
      },

      overlay(frame) {
        const others = now.regions.filter(({ id }) => id !== chosen?.id);
        const label = (region: DrawnRegion) => {
          if (now.regions.length < 2) return "";
          const shapes = region.terms.map((term) => term.shape);
          const [x, y] = labelPlace(shapes, frame);
          return `<text class="region-name" x="${x}" y="${y}" text-anchor="middle">${escapeXml(region.name)}</text>`;
        };
        const outline = (region: DrawnRegion, kind: string) =>
          `<g class="region ${kind}">${outlined(region.terms.map(({ shape: one }) => shapeOutline(frame, one)).join(""))}</g>`;
        const only = chosen && onlyShape(chosen);
        const handles = only
          ? handlesOf(only, TURN_GAP / frame.pixelSize())
              .map((handle) => {
                const [x, y] = frame.project(handle.x, handle.y);
                const radius = handle.kind === "new-corner" ? 2.5 : 4;
                return handle.kind === "turn" || handle.kind === "new-corner"
                  ? `<circle class="handle ${handle.kind}" cx="${x}" cy="${y}" r="${radius}"/>`
                  : `<rect class="handle" x="${x - radius}" y="${y - radius}" width="${2 * radius}" height="${2 * radius}"/>`;
              })
              .join("")
          : "";
        const line = now.line && tool === "line" ? lineShape(frame, now.line) : "";
        const open =
          draft.length > 0
            ? outlined(
                `<polyline points="${draft.map(([x, y]) => frame.project(x, y).join(",")).join(" ")}"/>`,
              ) +
              draft
                .map(([x, y]) => frame.project(x, y))
                .map(([x, y]) => `<circle class="handle" cx="${x}" cy="${y}" r="4"/>`)
                .join("")
            : "";
        return (
          others.map((one) => outline(one, "other")).join("") +
          (chosen ? outline(chosen, "chosen") : "") +
          now.regions.map(label).join("") +
          handles +
          line +
          open
        );
      },
    };
  }, [look, tool, shape, draft, onPick, onDrawn]);
}

/** Where the name of a region stands: above it. */
function labelPlace(shapes: readonly RegionShape[], frame: Frame): [x: number, y: number] {
  const corners = shapes.flatMap((one) =>
    handlesOf(one, 0).map((handle) => frame.project(handle.x, handle.y)),
  );
  const [first] = shapes;
  if (corners.length === 0 && first && "x" in first) return frame.project(first.x, first.y);
  const xs = corners.map(([x]) => x);
  return [(Math.min(...xs) + Math.max(...xs)) / 2, Math.min(...corners.map(([, y]) => y)) - 7];
}

function lineShape(frame: Frame, { x0, y0, x1, y1 }: DrawnLine): string {
  const [ax, ay] = frame.project(x0, y0);
  const [bx, by] = frame.project(x1, y1);
  return outlined(`<path d="M${ax},${ay}L${bx},${by}"/><circle cx="${ax}" cy="${ay}" r="3"/>`);
}
