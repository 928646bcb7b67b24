/** What the reader sees at the moment, and who has to know when it changes. */

import type { Style } from "../../viewer/quantity-scale.js";
import type { Selection } from "../../viewer/selection.js";
import type { Viewport } from "../../viewer/viewport.js";

/** Everything that can change on the page. */
export interface State {
  readonly view: Viewport;
  /** Pixel under the pointer or the keyboard's cross. */
  readonly cursor: readonly [x: number, y: number];
  readonly selection: Selection;
  readonly style: Style;
  /** Whether the marks are shown. */
  readonly marks: boolean;
  /** What a click or a drag on a picture does. */
  readonly tool: "pixel" | "circle" | "rectangle";
}

/** The one place that knows the state. */
export interface StateHolder {
  get(): State;
  set(change: Partial<State>): void;
  /** Call back after changes of these parts, and once at the start; several changes of one moment are told together. */
  watch(parts: readonly (keyof State)[], listener: (state: State) => void): void;
}

/** Hold a state. */
export function holdState(initial: State): StateHolder {
  let state = initial;
  const listeners: { parts: readonly (keyof State)[]; listener: (state: State) => void }[] = [];
  const changed = new Set<keyof State>();
  let waiting = false;
  const tell = () => {
    waiting = false;
    const parts = new Set(changed);
    changed.clear();
    for (const { parts: wanted, listener } of listeners) {
      if (wanted.some((part) => parts.has(part))) listener(state);
    }
  };
  return {
    get: () => state,
    set(change) {
      state = { ...state, ...change };
      for (const part of Object.keys(change)) changed.add(part as keyof State);
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(tell);
    },
    watch(parts, listener) {
      listeners.push({ parts, listener });
      listener(state);
    },
  };
}
