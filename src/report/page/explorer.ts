/** The grid of linked pictures, its tools, and the readout. */

import type { Stretch } from "../../figures/color-scale.js";
import type { Colormap } from "../../figures/colormap.js";
import { type ColorBar, createColorBar } from "../../viewer/color-bar.js";
import { createFrame, type Frame, outlined } from "../../viewer/frame.js";
import { crossShape, selectionShape } from "../../viewer/marks.js";
import { quantityScale } from "../../viewer/quantity-scale.js";
import { compass, scaleBar } from "../../viewer/scale-bar.js";
import {
  arrowStep,
  clampView,
  nearestPixel,
  viewByKey,
  viewHolding,
  wholeView,
  zoomAt,
} from "../../viewer/viewport.js";
import { escapeXml } from "../../xml-text.js";
import type { Layer, ReportStore } from "./blocks.js";
import { entriesSentence, pixelEntries, writeEntries } from "./readout.js";
import type { State, StateHolder } from "./state.js";

/** Layers shown at the start, in order of preference. */
const FIRST_SHOWN = ["counts-0", "mean", "std", "residual-0", "snr", "rhat", "quantile-1", "ess"];

interface Panel {
  readonly frame: Frame;
  readonly bar: ColorBar;
  readonly select: HTMLSelectElement;
}

/** Make the pictures live. */
export function startExplorer(document: Document, store: ReportStore, holder: StateHolder): void {
  const { data, layers } = store;
  const [ny, nx] = data.shape;
  const host = need(document, "panels");
  const shown = FIRST_SHOWN.filter((id) => layers.has(id)).slice(0, 6);
  const panels = shown.map((id) => makePanel(document, store, id));
  host.replaceChildren(
    ...panels.map(({ frame, bar, select }) => {
      const figure = document.createElement("figure");
      figure.className = "panel";
      figure.append(select, frame.element, bar.element);
      return figure;
    }),
  );

  const paint = ({ style }: State, panel: Panel) => {
    const layer = layers.get(panel.select.value);
    if (layer === undefined) return;
    const scale = quantityScale(layer.kind, layer.image, style);
    panel.frame.show(layer.image, scale);
    panel.bar.show(scale, layer.label, isFlux(layer) ? data.unit : "");
    panel.frame.element.setAttribute(
      "aria-label",
      `${layer.title}, ${nx} by ${ny} pixels. Arrow keys move the cursor, Enter selects, plus and minus zoom.`,
    );
  };
  for (const [index, panel] of panels.entries()) {
    panel.frame.annotate(() => {
      const { cursor, selection, view, marks } = holder.get();
      const first =
        index === 0
          ? scaleBar(panel.frame, data.wcs, view.x, view.y) + compass(panel.frame, data.wcs, view.x, view.y)
          : "";
      return (
        crossShape(panel.frame, cursor) +
        selectionShape(panel.frame, selection) +
        (marks ? named(panel.frame, data.marks) : "") +
        first
      );
    });
    panel.select.addEventListener("change", () => paint(holder.get(), panel));
    listen(panel.frame, store, holder);
  }
  holder.watch(["style"], (state) => {
    for (const panel of panels) paint(state, panel);
  });
  holder.watch(["view", "cursor", "selection", "marks"], ({ view }) => {
    for (const { frame } of panels) frame.look(view);
  });

  const list = need(document, "readout");
  const spoken = need(document, "readout-spoken");
  let pause: ReturnType<typeof setTimeout> | undefined;
  holder.watch(["cursor"], ({ cursor: [x, y] }) => {
    const entries = pixelEntries(store, x, y);
    writeEntries(document, list, entries);
    // Spoken only when the cursor rests, or a screen reader would never end.
    clearTimeout(pause);
    pause = setTimeout(() => {
      if (host.contains(document.activeElement)) spoken.textContent = entriesSentence(entries);
    }, 400);
  });
  startTools(document, store, holder);
}

/** Circles with their names beside them. */
function named(frame: Frame, marks: ReportStore["data"]["marks"] = []): string {
  return marks
    .map(({ name, x, y, radius }) => {
      const [cx, cy] = frame.project(x, y);
      const r = Math.max(2, radius * frame.pixelSize());
      return `${outlined(`<circle cx="${cx}" cy="${cy}" r="${r}"/>`)}<text x="${cx + r + 3}" y="${cy + 4}">${escapeXml(name)}</text>`;
    })
    .join("");
}

/** Whether a layer is in the unit of the flux. */
function isFlux({ kind }: Layer): boolean {
  return kind === "flux" || kind === "std";
}

function makePanel(document: Document, { data, layers }: ReportStore, id: string): Panel {
  const frame = createFrame(document, data.shape);
  frame.element.tabIndex = 0;
  frame.element.setAttribute("role", "application");
  frame.element.setAttribute("aria-roledescription", "image");
  const select = document.createElement("select");
  select.setAttribute("aria-label", "Quantity of this picture");
  for (const { id: value, title } of layers.values()) {
    const option = document.createElement("option");
    option.value = value;
    option.textContent = title;
    option.selected = value === id;
    select.append(option);
  }
  return { frame, bar: createColorBar(document), select };
}

/** Pointer, wheel and keys of a picture. */
function listen(frame: Frame, { data }: ReportStore, holder: StateHolder): void {
  const { element } = frame;
  const { shape } = data;
  const [ny, nx] = shape;
  const pixelAt = (position: readonly [number, number]) => nearestPixel(position, shape);
  const pick = ([x, y]: readonly [number, number]) => {
    const { tool, selection } = holder.get();
    const radius = selection.kind === "circle" ? selection.radius : Math.max(1.5, Math.min(nx, ny) / 16);
    holder.set({
      cursor: [x, y],
      selection: tool === "circle" ? { kind: "circle", x, y, radius } : { kind: "pixel", x, y },
    });
  };

  let drag: { start: [number, number]; clientX: number; clientY: number; moved: boolean } | undefined;
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    drag = { start: frame.locate(event), clientX: event.clientX, clientY: event.clientY, moved: false };
    if (event.pointerType === "mouse") element.setPointerCapture(event.pointerId);
  });
  element.addEventListener("pointermove", (event) => {
    const at = frame.locate(event);
    if (drag === undefined || event.buttons === 0) {
      holder.set({ cursor: pixelAt(at) });
      return;
    }
    if (Math.hypot(event.clientX - drag.clientX, event.clientY - drag.clientY) < 4 && !drag.moved) return;
    drag.moved = true;
    const { tool, view } = holder.get();
    const [x, y] = drag.start;
    if (tool === "pixel" || event.shiftKey) {
      holder.set({ view: clampView({ ...view, x: view.x + x - at[0], y: view.y + y - at[1] }, shape) });
    } else if (tool === "circle") {
      holder.set({
        selection: { kind: "circle", x, y, radius: Math.max(0.5, Math.hypot(at[0] - x, at[1] - y)) },
      });
    } else {
      const [x0, y0] = pixelAt(drag.start);
      const [x1, y1] = pixelAt(at);
      holder.set({ selection: { kind: "rectangle", x0, y0, x1, y1 } });
    }
  });
  const end = (event: PointerEvent) => {
    if (drag !== undefined && !drag.moved && event.type === "pointerup") pick(pixelAt(drag.start));
    drag = undefined;
  };
  element.addEventListener("pointerup", end);
  element.addEventListener("pointercancel", end);
  element.addEventListener("dblclick", (event) => {
    const [x, y] = frame.locate(event);
    holder.set({ view: zoomAt(holder.get().view, 2, x, y, shape) });
  });
  element.addEventListener(
    "wheel",
    (event) => {
      // A page that stops scrolling under the pointer is a trap: zoom only on purpose.
      if (!event.ctrlKey && !event.metaKey && element.ownerDocument.activeElement !== element) return;
      event.preventDefault();
      const [x, y] = frame.locate(event);
      holder.set({ view: zoomAt(holder.get().view, event.deltaY < 0 ? 1.25 : 0.8, x, y, shape) });
    },
    { passive: false },
  );
  element.addEventListener("keydown", (event) => {
    const { cursor, view } = holder.get();
    const move = arrowStep(event.key, event.shiftKey ? 10 : 1);
    const next = viewByKey(event.key, view, cursor, shape);
    if (move) {
      const at = pixelAt([cursor[0] + move[0], cursor[1] + move[1]]);
      holder.set({ cursor: at, view: viewHolding(view, at, shape) });
    } else if (event.key === "Enter" || event.key === " ") pick(cursor);
    else if (next) holder.set({ view: next });
    else return;
    event.preventDefault();
  });
}

/** Tools above the pictures. */
function startTools(document: Document, { data: { shape } }: ReportStore, holder: StateHolder): void {
  const select = (id: string, changed: (value: string) => Partial<State>) => {
    const element = need(document, id) as HTMLSelectElement;
    element.addEventListener("change", () => holder.set(changed(element.value)));
  };
  const style = () => holder.get().style;
  select("stretch", (value) => ({ style: { ...style(), stretch: value as Stretch } }));
  select("colormap", (value) => ({ style: { ...style(), colormap: value as Colormap | "auto" } }));
  select("clip", (value) => ({ style: { ...style(), percent: Number(value) } }));
  for (const input of document.querySelectorAll<HTMLInputElement>("input[name=tool]")) {
    input.addEventListener("change", () => {
      if (input.checked) holder.set({ tool: input.value as State["tool"] });
    });
  }
  const marks = document.getElementById("marks") as HTMLInputElement | null;
  marks?.addEventListener("change", () => holder.set({ marks: marks.checked }));
  const button = (id: string, change: (state: State) => Partial<State>) =>
    need(document, id).addEventListener("click", () => holder.set(change(holder.get())));
  const zoom = (factor: number) => (state: State) => ({
    view: zoomAt(state.view, factor, state.view.x, state.view.y, shape),
  });
  button("zoom-in", zoom(1.5));
  button("zoom-out", zoom(1 / 1.5));
  button("zoom-reset", () => ({ view: wholeView(shape) }));
}

/** An element of the page that must be there. */
export function need(document: Document, id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`report: page must hold an element "${id}", got none; make it again`);
  return element;
}
