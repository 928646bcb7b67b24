/** Pausing a run, extending one that is finished, and what is said about keeping it. */

import { useState } from "react";
import type { LiraDeconvolverOptions } from "tslira";
import type { LiveView, ResultView } from "../desk/run-view.js";
import { Notes } from "./notes.js";
import { sizeText } from "./save-file.js";

/** Pause, or go on. */
export function PauseButton({
  paused,
  disabled,
  onPause,
}: {
  readonly paused: boolean;
  readonly disabled: boolean;
  readonly onPause: (paused: boolean) => void;
}) {
  return (
    <button type="button" className="full" disabled={disabled} onClick={() => onPause(!paused)}>
      {paused ? "Go on" : "Pause"}
    </button>
  );
}

/** What went wrong and was mended, and how much a reload would find. */
export function RunNotes({
  live: { notes, kept, late },
  known,
}: {
  readonly live: LiveView;
  readonly known: readonly string[];
}) {
  return (
    <>
      {kept !== undefined && (
        <p className="muted kept-note">
          Kept in this browser up to <span>{Math.floor(100 * kept)}</span> %
          {late === undefined
            ? "."
            : `, ${late} s ago: later than every 2 s, since sweeps or the disk are slow.`}
        </p>
      )}
      <Notes notes={notes} known={known} />
    </>
  );
}

/** Settings that bring a finished run to more sweeps: the same burn-in, and draws as far apart, or twice, four times that. */
export function extended(
  settings: LiraDeconvolverOptions,
  { burnIn, everySweeps }: Pick<ResultView, "burnIn" | "everySweeps">,
  iterations: number,
): LiraDeconvolverOptions {
  const { until: _until, maxIterations: _most, ...law } = settings;
  const keep = settings.trace?.keep ?? 1_000;
  let every = everySweeps;
  while ((iterations - burnIn) / every > 2 * keep) every *= 2;
  return { ...law, iterations, burnIn, trace: { every } };
}

/** Bytes of kept draws from which on a page, which holds them in memory, may not get through. */
const MANY_BYTES = 1.5e9;

/** What is to be said of a run that keeps more draws of so many pixels than a page can hold; undefined when nothing is. */
export function memoryNote(
  { iterations = 5_000, burnIn, chains = 4, trace = {} }: LiraDeconvolverOptions,
  pixels: number,
): string | undefined {
  const sweeps = iterations - (typeof burnIn === "number" ? burnIn : iterations / 10);
  const kept = trace.every === undefined ? Math.min(sweeps, trace.keep ?? 1_000) : sweeps / trace.every;
  const bytes = 4 * pixels * chains * kept;
  if (!(bytes > MANY_BYTES)) return undefined;
  return (
    `The draws that are kept would take ${sizeText(bytes)} of memory, perhaps more than this browser gives a page. ` +
    "Keep fewer (Advanced), cut a part out (key X), or use tslira deconvolve, which has them on disk."
  );
}

/** As many sweeps as the verdict asks for, or twice as many as now. */
export function wantedSweeps({ verdict }: Pick<ResultView, "verdict">, now: number): number {
  const asked = Number(/at least ([\d,]+) sweeps/.exec(verdict.remedy)?.[1]?.replaceAll(",", ""));
  return asked > now ? asked : 2 * now;
}

/** Sample more. */
export function SampleMore({
  result,
  settings,
  onMore,
}: {
  readonly result: ResultView;
  readonly settings: LiraDeconvolverOptions;
  readonly onMore: (settings: LiraDeconvolverOptions) => void;
}) {
  const now = settings.iterations ?? 5_000;
  const [text, setText] = useState(String(wantedSweeps(result, now)));
  const wanted = Number(text);
  const good = Number.isInteger(wanted) && wanted > now && wanted <= 1e7;
  return (
    <div className="sample-more">
      <label>
        Go on to
        <input
          inputMode="numeric"
          value={text}
          aria-invalid={!good}
          onChange={({ target }) => setText(target.value)}
        />
        sweeps
      </label>
      <button type="button" disabled={!good} onClick={() => onMore(extended(settings, result, wanted))}>
        Sample more
      </button>
    </div>
  );
}
