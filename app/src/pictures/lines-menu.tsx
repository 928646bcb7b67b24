/** Grid and contours of all pictures, to choose. Fetched when it is opened first. */

import { useEffect, useState } from "react";
import type { Shape } from "tslira";
import type { SkyWcs } from "tslira/sky";
import { formatUnit, offeredLevels, quantityScale, smoothedImage } from "#viewer";
import type { Layer } from "./layers.js";
import type { LookControl } from "./look.js";

/** Names of the coordinates of a grid, by the system of the header. */
const GRIDS: Readonly<Partial<Record<SkyWcs["system"], string>>> = {
  galactic: "Galactic l and b",
  ecliptic: "ecliptic coordinates",
  supergalactic: "supergalactic coordinates",
  other: "sky coordinates",
};

interface LinesProps {
  readonly look: LookControl;
  readonly layers: readonly Layer[];
  readonly shape: Shape;
  readonly wcs: SkyWcs | undefined;
}

/** Widths of the Gaussian that smooths what contours are drawn of, sigma in pixels. */
const SMOOTHINGS = [0, 1, 2, 3, 5, 8];
/** That of counts at the start, whose single photons have contours of their own otherwise. */
const OF_COUNTS = 2;

/** Numbers from a text, ascending; undefined where one is none. */
function levelsOf(text: string): readonly number[] | undefined {
  const parts = text.split(/[\s,;]+/).filter((part) => part !== "");
  const levels = parts.map(Number);
  return levels.every(Number.isFinite) ? levels.sort((a, b) => a - b) : undefined;
}

/** The choices. */
export function LinesChoices({ look, layers, shape, wcs }: LinesProps) {
  const { lines } = look.now;
  const choices = layers.filter(
    ({ id, kind, image }) =>
      image !== undefined &&
      kind !== "psf" &&
      !id.startsWith("mask") &&
      image.shape[0] === shape[0] &&
      image.shape[1] === shape[1],
  );
  const { contours } = lines;
  const layer = choices.find(({ id }) => id === contours?.of);
  const shown = contours?.levels.join(", ") ?? "";
  const [text, setText] = useState(shown);
  useEffect(() => setText(shown), [shown]);
  const typed = levelsOf(text);
  const put = (next: Partial<typeof lines>) => look.change({ lines: { ...lines, ...next } }, "");
  const take = () => {
    if (contours && typed && text !== shown) put({ contours: { ...contours, levels: typed } });
  };
  const offer = (of: string, wanted?: number) => {
    const chosen = choices.find(({ id }) => id === of);
    if (chosen?.image === undefined) return put({ contours: undefined });
    const { kind } = chosen;
    const smoothing = wanted ?? (kind === "counts" ? OF_COUNTS : 0);
    const image = smoothedImage(chosen.image, smoothing);
    const scale = quantityScale(kind, image, { stretch: "linear", colormap: "auto", percent: 100 });
    put({ contours: { of, smoothing, levels: offeredLevels(scale) } });
  };
  return (
    <>
      <label>
        Grid
        <span>
          <input
            type="checkbox"
            checked={lines.grid}
            onChange={({ target }) => put({ grid: target.checked })}
          />{" "}
          {wcs ? (GRIDS[wcs.system] ?? "RA and Dec") : "pixels, counted from 0"}
        </span>
      </label>
      <label>
        Contours of
        <select value={layer ? layer.id : ""} onChange={({ target }) => offer(target.value)}>
          <option value="">none</option>
          {choices.map(({ id, title }) => (
            <option key={id} value={id}>
              {title}
            </option>
          ))}
        </select>
      </label>
      {contours && (
        <>
          <label>
            Levels
            <input
              type="text"
              value={text}
              aria-invalid={typed === undefined}
              onChange={({ target }) => setText(target.value)}
              onBlur={take}
              onKeyDown={({ key }) => key === "Enter" && take()}
            />
          </label>
          <label>
            Smoothed by
            <select
              value={contours.smoothing}
              onChange={({ target }) => offer(contours.of, Number(target.value))}
            >
              {SMOOTHINGS.map((sigma) => (
                <option key={sigma} value={sigma}>
                  {sigma === 0 ? "nothing" : `σ = ${sigma} px`}
                </option>
              ))}
            </select>
          </label>
          <p className="muted">
            {layer
              ? `Levels in ${layer.unit ? formatUnit(layer.unit) : layer.label}, on all pictures of the sky.`
              : "Appears as soon as there is such an image."}
          </p>
        </>
      )}
    </>
  );
}
