/** Studio: from files or an example to a posterior. What is open, and what is shown for it. */

import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { type Desk, openDesk } from "./desk/desk.js";
import type { Choices, Composition, Example, ShownExample } from "./desk/observation-view.js";
import type { LiveView } from "./desk/run-view.js";
import type { OpenedResult } from "./desk/start-calls.js";
import { HelpButton } from "./help.js";
import { late, Room } from "./late.js";
import { fetchAhead } from "./late-parts.js";
import { UpdateButton } from "./offline.js";
import type { DrawnRegion } from "./regions/region-edit.js";
import { KeptRuns } from "./run/kept-runs.js";
import { SampBar, SampButton } from "./samp/samp-bar.js";
import { useSamp } from "./samp/samp-link.js";
import { wholeForm } from "./settings/settings.js";
import { SettingsNewsBar } from "./settings/settings-bar.js";
import { useSettingsHistory } from "./settings/settings-history.js";
import { useFileRows } from "./start/file-rows.js";
import type { OpenData } from "./start/open-data.js";
import { StartScreen } from "./start/start-screen.js";
import { type Theme, useTheme } from "./theme.js";

const workspace = () => import("./workspace.js").then((found) => found.Workspace);
const Workspace = late(workspace, <main className="start" aria-busy="true" />);

/** Milliseconds before what may be needed later is fetched: first what is seen. */
const AHEAD = 1_000;

const NEXT_THEME: Readonly<Record<Theme, Theme>> = { auto: "light", light: "dark", dark: "auto" };
const THEME_NAMES: Readonly<Record<Theme, string>> = {
  auto: "Colours as the system",
  light: "Light",
  dark: "Dark",
};

const DEATH =
  "The worker that computes died, perhaps for want of memory, and was started again. " +
  "A run that was going on can be continued from where it was last kept.";

/** The page. */
export function Studio() {
  const hear = useRef<(live: LiveView) => void>(() => undefined);
  const [desk, setDesk] = useState<Desk>();
  const [examples, setExamples] = useState<readonly ShownExample[]>([]);
  const [gpu, setGpu] = useState<string>();
  const [open, setOpen] = useState<OpenData>();
  const settings = useSettingsHistory();
  const files = useFileRows(desk, settings.replace);
  const { setRows } = files;
  const samp = useSamp(files.read);
  const [trouble, setTrouble] = useState("");
  const drawn = useRef<readonly DrawnRegion[]>([]);
  const [theme, setTheme] = useTheme();
  const busy = useRef(false);

  const [deaths, setDeaths] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a desk that has died is opened again
  useEffect(() => {
    const { desk: opened, close } = openDesk(
      (live) => hear.current(live),
      () => {
        setOpen(undefined);
        setRows([]);
        setTrouble(DEATH);
        setDeaths((count) => count + 1);
      },
    );
    setDesk(() => opened);
    opened.examples().then(setExamples, (error: Error) => setTrouble(error.message));
    opened.gpu().then(setGpu, () => setGpu(undefined));
    return close;
  }, [deaths]);
  // A server that ends must not take anything along.
  const ready = examples.length > 0;
  useEffect(() => {
    if (desk === undefined || !ready) return;
    const timer = setTimeout(() => {
      desk.fetchAhead().catch(() => undefined);
      void Promise.allSettled([workspace(), fetchAhead()]);
    }, AHEAD);
    return () => clearTimeout(timer);
  }, [desk, ready]);
  const titleOf = (data: OpenData | undefined) =>
    examples.find(({ id }) => id === data?.example)?.title ?? data?.view.name;
  const title = titleOf(open);
  useEffect(() => {
    document.title = title === undefined ? "tslira Studio" : `${title} – tslira Studio`;
  }, [title]);

  const compose = useCallback(
    async (choices: Choices, composition: Composition, example?: Example["id"], atOnce?: true) => {
      if (desk === undefined) return;
      const view = await desk.compose(choices, composition);
      const { offsets } = view;
      setOpen({
        ...{ choices, view, composition: { ...composition, ...(offsets && { offsets }) } },
        ...(example && { example }),
        ...(atOnce && { atOnce }),
      });
    },
    [desk],
  );
  // An address that ends with #run=disk opens that example and runs it, so that other pages lead to a run by one click.
  const asked = useRef(/^#run=([\w-]+)$/.exec(location.hash)?.[1]);
  useEffect(() => {
    const example = examples.find(({ id }) => id === asked.current)?.id;
    if (desk === undefined || example === undefined) return;
    asked.current = undefined;
    desk
      .openExample(example)
      .then((choices) => compose(choices, {}, example, true))
      .catch((error: Error) => setTrouble(error.message));
  }, [desk, examples, compose]);
  async function continueKept(id: string): Promise<void> {
    if (desk === undefined) return;
    setTrouble("");
    setRows([]); // the files of the run take their place
    const { choices, composition, about, settings: kept } = await desk.openKept(id);
    const view = await desk.compose(choices, composition);
    settings.onForm(wholeForm(about.form));
    const { example } = about;
    setOpen({ choices, composition, view, ...(example && { example }), session: { id, settings: kept } });
  }
  const openResult = useCallback(
    (finished: OpenedResult) => {
      const { data: view, choices, composition, configuration } = finished;
      settings.replace(configuration, "the result");
      setOpen({ choices, composition, view, finished });
    },
    [settings.replace],
  );
  const onLive = useMemo(
    () => (listener: (live: LiveView) => void) => {
      hear.current = listener;
    },
    [],
  );

  const startAgain = useCallback(() => {
    void desk?.leaveData();
    drawn.current = [];
    setOpen(undefined);
  }, [desk]);
  const isOpen = open !== undefined;
  const { forgetNews } = samp;
  // What came before data were opened is on the list that they were opened from.
  useEffect(() => {
    if (isOpen) forgetNews();
  }, [isOpen, forgetNews]);
  // Back leads from the data to the start, but out of no run.
  useEffect(() => {
    if (!isOpen) return;
    history.pushState("open", "");
    const here = location.href;
    const back = () => {
      // Another part after # was typed or pasted: settings, perhaps, but no way back.
      if (location.href !== here) return;
      if (busy.current) history.pushState("open", "");
      else startAgain();
    };
    window.addEventListener("popstate", back);
    return () => window.removeEventListener("popstate", back);
  }, [isOpen, startAgain]);

  return (
    <>
      <header className="top">
        <h1>
          tslira <span>Studio</span>
        </h1>
        {open && (
          <p className="what">
            <strong>{title}</strong> {open.view.counts.shape[1]} × {open.view.counts.shape[0]} pixels
          </p>
        )}
        <nav aria-label="Page">
          {open && (
            <button type="button" className="quiet" onClick={startAgain}>
              Other data
            </button>
          )}
          <SampButton link={samp} />
          <UpdateButton />
          <HelpButton />
          <button type="button" className="quiet" onClick={() => setTheme(NEXT_THEME[theme])}>
            {theme !== "auto" && <span className="spoken">Colours of the page: </span>}
            {THEME_NAMES[theme]}
          </button>
        </nav>
      </header>
      {trouble !== "" && (
        <p role="alert" className="trouble page-trouble">
          {trouble}
        </p>
      )}
      <SettingsNewsBar settings={settings} />
      <SampBar link={samp} onOpen={open && startAgain} />
      <Room name="This screen" key={open === undefined ? "start" : "open"}>
        {desk &&
          (open === undefined ? (
            <>
              <KeptRuns desk={desk} onContinue={continueKept} />
              <StartScreen
                desk={desk}
                files={files}
                examples={examples}
                onOpen={compose}
                onResult={openResult}
                composition={settings.composition}
              />
            </>
          ) : (
            <Workspace
              key={JSON.stringify([open.choices, open.composition, open.session?.id])}
              desk={desk}
              gpu={gpu}
              open={title === undefined ? open : { ...open, title }}
              onCompose={(composition, choices = open.choices) => compose(choices, composition, open.example)}
              form={settings.form}
              onForm={settings.onForm}
              settingsHistory={settings}
              onLive={onLive}
              drawn={drawn}
              busy={busy}
              samp={samp}
            />
          ))}
      </Room>
    </>
  );
}
