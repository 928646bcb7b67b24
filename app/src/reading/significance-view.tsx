/** Is it real? Whether what is selected holds more than a null hypothesis explains, by data sets drawn from it. */

import type { Shape } from "tslira";
import {
  countText,
  durationText,
  errorText,
  numberText,
  rhatText,
  type Selection,
  selectionText,
} from "#viewer";
import type { Desk } from "../desk/desk.js";
import type { SignificanceView } from "../desk/method-protocol.js";
import { type Choices, type Composition, eachObservation } from "../desk/observation-view.js";
import { Fact } from "../fact.js";
import { Code } from "../run/keep-card.js";
import { save } from "../run/save-file.js";
import { regionKey, type SignificanceTest } from "../run/significance-run.js";
import { FormField } from "../settings/form-field.js";
import type { Form } from "../settings/settings.js";
import {
  nullField,
  significanceCommand,
  significanceQuestion,
  TEST_ADVANCED,
  TEST_FIELDS,
  testedRegion,
  testForm,
} from "../settings/significance-settings.js";
import { Trouble } from "../trouble.js";

/** What the tab needs beside the test. */
export interface SignificanceProps {
  readonly desk: Desk;
  readonly test: SignificanceTest;
  readonly selection: Selection;
  readonly shape: Shape;
  readonly choices: Choices;
  readonly composition: Composition;
  readonly form: Form;
  readonly onForm: (form: Form) => void;
  /** Chains are running. */
  readonly busy: boolean;
  readonly unit: string;
}

/** A bound or p-value, to the digits that its error allows. */
function probabilityText(value: number, error = 0): string {
  if (value >= 1) return "1";
  return error > 0 ? errorText(value, error) : numberText(value, 2);
}

/** Data sets without which nothing is called significant, as `planSignificance` warns. */
const FEWEST = 20;

/** The finding in a few words, and how it is coloured. */
function finding({
  bound,
  direct,
  gamma,
  replicates,
}: SignificanceView): readonly [state: string, words: string] {
  // Behind fewer data sets no small tail probability stands: the library warns, and so do we.
  if (bound <= Math.max(2 * gamma, 0.01) && replicates >= FEWEST)
    return ["agree", "More than the null hypothesis explains"];
  if (bound <= 0.05 || direct <= 0.05) return ["weak", "A hint, but no proof"];
  return ["disagree", "Chance alone explains it"];
}

/** The tab. */
export function SignificanceTab(props: SignificanceProps) {
  const { desk, test, selection, shape, choices, composition, form, onForm, busy } = props;
  const { state, seen } = test;
  const running = state.stage === "running";
  const hasBackground = eachObservation(choices).every(({ background }) => background !== undefined);
  const full = testForm(form, hasBackground);
  const region = testedRegion(selection, shape);
  const question = significanceQuestion(region, full);
  const command = question && significanceCommand(choices, composition, question);
  const before = seen.get(regionKey({ region }));
  const field = (one: (typeof TEST_FIELDS)[number]) => (
    <FormField
      key={one.key}
      field={one}
      form={full}
      disabled={running}
      onChange={(value) => onForm({ ...form, [one.key]: value })}
    />
  );
  const [, ...rest] = TEST_FIELDS;
  return (
    <div className="selection significance">
      <h3>Is it real?</h3>
      <p id="tested-region">{selectionText(selection)}</p>
      <p className="muted">
        Does it hold more than is there without a source? Data sets without it are drawn, and deconvolved like
        yours.{selection.kind === "pixel" && " Draw a circle (key C) to test more than a pixel."}
      </p>
      <div className="fields prior">{field(nullField(hasBackground))}</div>
      <div className="fields">{rest.map(field)}</div>
      <details>
        <summary>Advanced</summary>
        <div className="fields wide">{TEST_ADVANCED.map(field)}</div>
        <p className="muted">The model of the sky is that of the run card.</p>
      </details>
      {before !== undefined && before !== Number(full["test-gamma"]) && (
        <p className="note">
          You have seen this region at γ = {before}. At another γ the bound is no bound on a p-value any more.
        </p>
      )}
      {running ? (
        <div className="progress">
          <progress {...(state.news && { value: state.news.fraction })} aria-label="Data sets" />
          <div className="progress-text">
            {state.news === undefined
              ? "Fitting the null hypothesis …"
              : `${state.news.done} of ${state.news.total} data sets${
                  Number.isFinite(state.news.secondsLeft)
                    ? `, ${durationText(state.news.secondsLeft)} left`
                    : ""
                }`}
          </div>
          <button type="button" className="full" disabled={state.stopping} onClick={test.stop}>
            {state.stopping ? "Stopping …" : "Stop"}
          </button>
        </div>
      ) : (
        <button
          type="button"
          className="primary full"
          disabled={busy || question === undefined}
          onClick={() => question && command && test.start(question, command)}
        >
          {busy ? "After the run" : "Test this region"}
        </button>
      )}
      <div role="status">
        {state.stage === "stopped" && (
          <p className="note">
            Stopped after {state.done} of {state.total} data sets. They are kept: the same test goes on from
            there.
          </p>
        )}
        {state.stage === "done" && <Finding {...props} state={state} />}
      </div>
      <Trouble words={state.stage === "failed" ? state.message : ""} />
      {command && !running && (
        <>
          {"pixels" in region && (
            <button
              type="button"
              onClick={() =>
                void desk
                  .regionFits(region.pixels)
                  .then((bytes) => save(bytes, "application/fits", "region.fits"))
              }
            >
              Region for the command, FITS
            </button>
          )}
          <Code title="As a command" text={command} />
        </>
      )}
    </div>
  );
}

function Finding({
  desk,
  unit,
  state,
}: SignificanceProps & { readonly state: Extract<SignificanceTest["state"], { stage: "done" }> }) {
  const { view, figure } = state;
  const [tone, words] = finding(view);
  const facts: (readonly [key: string, name: string, text: string])[] = [
    ["bound", "p at most", probabilityText(view.bound, view.boundError)],
    [
      "rank",
      "p by rank",
      `${probabilityText(view.direct)}, at best ${probabilityText(1 / (1 + view.replicates))}`,
    ],
    ["test", "T", `${view.test.toFixed(3)} above the tail of γ = ${view.gamma}`],
    [
      "share",
      "source",
      `${numberText(100 * view.share.mean, 3)} % of the light, R-hat ${rhatText(view.rhat)}`,
    ],
    [
      "flux",
      "flux",
      `${numberText(view.flux.median)} (68 %: ${numberText(view.flux.low)} to ${numberText(view.flux.high)}) ${unit}`,
    ],
    ["limit", "95 % of draws below", `${numberText(view.limit95)} ${unit}`],
    ...view.parameters.map(
      ({ name, value, error }) => [name, `null: ${name}`, errorText(value, error)] as const,
    ),
  ];
  return (
    <div className="finding">
      <div className={`verdict ${tone}`}>
        <strong>{words}</strong>
        <p>
          {view.name}, {countText(view.pixels)} {view.pixels === 1 ? "pixel" : "pixels"}, against{" "}
          {countText(view.replicates)} data sets.
        </p>
      </div>
      <dl className="facts" id="significance-numbers">
        {facts.map(([key, name, text]) => (
          <Fact key={key} id={key} main={key === "bound"} name={name}>
            {text}
          </Fact>
        ))}
      </dl>
      <img
        src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(figure)}`}
        alt="Share of the source in the region: in your data, and in each of the data sets without it"
      />
      {view.warnings.map((warning) => (
        <p className="note" key={warning}>
          {warning}
        </p>
      ))}
      <div className="keep">
        <button
          type="button"
          onClick={() =>
            void desk.significanceFits().then((bytes) => save(bytes, "application/fits", "significance.fits"))
          }
        >
          Test, FITS
        </button>
        <button
          type="button"
          onClick={() =>
            void desk
              .significanceFigure("light")
              .then((svg) => save(svg, "image/svg+xml", "significance.svg"))
          }
        >
          Test, SVG
        </button>
      </div>
    </div>
  );
}
