/** What is known of the psf, and what is not. */

import { useEffect, useState } from "react";
import type { Psf, PsfLaw } from "tslira";
import { PSF_LAWS } from "#studio";
import {
  type Choices,
  type Composition,
  type CompositionChange,
  eachObservation,
  type ObservationView,
  psfErrorsOf,
} from "../desk/observation-view.js";
import { Fact } from "../fact.js";
import { gridOfPlaces } from "../pictures/psf-mosaic.js";
import { COMPOSITION_TEXTS } from "../settings/composition-text.js";
import { cutoutWords } from "../settings/cutout-text.js";
import { psfCentreOf, psfCentreText } from "../settings/psf-centre-text.js";
import { ChoiceField } from "./choice-field.js";

const componentsText = (count: number) => (count === 1 ? "1 component" : `${count} components`);

/** What a psf is, in words. */
export function psfText(psf: Psf): string {
  const { places, members, components } = psf;
  const [ny, nx] = psf.shape;
  const size = `${nx}\u00a0×\u00a0${ny}`;
  if (places) {
    const grid = gridOfPlaces(psf);
    return `${places.length} psfs at places${grid ? `, ${grid[0]}\u00a0×\u00a0${grid[1]}` : ""}; each ${size} pixels`;
  }
  if (members && components !== undefined)
    return `${componentsText(components)} of ${members.length} psfs; ${size} pixels`;
  return members ? `${members.length} psfs of which one is true; ${size} pixels` : size;
}

interface PsfProps {
  readonly data: ObservationView;
  readonly choices: Choices;
  readonly composition: Composition;
  readonly busy: boolean;
  readonly onChange: (part: CompositionChange) => void;
  /** Use the whole psf again. */
  readonly onUncut: () => void;
}

/** Rows of the card of the data. */
export function PsfFacts({ data, choices, composition, busy, onUncut, onChange }: PsfProps) {
  const { psfCutout, psfCentre = "auto", psfComponents, psfLaw = "sampled" } = composition;
  const centre = psfCentreText(psfCentre);
  const each = eachObservation(choices);
  const texts = [data, ...(data.others ?? [])].map(({ psf }) => psfText(psf));
  const hasMembers = each.some(({ psf }) => psf?.psfs === "members");
  const isUncertain =
    hasMembers ||
    each.some((images, index) => Object.keys(psfErrorsOf(images, index, composition)).length > 0);
  const most = Math.min(9, (data.psf.members?.length ?? 10) - 1);
  return (
    <>
      {texts.map((text, index) =>
        index > 0 && text === texts[0] ? null : (
          <Fact
            // biome-ignore lint/suspicious/noArrayIndexKey: observations are known by their numbers.
            key={index}
            id={index === 0 ? "psf" : `psf-${index + 1}`}
            name={index === 0 ? "psf" : `psf ${index + 1}`}
          >
            {text}
            {psfCutout && index === 0 && (
              <>
                , {cutoutWords(psfCutout)}{" "}
                <button type="button" className="link" disabled={busy} onClick={onUncut}>
                  undo
                </button>
              </>
            )}
          </Fact>
        ),
      )}
      {choices.psf && (
        <>
          <ChoiceField
            title="psf centre"
            label="Centre of the psf"
            hint="How the centre of the psf is found, which is put on a pixel"
            choices={[...new Set(["auto", "peak", "centroid", centre])].map((choice) => [choice, choice])}
            chosen={centre}
            busy={busy}
            onChoose={(value) => onChange({ psfCentre: value === "auto" ? undefined : psfCentreOf(value) })}
          />
          {hasMembers && (
            <ChoiceField
              title="made of"
              label="What the psf is made of"
              hint="One of the psfs, or their mean and so many of their principal components"
              choices={[
                ["", "as the file says"],
                ...Array.from(
                  { length: most },
                  (_, index) => [`${index + 1}`, componentsText(index + 1)] as const,
                ),
              ]}
              chosen={`${psfComponents ?? ""}`}
              busy={busy}
              onChoose={(value) => onChange({ psfComponents: COMPOSITION_TEXTS.psfComponents.read(value) })}
            />
          )}
          <ErrorField
            {...{ title: "psf width", label: "Error of the width of the psf", unit: "%", each: 0.01, busy }}
            hint="Relative standard error of the width, up to 20 %: it is drawn with the image. Empty: known"
            part="psfWidthError"
            composition={composition}
            onChange={onChange}
          />
          {data.others && (
            <ErrorField
              {...{
                title: "pointing",
                label: "Error of the pointing",
                unit: "px",
                each: 1,
                busy,
              }}
              hint="Standard error of where each observation after the first lies, up to 2 pixels: it is fitted. Empty: known"
              part="pointingError"
              composition={composition}
              onChange={onChange}
            />
          )}
          {isUncertain && (
            <ChoiceField
              title="psf law"
              label="Law of the psf"
              hint="What is not known of the psf is drawn with the image (sampled), kept by each pair of chains (ensemble), or taken as given (fixed)"
              choices={PSF_LAWS.map((law) => [law, law])}
              chosen={psfLaw}
              busy={busy}
              onChoose={(value) => onChange({ psfLaw: value === "sampled" ? undefined : (value as PsfLaw) })}
            />
          )}
        </>
      )}
    </>
  );
}

/** A standard error that may be given; taken when the field is left, or by Enter. */
function ErrorField({
  title,
  label,
  unit,
  each,
  hint,
  part,
  composition,
  busy,
  onChange,
}: {
  readonly title: string;
  readonly label: string;
  readonly unit: string;
  /** What one of the unit is. */
  readonly each: number;
  readonly hint: string;
  readonly part: "psfWidthError" | "pointingError";
  readonly composition: Composition;
  readonly busy: boolean;
  readonly onChange: PsfProps["onChange"];
}) {
  const known = composition[part];
  const shown = known === undefined ? "" : String(Number((known / each).toPrecision(12)));
  const [text, setText] = useState(shown);
  useEffect(() => setText(shown), [shown]);
  const value = COMPOSITION_TEXTS[part].read(String(Number((Number(text) * each).toPrecision(12))));
  const good = text.trim() === "" || value !== undefined;
  const take = () => {
    if (good && text !== shown) onChange({ [part]: text.trim() === "" ? undefined : value });
  };
  return (
    <Fact name={title}>
      ±{" "}
      <input
        aria-label={label}
        title={hint}
        inputMode="decimal"
        size={4}
        value={text}
        disabled={busy}
        aria-invalid={!good}
        onChange={({ target }) => setText(target.value)}
        onBlur={take}
        onKeyDown={({ key }) => key === "Enter" && take()}
      />{" "}
      {unit}
    </Fact>
  );
}
