/** Keys and dropped files that change regions and views, wherever the focus is on the screen. */

import { useEffect, useRef, useState } from "react";
import { useDroppedFiles } from "../dropped-files.js";
import { isRegionFile, type RegionPlace } from "../regions/region-file.js";
import { deleteRegion, readRegionFiles } from "../regions/region-list.js";
import type { CompareControl } from "./compare-menu.js";
import type { LookControl } from "./look.js";
import type { Tool } from "./tool.js";

/** Tools by their keys. */
export const TOOL_KEYS: Readonly<Record<string, Tool>> = {
  p: "pixel",
  c: "circle",
  e: "ellipse",
  r: "box",
  g: "polygon",
  a: "annulus",
  l: "line",
  x: "cut",
};

/** Whether what is typed belongs to a field. */
export const isField = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (/^(SELECT|TEXTAREA)$/.test(target.tagName) ||
    (target instanceof HTMLInputElement && !/^(radio|checkbox|range|button)$/.test(target.type)));

/**
 * Listen. Ctrl-Z and Ctrl-Shift-Z (or Ctrl-Y) undo and redo, Delete takes the chosen region away, N chooses the next one, B blinks.
 *
 * @returns what region files that were dropped have said, in words
 */
export function useLookKeys(
  look: LookControl,
  compare: CompareControl,
  place: RegionPlace,
): readonly string[] {
  const [said, setSaid] = useState<readonly string[]>([]);
  const latest = useRef({ look, compare });
  latest.current = { look, compare };

  useEffect(() => {
    const keys = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isField(event.target)) return;
      const { look: held, compare: results } = latest.current;
      const { now, change, undo, redo } = held;
      const key = event.key.toLowerCase();
      if ((event.ctrlKey || event.metaKey) && !event.altKey) {
        // There the keys undo settings.
        if (event.target instanceof Element && event.target.closest(".left, .settings-news")) return;
        if (key === "z") (event.shiftKey ? redo : undo)();
        else if (key === "y") redo();
        else return;
      } else if (event.altKey || event.ctrlKey || event.metaKey) return;
      else if (key === "delete" || key === "backspace") deleteRegion(held);
      else if (key === "n" && now.regions.length > 0) {
        const at = now.regions.findIndex(({ id }) => id === now.chosen);
        change({ chosen: now.regions[(at + 1) % now.regions.length]?.id });
      } else if (key === "b" && results.a && results.b) {
        results.show(results.comparison === "blink" ? "off" : "blink");
      } else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", keys);
    return () => document.removeEventListener("keydown", keys);
  }, []);
  useDroppedFiles((files) => {
    const wrong = files
      .filter(({ name }) => !isRegionFile(name))
      .map(
        ({ name }) =>
          `${name}: a file that is dropped on the pictures must be a region file (.reg); open others as other data`,
      );
    const regions = files.filter(({ name }) => isRegionFile(name));
    void readRegionFiles(regions, look, place).then((words) => setSaid([...wrong, ...words]));
  });
  return said;
}
