/** Six linked pictures. */

import { type CSSProperties, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Shape } from "tslira";
import type { Cutout } from "tslira/fits";
import { Options } from "../options.js";
import { cutoutOf as cutoutFromText } from "../settings/cutout-text.js";
import { LimitsMenu } from "./look-menu.js";
import { panelLayout } from "./panel-layout.js";
import { type Cut, type GridProps, PanelPicture } from "./panel-picture.js";
import { frameStyle } from "./picture.js";

/** Pixels that a drag covers, as a cut-out within the image. */
function cutoutOf({ x0, x1, y0, y1 }: Cut["rectangle"], [ny, nx]: Shape): Cutout {
  const range = (from: number, to: number, size: number): [number, number] => [
    Math.max(0, Math.round(Math.min(from, to))),
    Math.min(size, Math.round(Math.max(from, to)) + 1),
  ];
  return { x: range(x0, x1, nx), y: range(y0, y1, ny) };
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
                  <Options of={layers.map((one) => [one.id, one.title])} />
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
