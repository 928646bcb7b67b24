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
import { gridOfPlaces } from "../pictures/psf-mosaic.js";
import { COMPOSITION_TEXTS } from "../settings/composition-text.js";
import { cutoutWords } from "../settings/cutout-text.js";
import { psfCentreOf, psfCentreText } from "../settings/psf-centre-text.js";

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
    return `${components} component${components === 1 ? "" : "s"} of ${members.length} psfs; ${size} pixels`;
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
          // biome-ignore lint/suspicious/noArrayIndexKey: observations are known by their numbers.
          <div key={index} data-key={index === 0 ? "psf" : `psf-${index + 1}`}>
            <dt>{index === 0 ? "psf" : `psf ${index + 1}`}</dt>
            <dd>
              {text}
              {psfCutout && index === 0 && (
                <>
                  , {cutoutWords(psfCutout)}{" "}
                  <button type="button" className="link" disabled={busy} onClick={onUncut}>
                    undo
                  </button>
                </>
              )}
            </dd>
          </div>
        ),
      )}
      {choices.psf && (
        <>
          <div>
            <dt>psf centre</dt>
            <dd>
              <select
                aria-label="Centre of the psf"
                title="How the centre of the psf is found, which is put on a pixel"
                value={centre}
                disabled={busy}
                onChange={({ target: { value } }) =>
                  onChange({ psfCentre: value === "auto" ? undefined : psfCentreOf(value) })
                }
              >
                {[...new Set(["auto", "peak", "centroid", centre])].map((choice) => (
                  <option key={choice}>{choice}</option>
                ))}
              </select>
            </dd>
          </div>
          {hasMembers && (
            <div>
              <dt>made of</dt>
              <dd>
                <select
                  aria-label="What the psf is made of"
                  title="One of the psfs, or their mean and so many of their principal components"
                  value={psfComponents ?? ""}
                  disabled={busy}
                  onChange={({ target: { value } }) =>
                    onChange({ psfComponents: COMPOSITION_TEXTS.psfComponents.read(value) })
                  }
                >
                  <option value="">as the file says</option>
                  {Array.from({ length: most }, (_, index) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: they are known by their number.
                    <option key={index} value={index + 1}>
                      {index === 0 ? "1 component" : `${index + 1} components`}
                    </option>
                  ))}
                </select>
              </dd>
            </div>
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
            <div>
              <dt>psf law</dt>
              <dd>
                <select
                  aria-label="Law of the psf"
                  title="What is not known of the psf is drawn with the image (sampled), kept by each pair of chains (ensemble), or taken as given (fixed)"
                  value={psfLaw}
                  disabled={busy}
                  onChange={({ target: { value } }) =>
                    onChange({ psfLaw: value === "sampled" ? undefined : (value as PsfLaw) })
                  }
                >
                  {PSF_LAWS.map((law) => (
                    <option key={law}>{law}</option>
                  ))}
                </select>
              </dd>
            </div>
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
    <div>
      <dt>{title}</dt>
      <dd>
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
      </dd>
    </div>
  );
}
