/** The screen for one observation: data and run on the left, pictures in the middle, a closer look on the right. */

import { useCallback, useEffect, useMemo, useReducer, useRef, useState } from "react";
import type { LiraDeconvolverOptions, SkyImage } from "tslira";
import type { Cutout } from "tslira/fits";
import { parseWcs } from "tslira/sky";
import { brightestPixel, given } from "#studio";
import {
  movedSelection,
  type Selection,
  selectedPixels,
  type Viewport,
  viewHolding,
  wholeView,
} from "#viewer";
import type { Desk, DeskError } from "./desk/desk.js";
import {
  beforeLastMasks,
  type Choices,
  type Composition,
  type CompositionChange,
  type ImageChoice,
} from "./desk/observation-view.js";
import type { LiveView, ResultView } from "./desk/run-view.js";
import { Room } from "./late.js";
import { CompareView, SendCard } from "./late-parts.js";
import { CompareMenu, useCompare } from "./pictures/compare-menu.js";
import { useContourFiles } from "./pictures/contour-files.js";
import { estimateLayers, estimatePanels } from "./pictures/estimate-layers.js";
import { keptResult } from "./pictures/kept-result.js";
import { layersOf, panelsFor } from "./pictures/layers.js";
import { useLook } from "./pictures/look.js";
import { isField, TOOL_KEYS, useLookKeys } from "./pictures/look-keys.js";
import { PanelGrid } from "./pictures/panel-grid.js";
import { startPercent } from "./pictures/panel-layout.js";
import { useSkyLines } from "./pictures/sky-lines.js";
import type { Tool } from "./pictures/tool.js";
import { Toolbar } from "./pictures/toolbar.js";
import { Inspector, type Tab } from "./reading/inspector.js";
import { type DrawnRegion, movedRegion } from "./regions/region-edit.js";
import { useRegionGestures } from "./regions/region-gestures.js";
import { DataCard } from "./run/data-card.js";
import { KeepCard } from "./run/keep-card.js";
import { usePhotometry } from "./run/photometry-run.js";
import { RunCard } from "./run/run-card.js";
import { nextRunState } from "./run/run-state.js";
import { fileName, save } from "./run/save-file.js";
import { useSignificanceTest } from "./run/significance-run.js";
import { usePointing } from "./samp/pointing.js";
import type { SampLink } from "./samp/samp-link.js";
import { methodCommand } from "./settings/method-code.js";
import {
  isPoint,
  type MethodSettings,
  meanFlux,
  methodOf,
  methodSettings,
} from "./settings/method-fields.js";
import { commandOf } from "./settings/reproduce.js";
import { deviceError, type Form, formIsGood, settingsOf } from "./settings/settings.js";
import { SettingsCard } from "./settings/settings-bar.js";
import type { SettingsHistory } from "./settings/settings-history.js";
import type { OpenData } from "./start/open-data.js";
import { Trouble } from "./trouble.js";

interface WorkspaceProps {
  readonly desk: Desk;
  /** Name of the GPU that the browser offers; undefined without one. */
  readonly gpu: string | undefined;
  readonly open: OpenData;
  readonly onCompose: (composition: Composition, choices?: Choices) => Promise<void>;
  /** Settings outlive a cut-out, which makes the rest of the screen anew. */
  readonly form: Form;
  readonly onForm: (form: Form) => void;
  readonly settingsHistory: SettingsHistory;
  readonly onLive: (listener: (live: LiveView) => void) => void;
  /** Regions in pixels of the whole image: they too outlive a cut-out. */
  readonly drawn: { current: readonly DrawnRegion[] };
  /** Whether a run goes on. */
  readonly busy: { current: boolean };
  /** Other programs. */
  readonly samp: SampLink;
}

/** Parts of the inspector that stay when something else is picked. */
const STAYING: ReadonlySet<Tab> = new Set(["draws", "profile", "measure", "significance"]);

/** The screen. */
export function Workspace(props: WorkspaceProps) {
  const { desk, open, onCompose, onLive, form, onForm, drawn, settingsHistory } = props;
  const { view: data, choices, composition, example, finished } = open;
  const shape = data.counts.shape;
  const [run, tellRun] = useReducer(nextRunState, {
    now: { stage: "resting" },
    ...(finished && { found: { kind: "posterior", ...finished } }),
  });
  const running = run.now.stage === "running";
  useEffect(() => {
    props.busy.current = running;
    return () => {
      props.busy.current = false;
      // For other data, or the same put together otherwise: nobody would see how it goes on.
      if (running) void desk.stop();
    };
  }, [desk, props.busy, running]);
  const place = useMemo(() => {
    const { x, y } = composition.cutout ?? { x: [0], y: [0] };
    return { wcs: data.wcs, origin: { x: x[0], y: y[0] } };
  }, [data.wcs, composition.cutout]);
  const frame = useMemo(
    () => ({ shape: data.counts.shape, wcs: data.wcs, fullShape: data.fullShape, first: place.origin }),
    [data, place],
  );
  const look = useLook(() => ({
    style: { stretch: "sqrt", colormap: "auto", percent: startPercent(data.counts) },
    limits: {},
    panels: panelsFor(data, finished !== undefined),
    count: 6,
    view: wholeView(shape),
    lines: { grid: false },
    regions: drawn.current.map((one) => movedRegion(one, -place.origin.x, -place.origin.y)),
  }));
  useEffect(() => {
    drawn.current = look.now.regions.map((one) => movedRegion(one, place.origin.x, place.origin.y));
  }, [drawn, look.now.regions, place]);
  const { view, panels, style } = look.now;
  const { change, region } = look;
  const setView = useCallback((next: Viewport) => change({ view: next }, "view"), [change]);
  const [cursor, setCursor] = useState<readonly [number, number]>(() =>
    brightest(finished?.result.mean ?? data.counts),
  );
  const [pixel, setSelection] = useState<Selection>(() => ({
    kind: "pixel",
    x: cursor[0],
    y: cursor[1],
  }));
  const [tool, setTool] = useState<Tool>("pixel");
  const [tab, setTab] = useState<Tab>("selection");
  const [trouble, setTrouble] = useState("");
  const touched = useRef(false);

  const selection = useMemo<Selection>(
    () => (region ? { kind: "region", name: region.name, terms: region.terms } : pixel),
    [region, pixel],
  );

  const { live, news } = run.now.stage === "running" ? run.now : {};
  const found = running ? undefined : run.found;
  const result = found?.kind === "posterior" ? found.result : undefined;
  const estimate = found?.kind === "image" ? found.estimate : undefined;
  const layers = useMemo(() => {
    const sampled = layersOf(data, live, result);
    return news || estimate ? estimateLayers(sampled, data, news, estimate) : sampled;
  }, [data, live, result, news, estimate]);
  const wcs = useMemo(() => parseWcs(data.wcs).wcs, [data.wcs]);
  const settings = useMemo(() => settingsOf(form), [form]);
  const { id: method } = methodOf(form);
  const level = useMemo(() => meanFlux(data), [data]);
  const other = useMemo(() => methodSettings(form, level), [form, level]);
  const test = useSignificanceTest(desk);
  const photometry = usePhotometry(desk, result);

  const title = open.title ?? data.name;
  const showFound = useCallback(
    (found: ResultView) => {
      setTab("selection");
      if (!touched.current) change({ panels: panelsFor(data, true) });
      const [x, y] = brightest(found.mean);
      setSelection((now) => (touched.current ? now : { kind: "pixel", x, y }));
      setCursor((now) => (touched.current ? now : [x, y]));
    },
    [data, change],
  );
  /** Run something, listened to: what becomes of the screen before, after a stop and after a failure. */
  const attempt = useCallback(
    async (work: () => Promise<void>, other?: MethodSettings) => {
      tellRun({ type: "begin", other });
      setTab("chains");
      onLive((live) => tellRun({ type: "live", live }));
      try {
        await work();
      } catch (error) {
        const { message, code } = error as DeskError;
        const ended =
          other && isPoint(other.method)
            ? "Stopped; there is no image."
            : "Stopped before two draws of every chain were kept.";
        tellRun(code === "ABORTED" ? { type: "stopped", message: ended } : { type: "failed", message });
        setTab("selection");
      }
    },
    [onLive],
  );
  const begin = useCallback(
    (settings: LiraDeconvolverOptions, session?: string) =>
      attempt(async () => {
        const command = commandOf(choices, composition, settings);
        const about = { title, form, ...(example && { example }), ...(session && { session }) };
        const result: ResultView = await desk.run(settings, command, about);
        tellRun({ type: "found", found: { kind: "posterior", result, settings, command } });
        showFound(result);
      }),
    [attempt, desk, form, title, example, choices, composition, showFound],
  );
  /** With another method than LIRA. */
  const beginOther = useCallback(
    (other: MethodSettings) =>
      attempt(async () => {
        const command = methodCommand(choices, composition, other);
        if (isPoint(other.method)) {
          const estimate = await desk.estimate(other, command, (news) => tellRun({ type: "news", news }));
          tellRun({ type: "found", found: { kind: "image", estimate, other, command } });
          if (!touched.current) change({ panels: estimatePanels(estimate, data) });
          return;
        }
        const result: ResultView = await desk.sample(other, command);
        tellRun({ type: "found", found: { kind: "posterior", result, settings, command, other } });
        showFound(result);
      }, other),
    [attempt, desk, settings, choices, composition, data, change, showFound],
  );
  const start = useCallback(async () => {
    if (data.withoutData) return;
    if (other) await beginOther(other);
    else if (method === "lira" && formIsGood(form) && deviceError(form, props.gpu) === undefined)
      await begin(settings);
  }, [form, method, other, settings, begin, beginOther, data.withoutData, props.gpu]);
  const pause = useCallback(
    (paused: boolean) => {
      tellRun({ type: "pause", paused });
      void (paused ? desk.pause() : desk.goOn());
    },
    [desk],
  );
  // A kept run goes on by itself, once, and so does an example whose run was asked for.
  const taken = useRef(false);
  useEffect(() => {
    if (taken.current || !(open.session || open.atOnce)) return;
    taken.current = true;
    void (open.session ? begin(open.session.settings, open.session.id) : start());
  }, [open.session, open.atOnce, begin, start]);

  const stop = useCallback(() => {
    tellRun({ type: "stop" });
    void desk.stop();
  }, [desk]);

  /** Put the data together otherwise. */
  const recompose = useCallback(
    (next: Composition, images?: Choices | Promise<Choices>) =>
      Promise.resolve(images)
        .then((chosen) => onCompose(next, chosen))
        .catch((error: Error) => setTrouble(error.message)),
    [onCompose],
  );
  const cut = useCallback(
    async (target: "counts" | "psf", part: Cutout | undefined) => {
      const { cutout, psfCutout, ...rest } = composition;
      const before = target === "counts" ? cutout : psfCutout;
      const [dx, dy] = [before?.x[0] ?? 0, before?.y[0] ?? 0];
      const absolute = part && {
        x: [part.x[0] + dx, part.x[1] + dx] as const,
        y: [part.y[0] + dy, part.y[1] + dy] as const,
      };
      const next = target === "counts" ? [absolute, psfCutout] : [cutout, absolute];
      await recompose({ ...rest, ...given({ cutout: next[0], psfCutout: next[1] }) });
    },
    [composition, recompose],
  );

  /** Leave the pixels of a region out, of each observation where it sees that part of the sky. */
  const maskOut = ({ name, terms }: DrawnRegion) => {
    const of = [data, ...(data.others ?? [])].map((_, index) => {
      const { x, y } = data.places?.[index] ?? { x: 0, y: 0 };
      return selectedPixels(movedSelection({ kind: "region", name, terms }, -x, -y), shape);
    });
    void recompose(composition, desk.maskOut(of));
  };
  const saveMask = (mask: ImageChoice) =>
    void desk.madeFile(mask).then((file) => save(file, "application/fits", mask.name));

  const recomposeWith = (part: CompositionChange) => void recompose(given({ ...composition, ...part }));

  useEffect(() => {
    const keys = (event: KeyboardEvent) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        if (!running) void start();
        event.preventDefault();
        return;
      }
      if (isField(event.target)) return;
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const wanted = TOOL_KEYS[event.key];
      if (wanted && (wanted !== "cut" || !running)) setTool(wanted);
    };
    document.addEventListener("keydown", keys);
    return () => document.removeEventListener("keydown", keys);
  }, [running, start]);

  const select = useCallback(
    (next: Selection) => {
      touched.current = true;
      setSelection(next);
      change({ chosen: undefined });
      setTab((now) => (STAYING.has(now) ? now : "selection"));
    },
    [change],
  );
  const goTo = useCallback(
    ([x, y]: readonly [number, number]) => {
      setCursor([x, y]);
      select({ kind: "pixel", x, y });
      change((now) => ({ view: viewHolding(now.view, [x, y], shape) }), "view");
    },
    [select, change, shape],
  );
  const pointing = usePointing(props.samp, data.wcs, shape, goTo);
  const { point } = pointing;
  /** By hand, which other programs hear of. */
  const choose = useCallback(
    (next: Selection) => {
      select(next);
      if (next.kind === "pixel") point([next.x, next.y]);
    },
    [select, point],
  );
  const pick = useCallback(([x, y]: readonly [number, number]) => choose({ kind: "pixel", x, y }), [choose]);
  const noteDrawn = useCallback((what: "region" | "line") => {
    setTab((now) => (what === "line" ? "profile" : STAYING.has(now) ? now : "selection"));
  }, []);
  const gestures = useRegionGestures(look, tool, shape, pick, noteDrawn);
  const latest = useMemo(() => found && keptResult(found), [found]);
  const compare = useCompare(latest);
  const contourFiles = useContourFiles(desk, frame);
  const lines = useSkyLines(look.now.lines, [...layers, ...contourFiles.list], wcs);
  const said = useLookKeys(look, compare, place);

  /** What all pictures show the same of. */
  const sight = { shape, wcs, view, onView: setView, cursor, onCursor: setCursor, selection, lines };
  return (
    <main className="workspace drop-regions">
      <div className="left">
        <Room name="The data">
          <DataCard
            data={data}
            composition={composition}
            choices={choices}
            busy={running}
            onCut={cut}
            onChange={recomposeWith}
            onUnmask={() => void recompose(composition, beforeLastMasks(choices))}
            onSaveMask={saveMask}
          />
        </Room>
        <Room name="The run">
          <RunCard
            known={data.warnings}
            canStart={!data.withoutData}
            pixels={shape[0] * shape[1]}
            level={level}
            gpu={props.gpu}
            form={form}
            onForm={onForm}
            run={run}
            onStart={() => void start()}
            onStop={stop}
            onPause={pause}
            onMore={(longer) => void begin(longer, result?.session)}
          />
        </Room>
        <Trouble words={trouble} />
        <Room name="What can be kept">
          <KeepCard
            desk={desk}
            name={data.name}
            found={run.found}
            running={running}
            choices={choices}
            composition={composition}
            settings={run.found?.kind === "posterior" ? run.found.settings : settings}
            other={run.found ? run.found.other : other}
            example={example}
          />
        </Room>
        {props.samp.state.stage === "on" && (
          <Room name="Other programs">
            <SendCard
              desk={desk}
              link={props.samp.state}
              data={data}
              layers={layers}
              photometry={photometry}
              pointing={pointing.on}
              onPointing={pointing.setOn}
            />
          </Room>
        )}
        <Room name="The settings">
          <SettingsCard settings={settingsHistory} composition={composition} name={fileName(data.name)} />
        </Room>
      </div>
      <section className="middle" aria-label="Pictures">
        <Toolbar
          tool={tool}
          onTool={setTool}
          look={look}
          layers={layers}
          contourFiles={contourFiles}
          wcs={wcs}
          view={view}
          onView={setView}
          shape={shape}
          busy={running}
        >
          <CompareMenu {...compare} />
        </Toolbar>
        {said.map((words) => (
          <Trouble key={words} words={words} />
        ))}
        <Room name="The pictures">
          {compare.comparison !== "off" && compare.a && compare.b ? (
            <CompareView
              a={compare.a}
              b={compare.b}
              comparison={compare.comparison}
              onComparison={compare.show}
              {...sight}
              style={style}
              unit={data.unit ?? ""}
            />
          ) : (
            <PanelGrid
              layers={layers}
              panels={panels}
              onPanels={(next) => {
                touched.current = true;
                change({ panels: next }, "");
              }}
              {...sight}
              onSelect={choose}
              tool={running && tool === "cut" ? "pixel" : tool}
              onCut={cut}
              look={look}
              gestures={gestures}
              sources={photometry.sources?.rows}
            />
          )}
        </Room>
      </section>
      <Inspector
        desk={desk}
        layers={layers}
        data={data}
        wcs={wcs}
        cursor={cursor}
        selection={selection}
        look={look}
        place={place}
        onMask={running || data.withoutData ? undefined : maskOut}
        live={live}
        result={result}
        news={news}
        estimate={estimate}
        significance={{ test, choices, composition, form, onForm, busy: running }}
        measure={{ photometry, onPick: pick }}
        style={style}
        tab={tab}
        onTab={setTab}
      />
    </main>
  );
}

/** The brightest pixel as (x, y). */
function brightest(image: SkyImage): [number, number] {
  const nx = image.shape[1];
  const at = brightestPixel(image);
  return [at % nx, Math.floor(at / nx)];
}
