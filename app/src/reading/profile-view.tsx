/** Profiles around the selection and along a line. */

import { type ReactNode, useCallback, useMemo, useState } from "react";
import {
  formatUnit,
  linePath,
  numberText,
  paddedRange,
  type Selection,
  selectedPixels,
  selectionCentre,
} from "#viewer";
import type { Desk } from "../desk/desk.js";
import type { ObservationView } from "../desk/observation-view.js";
import type { BandView, ResultView } from "../desk/run-view.js";
import { Options } from "../options.js";
import type { Layer } from "../pictures/layers.js";
import type { LookControl } from "../pictures/look.js";
import { useAnswer } from "./answer.js";
import { Chart } from "./chart-view.js";
import { countPoints, groupMeans, lineBins, type ProfileBins, ringBins } from "./profile.js";

/** Where a profile is taken. */
type Path = "around" | "along";

interface ProfileProps {
  readonly desk: Desk;
  readonly layers: readonly Layer[];
  readonly data: ObservationView;
  readonly selection: Selection;
  readonly result: ResultView | undefined;
  readonly look: LookControl;
}

/** Layers that lie on the sky of the counts. */
const onSky = (layer: Layer) => layer.id !== "psf" && layer.image !== undefined;

/** The view. */
export function ProfileView({ desk, layers, data, selection, result, look }: ProfileProps) {
  const { line } = look.now;
  const [path, setPath] = useState<Path>(line ? "along" : "around");
  const [wanted, setWanted] = useState<string>();
  const shape = data.counts.shape;
  const centre = selectionCentre(selection);
  const [cx, cy] = centre;
  const reach = useMemo(
    () => Math.sqrt(selectedPixels(selection, shape).length / Math.PI),
    [selection, shape],
  );
  const most = Math.floor(Math.hypot(...shape));
  const [radius, setRadius] = useState<number>();
  const out = radius ?? Math.min(most, Math.max(8, Math.ceil(3 * reach)));
  const [across, setAcross] = useState(3);
  const choices = layers.filter(onSky);
  const layer = choices.find(({ id }) => id === (wanted ?? (result ? "mean" : "counts"))) ?? choices[0];
  const bins = useMemo(
    () => (path === "around" ? ringBins([cx, cy], out, shape) : line && lineBins(line, across, shape)),
    [path, cx, cy, out, line, across, shape],
  );
  const ask = useCallback(({ groups }: ProfileBins) => desk.bands(groups), [desk]);
  const { answer, isCurrent } = useAnswer(bins, layer?.id === "mean" ? result : undefined, ask);
  return (
    <div className="profile">
      <fieldset className="segments">
        <legend className="spoken">Where</legend>
        {(
          [
            ["around", "Around the selection"],
            ["along", "Along a line"],
          ] as const
        ).map(([value, title]) => (
          <label key={value} className={path === value ? "chosen" : ""}>
            <input
              type="radio"
              name="path"
              value={value}
              checked={path === value}
              onChange={() => setPath(value)}
            />
            {title}
          </label>
        ))}
      </fieldset>
      <div className="region-fields">
        <label>
          Of
          <select value={layer?.id} onChange={({ target }) => setWanted(target.value)}>
            <Options of={choices.map(({ id, title }) => [id, title])} />
          </select>
        </label>
        <label>
          {path === "around" ? "Out to" : "Width"}
          <input
            type="number"
            min={path === "around" ? 2 : 1}
            max={most}
            value={path === "around" ? out : across}
            onChange={({ target }) => {
              const value = Number(target.value);
              if (value >= 1 && value <= most) (path === "around" ? setRadius : setAcross)(value);
            }}
          />
        </label>
      </div>
      {bins === undefined || layer?.image === undefined ? (
        <p className="muted">
          Draw a line: choose the tool <em>Line</em> (key L) and drag it over a picture; or move the cursor
          and press Enter at both ends.
        </p>
      ) : (
        <ProfileChart
          bins={bins}
          layer={layer}
          band={isCurrent ? answer : undefined}
          path={path}
          predicted={layer.id === "counts" ? layers.find(({ id }) => id === "predicted") : undefined}
        />
      )}
      {path === "along" && line && (
        <p className="muted" id="profile-line">
          From x = {line.x0}, y = {line.y0} to x = {line.x1}, y = {line.y1},{" "}
          {numberText(Math.hypot(line.x1 - line.x0, line.y1 - line.y0), 3)} px long.
        </p>
      )}
    </div>
  );
}

function ProfileChart({
  bins,
  layer,
  band,
  path,
  predicted,
}: {
  readonly bins: ProfileBins;
  readonly layer: Layer;
  readonly band: BandView | undefined;
  readonly path: Path;
  readonly predicted: Layer | undefined;
}) {
  const { image } = layer;
  if (image === undefined) return null;
  const points = layer.id === "counts" ? countPoints(image, bins) : undefined;
  const means = groupMeans(image, bins);
  const model = predicted?.image && groupMeans(predicted.image, bins);
  const values = [
    ...means,
    ...(points?.flatMap(({ low, high }) => [low, high]) ?? []),
    ...(band ? [...band.low, ...band.high] : []),
    ...(model ?? []),
  ].filter(Number.isFinite);
  const [low, high] = paddedRange(
    values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
    values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
  );
  const end = bins.edges.at(-1)?.[1] ?? 1;
  const peak = means.reduce((best, value, index) => (value > (means[best] ?? Number.NaN) ? index : best), 0);
  const legend: ReactNode[] = points
    ? ["Points: counts a pixel, with their Poisson error", model ? "; line: predicted." : "."]
    : band
      ? ["Line: posterior mean; band: 68 % of the draws."]
      : ["Mean of the pixels."];
  return (
    <figure>
      <Chart
        height={220}
        x={{ domain: [0, end], label: path === "around" ? "radius" : "along the line", unit: "px" }}
        y={{ domain: [low, high], label: points ? "counts a pixel" : layer.label, unit: layer.unit }}
        label={`Profile of ${layer.title.toLowerCase()} in ${means.length} steps: largest ${numberText(means[peak] ?? Number.NaN, 3)} at ${numberText(bins.at[peak] ?? 0, 3)} px, last ${numberText(means.at(-1) ?? Number.NaN, 3)}`}
        marks={({ x, y }) => {
          const place = (index: number) => x(bins.at[index] ?? 0);
          const lineOf = (all: readonly number[], kind: string) =>
            `<path class="${kind}" d="${linePath(place, (index) => y(all[index] ?? 0), all.length)}"/>`;
          if (points) {
            const bars = points.map(
              (point, index) =>
                `<path class="error" d="M${place(index).toFixed(1)},${y(point.low).toFixed(1)}V${y(point.high).toFixed(1)}"/>` +
                `<circle class="point" cx="${place(index).toFixed(1)}" cy="${y(point.value).toFixed(1)}" r="2.2"/>`,
            );
            return (model ? lineOf(model, "outline series-2") : "") + bars.join("");
          }
          const area = band
            ? `<path class="posterior-band" d="${linePath(place, (index) => y(band.high[index] ?? 0), band.high.length)}${linePath(
                (index) => place(band.low.length - 1 - index),
                (index) => y(band.low[band.low.length - 1 - index] ?? 0),
                band.low.length,
              ).replace("M", "L")}Z"/>`
            : "";
          return area + lineOf(band?.mean ?? means, "outline series-1");
        }}
      />
      <figcaption className="muted">
        {legend} {layer.unit !== "" && !points && `In ${formatUnit(layer.unit)}.`}
      </figcaption>
    </figure>
  );
}
