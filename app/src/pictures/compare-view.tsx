/** Two results on top of each other: by turns, side by side at a divider, or as their difference or ratio. */

import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Shape, SkyImage } from "tslira";
import type { SkyWcs } from "tslira/sky";
import { regionFluxUnit } from "#studio";
import {
  clampView,
  colorScale,
  crossShape,
  errorText,
  type Frame,
  formatUnit,
  nearestPixel,
  numberText,
  quantityScale,
  type Selection,
  type Style,
  selectedPixels,
  selectionShape,
  selectionText,
  type Viewport,
  wheelFactor,
  zoomAt,
} from "#viewer";
import { Fact } from "../fact.js";
import type { Comparison, KeptResult } from "./kept-result.js";
import { rulers } from "./panel-picture.js";
import { Bar, frameStyle, Picture } from "./picture.js";
import { usePinch } from "./pinch.js";
import type { LineDrawing } from "./sky-lines.js";

/** Factors of two at which the colours of a ratio end at most. */
const MOST_FACTORS = 4;

/** B less A, or how many times B is A in factors of two; NaN where one is not above 0. */
function contrastOf(kind: "difference" | "ratio", [a, b]: readonly [SkyImage, SkyImage]): SkyImage {
  const data = b.data.map((value, pixel) => {
    const before = a.data[pixel];
    if (kind === "difference") return value - before;
    return value > 0 && before > 0 ? Math.log2(value / before) : Number.NaN;
  });
  return { data, shape: b.shape };
}

/** Blue where B is fainter, red where it is brighter. */
function contrastScale(kind: "difference" | "ratio", image: SkyImage) {
  const most = image.data.reduce((all, value) => Math.max(all, Math.abs(value) || 0), 0);
  const reach = kind === "ratio" ? Math.min(MOST_FACTORS, Math.max(most, 0.5)) : most || 1;
  return colorScale([image], { colormap: "RdBu", vmin: -reach, vmax: reach });
}

/** Milliseconds of each picture: 2 Hz, below the three flashes a second of WCAG 2.3.1. */
const HALF_PERIOD = 250;
const QUANTITIES = [
  ["mean", "Posterior mean", "flux"],
  ["std", "Standard deviation", "std"],
] as const;

/** Whether the reader asked for less motion. */
function useReducedMotion(): boolean {
  const [reduced, setReduced] = useState(() => matchMedia("(prefers-reduced-motion: reduce)").matches);
  useEffect(() => {
    const query = matchMedia("(prefers-reduced-motion: reduce)");
    const update = () => setReduced(query.matches);
    query.addEventListener("change", update);
    return () => query.removeEventListener("change", update);
  }, []);
  return reduced;
}

/** What B does otherwise than A: settings whose values differ, in words. */
export function differences(a: object, b: object): string[] {
  const text = (value: unknown) => (value === undefined ? "default" : JSON.stringify(value));
  const [first, second] = [a, b] as Readonly<Record<string, unknown>>[];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((key) => text(first?.[key]) !== text(second?.[key]))
    .map((key) => `${key} ${text(first?.[key])} → ${text(second?.[key])}`);
}

export interface CompareProps {
  readonly a: KeptResult;
  readonly b: KeptResult;
  readonly comparison: Exclude<Comparison, "off">;
  readonly onComparison: (comparison: Comparison) => void;
  readonly shape: Shape;
  readonly wcs: SkyWcs | undefined;
  readonly view: Viewport;
  readonly onView: (view: Viewport) => void;
  readonly cursor: readonly [number, number];
  readonly onCursor: (cursor: readonly [number, number]) => void;
  readonly selection: Selection;
  readonly style: Style;
  readonly unit: string;
  readonly lines: LineDrawing | undefined;
}

/** The view. */
export function CompareView(props: CompareProps) {
  const { a, b, comparison, onComparison, selection, shape, style, unit } = props;
  const reduced = useReducedMotion();
  const [quantity, setQuantity] = useState<"mean" | "std">("mean");
  const [running, setRunning] = useState(!reduced);
  const [second, setSecond] = useState(false);
  const [divider, setDivider] = useState(0.5);
  const moving = comparison === "blink" && running && !reduced;

  useEffect(() => {
    if (!moving) return;
    const timer = setInterval(() => setSecond((now) => !now), HALF_PERIOD);
    return () => clearInterval(timer);
  }, [moving]);
  useEffect(() => {
    const keys = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      onComparison("off");
    };
    document.addEventListener("keydown", keys);
    return () => document.removeEventListener("keydown", keys);
  }, [onComparison]);

  const [, title, kind] = QUANTITIES.find(([id]) => id === quantity) ?? QUANTITIES[0];
  const [images, scale] = useMemo(() => {
    const both = [a[quantity] ?? a.mean, b[quantity] ?? b.mean] as const;
    if (comparison === "blink" || comparison === "swipe")
      return [both, quantityScale(kind, both[1], style, both)] as const;
    const image = contrastOf(comparison, both);
    return [[image], contrastScale(comparison, image)] as const;
  }, [comparison, kind, quantity, a, b, style]);
  const differ = useMemo(() => differences(a.settings, b.settings), [a, b]);
  const sums = useMemo(() => {
    const pixels = selectedPixels(selection, shape);
    const of = ({ mean }: KeptResult) => pixels.reduce((all, pixel) => all + (mean.data[pixel] ?? 0), 0);
    return [of(a), of(b)] as const;
  }, [a, b, selection, shape]);
  const letter = second ? "B" : "A";

  return (
    <section className="compare" aria-label="Two results compared">
      <div className="compare-bar">
        <fieldset className="segments">
          <legend className="spoken">What is compared</legend>
          {QUANTITIES.filter(([id]) => a[id] && b[id]).map(([id, words]) => (
            <label key={id} className={quantity === id ? "chosen" : ""}>
              <input
                type="radio"
                name="compared"
                checked={quantity === id}
                onChange={() => setQuantity(id)}
              />
              {words}
            </label>
          ))}
        </fieldset>
        {comparison === "blink" ? (
          <>
            {!reduced && (
              <button type="button" onClick={() => setRunning(!running)}>
                {running ? "Stop blinking" : "Blink"}
              </button>
            )}
            <button
              type="button"
              disabled={moving}
              onClick={() => setSecond(!second)}
              title="Show the other one"
            >
              Show {second ? "A" : "B"}
            </button>
          </>
        ) : comparison !== "swipe" ? (
          <span>{comparison === "ratio" ? "B / A, in factors of two" : "B − A"}</span>
        ) : (
          <label>
            Divider
            <input
              type="range"
              min={0}
              max={1}
              step={0.01}
              value={divider}
              aria-valuetext={`A to the left of ${Math.round(100 * divider)} percent, B to the right`}
              onChange={({ target }) => setDivider(Number(target.value))}
            />
          </label>
        )}
        <button type="button" className="quiet" onClick={() => onComparison("off")} title="Key Escape">
          Back to all pictures
        </button>
      </div>
      <Stage
        {...props}
        images={images}
        scale={scale}
        title={title}
        second={second}
        divider={divider}
        onDivider={setDivider}
      />
      <div className="compare-scale">
        <Bar
          scale={scale}
          label={
            comparison === "ratio"
              ? "log₂ (B / A)"
              : `${comparison === "difference" ? "B − A, " : ""}${kind === "std" ? "standard deviation" : "flux"}`
          }
          unit={comparison === "ratio" ? "" : unit}
        />
      </div>
      <dl className="facts compare-facts">
        {[a, b].map(({ work, total }, index) => (
          <div
            key={index === 0 ? "A" : "B"}
            className={comparison === "blink" && letter === "AB"[index] ? "main" : ""}
          >
            <dt>{index === 0 ? "A, kept" : "B, latest"}</dt>
            <dd>
              {work}; total flux{" "}
              {total.std === undefined ? numberText(total.mean) : errorText(total.mean, total.std)}{" "}
              {formatUnit(regionFluxUnit(unit) ?? "")}
            </dd>
          </div>
        ))}
        <Fact name="differ in">
          {differ.length > 0 ? differ.join(", ") : "nothing: the settings are the same"}
        </Fact>
        <Fact id="selected" name="selected">
          {selectionText(selection)}: B / A = {sums[0] > 0 ? (sums[1] / sums[0]).toPrecision(4) : "–"}
        </Fact>
      </dl>
    </section>
  );
}

interface StageProps extends CompareProps {
  /** Both, or what they differ by. */
  readonly images: readonly SkyImage[];
  readonly scale: ReturnType<typeof quantityScale>;
  readonly title: string;
  readonly second: boolean;
  readonly divider: number;
  readonly onDivider: (divider: number) => void;
}

/** Both pictures, one above the other. */
function Stage(props: StageProps) {
  const { images, scale, title, comparison, second, divider, onDivider } = props;
  const { view, cursor, selection, wcs, shape, lines } = props;
  const swipe = comparison === "swipe";
  const overlay = useCallback(
    (frame: Frame) =>
      (lines?.overlay(frame, wcs, view, shape) ?? "") +
      crossShape(frame, cursor) +
      selectionShape(frame, selection) +
      rulers(frame, wcs, view, lines),
    [cursor, selection, wcs, view, shape, lines],
  );
  const pinch = usePinch(view, props.onView, shape);
  const start = useRef<readonly [number, number]>(undefined);
  const pointer = (event: PointerEvent, frame: Frame) => {
    if (pinch(event, frame)) {
      start.current = undefined;
      return;
    }
    const [x, y] = frame.locate(event);
    if (!swipe && event.type === "pointerdown" && event.button === 0) {
      start.current = [x, y];
      frame.element.setPointerCapture(event.pointerId);
    }
    if (event.type === "pointerup" || event.type === "pointercancel") start.current = undefined;
    if (event.type === "pointermove" && start.current) {
      const [fromX, fromY] = start.current;
      props.onView(clampView({ ...view, x: view.x + fromX - x, y: view.y + fromY - y }, shape));
      return;
    }
    if (event.type === "pointermove") {
      props.onCursor(nearestPixel([x, y], shape));
    }
    if (swipe && (event.type === "pointerdown" || (event.type === "pointermove" && event.buttons === 1))) {
      const box = frame.element.getBoundingClientRect();
      onDivider(Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1));
    }
  };
  const wheel = (event: WheelEvent, frame: Frame) => {
    event.preventDefault();
    const [x, y] = frame.locate(event);
    props.onView(zoomAt(view, wheelFactor(event), x, y, shape));
  };
  const { aspectRatio: _, ...variable } = frameStyle(shape);
  const percent = `${(100 * divider).toFixed(2)}%`;
  const contrast = comparison === "difference" ? "B − A" : "B / A";
  const shown = swipe
    ? "A at the left, B at the right of the divider"
    : images.length === 1
      ? contrast
      : second
        ? "B"
        : "A";
  const letters = swipe ? ["A", "B"] : [shown];
  return (
    <div className={`stage ${comparison}`} style={variable} data-shown={swipe ? "both" : letters[0]}>
      {images.map((image, index) => (
        <div
          // biome-ignore lint/suspicious/noArrayIndexKey: the two are known by their places.
          key={index}
          className="stage-layer"
          aria-hidden={index === 0 ? undefined : true}
          style={
            index === 0
              ? undefined
              : swipe
                ? { clipPath: `inset(0 0 0 ${percent})` }
                : { visibility: second ? "visible" : "hidden" }
          }
        >
          <Picture
            image={image}
            scale={scale}
            view={view}
            overlay={overlay}
            label={`${title}, ${shown}`}
            onPointer={pointer}
            onWheel={wheel}
          />
        </div>
      ))}
      {swipe && <div className="divider" aria-hidden="true" style={{ left: percent }} />}
      {letters.map((letter, index) => (
        <span key={letter} className={`stage-letter ${index === 1 ? "right" : ""}`} aria-hidden="true">
          {letter}
        </span>
      ))}
    </div>
  );
}
