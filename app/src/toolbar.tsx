/** Tools above the pictures. */

import type { Colormap, Shape, Stretch } from "tslira";
import { type Style, type Viewport, wholeView, zoomAt } from "tslira/viewer";
import type { Tool } from "./panel-grid.js";

const TOOLS: readonly (readonly [Tool, string, string])[] = [
  ["pixel", "Pixel", "Click a pixel; drag to move the picture. Key P"],
  ["circle", "Circle", "Drag from the middle of a circle outwards. Key C"],
  ["cut", "Cut out", "Drag a rectangle over counts or psf. Key X"],
];
const STRETCHES: readonly Stretch[] = ["linear", "sqrt", "asinh", "log"];
const COLORMAPS: readonly (Colormap | "auto")[] = ["auto", "inferno", "magma", "viridis", "cividis", "gray"];
const PERCENTS = [100, 99.9, 99.5, 99, 98, 95];

interface ToolbarProps {
  readonly tool: Tool;
  readonly onTool: (tool: Tool) => void;
  readonly style: Style;
  readonly onStyle: (style: Style) => void;
  readonly view: Viewport;
  readonly onView: (view: Viewport) => void;
  readonly shape: Shape;
  readonly busy: boolean;
}

/** The bar. */
export function Toolbar({ tool, onTool, style, onStyle, view, onView, shape, busy }: ToolbarProps) {
  const zoom = (factor: number) => onView(zoomAt(view, factor, view.x, view.y, shape));
  return (
    <div className="toolbar" role="toolbar" aria-label="Tools of the pictures">
      <fieldset className="segments">
        <legend className="spoken">What a drag does</legend>
        {TOOLS.map(([value, title, hint]) => (
          <label key={value} title={hint} className={tool === value ? "chosen" : ""}>
            <input
              type="radio"
              name="tool"
              value={value}
              checked={tool === value}
              disabled={busy && value === "cut"}
              onChange={() => onTool(value)}
            />
            {title}
          </label>
        ))}
      </fieldset>
      <label>
        Stretch
        <select
          value={style.stretch}
          onChange={({ target }) => onStyle({ ...style, stretch: target.value as Stretch })}
        >
          {STRETCHES.map((stretch) => (
            <option key={stretch}>{stretch}</option>
          ))}
        </select>
      </label>
      <label>
        Colour
        <select
          value={style.colormap}
          onChange={({ target }) => onStyle({ ...style, colormap: target.value as Style["colormap"] })}
        >
          {COLORMAPS.map((colormap) => (
            <option key={colormap}>{colormap}</option>
          ))}
        </select>
      </label>
      <label>
        Limits
        <select
          value={style.percent}
          onChange={({ target }) => onStyle({ ...style, percent: Number(target.value) })}
        >
          {PERCENTS.map((percent) => (
            <option key={percent} value={percent}>
              {percent} %
            </option>
          ))}
        </select>
      </label>
      <span className="segments zoom">
        <button type="button" onClick={() => zoom(1 / 1.5)} aria-label="Zoom out" title="Zoom out. Key −">
          −
        </button>
        <button type="button" onClick={() => onView(wholeView(shape))} title="Show all. Key 0">
          {view.zoom > 1 ? `${view.zoom.toFixed(1)} ×` : "Whole"}
        </button>
        <button type="button" onClick={() => zoom(1.5)} aria-label="Zoom in" title="Zoom in. Key +">
          +
        </button>
      </span>
    </div>
  );
}
