/** Settings, start and stop, and how a run is going. */

import { lazy, type ReactNode, Suspense } from "react";
import type { LiraDeconvolverOptions } from "tslira";
import { countText, durationText, numberText, rhatText } from "#viewer";
import type { EstimateNews, EstimateView } from "../desk/method-protocol.js";
import type { LiveView, ResultView } from "../desk/run-view.js";
import { FormField } from "../settings/form-field.js";
import { isPoint, type MethodSettings, methodOf, methodSettings } from "../settings/method-fields.js";
import {
  advancedFields,
  chosenPreset,
  type Field,
  type Form,
  formIsGood,
  MAIN_FIELDS,
  presetField,
  withPreset,
} from "../settings/settings.js";
import { MethodChoice } from "./method-choice.js";
import { Notes } from "./notes.js";
import { PauseButton, RunNotes, SampleMore } from "./run-controls.js";

/** Fetched when another method than LIRA is chosen. */
const card = () => import("./method-card.js");
const EstimateNote = lazy(async () => ({ default: (await card()).EstimateNote }));
const EstimateProgress = lazy(async () => ({ default: (await card()).EstimateProgress }));
const MethodForm = lazy(async () => ({ default: (await card()).MethodForm }));

/** Where a run stands. */
export type RunState =
  | { readonly stage: "ready" }
  | {
      readonly stage: "running";
      readonly stopping: boolean;
      readonly paused?: boolean;
      readonly live?: LiveView;
      /** Of another method than LIRA. */
      readonly other?: MethodSettings;
      /** Of a method that gives one image. */
      readonly news?: EstimateNews;
    }
  | {
      readonly stage: "done";
      readonly result: ResultView;
      readonly settings: LiraDeconvolverOptions;
      readonly command: string;
      /** Of another method than LIRA. */
      readonly other?: MethodSettings;
    }
  | {
      readonly stage: "estimated";
      readonly estimate: EstimateView;
      readonly other: MethodSettings;
      readonly command: string;
    }
  | { readonly stage: "stopped"; readonly message?: string }
  | { readonly stage: "failed"; readonly message: string };

interface RunProps {
  /** Warnings that are on the screen already. */
  readonly known: readonly string[];
  /** False when there is only a result, whose data are not here. */
  readonly canStart: boolean;
  /** Mean flux of a pixel, which the starts of priors follow. */
  readonly level: number;
  readonly form: Form;
  readonly onForm: (form: Form) => void;
  readonly run: RunState;
  readonly onStart: () => void;
  readonly onStop: () => void;
  readonly onPause: (paused: boolean) => void;
  readonly onMore: (settings: LiraDeconvolverOptions) => void;
}

/** What the chains look like so far, in a sentence. */
export function liveSentence({ traces, sweeps, burnIn, stage }: LiveView): string {
  if (stage === "diagnosing") return "All sweeps are done; comparing the chains pixel by pixel.";
  const least = Math.min(...sweeps);
  if (least < burnIn) return "Burn-in: the chains are on their way from separated starts.";
  const rhats = traces.map(({ rhat }) => rhat).filter(Number.isFinite);
  if (rhats.length < traces.length) return "Too early to compare the chains.";
  const worst = Math.max(...rhats);
  const ess = Math.min(...traces.map((trace) => trace.ess));
  if (worst < 1.05) {
    return ess >= 400
      ? "The chains agree so far, and have seen enough for total and likelihood."
      : "The chains agree so far; more sweeps make it certain.";
  }
  return worst < 1.2 ? "The chains are coming together." : "The chains do not agree yet.";
}

const VERDICT_WORDS: Readonly<Record<ResultView["verdict"]["state"], string>> = {
  agree: "The chains agree",
  weak: "Not sure yet",
  disagree: "The chains disagree",
  unknown: "Cannot be told",
};

/** The card. */
export function RunCard(props: RunProps) {
  const { form, onForm, run, onStart, onStop, known, level, onPause, onMore, canStart } = props;
  const method = methodOf(form);
  const good = method.id === "lira" ? formIsGood(form) : methodSettings(form, level) !== undefined;
  const running = run.stage === "running";
  const sweeps = Number(form.iterations);
  const preset = chosenPreset(form);
  const field = (one: Field) => (
    <FormField
      key={one.key}
      field={one}
      form={form}
      disabled={running}
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
      <div role="status">
        {run.stage === "done" && (
          <div className={`verdict ${run.result.verdict.state}`}>
            <strong>{VERDICT_WORDS[run.result.verdict.state]}</strong>
            <p>
              {run.result.verdict.sentence} {run.result.verdict.remedy}
            </p>
            <p className="muted">
              {run.result.complete ? "" : "Stopped early. "}
              {countText(run.result.draws.reduce((sum, count) => sum + count, 0))} draws kept, sampled in{" "}
              {durationText(run.result.seconds)}. Total flux {numberText(run.result.total.mean)} ±{" "}
              {numberText(run.result.total.std, 2)}.
            </p>
            <Notes notes={run.result.warnings} known={known} />
          </div>
        )}
        {run.stage === "stopped" && (
          <p className="note">{run.message ?? "Stopped before two draws of every chain were kept."}</p>
        )}
        <Suspense>
          {run.stage === "estimated" && <EstimateNote estimate={run.estimate} known={known} />}
        </Suspense>
      </div>
      <MethodChoice form={form} onForm={onForm} disabled={running} />
      {method.id === "lira" ? (
        <>
          <div className="fields prior">{field(presetField(preset))}</div>
          <div className="fields">{MAIN_FIELDS.map(field)}</div>
          <details>
            <summary>Advanced</summary>
            <div className="fields wide">{advancedFields(preset).map(field)}</div>
          </details>
        </>
      ) : (
        <Suspense fallback={<p className="muted">…</p>}>
          <MethodForm method={method.id} form={form} onForm={onForm} disabled={running} level={level} />
        </Suspense>
      )}
      {running && run.other && isPoint(run.other.method) ? (
        <Suspense>
          <EstimateProgress news={run.news} stopping={run.stopping} onStop={onStop} />
        </Suspense>
      ) : running ? (
        <Progress live={run.live} stopping={run.stopping} paused={run.paused === true} onStop={onStop}>
          {run.live && <RunNotes live={run.live} known={known} />}
          {run.other === undefined && (
            <PauseButton
              paused={run.paused === true}
              disabled={run.stopping || run.live === undefined || run.live.stage === "diagnosing"}
              onPause={onPause}
            />
          )}
        </Progress>
      ) : (
        <button type="button" className="primary full" disabled={!good || !canStart} onClick={onStart}>
          {run.stage === "done" && method.gives === "posterior" ? "Run again" : method.start}
        </button>
      )}
      {run.stage === "done" && run.result.complete && run.result.session && (
        <SampleMore
          key={run.settings.iterations}
          result={run.result}
          settings={run.settings}
          onMore={onMore}
        />
      )}
      {run.stage === "failed" && (
        <p role="alert" className="trouble">
          {run.message}
        </p>
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
              : `${countText(live.sweepsPerSecond)} sweeps a second, ${
                  Number.isFinite(live.secondsLeft) ? `${durationText(live.secondsLeft)} left` : "…"
                }`}
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
        </p>
      )}
      {children}
      <button type="button" className="full" disabled={stopping || diagnosing} onClick={onStop}>
        {stopping && !diagnosing ? "Stopping …" : "Stop and keep what there is"}
      </button>
    </div>
  );
}
