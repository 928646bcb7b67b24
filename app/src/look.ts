/** How things are shown and what is drawn on them, with all earlier states: undo and redo. */

import { useCallback, useMemo, useState } from "react";
import type { Style, Viewport } from "tslira/viewer";
import type { DrawnRegion } from "./region-edit.js";

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
  readonly view: Viewport;
  readonly regions: readonly DrawnRegion[];
  /** Number of the chosen region. */
  readonly chosen?: number | undefined;
  readonly line?: DrawnLine | undefined;
}

/** A look with its past and, after undo, its future. */
export interface LookHistory {
  readonly past: readonly Look[];
  readonly now: Look;
  readonly future: readonly Look[];
  /** What the last change was: further ones of the same kind, such as those of one drag, join it. */
  readonly step: string;
}

/** Most steps back. */
const STEPS = 200;

/**
 * A changed look.
 *
 * @param step changes of the same step follow each other without one of another are undone together; `""` is always a step of its
 *   own; undefined changes what is there without a step
 */
export function changeLook(
  { past, now, future, step: last }: LookHistory,
  patch: Partial<Look>,
  step: string | undefined,
): LookHistory {
  const next = { ...now, ...patch };
  if (step === undefined) return { past, now: next, future, step: last };
  if (step !== "" && step === last) return { past, now: next, future: [], step };
  return { past: [...past, now].slice(-STEPS), now: next, future: [], step };
}

/** One step back; nothing without a past. */
export function undoLook({ past, now, future, step }: LookHistory): LookHistory {
  const before = past.at(-1);
  if (before === undefined) return { past, now, future, step };
  return { past: past.slice(0, -1), now: before, future: [now, ...future], step: "" };
}

/** One step forward again; nothing without a future. */
export function redoLook({ past, now, future, step }: LookHistory): LookHistory {
  const [after, ...rest] = future;
  if (after === undefined) return { past, now, future, step };
  return { past: [...past, now], now: after, future: rest, step: "" };
}

/** A look as the parts of the screen use it. */
export interface LookControl {
  readonly now: Look;
  readonly region: DrawnRegion | undefined;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** See `changeLook`; a function gets the present look. */
  change(patch: Partial<Look> | ((now: Look) => Partial<Look>), step?: string): void;
  undo(): void;
  redo(): void;
}

/** Keep a look. */
export function useLook(start: () => Look): LookControl {
  const [history, setHistory] = useState<LookHistory>(() => ({
    past: [],
    now: start(),
    future: [],
    step: "",
  }));
  const change = useCallback(
    (patch: Partial<Look> | ((now: Look) => Partial<Look>), step?: string) =>
      setHistory((held) => changeLook(held, typeof patch === "function" ? patch(held.now) : patch, step)),
    [],
  );
  const undo = useCallback(() => setHistory(undoLook), []);
  const redo = useCallback(() => setHistory(redoLook), []);
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
