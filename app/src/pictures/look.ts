/** How things are shown and what is drawn on them, with all earlier states: undo and redo. */

import { useCallback, useMemo, useState } from "react";
import type { Style, Viewport } from "#viewer";
import type { DrawnRegion } from "../regions/region-edit.js";
import { changed, newHistory, redone, undone } from "../settings/history.js";
import type { SkyLines } from "./sky-lines.js";

/** A line across the picture; positions in pixels from 0. */
export interface DrawnLine {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/** What undo brings back. */
export interface Look {
  readonly style: Style;
  /** Limits that were set by hand, by layer. */
  readonly limits: Readonly<Record<string, readonly [low: number, high: number]>>;
  readonly panels: readonly string[];
  /** How many of them are shown. */
  readonly count: number;
  readonly view: Viewport;
  readonly lines: SkyLines;
  readonly regions: readonly DrawnRegion[];
  /** Number of the chosen region. */
  readonly chosen?: number | undefined;
  readonly line?: DrawnLine | undefined;
}

/** A look as the parts of the screen use it. */
export interface LookControl {
  readonly now: Look;
  readonly region: DrawnRegion | undefined;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** See `changed`; a function gets the present look. */
  change(patch: Partial<Look> | ((now: Look) => Partial<Look>), step?: string): void;
  undo(): void;
  redo(): void;
}

/** Keep a look. */
export function useLook(start: () => Look): LookControl {
  const [history, setHistory] = useState(() => newHistory(start()));
  const change = useCallback(
    (patch: Partial<Look> | ((now: Look) => Partial<Look>), step?: string) =>
      setHistory((held) => {
        const changes = typeof patch === "function" ? patch(held.now) : patch;
        return changed(held, { ...held.now, ...changes }, step);
      }),
    [],
  );
  const undo = useCallback(() => setHistory((held) => undone(held)), []);
  const redo = useCallback(() => setHistory((held) => redone(held)), []);
  const { now, past, future } = history;
  return useMemo(
    () => ({
      now,
      region: now.regions.find(({ id }) => id === now.chosen),
      canUndo: past.length > 0,
      canRedo: future.length > 0,
      change,
      undo,
      redo,
    }),
    [now, past.length, future.length, change, undo, redo],
  );
}

/** A number that no region has yet. */
export function freeId(regions: readonly DrawnRegion[]): number {
  return regions.reduce((most, { id }) => Math.max(most, id), 0) + 1;
}

/** A name that no region has yet: `Region 3`, or a wanted one with a number behind it. */
export function freeName(regions: readonly DrawnRegion[], wanted?: string): string {
  const taken = new Set(regions.map(({ name }) => name));
  if (wanted !== undefined && !taken.has(wanted)) return wanted;
  for (let number = wanted === undefined ? 1 : 2; ; number++) {
    const name = wanted === undefined ? `Region ${number}` : `${wanted} (${number})`;
    if (!taken.has(name)) return name;
  }
}
