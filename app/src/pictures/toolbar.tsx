/** Tools above the pictures. */

import type { ReactNode } from "react";
import type { Shape } from "tslira";
import type { SkyWcs } from "tslira/sky";
import { type Viewport, wholeView, zoomAt } from "#viewer";
import { late } from "../late.js";
import { Options } from "../options.js";
import type { ContourFiles } from "./contour-files.js";
import type { Layer } from "./layers.js";
import type { LookControl } from "./look.js";
import { ColoursMenu } from "./look-menu.js";
import { PANEL_COUNTS } from "./panel-layout.js";
import { Popup } from "./popup.js";
import type { Tool } from "./tool.js";
import { ToolIcon, TurnIcon } from "./tool-icons.js";

const TOOLS: readonly (readonly [Tool, string, string])[] = [
  ["pixel", "Pixel", "Click a pixel; drag to move the picture. Key P"],
  ["circle", "Circle", "Drag from the middle of a circle outwards. Key C"],
  ["ellipse", "Ellipse", "Drag from the middle of an ellipse outwards. Key E"],
  ["box", "Box", "Drag from corner to corner of a box. Key R"],
  ["polygon", "Polygon", "Click the corners, and the first one again. Key G"],
  ["annulus", "Annulus", "Drag from the middle of a ring outwards. Key A"],
  ["line", "Line", "Drag a line for its profile. Key L"],
  ["cut", "Cut out", "Drag a rectangle over counts or psf. Key X"],
];

const LinesChoices = late(() => import("./lines-menu.js").then((found) => found.LinesChoices));

interface ToolbarProps {
  readonly layers: readonly Layer[];
  readonly contourFiles: ContourFiles;
  readonly wcs: SkyWcs | undefined;
  readonly tool: Tool;
  readonly onTool: (tool: Tool) => void;
  readonly look: LookControl;
  readonly view: Viewport;
  readonly onView: (view: Viewport) => void;
  readonly shape: Shape;
  readonly busy: boolean;
  readonly children?: ReactNode;
}

/** The bar. */
export function Toolbar(props: ToolbarProps) {
  const { tool, onTool, look, layers, contourFiles, wcs, view, onView, shape, busy, children } = props;
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
            <ToolIcon tool={value} />
            <span className="spoken">{title}</span>
          </label>
        ))}
      </fieldset>
      <ColoursMenu look={look} />
      <Popup title="Lines" hint="Grid of coordinates, contours">
        {() => <LinesChoices look={look} layers={layers} files={contourFiles} shape={shape} wcs={wcs} />}
      </Popup>
      <select
        aria-label="Number of pictures"
        value={look.now.count}
        onChange={({ target }) => look.change({ count: Number(target.value) }, "")}
      >
        <Options of={PANEL_COUNTS.map((count) => [count, count === 1 ? "1 picture" : `${count} pictures`])} />
      </select>
      <span className="segments">
        <button
          type="button"
          disabled={!look.canUndo}
          onClick={look.undo}
          aria-label="Undo"
          title="Undo. Ctrl + Z"
        >
          <TurnIcon back />
        </button>
        <button
          type="button"
          disabled={!look.canRedo}
          onClick={look.redo}
          aria-label="Redo"
          title="Redo. Ctrl + Shift + Z"
        >
          <TurnIcon back={false} />
        </button>
      </span>
      {children}
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
