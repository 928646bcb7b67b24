/** What was picked: a pixel or a region, its flux and what the draws say of it. */

import { useCallback, useMemo, useState } from "react";
import { formatSkyPosition, pixelToSky, type SkyWcs } from "tslira/sky";
import {
  colorScale,
  countText,
  errorText,
  type Frame,
  formatUnit,
  lengthText,
  movedSelection,
  numberText,
  pooled,
  quantilesOf,
  rhatText,
  type Selection,
  selectedPixels,
  selectionCentre,
  selectionShape,
  selectionText,
} from "#viewer";
import type { Desk } from "../desk/desk.js";
import type { EstimateView } from "../desk/method-protocol.js";
import { countsIn, type ObservationView } from "../desk/observation-view.js";
import type { RegionView, ResultView } from "../desk/run-view.js";
import { Fact } from "../fact.js";
import type { LookControl } from "../pictures/look.js";
import { Bar, Picture } from "../pictures/picture.js";
import type { DrawnRegion } from "../regions/region-edit.js";
import type { RegionPlace } from "../regions/region-file.js";
import { RegionList } from "../regions/region-list.js";
import { Trouble } from "../trouble.js";
import { useAnswer } from "./answer.js";
import { DrawsChart, HistogramChart } from "./chart-view.js";
import { EstimateFlux } from "./convergence-view.js";
import { intervalText } from "./interval-text.js";

interface SelectionProps {
  readonly desk: Desk;
  readonly data: ObservationView;
  readonly wcs: SkyWcs | undefined;
  readonly selection: Selection;
  readonly result: ResultView | undefined;
  /** Of a method that gives one image. */
  readonly estimate: EstimateView | undefined;
  readonly look: LookControl;
  readonly place: RegionPlace;
  readonly onMask: ((region: DrawnRegion) => void) | undefined;
}

/** The view. */
export function SelectionView(props: SelectionProps) {
  const { desk, data, selection, result, estimate, wcs, look, place, onMask } = props;
  const shape = data.counts.shape;
  const pixels = useMemo(() => selectedPixels(selection, shape), [selection, shape]);
  const name = selection.kind === "region" ? selection.name : selectionText(selection);
  const ask = useCallback((of: readonly number[]) => desk.region(of, name), [desk, name]);
  const { answer, trouble } = useAnswer(pixels, result, ask);
  const unit = data.unit ?? "";

  const sum = (values: ArrayLike<number>) => pixels.reduce((all, pixel) => all + (values[pixel] ?? 0), 0);
  const single = pixels.length === 1;
  const [first = 0] = pixels;
  const shown = answer?.chains.some(({ length }) => length > 1) ? answer : undefined;
  const list = <RegionList look={look} place={place} name={data.name} onMask={onMask} />;
  const some = look.now.regions.length > 0;

  return (
    <div className="selection">
      {some && list}
      <h3 id="selection-name">{selectionText(selection)}</h3>
      {pixels.length === 0 ? (
        <p className="note" role="status">
          No pixel has its middle in this region. Move it into the image, or make it larger.
        </p>
      ) : (
        <dl className="facts" id="selection-numbers">
          <Place selection={selection} single={single} wcs={wcs} />
          {!data.withoutData && (
            <Fact id="counts" name="counts">
              {countText(countsIn(data.counts, pixels))}
              {!single && ` in ${countText(pixels.length)} pixels`}
              {result && `, ${numberText(sum(result.predicted.data))} predicted`}
              {data.others && " (observation 1)"}
            </Fact>
          )}
          {shown && result && (
            <FluxFacts
              shown={shown}
              result={result}
              pixel={single ? first : undefined}
              unit={unit}
              wcs={wcs}
            />
          )}
        </dl>
      )}
      <Trouble words={trouble} />
      {estimate ? (
        <EstimateFlux estimate={estimate} pixels={pixels} unit={formatUnit(unit)} />
      ) : result === undefined ? (
        <p className="muted">Flux, its interval, trace and histogram appear here when the chains are done.</p>
      ) : (
        shown && (
          <>
            <Charts shown={shown} result={result} pixel={single ? first : undefined} unit={unit} />
            <Correlation desk={desk} pixels={pixels} selection={selection} result={result} />
          </>
        )
      )}
      {!some && list}
    </div>
  );
}

function Place({
  selection,
  single,
  wcs,
}: {
  readonly selection: Selection;
  readonly single: boolean;
  readonly wcs: SkyWcs | undefined;
}) {
  const [x, y] = selectionCentre(selection);
  if (!wcs || single) return null;
  return (
    <Fact id="sky" name="centre">
      {formatSkyPosition(wcs, pixelToSky(wcs, x, y))}
    </Fact>
  );
}

/** Central 68 % and 95 % of the flux. */
function intervalsOf(shown: RegionView, result: ResultView, pixel: number | undefined) {
  const all = pooled(shown.chains);
  const [low, high, lowest, highest, most68, most95] = quantilesOf(
    all,
    [0.16, 0.84, 0.025, 0.975, 0.68, 0.95],
  ) as [number, number, number, number, number, number];
  const narrow: readonly [number, number] =
    pixel === undefined ? [low, high] : [result.low.data[pixel] ?? low, result.high.data[pixel] ?? high];
  return {
    narrow,
    narrowText: intervalText(narrow, most68),
    wideText: intervalText([lowest, highest], most95),
  };
}

interface FluxProps {
  readonly shown: RegionView;
  readonly result: ResultView;
  /** The pixel, where it is one. */
  readonly pixel: number | undefined;
  readonly unit: string;
}

function FluxFacts({ shown, result, pixel, unit, wcs }: FluxProps & { readonly wcs: SkyWcs | undefined }) {
  const { narrowText, wideText } = useMemo(() => intervalsOf(shown, result, pixel), [shown, result, pixel]);
  const { summary, products } = shown;
  const error = pixel === undefined ? summary.std : (result.std.data[pixel] ?? summary.std);
  const centroid = products?.centroid;
  const sure = centroid && centroid.xStd < 1e6 && Number.isFinite(centroid.x + centroid.y);
  return (
    <>
      <Fact id="flux" main name="flux">
        {errorText(summary.mean, error)} {formatUnit(unit)}
      </Fact>
      <Fact id="interval" name="68 %">
        {narrowText}
      </Fact>
      <Fact id="interval95" name="95 %">
        {wideText}
      </Fact>
      {sure && (
        <>
          <Fact id="centroid" name="centroid">
            x {errorText(centroid.x, centroid.xStd)}, y {errorText(centroid.y, centroid.yStd)}
            {wcs && `, ${formatSkyPosition(wcs, pixelToSky(wcs, centroid.x, centroid.y))}`}
          </Fact>
          <Fact id="width" name="rms width">
            {errorText(products.width.mean, products.width.std)} px
            {wcs && `, ${lengthText(wcs, products.width.mean, centroid.x, centroid.y)}`}
          </Fact>
        </>
      )}
      <Fact id="rhat" name="R-hat">
        {rhatText(summary.rhat)}, ESS {countText(summary.ess)}
      </Fact>
    </>
  );
}

function Charts({ shown, result, pixel, unit }: FluxProps) {
  const { narrow } = useMemo(() => intervalsOf(shown, result, pixel), [shown, result, pixel]);
  return (
    <>
      <DrawsChart
        chains={shown.chains}
        first={result.firstSweep}
        every={result.everySweeps}
        interval={narrow}
        unit={unit}
      />
      <HistogramChart chains={shown.chains} mean={shown.summary.mean} interval={narrow} unit={unit} />
    </>
  );
}

/** The map of correlations, once it is asked for. */
function Correlation({
  desk,
  pixels,
  selection,
  result,
}: {
  readonly desk: Desk;
  readonly pixels: readonly number[];
  readonly selection: Selection;
  readonly result: ResultView;
}) {
  const [open, setOpen] = useState(false);
  return (
    <details className="correlation" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>Correlation with the pixels around</summary>
      {open && <CorrelationMap desk={desk} pixels={pixels} selection={selection} result={result} />}
    </details>
  );
}

function CorrelationMap({ desk, pixels, selection, result }: Parameters<typeof Correlation>[0]) {
  const ask = useCallback((of: readonly number[]) => desk.correlation(of), [desk]);
  const { answer, trouble } = useAnswer(pixels, result, ask);
  const scale = useMemo(
    () => answer && colorScale([answer.image], { colormap: "RdBu", vmin: -1, vmax: 1 }),
    [answer],
  );
  const overlay = useCallback(
    (frame: Frame) =>
      answer ? selectionShape(frame, movedSelection(selection, -answer.left, -answer.bottom)) : "",
    [answer, selection],
  );
  if (trouble !== "") return <p className="trouble">{trouble}</p>;
  if (answer === undefined || scale === undefined) return <p className="muted">Over all draws …</p>;
  const [ny, nx] = answer.image.shape;
  return (
    <>
      <Picture
        key={`${ny} ${nx}`}
        image={answer.image}
        scale={scale}
        overlay={overlay}
        label={`Correlation of the flux with that of each of ${nx} by ${ny} pixels`}
      />
      <Bar scale={scale} label="correlation" unit="" />
      <p className="muted">
        Blue: pixels with which the selection shares its photons, so that one is brighter when the other is
        fainter.
      </p>
    </>
  );
}
