/** The parts of the run card that other methods than LIRA need. */

import { countText, durationText, numberText } from "#viewer";
import type { EstimateNews, EstimateView } from "../desk/method-protocol.js";
import { FormField } from "../settings/form-field.js";
import {
  fieldsOf,
  filled,
  METHOD_KINDS,
  type MethodSettings,
  methodFieldError,
} from "../settings/method-fields.js";
import { type Field, type Form, isDevice } from "../settings/settings.js";
import { Notes } from "./notes.js";

interface FormProps {
  readonly form: Form;
  readonly onForm: (form: Form) => void;
  readonly disabled: boolean;
}

/** The fields of a method. */
export function MethodForm({
  method,
  form,
  onForm,
  disabled,
  level,
  device,
}: FormProps & {
  readonly method: MethodSettings["method"];
  readonly level: number;
  /** How the field of the device is shown, where it is. */
  readonly device:
    | { readonly named: (field: Field) => Field; readonly error: string | undefined }
    | undefined;
}) {
  const fields = fieldsOf(method, form, level);
  const full = filled(form, fields);
  const field = (one: Field, error?: string) => (
    <FormField
      key={one.key}
      field={one}
      form={full}
      disabled={disabled}
      error={error ?? methodFieldError(one, full)}
      onChange={(value) => onForm({ ...form, [one.key]: value })}
    />
  );
  const wide = fields.prior.length > 0 || method === "richardson-lucy";
  const [first, ...rest] = fields.main;
  return (
    <>
      {fields.prior.length > 0 && <div className="fields prior">{fields.prior.map((one) => field(one))}</div>}
      {wide && fields.prior.length === 0 ? (
        <>
          <div className="fields prior">{field(first)}</div>
          <div className="fields">{rest.map((one) => field(one))}</div>
        </>
      ) : (
        <div className="fields">{fields.main.map((one) => field(one))}</div>
      )}
      {device &&
        fields.advanced.filter(isDevice).map((one) => (
          <div key={one.key} className="fields prior">
            {field(device.named(one), device.error)}
          </div>
        ))}
      <details>
        <summary>Advanced</summary>
        <div className="fields wide">
          {fields.advanced.filter((one) => !isDevice(one)).map((one) => field(one))}
        </div>
      </details>
    </>
  );
}

const STAGES: Readonly<Record<EstimateNews["stage"], string>> = {
  iterations: "iterations",
  "held-out": "iterations on a part of the photons",
  bootstrap: "simulated observations",
};

/** How far a method is. */
export function EstimateProgress({
  news,
  stopping,
  onStop,
}: {
  readonly news: EstimateNews | undefined;
  readonly stopping: boolean;
  readonly onStop: () => void;
}) {
  const objective = news?.curve.values.at(-1);
  const left = news && news.done > 0 ? ((news.total - news.done) * news.seconds) / news.done : Number.NaN;
  // Photons held out can ask for many runs, each with its own iterations.
  const bounded = news !== undefined && news.done <= news.total && news.stage !== "held-out";
  const keeps = globalThis.crossOriginIsolated && news?.stage !== "held-out";
  return (
    <div className="progress">
      <progress
        {...(bounded && { max: news.total, value: news.done })}
        aria-label={news ? STAGES[news.stage] : "Starting"}
      />
      <div className="progress-text">
        {news === undefined
          ? "Starting the worker …"
          : bounded
            ? `${countText(news.done)} of at most ${countText(news.total)} ${STAGES[news.stage]}` +
              `${Number.isFinite(left) ? `, at most ${durationText(left)} left` : ""}`
            : `${countText(news.done)} ${STAGES[news.stage]}`}
      </div>
      {objective !== undefined && <p className="muted numbers">objective {numberText(objective, 7)}</p>}
      <button type="button" className="full" disabled={stopping} onClick={onStop}>
        {stopping ? "Stopping …" : keeps ? "Stop and keep what there is" : "Stop"}
      </button>
    </div>
  );
}

/** What a method found, in sentences. */
export function EstimateNote({
  estimate,
  known,
}: {
  readonly estimate: EstimateView;
  readonly known: readonly string[];
}) {
  const { method, converged, complete, stopped, iterations, total, std, cash, seconds, priorStrength } =
    estimate;
  const title = METHOD_KINDS.find(({ id }) => id === method)?.title;
  return (
    <div className={`verdict ${converged ? "agree" : "weak"}`}>
      <strong>{complete ? `${title}: done` : `${title}: stopped early`}</strong>
      <p>
        {countText(iterations)} {iterations === 1 ? "iteration" : "iterations"}: {stopped}.
        {!converged && complete && " Its rule to stop was not met: give it more iterations."}
      </p>
      <p>
        {std
          ? "The errors are those of simulated observations: scatter, but not bias."
          : "One image has no error bars. For errors choose LIRA, or simulated observations under Advanced."}
      </p>
      <p className="muted">
        Total flux {numberText(total)}, Cash statistic {numberText(cash, 7)}
        {priorStrength !== undefined &&
          `, prior ${numberText(priorStrength, 3)} times as strong, by photons held out`}
        ; {durationText(seconds)}.
      </p>
      <Notes notes={estimate.warnings} known={known} />
    </div>
  );
}
