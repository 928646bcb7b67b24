/** The desk: a worker that holds files, runs chains in workers of its own and keeps the draws. The page only shows. */

import {
  type PosteriorResult,
  type RunPause,
  runPause,
  type SimulatedObservation,
  type SkyImage,
} from "tslira";
import type { BinEventsOptions } from "tslira/sky";
import { adapterName, holdLifeline, toPlainError } from "#studio";
import { countsFile, eventTable, previewEvents } from "./events.js";
import { EXAMPLES, exampleFiles, simulateExample } from "./examples.js";
import { type Composed, deskFiles } from "./files.js";
import type { KeptEstimate } from "./methods.js";
import type { Choices } from "./observation-view.js";
import { pageWords } from "./page-words.js";
import type { photometryDesk } from "./photometry.js";
import type { DeskCalls, DeskRequest, DeskResponse } from "./protocol.js";
import type { LiveView } from "./run-view.js";
import { deskSessions } from "./sessions.js";
import type { significanceDesk } from "./significance.js";
import { type EventBinning, OVERVIEW_SIDE } from "./start-calls.js";

/** The few members of a worker's global scope that are used here. */
interface Scope {
  postMessage(message: DeskResponse): void;
  onmessage: ((event: { readonly data: DeskRequest }) => void) | null;
}
const scope = globalThis as unknown as Scope;

const files = deskFiles();
let pausing: RunPause | undefined;
let composed: Composed | undefined;
let truth: SkyImage | undefined;
let result: PosteriorResult | undefined;
let running: AbortController | undefined;
let kept: KeptEstimate | undefined;
let tests: ReturnType<typeof significanceDesk> | undefined;
let measuring: ReturnType<typeof photometryDesk> | undefined;
/** Code that a first look does not need is fetched when it is, or ahead, lest the server be gone by then. */
const chains = () => import("./chains.js");
const figures = () => import("./figures.js");
const methods = () => import("./methods.js");
const significance = async () => {
  tests ??= (await import("./significance.js")).significanceDesk();
  return tests;
};

const photometry = async () => {
  measuring ??= (await import("./photometry.js")).photometryDesk();
  return measuring;
};

let adapter: Promise<string | undefined> | undefined;
const gpuName = () => {
  adapter ??= adapterName();
  return adapter;
};
const sessions = deskSessions(files, gpuName);

function need<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`studio: ${what} is needed first, got none; start the chains`);
  return value;
}

const tellLive = (live: LiveView) => scope.postMessage({ live });

/** Work on the observation that `stop` ends. */
async function stoppable<T>(work: (data: Composed, signal: AbortSignal) => Promise<T>): Promise<T> {
  running = new AbortController();
  try {
    return await work(need(composed, "an observation"), running.signal);
  } finally {
    running = undefined;
  }
}

/** How events are binned, with the pixels of the image that is named. */
const binningOf = ({ like, ...options }: EventBinning): BinEventsOptions => ({
  ...options,
  ...(like && { pixelsOf: files.pixelsOf(like) }),
});

/** Keep the images of a simulation as files. */
async function keepSimulated(observation: SimulatedObservation): Promise<Choices> {
  const choices: { -readonly [Role in keyof Choices]: Choices[Role] } = {};
  for (const { role, name, bytes } of exampleFiles(observation)) {
    choices[role] = { file: await files.keep(name, bytes), hdu: 0, name };
  }
  return choices;
}

type Handlers = { [Name in keyof DeskCalls]: (...args: Parameters<DeskCalls[Name]>) => unknown };

const handlers: Handlers = {
  async fetchAhead() {
    const gpu = gpuName().then(async (name) => name === undefined || (await chains()).fetchGpuPool());
    await Promise.allSettled([chains(), figures(), methods(), significance(), photometry(), gpu]);
  },
  outlive: (lifelines) => sessions.outlive(lifelines),
  alive: () => undefined,
  gpu: () => gpuName(),
  examples: () => EXAMPLES.map((example) => ({ ...example, counts: simulateExample(example.id).counts })),
  async openExample(id) {
    files.forget();
    const observation = simulateExample(id);
    const choices = await keepSimulated(observation);
    truth = observation.flux;
    return choices;
  },
  readFile(file, name) {
    return files.read(file, name);
  },
  overview: (choice) => files.smaller(choice, OVERVIEW_SIDE),
  async maskOut(pixels) {
    const { maskOut } = await chains();
    const { choices, composition } = need(composed, "an observation");
    return maskOut(files, choices, composition, pixels);
  },
  contourImage: async (file, name, frame) => (await chains()).readContourImage(file, name, frame),
  madeFile: (choice) => files.contentOf(choice),
  previewEvents: (file, binning) =>
    previewEvents(
      files.hdusOf(file),
      need(eventTable(files.hdusOf(file)), "an event list"),
      binningOf(binning),
    ),
  async keepEvents(file, binning) {
    const hdus = files.hdusOf(file);
    const table = need(eventTable(hdus), "an event list");
    const { name, bytes, command } = countsFile(hdus, table, files.nameOf(file), binningOf(binning));
    return { file: await files.keep(name, bytes, true), hdu: 0, name, command };
  },
  async openResult(file, choices) {
    const { openResult } = await chains();
    const found = openResult(files, file, choices);
    ({ composed, result } = found);
    return found.opened;
  },
  async openPicture(file, options) {
    const { pictureObservation } = await chains();
    const observation = await pictureObservation(files.blobOf(file), files.nameOf(file), options);
    truth = observation.flux;
    return keepSimulated(observation);
  },
  leaveData() {
    composed = truth = result = kept = undefined;
  },
  compose(choices, composition) {
    const made = files.compose(choices, composition);
    composed = made.composed;
    result = kept = undefined;
    const whole = composition.cutout === undefined;
    return { ...made.view, ...(truth && whole && { truth }) };
  },
  run: (settings, command, about) =>
    stoppable(async (data, signal) => {
      const { runChains } = await chains();
      const keeping = await sessions.begin(about, data.choices, data.composition, settings, command);
      pausing = runPause();
      let complete = false;
      try {
        const run = await runChains(data, settings, command, signal, pausing, keeping, tellLive);
        result = run.result;
        complete = result.complete;
        return run.view;
      } finally {
        await keeping.end(complete);
        pausing = undefined;
      }
    }),
  sample: (settings, command) =>
    stoppable(async (data, signal) => {
      const { sampleOtherwise } = await methods();
      const run = await sampleOtherwise(data, settings, command, signal, tellLive);
      result = run.result;
      return run.view;
    }),
  estimate: (settings, command, tell) =>
    stoppable(async (data, signal) => {
      const { estimateView, findImage } = await methods();
      const estimate = await findImage(data, settings, signal, tell);
      kept = { estimate, command, composed: data };
      return estimateView(estimate, data, settings.method);
    }),
  estimateFits: async () => (await methods()).estimateFile(need(kept, "an image")),
  estimateFigure: async (theme) =>
    (await methods()).estimateFigure(need(kept, "an image"), (await figures()).figureDocument(), theme),
  significance: async (question, command, tell) =>
    (await significance()).run(need(composed, "an observation"), question, command, tell),
  stopSignificance: () => tests?.stop(),
  significanceFits: async () => (await significance()).file(),
  significanceFigure: async (theme) =>
    (await significance()).figure((await figures()).figureDocument(), theme),
  regionFits: async (pixels) => (await significance()).regionFile(need(composed, "an observation"), pixels),
  measure: async (regions, tell) =>
    (await photometry()).measure(need(result, "a result"), composed, regions, tell),
  findSources: async (alarms, tell) =>
    (await photometry()).find(need(result, "a result"), composed, alarms, tell),
  stopPhotometry: () => measuring?.stop(),
  photometryFile: async (kind, format) => (await photometry()).file(kind, format),
  stop: () => running?.abort(),
  pause: () => pausing?.pause(),
  goOn: () => pausing?.resume(),
  keptRuns: sessions.list,
  async openKept(id) {
    composed = truth = result = undefined;
    const opened = await sessions.open(id);
    if (opened.about.example) truth = simulateExample(opened.about.example).flux;
    return opened;
  },
  discardKept: sessions.remove,
  async region(pixels, name) {
    const { lookAtRegion, onOneSky } = await chains();
    const found = need(result, "a result");
    const sky = composed && onOneSky(composed, found.config.boundary);
    return lookAtRegion(found, sky?.observations, pixels, name);
  },
  correlation: async (pixels) => (await chains()).correlate(need(result, "a result"), pixels),
  bands: async (groups) => (await chains()).bandsOf(need(result, "a result"), groups),
  draw(chain, index) {
    const { images } = need(result, "a result").trace;
    const [ny, nx] = images.shape;
    const start = index * ny * nx;
    return {
      data: Float64Array.from(images.chains[chain].subarray(start, start + ny * nx)),
      shape: images.shape,
    };
  },
  async fits(tell) {
    const { encodeResult } = await chains();
    const found = need(result, "a result");
    const bytes = encodeResult(found, { onProgress: (written, all) => tell({ written, bytes: all }) });
    // The browser keeps it from here on: the page need not copy it.
    return new Blob([bytes as Uint8Array<ArrayBuffer>]);
  },
  async report() {
    const { reportOf } = await figures();
    return reportOf(need(result, "a result"), composed);
  },
  async figure(kind, theme) {
    const draw = await figures();
    if (kind === "data") return draw.dataFigure(need(composed, "an observation"), truth, theme);
    const found = need(result, "a result");
    return kind === "traces" ? draw.traceFigure(found, theme) : draw.posteriorFigure(found, composed, theme);
  },
};

scope.onmessage = async ({ data: { id, call, args } }) => {
  try {
    const tell = (news: unknown) => scope.postMessage({ id, news });
    const answer = await (handlers[call] as (...args: readonly unknown[]) => unknown)(...args, tell);
    scope.postMessage({ id, answer });
  } catch (error) {
    const { code, message } = toPlainError(error);
    scope.postMessage({ id, error: { code: code ?? "ERROR", message: pageWords(message) } });
  }
};

// The first word of this worker: that it runs.
void holdLifeline().then((lifeline) => scope.postMessage({ lifeline }));
