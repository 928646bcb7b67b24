/** Six linked pictures. */

import {
  type CSSProperties,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { Shape } from "tslira";
import type { Cutout } from "tslira/fits";
import type { CatalogueSource } from "tslira/significance";
import type { SkyWcs } from "tslira/sky";
import {
  type ColorScale,
  clampView,
  compass,
  crossShape,
  type Frame,
  outlined,
  quantityScale,
  type Selection,
  scaleBar,
  selectionShape,
  shapeOutline,
  type Viewport,
  wheelFactor,
  wholeView,
  zoomAt,
} from "#viewer";
import type { RegionGestures } from "../regions/region-gestures.js";
import { cutoutOf as cutoutFromText } from "../settings/cutout-text.js";
import type { Layer } from "./layers.js";
import type { LookControl } from "./look.js";
import { LimitsMenu, styleOf } from "./look-menu.js";
import { panelLayout } from "./panel-layout.js";
import { Bar, frameStyle, Picture } from "./picture.js";
import type { Tool } from "./tool.js";

/** A rectangle that is being drawn or waits for a yes. */
interface Cut {
  readonly target: "counts" | "psf";
  readonly rectangle: Selection & { readonly kind: "rectangle" };
}

interface GridProps {
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
  /** Marked on the sky. */
  readonly sources: readonly CatalogueSource[] | undefined;
}

/** Pixels that a drag covers, as a cut-out within the image. */
function cutoutOf({ x0, x1, y0, y1 }: Cut["rectangle"], [ny, nx]: Shape): Cutout {
  const range = (from: number, to: number, size: number): [number, number] => [
    Math.max(0, Math.round(Math.min(from, to))),
    Math.min(size, Math.round(Math.max(from, to)) + 1),
  ];
  return { x: range(x0, x1, nx), y: range(y0, y1, ny) };
}

/** A view that holds the cursor. */
function follow(view: Viewport, [x, y]: readonly [number, number], shape: Shape): Viewport {
  const [halfX, halfY] = [shape[1] / view.zoom / 2, shape[0] / view.zoom / 2];
  const towards = (middle: number, at: number, half: number) =>
    Math.min(Math.max(middle, at - half + 1), at + half - 1);
  return clampView({ ...view, x: towards(view.x, x, halfX), y: towards(view.y, y, halfY) }, shape);
}

/** The room for pictures: the width of their column, and the height of the window below what is above them. */
function useRoom() {
  const host = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 700, height: 600 });
  useLayoutEffect(() => {
    if (host.current === null) return;
    const element = host.current;
    const measure = () =>
      setSize({ width: element.clientWidth, height: document.documentElement.clientHeight - 44 - 64 });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    window.addEventListener("resize", measure);
    return () => {
      observer.disconnect();
      window.removeEventListener("resize", measure);
    };
  }, []);
  return { host, size };
}

/** The pictures. */
export function PanelGrid(props: GridProps) {
  const { layers, panels, onPanels, tool, onCut, shape } = props;
  const [cut, setCut] = useState<Cut>();
  const shown = tool === "cut" ? cut : undefined;
  const psfShape = layers.find(({ id }) => id === "psf")?.image?.shape ?? shape;
  const target = shown?.target === "psf" ? psfShape : shape;
  const part = shown && cutoutOf(shown.rectangle, target);
  const [alone, setAlone] = useState<number>();
  const room = useRoom();
  const shownPanels = panels
    .map((id, index) => ({ id, index }))
    .filter(({ index }) => (alone === undefined ? index < props.look.now.count : index === alone));
  const aspect = Math.min(Math.max(shape[1] / shape[0], 0.4), 4);
  const { columns, tall } = panelLayout(shownPanels.length, aspect, room.size);
  const style = { "--columns": columns, "--tall": `${tall}px` } as CSSProperties;
  useEffect(() => {
    if (alone === undefined) return;
    const keys = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented) setAlone(undefined);
    };
    document.addEventListener("keydown", keys);
    return () => document.removeEventListener("keydown", keys);
  }, [alone]);
  const large = part && part.x[1] - part.x[0] > 1 && part.y[1] - part.y[0] > 1;
  return (
    <>
      <div className={columns < 3 ? "panels few" : "panels"} style={style} ref={room.host}>
        {shownPanels.map(({ id, index }) => {
          const layer = layers.find((one) => one.id === id) ?? layers[0];
          return (
            <figure
              className="panel"
              key={index}
              onDoubleClick={({ target }) => {
                if (target instanceof Element && target.closest(".picture") && tool === "pixel")
                  setAlone(alone === undefined ? index : undefined);
              }}
            >
              <div className="panel-head">
                <select
                  aria-label={`Quantity of picture ${index + 1}`}
                  value={layer.id}
                  onChange={({ target: { value } }) =>
                    onPanels(panels.map((one, at) => (at === index ? value : one)))
                  }
                >
                  {layers.map((one) => (
                    <option key={one.id} value={one.id}>
                      {one.title}
                    </option>
                  ))}
                </select>
                <LimitsMenu layer={layer} look={props.look} />
                <button
                  type="button"
                  className="alone"
                  aria-pressed={alone === index}
                  aria-label={`${layer.title} large`}
                  title="This picture alone, or all of them. Double click"
                  onClick={() => setAlone(alone === undefined ? index : undefined)}
                >
                  ⤢
                </button>
              </div>
              {layer.image === undefined ? (
                <div className="empty" style={frameStyle(shape)}>
                  {layer.waiting}
                </div>
              ) : (
                <PanelPicture
                  {...props}
                  layer={layer}
                  image={layer.image}
                  first={index === 0}
                  cut={shown}
                  onDraw={setCut}
                />
              )}
            </figure>
          );
        })}
      </div>
      {tool === "cut" && (
        <div className="cutbar" role="status">
          {part && large ? (
            <>
              <span>
                Use columns {part.x[0]}:{part.x[1]} and rows {part.y[0]}:{part.y[1]} of the{" "}
                {shown?.target === "psf" ? "psf" : "counts"}, {part.x[1] - part.x[0]} ×{" "}
                {part.y[1] - part.y[0]} pixels?
              </span>
              <button
                type="button"
                className="primary"
                onClick={() => onCut(shown?.target ?? "counts", part)}
              >
                Cut out
              </button>
              <button type="button" onClick={() => setCut(undefined)}>
                Cancel
              </button>
            </>
          ) : (
            <>
              <span>Drag a rectangle over any picture of the sky, or over the point spread function.</span>
              <CutByNumbers shape={shape} onCut={(typed) => onCut("counts", typed)} />
            </>
          )}
        </div>
      )}
    </>
  );
}

/** A cut-out of the sky by its columns and rows. */
function CutByNumbers({
  shape: [ny, nx],
  onCut,
}: {
  readonly shape: Shape;
  readonly onCut: (part: Cutout) => void;
}) {
  const [text, setText] = useState("");
  const typed = cutoutFromText(text);
  const part = typed && typed.x[1] <= nx && typed.y[1] <= ny ? typed : undefined;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (part) onCut(part);
      }}
    >
      <label>
        Or columns, rows{" "}
        <input
          value={text}
          size={16}
          placeholder={`0:${nx},0:${ny}`}
          aria-invalid={text !== "" && part === undefined}
          onChange={({ target }) => setText(target.value)}
        />
      </label>{" "}
      <button type="submit" disabled={part === undefined}>
        Cut out
      </button>
    </form>
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

function PanelPicture(props: PanelProps) {
  const { layer, image, first, cut, cursor, selection, wcs, tool, look, gestures, sources } = props;
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
      const ruler = first ? scaleBar(frame, wcs) + compass(frame, wcs, view.x, view.y) : "";
      const picked = selection.kind === "region" ? "" : selectionShape(frame, selection);
      return (
        crossShape(frame, cursor) +
        picked +
        sourceMarks(frame, sources) +
        gestures.overlay(frame) +
        rectangle +
        ruler
      );
    },
    [cut, isPsf, first, wcs, view, cursor, selection, gestures, sources],
  );

  const pixelAt = ([x, y]: readonly [number, number]): [number, number] => [
    Math.min(Math.max(Math.round(x), 0), shape[1] - 1),
    Math.min(Math.max(Math.round(y), 0), shape[0] - 1),
  ];
  const pick = ([x, y]: readonly [number, number]) => props.onSelect({ kind: "pixel", x, y });

  const onPointer = (event: PointerEvent, frame: Frame) => {
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
    const step = event.shiftKey ? 10 : 1;
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [-step, 0],
      ArrowRight: [step, 0],
      ArrowUp: [0, step],
      ArrowDown: [0, -step],
    };
    const move = moves[event.key];
    if (move) {
      const next = pixelAt([cursor[0] + move[0], cursor[1] + move[1]]);
      props.onCursor(next);
      props.onView(follow(view, next, shape));
    } else if (event.key === "Enter" || event.key === " ") {
      if (event.ctrlKey || event.metaKey) return;
      pick(cursor);
    } else if (event.key === "+" || event.key === "=") props.onView(zoomAt(view, 1.5, ...cursor, shape));
    else if (event.key === "-") props.onView(zoomAt(view, 1 / 1.5, ...cursor, shape));
    else if (event.key === "0") props.onView(wholeView(shape));
    else return;
    event.preventDefault();
  };

  const [ny, nx] = image.shape;
  return (
    <>
      <Picture
        image={image}
        scale={scale}
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
      <Bar scale={scale} label={layer.label} unit={layer.unit} />
    </>
  );
}
