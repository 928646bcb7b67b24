/** Keys of the page, on `?`. */

import { useEffect, useRef, useState } from "react";
import { isField } from "./pictures/look-keys.js";

const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ["P", "pick pixels"],
  ["C, E, R, G, A", "draw circles, ellipses, boxes, polygons, rings"],
  ["L, X", "draw a line for a profile, cut out"],
  ["arrows", "move the cursor, with Shift by ten pixels"],
  ["Enter", "pick what is under the cursor, or draw there"],
  ["N", "choose the next region"],
  ["Alt + arrows", "move the chosen region"],
  ["[ and ]", "make it smaller, larger"],
  ["Delete, Escape", "delete it, let go of it"],
  ["Ctrl + Z", "undo; with Shift, redo"],
  ["wheel, +, −, 0", "zoom in and out, show all; two fingers zoom and move"],
  ["double click, Escape", "one picture large, all pictures"],
  ["B", "blink A and B"],
  ["Ctrl + Enter", "start the chains"],
];

/** The button and what it opens. */
export function HelpButton() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const keys = (event: KeyboardEvent) => {
      if (event.key !== "?" || event.ctrlKey || event.metaKey || isField(event.target)) return;
      setOpen((now) => !now);
      event.preventDefault();
    };
    document.addEventListener("keydown", keys);
    return () => document.removeEventListener("keydown", keys);
  }, []);
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return (
    <>
      <button type="button" className="quiet" title="Keys of this page. Key ?" onClick={() => setOpen(true)}>
        Help
      </button>
      <dialog ref={dialog} className="help" aria-labelledby="help-title" onClose={() => setOpen(false)}>
        {open && (
          <>
            <h2 id="help-title">Keys</h2>
            <dl>
              {KEYS.map(([keys, does]) => (
                <div key={keys}>
                  <dt>{keys}</dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
            <button type="button" onClick={() => setOpen(false)}>
              Close
            </button>
          </>
        )}
      </dialog>
    </>
  );
}
