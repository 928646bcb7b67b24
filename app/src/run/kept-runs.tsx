/** Runs that are kept in this browser: to be continued, opened again, or thrown away. */

import { useCallback, useEffect, useState } from "react";
import type { Desk } from "../desk/desk.js";
import type { KeptRuns as Kept, KeptRunView } from "../desk/run-view.js";
import { Trouble } from "../trouble.js";
import { sizeText } from "./save-file.js";

interface KeptProps {
  readonly desk: Desk;
  readonly onContinue: (id: string) => Promise<void>;
}

/** When something was, as one says it: the time of today, the date of other days. */
export function whenText(then: number, now: Date = new Date()): string {
  const date = new Date(then);
  const time = date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  if (date.toDateString() === now.toDateString()) return time;
  return `${date.toLocaleDateString("en-GB", { day: "numeric", month: "long" })}, ${time}`;
}

/** The list; nothing when nothing is kept. */
export function KeptRuns({ desk, onContinue }: KeptProps) {
  const [kept, setKept] = useState<Kept>();
  const [opening, setOpening] = useState("");
  const [trouble, setTrouble] = useState("");
  const look = useCallback(() => {
    desk.keptRuns().then(setKept, (error: Error) => setTrouble(error.message));
  }, [desk]);
  useEffect(look, [look]);
  // A run elsewhere, or one that is only just stopping, ends some time.
  const busy = kept?.runs.some((run) => run.busy) ?? false;
  useEffect(() => {
    if (!busy) return;
    const timer = setInterval(look, 1_000);
    return () => clearInterval(timer);
  }, [busy, look]);

  const tell = (error: Error) => setTrouble(error.message);
  async function goOn(id: string): Promise<void> {
    setOpening(id);
    setTrouble("");
    await onContinue(id).catch(tell);
    setOpening("");
  }
  async function discard(ids: readonly string[]): Promise<void> {
    await Promise.all(ids.map((id) => desk.discardKept(id))).catch(tell);
    look();
  }

  if (kept === undefined) return null;
  const { runs, refused, unreadable } = kept;
  if (runs.length + unreadable.length === 0 && refused === undefined && trouble === "") return null;
  const free = runs.filter(({ busy }) => !busy);
  return (
    <section className="kept-runs" aria-label="Kept runs">
      {refused && <p className="note">{refused}</p>}
      {runs.length > 0 && (
        <ul>
          {runs.map((run) => (
            <li key={run.id} className={run.done ? "done" : "open"}>
              <p>{sentence(run)}</p>
              <span className="muted">{sizeText(run.bytes)}</span>
              <button
                type="button"
                className={run.done ? "" : "primary"}
                disabled={run.busy || opening !== ""}
                aria-label={`${wordOf(run)} the run of ${run.title}`}
                onClick={() => void goOn(run.id)}
              >
                {opening === run.id ? "Reading …" : wordOf(run)}
              </button>
              <button
                type="button"
                className="quiet"
                disabled={run.busy || opening !== ""}
                aria-label={`Discard the run of ${run.title}`}
                onClick={() => void discard([run.id])}
              >
                Discard
              </button>
            </li>
          ))}
        </ul>
      )}
      {unreadable.length > 0 && (
        <p className="note">
          Runs of another version of Studio are kept, which this one cannot read: {unreadable.length}.{" "}
          <button type="button" className="link" onClick={() => void discard(unreadable)}>
            Discard them
          </button>
        </p>
      )}
      {free.length > 1 && (
        <button type="button" className="link" onClick={() => void discard(free.map(({ id }) => id))}>
          Discard all
        </button>
      )}
      <Trouble words={trouble} />
    </section>
  );
}

const wordOf = ({ done, toCpu }: KeptRunView) => (done ? "Open" : toCpu ? "Continue on the CPU" : "Continue");

function sentence({ title, done, fraction, updated, busy, iterations, chains, toCpu }: KeptRunView) {
  if (busy) {
    return (
      <>
        <strong>{title}</strong> is running, here or in another tab.
      </>
    );
  }
  if (done) {
    return (
      <>
        <strong>{title}</strong>, {chains} × {iterations.toLocaleString("en")} sweeps, finished{" "}
        {whenText(updated)}
      </>
    );
  }
  return (
    <>
      Continue the run of <strong>{title}</strong>, {Math.floor(100 * fraction)} % done, from{" "}
      {whenText(updated)}
      {toCpu && ", which began on a GPU that this browser does not offer now"}
    </>
  );
}
