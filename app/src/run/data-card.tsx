/** What is being looked at, and which part of it. */

import { Fragment } from "react";
import type { Cutout } from "tslira/fits";
import { countText, numberText } from "#viewer";
import {
  type Choices,
  type Composition,
  type CompositionChange,
  countsIn,
  eachObservation,
  type ImageChoice,
  type ObservationView,
  type Offsets,
} from "../desk/observation-view.js";
import { Fact } from "../fact.js";
import { cutoutWords } from "../settings/cutout-text.js";
import { isLarge } from "../start/large-image.js";
import { ChoiceField } from "./choice-field.js";
import { PsfFacts } from "./psf-facts.js";

interface DataProps {
  readonly data: ObservationView;
  readonly choices: Choices;
  readonly composition: Composition;
  readonly busy: boolean;
  readonly onCut: (target: "counts" | "psf", part: Cutout | undefined) => void;
  /** Put the data together otherwise in some respects; undefined: as is usual. */
  readonly onChange: (part: CompositionChange) => void;
  /** Use what was left out last again. */
  readonly onUnmask: () => void;
  readonly onSaveMask: (mask: ImageChoice) => void;
}

/** How many pixels of an observation are left out. */
const leftOut = ({ mask }: Pick<ObservationView, "mask">) =>
  mask?.data.reduce((sum, value) => sum + Number(value === 0), 0) ?? 0;

/** Masks that were made here, each file once. */
function madeMasks(choices: Choices): ImageChoice[] {
  const made = eachObservation(choices).flatMap(({ mask }) => (mask?.before ? [mask] : []));
  return made.filter(({ file }, index) => made.findIndex((one) => one.file === file) === index);
}

/** The card. */
export function DataCard({
  data,
  choices,
  composition,
  busy,
  onCut,
  onChange,
  onUnmask,
  onSaveMask,
}: DataProps) {
  if (data.withoutData) {
    return (
      <section className="card" aria-labelledby="data-title">
        <h2 id="data-title">Data</h2>
        {data.warnings.map((warning) => (
          <p className="muted" key={warning}>
            {warning}
          </p>
        ))}
      </section>
    );
  }
  const [ny, nx] = data.counts.shape;
  const { cutout, backgroundUnit = "flux" } = composition;
  const masked = [data, ...(data.others ?? [])].map(leftOut);
  const made = madeMasks(choices);
  return (
    <section className="card" aria-labelledby="data-title">
      <h2 id="data-title">Data</h2>
      <dl className="facts">
        {data.others && <Observations data={data} busy={busy} onChange={onChange} />}
        <Fact name="counts">
          {countText(countsIn(data.counts))} in {nx} × {ny}
          {choices.exposure || choices.background ? "" : ", exposure 1, no background"}
        </Fact>
        {cutout && (
          <Fact name="cut-out">
            {cutoutWords(cutout)} of {data.fullShape[1]} × {data.fullShape[0]}{" "}
            {!isLarge(data.fullShape) && (
              <button
                type="button"
                className="link"
                disabled={busy}
                onClick={() => onCut("counts", undefined)}
              >
                undo
              </button>
            )}
          </Fact>
        )}
        <PsfFacts
          data={data}
          choices={choices}
          composition={composition}
          busy={busy}
          onUncut={() => onCut("psf", undefined)}
          onChange={onChange}
        />
        {choices.background && choices.exposure && (
          <ChoiceField
            title="background"
            label="Unit of the background"
            choices={[
              ["flux", "flux, for unit exposure"],
              ["counts", "expected counts a pixel"],
            ]}
            chosen={backgroundUnit}
            busy={busy}
            onChoose={(value) => onChange({ backgroundUnit: value === "counts" ? "counts" : undefined })}
          />
        )}
        {masked.some((count) => count > 0) && (
          <Fact id="mask" name="mask">
            {(new Set(masked).size === 1 ? masked.slice(0, 1) : masked).map(countText).join(" and ")}{" "}
            {masked.every((count) => count === 1) ? "pixel" : "pixels"} left out
            {made.length > 0 && (
              <>
                {" "}
                <button type="button" className="link" disabled={busy} onClick={onUnmask}>
                  undo
                </button>
              </>
            )}
            {made.map((mask) => (
              <Fragment key={mask.name}>
                {" "}
                <button
                  type="button"
                  className="link"
                  onClick={() => onSaveMask(mask)}
                  title="For the command below"
                >
                  save {mask.name}
                </button>
              </Fragment>
            ))}
          </Fact>
        )}
        {data.exposure && (
          <Fact name="exposure">
            mean {numberText(data.exposure.data.reduce((sum, value) => sum + value, 0) / (nx * ny), 3)}
          </Fact>
        )}
      </dl>
      {data.warnings.map((warning) => (
        <details className="note" key={warning}>
          <summary>{warning}</summary>
          {warning}
        </details>
      ))}
      {nx * ny > 40_000 && !cutout && (
        <p className="note">Large image: a cut-out around your source (key X) is sampled much faster.</p>
      )}
    </section>
  );
}

/** Several observations, and where they lie. */
function Observations({ data, busy, onChange }: Pick<DataProps, "data" | "busy" | "onChange">) {
  const { name, others = [], offsets = "none", places } = data;
  return (
    <>
      {[data, ...others].map((one, index) => {
        const place = places?.[index];
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: observations are known by their numbers.
          <div key={index}>
            <dt>obs. {index + 1}</dt>
            <dd title={one.name}>
              {index === 0 ? name : one.name}
              {index > 0 && `: ${countText(countsIn(one.counts))} counts`}
              {index > 0 && place && `, at (${place.x.toFixed(3)}, ${place.y.toFixed(3)}) px`}
            </dd>
          </div>
        );
      })}
      <ChoiceField
        title="they lie"
        label="Where the observations lie"
        choices={[
          ["wcs", "as their headers say"],
          ["none", "on the same pixels"],
        ]}
        chosen={offsets}
        busy={busy}
        onChoose={(value) => onChange({ offsets: value as Offsets })}
      />
    </>
  );
}
