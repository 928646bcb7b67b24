/** Settings, start and stop, and how a run is going. */

import { type ReactNode, useEffect, useRef } from "react";
import type { LiraDeconvolverOptions } from "tslira";
import { countText, durationText, errorText, rhatText } from "#viewer";
import type { LivePixels } from "../desk/live-pixels.js";
import type { LiveView, ResultView } from "../desk/run-view.js";
import { late } from "../late.js";
import { FormField } from "../settings/form-field.js";
import { isPoint, methodOf, methodSettings } from "../settings/method-fields.js";
import {
  advancedFields,
  chosenPreset,
  cpuNote,
  deviceError,
  type Field,
  type Form,
  formIsGood,
  isDevice,
  MAIN_FIELDS,
  presetField,
  settingsOf,
  withPreset,
} from "../settings/settings.js";
import { Trouble } from "../trouble.js";
import { liveSentence, paceText } from "./live-sentence.js";
import { MethodChoice } from "./method-choice.js";
import { Notes } from "./notes.js";
import { memoryNote, PauseButton, RunNotes, SampleMore } from "./run-controls.js";
import type { RunState } from "./run-state.js";

/** Fetched when another method than LIRA is chosen. */
const card = () => import("./method-card.js");
const EstimateNote = late(async () => (await card()).EstimateNote);
const EstimateProgress = late(async () => (await card()).EstimateProgress);
const MethodForm = late(async () => (await card()).MethodForm, <p className="muted">…</p>);

interface RunProps {
  /** Warnings that are on the screen already. */
  readonly known: readonly string[];
  /** False when there is only a result, whose data are not here. */
  readonly canStart: boolean;
  readonly pixels: number;
  /** Mean flux of a pixel, which the starts of priors follow. */
  readonly level: number;
  /** Name of the GPU that the browser offers; undefined without one. */
  readonly gpu: string | undefined;
  readonly form: Form;
  readonly onForm: (form: Form) => void;
  readonly run: RunState;
  readonly onStart: () => void;
  readonly onStop: () => void;
  readonly onPause: (paused: boolean) => void;
  readonly onMore: (settings: LiraDeconvolverOptions) => void;
}

const VERDICT_WORDS: Readonly<Record<ResultView["verdict"]["state"], string>> = {
  agree: "The chains agree",
  weak: "Not sure yet",
  disagree: "The chains disagree",
  unknown: "Cannot be told",
};

/** The card. */
export function RunCard(props: RunProps) {
  const { form, onForm, run, onStart, onStop, known, level, gpu, onPause, onMore, canStart } = props;
  const method = methodOf(form);
  const noGpu = deviceError(form, gpu);
  const good =
    method.id === "lira"
      ? formIsGood(form) && noGpu === undefined
      : methodSettings(form, level) !== undefined && noGpu === undefined;
  const { now, found } = run;
  const running = now.stage === "running";
  // What was found stays on the screen until something else is, but not beside a run that goes on.
  const posterior = !running && found?.kind === "posterior" ? found : undefined;
  // Where the button was that began or ended the run, its progress or its result is: in view, and where the keys are.
  const news = useRef<HTMLDivElement>(null);
  const before = useRef(running);
  useEffect(() => {
    if (before.current === running) return;
    before.current = running;
    if (document.activeElement === document.body) news.current?.focus({ preventScroll: true });
    if (running) news.current?.scrollIntoView({ block: "nearest" });
  }, [running]);
  const memory = running || method.id !== "lira" ? undefined : memoryNote(settingsOf(form), props.pixels);
  const sweeps = Number(form.iterations);
  const preset = chosenPreset(form);
  const advanced = advancedFields(preset);
  const isAsked = gpu !== undefined || noGpu !== undefined;
  const device = isAsked ? advanced.find(isDevice) : undefined;
  const withName = (one: Field): Field => ({ ...one, help: `${one.help}${gpu ? ` Here: ${gpu}.` : ""}` });
  const field = (one: Field, error?: string) => (
    <FormField
      key={one.key}
      field={one}
      form={form}
      disabled={running}
      error={error}
      onChange={(value) => {
        const next = { ...form, [one.key]: value };
        if (one.key === "preset") return onForm(withPreset(form, chosenPreset(next)));
        // A burn-in that was a tenth stays a tenth.
        const tenth = String(Math.floor(sweeps / 10));
        onForm(
          one.key === "iterations" && form.burnIn === tenth
            ? { ...next, burnIn: String(Math.floor(Number(value) / 10)) }
            : next,
        );
      }}
    />
  );
  return (
    <section className="card" aria-labelledby="run-title">
      <h2 id="run-title">Run</h2>
      <div className="run-news" ref={news} tabIndex={-1}>
        <div role="status">
          {now.stage === "stopped" && (
            <p className="note">
              {now.message}
              {found && " The result before it is still here:"}
            </p>
          )}
          {posterior && (
            <div className={`verdict ${posterior.result.verdict.state}`}>
              <strong>{VERDICT_WORDS[posterior.result.verdict.state]}</strong>
              <p>
                {posterior.result.verdict.sentence} {posterior.result.verdict.remedy}
              </p>
              <p className="muted">
                {posterior.result.complete ? "" : "Stopped early. "}
                {countText(posterior.result.draws.reduce((sum, count) => sum + count, 0))} draws kept, sampled
                in {durationText(posterior.result.seconds)}. Total flux{" "}
                {errorText(posterior.result.total.mean, posterior.result.total.std)}.
              </p>
              {posterior.result.complete && posterior.result.session && (
                <SampleMore
                  key={posterior.settings.iterations}
                  result={posterior.result}
                  settings={posterior.settings}
                  onMore={onMore}
                />
              )}
              <Notes notes={posterior.result.warnings} known={known} />
            </div>
          )}
          {!running && found?.kind === "image" && <EstimateNote estimate={found.estimate} known={known} />}
        </div>
        {now.stage === "running" && now.other && isPoint(now.other.method) ? (
          <EstimateProgress news={now.news} stopping={now.stopping} onStop={onStop} />
        ) : now.stage === "running" ? (
          <Progress live={now.live} stopping={now.stopping} paused={now.paused} onStop={onStop}>
            {now.live && <RunNotes live={now.live} known={known} />}
            {now.other === undefined && (
              <PauseButton
                paused={now.paused}
                disabled={now.stopping || now.live === undefined || now.live.stage === "diagnosing"}
                onPause={onPause}
              />
            )}
          </Progress>
        ) : undefined}
      </div>
      <MethodChoice form={form} onForm={onForm} disabled={running} />
      {method.id === "lira" ? (
        <>
          <div className="fields prior">{field(presetField(preset))}</div>
          <div className="fields">{MAIN_FIELDS.map((one) => field(one))}</div>
          {device && <div className="fields prior">{field(withName(device), noGpu)}</div>}
          <details>
            <summary>Advanced</summary>
            <div className="fields wide">
              {advanced.filter((one) => !isDevice(one)).map((one) => field(one))}
            </div>
          </details>
        </>
      ) : (
        <>
          {cpuNote(form) && <p className="muted">{cpuNote(form)}</p>}
          <MethodForm
            method={method.id}
            form={form}
            onForm={onForm}
            disabled={running}
            level={level}
            device={isAsked ? { named: withName, error: noGpu } : undefined}
          />
        </>
      )}
      {memory !== undefined && <p className="note">{memory}</p>}
      {!running && (
        <button type="button" className="primary full" disabled={!good || !canStart} onClick={onStart}>
          {posterior && method.gives === "posterior" ? "Run again" : method.start}
        </button>
      )}
      {now.stage === "failed" && (
        <Trouble words={`${now.message}${found ? " The result before it is still here." : ""}`} />
      )}
    </section>
  );
}

function Progress({
  live,
  stopping,
  paused,
  onStop,
  children,
}: {
  readonly live: LiveView | undefined;
  readonly stopping: boolean;
  readonly paused: boolean;
  readonly children: ReactNode;
  readonly onStop: () => void;
}) {
  const diagnosing = live?.stage === "diagnosing";
  return (
    <div className="progress">
      <progress
        max={live?.total ?? 1}
        value={live?.done ?? 0}
        aria-label={diagnosing ? "Comparing the chains" : "Sweeps"}
      />
      <div className="progress-text">
        {live === undefined
          ? "Starting the workers …"
          : diagnosing
            ? "Comparing the chains …"
            : paused
              ? "Paused."
              : paceText(live)}
      </div>
      {live && <p className="sentence">{liveSentence(live)}</p>}
      {live && !diagnosing && live.traces.every(({ rhat }) => Number.isFinite(rhat)) && (
        <p className="muted numbers">
          {live.traces.map(({ name, rhat, ess }) => (
            <span key={name}>
              {name === "logLikelihood" ? "likelihood" : "total"}: R-hat {rhatText(rhat)}, ESS{" "}
              {countText(ess)}
            </span>
          ))}
          {live.pixels && <PixelNumbers pixels={live.pixels} nx={live.mean?.shape[1] ?? 1} />}
          <span>Compared at the end: ESS of every pixel, all other parameters.</span>
        </p>
      )}
      {children}
      <button type="button" className="full" disabled={stopping || diagnosing} onClick={onStop}>
        {stopping && !diagnosing ? "Stopping …" : "Stop and keep what there is"}
      </button>
    </div>
  );
}

/** R-hat of the brightest pixel and of the worst. */
function PixelNumbers({ pixels, nx }: { readonly pixels: LivePixels; readonly nx: number }) {
  return (["brightest", "worst"] as const).map((which) => {
    const { pixel, rhat } = pixels[which];
    return (
      <span key={which}>
        {which} pixel ({pixel % nx}, {Math.floor(pixel / nx)}): R-hat {rhatText(rhat)}
      </span>
    );
  });
}
