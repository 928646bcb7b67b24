/** Grid and contours of all pictures, to choose. Fetched when it is opened first. */

import { useEffect, useRef, useState } from "react";
import type { Shape } from "tslira";
import type { SkyWcs } from "tslira/sky";
import { formatUnit, offeredLevels, quantityScale, smoothedImage } from "#viewer";
import { Options } from "../options.js";
import { Trouble } from "../trouble.js";
import type { ContourFile, ContourFiles } from "./contour-files.js";
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
  readonly files: ContourFiles;
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
export function LinesChoices({ look, layers, files, shape, wcs }: LinesProps) {
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
  const all: readonly (Layer | ContourFile)[] = [...choices, ...files.list];
  const layer = all.find(({ id }) => id === contours?.of);
  const picker = useRef<HTMLInputElement>(null);
  const [opening, setOpening] = useState(false);
  const [trouble, setTrouble] = useState("");
  const shown = contours?.levels.join(", ") ?? "";
  const [text, setText] = useState(shown);
  useEffect(() => setText(shown), [shown]);
  const typed = levelsOf(text);
  const put = (next: Partial<typeof lines>) => look.change({ lines: { ...lines, ...next } }, "");
  const take = () => {
    if (contours && typed && text !== shown) put({ contours: { ...contours, levels: typed } });
  };
  const offer = (chosen: Layer | ContourFile | undefined, wanted?: number) => {
    if (chosen?.image === undefined) return put({ contours: undefined });
    const { id: of, kind } = chosen;
    const source = "source" in chosen ? chosen.source : undefined;
    const smoothing = wanted ?? (kind === "counts" ? OF_COUNTS : 0);
    const image = smoothedImage(chosen.image, smoothing / (source?.step ?? 1));
    // One bright star of another file would have all levels for itself.
    const percent = source ? 99.5 : 100;
    const scale = quantityScale(kind, image, { stretch: "linear", colormap: "auto", percent });
    put({ contours: { of, smoothing, levels: offeredLevels(scale) } });
  };
  const open = async (file: File | undefined) => {
    if (file === undefined) return;
    setTrouble("");
    setOpening(true);
    try {
      offer(await files.open(file));
    } catch (error) {
      setTrouble((error as Error).message);
    }
    setOpening(false);
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
        <select
          value={layer ? layer.id : ""}
          onChange={({ target }) => offer(all.find(({ id }) => id === target.value))}
        >
          <option value="">none</option>
          <Options of={all.map(({ id, title }) => [id, title])} />
        </select>
      </label>
      <button
        type="button"
        disabled={opening}
        onClick={() => picker.current?.click()}
        title="A FITS image of the same sky, such as a radio map: placed by the sky coordinates of both"
      >
        {opening ? "Reading …" : "Of another file…"}
      </button>
      <input
        ref={picker}
        type="file"
        hidden
        aria-label="File for contours"
        accept=".fits,.fit,.fts,.gz,.fz"
        onChange={({ target }) => {
          void open(target.files?.[0]);
          target.value = "";
        }}
      />
      <Trouble words={trouble} />
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
            <select value={contours.smoothing} onChange={({ target }) => offer(layer, Number(target.value))}>
              <Options of={SMOOTHINGS.map((sigma) => [sigma, sigma === 0 ? "nothing" : `σ = ${sigma} px`])} />
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
