/** Colours of all pictures, and limits of each. */

import { useEffect, useState } from "react";
import type { Colormap, Stretch } from "tslira/figures";
import { numberText, quantityScale, type Style } from "#viewer";
import type { Layer } from "./layers.js";
import type { LookControl } from "./look.js";
import { Popup } from "./popup.js";

const STRETCHES: readonly Stretch[] = ["linear", "sqrt", "asinh", "log"];
const COLORMAPS: readonly (Colormap | "auto")[] = ["auto", "inferno", "magma", "viridis", "cividis", "gray"];
const PERCENTS = [100, 99.9, 99.5, 99, 98, 95];
const CONTRASTS = { least: 0.1, most: 10 } as const;

/** Buttons of which one is chosen. */
function Percents({
  label,
  chosen,
  onChoose,
}: {
  readonly label: string;
  readonly chosen: number | undefined;
  readonly onChoose: (percent: number) => void;
}) {
  return (
    <fieldset className="percents">
      <legend>{label}</legend>
      {PERCENTS.map((percent) => (
        <button
          type="button"
          key={percent}
          aria-pressed={chosen === percent}
          onClick={() => onChoose(percent)}
        >
          {percent} %
        </button>
      ))}
    </fieldset>
  );
}

/** Stretch, colour map, contrast and limits of all pictures. */
export function ColoursMenu({ look: { now, change } }: { readonly look: LookControl }) {
  const { style } = now;
  const set = (patch: Partial<Style>, step = "") => change({ style: { ...style, ...patch } }, step);
  const { contrast = 1, bias = 0.5, inverted = false } = style;
  const changed = contrast !== 1 || bias !== 0.5 || inverted || style.colormap !== "auto";
  return (
    <Popup title="Colours" hint="Stretch, colour map, limits and contrast of all pictures">
      {() => (
        <>
          <label>
            Stretch
            <select
              value={style.stretch}
              onChange={({ target }) => set({ stretch: target.value as Stretch })}
            >
              {STRETCHES.map((stretch) => (
                <option key={stretch}>{stretch}</option>
              ))}
            </select>
          </label>
          <label>
            Colour map
            <select
              value={style.colormap}
              onChange={({ target }) => set({ colormap: target.value as Style["colormap"] })}
            >
              {COLORMAPS.map((colormap) => (
                <option key={colormap}>{colormap}</option>
              ))}
            </select>
          </label>
          <label>
            Inverted
            <input
              type="checkbox"
              checked={inverted}
              onChange={({ target }) => set({ inverted: target.checked })}
            />
          </label>
          <label>
            Contrast
            <input
              type="range"
              min={-1}
              max={1}
              step={0.02}
              value={Math.log10(contrast)}
              aria-valuetext={numberText(contrast, 2)}
              onChange={({ target }) => {
                const next = 10 ** Number(target.value);
                const bounded = Math.min(Math.max(next, CONTRASTS.least), CONTRASTS.most);
                set({ contrast: Math.round(100 * bounded) / 100 }, "contrast");
              }}
            />
          </label>
          <label>
            Bias
            <input
              type="range"
              min={0}
              max={1}
              step={0.01}
              value={bias}
              aria-valuetext={numberText(bias, 2)}
              onChange={({ target }) => set({ bias: Number(target.value) }, "bias")}
            />
          </label>
          <Percents
            label="Pixels within the limits, of all pictures"
            chosen={Object.keys(now.limits).length === 0 ? style.percent : undefined}
            onChoose={(percent) => change({ style: { ...style, percent }, limits: {} }, "")}
          />
          <p className="muted">On a picture: drag with the right button, sideways bias, upwards contrast.</p>
          <button
            type="button"
            disabled={!changed}
            onClick={() => set({ contrast: 1, bias: 0.5, inverted: false, colormap: "auto" })}
          >
            Reset colours
          </button>
        </>
      )}
    </Popup>
  );
}

/** A number that is taken over when it is one. */
function LimitField({
  label,
  value,
  onValue,
}: {
  readonly label: string;
  readonly value: number;
  readonly onValue: (value: number) => boolean;
}) {
  const short = Number(value.toPrecision(5));
  const [text, setText] = useState(String(short));
  const [good, setGood] = useState(true);
  useEffect(() => {
    setText(String(short));
    setGood(true);
  }, [short]);
  const take = () => {
    const number = Number(text);
    if (text.trim() !== "" && number === short) return setGood(true);
    setGood(text.trim() !== "" && Number.isFinite(number) && onValue(number));
  };
  return (
    <label>
      {label}
      <input
        type="text"
        inputMode="decimal"
        value={text}
        aria-invalid={!good}
        onChange={({ target }) => setText(target.value)}
        onBlur={take}
        onKeyDown={({ key }) => key === "Enter" && take()}
      />
    </label>
  );
}

/** Style of one picture: with its own limits where they were set. */
export function styleOf({ style, limits }: LookControl["now"], id: string): Style {
  const own = limits[id];
  return own === undefined ? style : { ...style, limits: own };
}

/** Limits of one picture. */
export function LimitsMenu({ layer, look }: { readonly layer: Layer; readonly look: LookControl }) {
  const { now, change } = look;
  const { image } = layer;
  if (image === undefined) return null;
  const own = now.limits[layer.id];
  const put = (limits: readonly [number, number]) => {
    if (!(limits[0] < limits[1])) return false;
    change({ limits: { ...now.limits, [layer.id]: limits } }, "");
    return true;
  };
  return (
    <Popup
      className="limits"
      title={own ? "Limits set" : "Limits"}
      label={`${own ? "Limits set" : "Limits"} of ${layer.title}`}
    >
      {() => {
        const { limits } = quantityScale(layer.kind, image, styleOf(now, layer.id));
        return (
          <>
            <LimitField label="From" value={limits[0]} onValue={(low) => put([low, limits[1]])} />
            <LimitField label="To" value={limits[1]} onValue={(high) => put([limits[0], high])} />
            <Percents
              label="Of the pixels of this picture"
              chosen={undefined}
              onChoose={(percent) => {
                const scale = quantityScale(layer.kind, image, { ...now.style, percent });
                put(scale.limits);
              }}
            />
            <button
              type="button"
              disabled={own === undefined}
              onClick={() => {
                const { [layer.id]: _, ...rest } = now.limits;
                change({ limits: rest }, "");
              }}
            >
              Limits from the picture
            </button>
            {now.style.stretch === "log" && (
              <p className="muted">A logarithmic stretch takes limits above 0 only.</p>
            )}
          </>
        );
      }}
    </Popup>
  );
}
