/** A closer look: numbers under the cursor, what was picked, the chains, and single draws. */

import { Fragment } from "react";
import { formatSkyPosition, pixelToSky, type SkyWcs } from "tslira/sky";
import { countText, errorText, formatUnit, numberText, rhatText, type Selection, type Style } from "#viewer";
import type { Desk } from "../desk/desk.js";
import type { EstimateNews, EstimateView } from "../desk/method-protocol.js";
import type { ObservationView } from "../desk/observation-view.js";
import type { LiveView, ResultView } from "../desk/run-view.js";
import { Fact } from "../fact.js";
import { late, Room } from "../late.js";
import type { Layer } from "../pictures/layers.js";
import type { LookControl } from "../pictures/look.js";
import type { DrawnRegion } from "../regions/region-edit.js";
import type { RegionPlace } from "../regions/region-file.js";
import { TraceChart } from "./chart-view.js";
import { ConvergenceView } from "./convergence-view.js";
import { DrawsView } from "./draws-view.js";
import type { MeasureProps } from "./measure-view.js";
import { ProfileView } from "./profile-view.js";
import { SelectionView } from "./selection-view.js";
import type { SignificanceProps } from "./significance-view.js";

/** Fetched when it is opened. */
const SignificanceTab = late(
  async () => (await import("./significance-view.js")).SignificanceTab,
  <p className="muted">…</p>,
);

const MeasureTab = late(
  async () => (await import("./measure-view.js")).MeasureTab,
  <p className="muted">…</p>,
);

/** Parts of the inspector. */
export type Tab = "selection" | "profile" | "chains" | "draws" | "measure" | "significance";
const TABS: readonly (readonly [Tab, string])[] = [
  ["selection", "Selection"],
  ["profile", "Profile"],
  ["chains", "Chains"],
  ["draws", "Draws"],
  ["measure", "Measure"],
  ["significance", "Test"],
];

interface InspectorProps {
  readonly desk: Desk;
  readonly layers: readonly Layer[];
  readonly data: ObservationView;
  readonly wcs: SkyWcs | undefined;
  readonly cursor: readonly [number, number];
  readonly selection: Selection;
  readonly look: LookControl;
  readonly place: RegionPlace;
  readonly onMask: ((region: DrawnRegion) => void) | undefined;
  readonly live: LiveView | undefined;
  readonly result: ResultView | undefined;
  /** Of a method that gives one image. */
  readonly news: EstimateNews | undefined;
  readonly estimate: EstimateView | undefined;
  readonly significance: Pick<
    SignificanceProps,
    "test" | "choices" | "composition" | "form" | "onForm" | "busy"
  >;
  readonly measure: Pick<MeasureProps, "photometry" | "onPick">;
  readonly style: Style;
  readonly tab: Tab;
  readonly onTab: (tab: Tab) => void;
}

/** The column. */
export function Inspector(props: InspectorProps) {
  const { tab, onTab, live, result, news, estimate } = props;
  return (
    <aside className="right" aria-label="A closer look">
      <Readout {...props} />
      <div className="tabs" role="tablist" aria-label="A closer look">
        {TABS.map(([id, title]) => (
          <button
            type="button"
            role="tab"
            key={id}
            id={`tab-${id}`}
            aria-selected={tab === id}
            aria-controls="tab-panel"
            tabIndex={tab === id ? 0 : -1}
            onClick={() => onTab(id)}
            onKeyDown={({ key, currentTarget }) => {
              const step = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? TABS.length - 1 : 0;
              if (step === 0) return;
              const next = TABS[(TABS.findIndex(([one]) => one === tab) + step) % TABS.length][0];
              onTab(next);
              currentTarget.parentElement?.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
            }}
          >
            {id === "chains" && (news || estimate) ? "Curve" : title}
          </button>
        ))}
      </div>
      <div className="tab-panel" role="tabpanel" id="tab-panel" aria-labelledby={`tab-${tab}`}>
        <Room key={tab} name="This part">
          {tab === "selection" && <SelectionView {...props} />}
          {tab === "profile" && <ProfileView {...props} />}
          {tab === "chains" &&
            (news || estimate ? (
              <ConvergenceView news={news} estimate={estimate} />
            ) : (
              <ChainsView live={live} result={result} />
            ))}
          {tab === "significance" && props.data.withoutData && (
            <p className="muted">A test needs the data: open counts and point spread function.</p>
          )}
          {tab === "significance" && !props.data.withoutData && (
            <SignificanceTab
              {...props.significance}
              desk={props.desk}
              selection={props.selection}
              shape={props.data.counts.shape}
              unit={formatUnit(props.data.unit ?? "")}
            />
          )}
          {tab === "measure" &&
            (result ? (
              <MeasureTab {...props} {...props.measure} shape={props.data.counts.shape} />
            ) : (
              <p className="muted">
                Regions can be measured, and sources be found, when there is a posterior.
              </p>
            ))}
          {tab === "draws" &&
            (result ? (
              <DrawsView {...props} result={result} />
            ) : (
              <p className="muted">Single draws of the posterior can be played when the chains are done.</p>
            ))}
        </Room>
      </div>
    </aside>
  );
}

/** Numbers under the cursor. */
function Readout({ layers, data, wcs, place: { origin }, cursor: [x, y], estimate }: InspectorProps) {
  const pixel = y * data.counts.shape[1] + x;
  const value = (id: string) => layers.find((layer) => layer.id === id)?.image?.data[pixel] ?? Number.NaN;
  const has = (id: string) => layers.some((layer) => layer.id === id && layer.image !== undefined);
  const unit = formatUnit(data.unit ?? "");
  const entries: (readonly [key: string, name: string, text: string])[] = [
    ["position", "x, y from 0", `${x}, ${y}`],
    ["image", "DS9 image", `${x + origin.x + 1}, ${y + origin.y + 1}`],
  ];
  if (wcs) entries.push(["sky", "sky", formatSkyPosition(wcs, pixelToSky(wcs, x, y))]);
  if (has("counts")) entries.push(["counts", "counts", countText(value("counts"))]);
  if (has("predicted")) {
    entries.push([
      "predicted",
      "predicted",
      `${numberText(value("predicted"), 3)}, ${numberText(value("residual"), 2)} σ`,
    ]);
  }
  if (has("exposure")) entries.push(["exposure", "exposure", numberText(value("exposure"), 3)]);
  if (has("background")) entries.push(["background", "background", numberText(value("background"), 3)]);
  if (has("truth")) entries.push(["truth", "true flux", numberText(value("truth"), 3)]);
  if (has("std") && has("rhat")) {
    entries.push(
      ["flux", "flux", `${errorText(value("mean"), value("std"))} ${unit}`],
      ["rhat", "R-hat", `${rhatText(value("rhat"))}, ESS ${countText(value("ess"))}`],
    );
  } else if (has("mean")) {
    entries.push(["flux", estimate ? "flux" : "flux so far", `${numberText(value("mean"), 3)} ${unit}`]);
  }
  return (
    <dl className="facts readout" id="readout" aria-label="Under the cursor">
      {entries.map(([key, name, text]) => (
        <Fact key={key} id={key} name={name}>
          {unbroken(text)}
        </Fact>
      ))}
    </dl>
  );
}

/** A text whose lines break after commas alone. */
function unbroken(text: string) {
  return text.split(/(?<=,) /).map((part, index) => (
    <Fragment key={part}>
      {index > 0 && " "}
      <span className="unbroken">{part}</span>
    </Fragment>
  ));
}

/** Traces of parameters, while a run goes and after it. */
function ChainsView({
  live,
  result,
}: {
  readonly live: LiveView | undefined;
  readonly result: ResultView | undefined;
}) {
  const source = live ?? result;
  if (source === undefined)
    return <p className="muted">Traces of the chains are drawn here while they run.</p>;
  const sweeps = live
    ? Math.max(...live.sweeps, 2)
    : Math.max(2, ...source.traces.map(({ chains, every }) => (chains[0]?.length ?? 0) * every));
  const count = source.traces[0]?.chains.length ?? 0;
  return (
    <div className="chains">
      <p className="legend">
        {Array.from({ length: count }, (_, chain) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: chains are known by their numbers.
          <span key={chain}>
            <svg width="16" height="8" aria-hidden="true">
              <path d="M0,4H16" className={`series-${(chain % 6) + 1}`} strokeWidth="2" />
            </svg>
            chain {chain + 1}
          </span>
        ))}
      </p>
      {source.traces.map((trace) => (
        <figure key={trace.name}>
          <figcaption>
            {trace.label}{" "}
            <span className="muted">
              {Number.isFinite(trace.rhat) && `R-hat ${rhatText(trace.rhat)}, ESS ${countText(trace.ess)}`}
            </span>
          </figcaption>
          <TraceChart trace={{ ...trace, label: "" }} burnIn={source.burnIn} sweeps={sweeps} height={128} />
        </figure>
      ))}
      <p className="muted">Shaded: burn-in, which no statistic uses.</p>
    </div>
  );
}
