/** Icons of the tools, drawn with lines. */

import type { Tool } from "./tool.js";

const PATHS: Readonly<Record<Tool, string>> = {
  pixel: "M8 1.5v4M8 10.5v4M1.5 8h4M10.5 8h4M7.5 7.5h1v1h-1z",
  circle: "M13.5 8a5.5 5.5 0 1 1-11 0a5.5 5.5 0 0 1 11 0z",
  ellipse: "M14.5 8a6.5 3.6 0 1 1-13 0a6.5 3.6 0 0 1 13 0z",
  box: "M2 3.5h12v9H2z",
  polygon: "M8 1.8l6 4.5-2.4 7.4H4.6L2 6.8z",
  annulus: "M14 8a6 6 0 1 1-12 0a6 6 0 0 1 12 0zM10.8 8a2.8 2.8 0 1 1-5.6 0a2.8 2.8 0 0 1 5.6 0z",
  line: "M2.5 13.5l11-11M1.5 12.5l2 2M12.5 1.5l2 2",
  cut: "M4.5 1v10.5h10.5M1 4.5h10.5v10.5",
};

/** The icon of a tool. */
export function ToolIcon({ tool }: { readonly tool: Tool }) {
  return (
    <svg className="icon" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[tool]} />
    </svg>
  );
}

/** Arrows of undo and redo. */
export function TurnIcon({ back }: { readonly back: boolean }) {
  return (
    <svg className="icon" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
      <path
        d="M5.5 2.5l-3.5 3.5 3.5 3.5M2 6h7.5a4 4 0 0 1 0 8H6"
        transform={back ? undefined : "matrix(-1 0 0 1 16 0)"}
      />
    </svg>
  );
}
