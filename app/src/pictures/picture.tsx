/** A framed image on the page: the viewer's frame as a component. */

import { type CSSProperties, useEffect, useLayoutEffect, useRef } from "react";
import type { Shape, SkyImage } from "tslira";
import type { PixelPosition } from "tslira/sky";
import {
  type ColorScale,
  createColorBar,
  createFrame,
  type Frame,
  quantityScale,
  type Viewport,
  wholeView,
} from "#viewer";

/** The shape of a frame for the style sheet: as the viewer shapes it, and as a variable to compute with. */
export function frameStyle([ny, nx]: Shape): CSSProperties {
  const aspect = Math.min(Math.max(nx / ny, 0.4), 4);
  return { aspectRatio: aspect, "--aspect": aspect } as CSSProperties;
}

/** What happens on a picture. */
export interface PictureEvents {
  readonly onPointer?: (event: PointerEvent, frame: Frame) => void;
  readonly onWheel?: (event: WheelEvent, frame: Frame) => void;
  readonly onKey?: (event: KeyboardEvent, frame: Frame) => void;
}

interface PictureProps extends PictureEvents {
  readonly image: SkyImage;
  readonly scale: ColorScale;
  /** Of the frame, where it is not that of the image. */
  readonly shape?: Shape;
  /** Where the pixel (0, 0) of the image lies in pixels of the frame, where it is not there. */
  readonly at?: PixelPosition;
  readonly view?: Viewport;
  /** SVG on top; called after every change. */
  readonly overlay?: (frame: Frame) => string;
  readonly label: string;
  /** Whether it takes keys. */
  readonly active?: boolean;
  readonly cursor?: string;
}

/** The picture. */
export function Picture(props: PictureProps) {
  const { image, scale, at, view, overlay, label, active = false, cursor } = props;
  const host = useRef<HTMLDivElement>(null);
  const held = useRef<Frame>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const [ny, nx] = props.shape ?? image.shape;

  useLayoutEffect(() => {
    if (host.current === null) return;
    const frame = createFrame(document, [ny, nx]);
    held.current = frame;
    host.current.replaceChildren(frame.element);
    const { element } = frame;
    const pointer = (event: PointerEvent) => latest.current.onPointer?.(event, frame);
    for (const kind of [
      "pointerdown",
      "pointermove",
      "pointerup",
      "pointercancel",
      "pointerleave",
    ] as const) {
      element.addEventListener(kind, pointer);
    }
    element.addEventListener("wheel", (event) => latest.current.onWheel?.(event, frame), { passive: false });
    element.addEventListener("contextmenu", (event) => latest.current.active && event.preventDefault());
    element.addEventListener("keydown", (event) => latest.current.onKey?.(event, frame));
    return () => {
      held.current = undefined;
    };
  }, [ny, nx]);

  useEffect(() => {
    held.current?.show(image, scale, at);
  }, [image, scale, at]);
  useEffect(() => {
    const frame = held.current;
    if (frame === undefined) return;
    frame.element.setAttribute("role", active ? "application" : "img");
    frame.element.setAttribute("aria-label", label);
    if (active) {
      frame.element.setAttribute("aria-roledescription", "image");
      frame.element.tabIndex = 0;
    }
    frame.element.style.cursor = cursor ?? "";
  }, [label, active, cursor]);
  useEffect(() => {
    const frame = held.current;
    if (frame === undefined) return;
    frame.annotate(() => overlay?.(frame) ?? "");
    frame.look(view ?? wholeView([ny, nx]));
  }, [overlay, view, ny, nx]);

  const { aspectRatio: _, ...variable } = frameStyle([ny, nx]);
  return <div className="picture" style={variable} ref={host} />;
}

/** A colour bar with its label. */
export function Bar({
  scale,
  label,
  unit,
}: {
  readonly scale: ColorScale;
  readonly label: string;
  readonly unit: string;
}) {
  const host = useRef<HTMLDivElement>(null);
  const bar = useRef<ReturnType<typeof createColorBar>>(undefined);
  useLayoutEffect(() => {
    bar.current ??= createColorBar(document);
    host.current?.replaceChildren(bar.current.element);
  }, []);
  useEffect(() => bar.current?.show(scale, label, unit), [scale, label, unit]);
  return <div ref={host} />;
}

/** A small picture without anything on it. */
export function Thumbnail({ image, scale }: { readonly image: SkyImage; readonly scale: ColorScale }) {
  const canvas = useRef<HTMLDivElement>(null);
  const [ny, nx] = image.shape;
  useEffect(() => {
    const frame = createFrame(document, [ny, nx]);
    canvas.current?.replaceChildren(frame.element);
    frame.show(image, scale);
  }, [image, scale, ny, nx]);
  return <div className="thumbnail" aria-hidden="true" ref={canvas} />;
}

/** Colours of a small picture of counts. */
export function countsScale(image: SkyImage): ColorScale {
  return quantityScale("counts", image, { stretch: "sqrt", colormap: "auto", percent: 100 });
}
