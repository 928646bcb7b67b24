/** States with those before them and, after undo, those after: undo and redo. */

/** A state with its past and, after undo, its future. */
export interface History<State> {
  readonly past: readonly State[];
  readonly now: State;
  readonly future: readonly State[];
  /** What the last change was: further ones of the same kind, such as those of one drag, join it. */
  readonly step: string;
}

/** Most steps back. */
const STEPS = 200;

/** A state without a past. */
export function newHistory<State>(now: State): History<State> {
  return { past: [], now, future: [], step: "" };
}

/**
 * Go on to another state.
 *
 * @param step changes of the same step follow each other without one of another are undone together; `""` is always a step of its
 *   own; undefined changes what is there without a step
 */
export function changed<State>(
  { past, now, future, step: last }: History<State>,
  next: State,
  step: string | undefined,
): History<State> {
  if (step === undefined) return { past, now: next, future, step: last };
  if (step !== "" && step === last) return { past, now: next, future: [], step };
  return { past: [...past, now].slice(-STEPS), now: next, future: [], step };
}

/** One step back; nothing without a past. */
export function undone<State>({ past, now, future, step }: History<State>): History<State> {
  const before = past.at(-1);
  if (before === undefined) return { past, now, future, step };
  return { past: past.slice(0, -1), now: before, future: [now, ...future], step: "" };
}

/** One step forward again; nothing without a future. */
export function redone<State>({ past, now, future, step }: History<State>): History<State> {
  const [after, ...rest] = future;
  if (after === undefined) return { past, now, future, step };
  return { past: [...past, now], now: after, future: rest, step: "" };
}
