/** The film of draws. */

import { binImage, type SkyImage } from "../../image.js";
import { createColorBar } from "../../viewer/color-bar.js";
import { createFrame } from "../../viewer/frame.js";
import { countText } from "../../viewer/numbers.js";
import { quantityScale } from "../../viewer/quantity-scale.js";
import { clampView } from "../../viewer/viewport.js";
import { unpackDraw } from "../packed-draws.js";
import type { FilmData } from "../report-data.js";
import type { Draws, ReportStore } from "./blocks.js";
import { need } from "./explorer.js";
import type { StateHolder } from "./state.js";

/** A draw of the film: which chain, and which of its draws. */
interface Frame {
  readonly chain: number;
  readonly draw: number;
}

/** Draws in the order in which they are played: all chains take turns, so that a mean over them grows evenly. */
function playOrder({ data }: Draws<FilmData>, chain: number | undefined): Frame[] {
  const frames: Frame[] = [];
  const longest = Math.max(...data.chains);
  for (let draw = 0; draw < longest; draw++) {
    for (const [index, count] of data.chains.entries()) {
      if ((chain === undefined || chain === index) && draw < count) frames.push({ chain: index, draw });
    }
  }
  return frames;
}

/** Mean of the first `count` frames, from the one before where that is cheaper. */
function runningMean(film: Draws<FilmData>, frames: readonly Frame[]) {
  let have = 0;
  const sum = new Float64Array(film.series);
  const buffer = new Float32Array(film.series);
  return (count: number): Float64Array => {
    if (count < have) {
      have = 0;
      sum.fill(0);
    }
    for (; have < count; have++) {
      const { chain, draw } = frames[have];
      unpackDraw(film, film.starts[chain] + draw, buffer);
      for (let index = 0; index < sum.length; index++) sum[index] += buffer[index];
    }
    return sum.map((value) => value / Math.max(1, have));
  };
}

/** Make the player live. */
export function startPlayer(document: Document, store: ReportStore, holder: StateHolder): void {
  const { film, layers, data } = store;
  const meanLayer = layers.get("mean");
  if (film === undefined || meanLayer === undefined) return;
  const { kind } = meanLayer;
  const { shape, bin } = film.data;
  const like: SkyImage =
    bin === 1 ? meanLayer.image : binImage({ data: meanLayer.image.data, shape: data.shape }, bin);
  const [left, right] = ["draw", "running"].map((name) => {
    const frame = createFrame(document, shape);
    frame.element.setAttribute("role", "img");
    const bar = createColorBar(document);
    need(document, `${name}-picture`).replaceChildren(frame.element, bar.element);
    return { frame, bar, caption: need(document, `${name}-caption`) };
  });
  const play = need(document, "play") as HTMLButtonElement;
  const slider = need(document, "film-position") as HTMLInputElement;
  const chainSelect = need(document, "film-chain") as HTMLSelectElement;
  const speed = need(document, "film-speed") as HTMLSelectElement;
  if (globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches) speed.value = "1";

  let frames = playOrder(film, undefined);
  let mean = runningMean(film, frames);
  let at = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  const values = new Float32Array(film.series);

  function show(): void {
    const { chain, draw } = frames[at];
    unpackDraw(film!, film!.starts[chain] + draw, values);
    const { style } = holder.get();
    const sweep = film!.data.firstSweep + draw * film!.data.everySweeps + 1;
    const place = `chain ${chain + 1}, sweep ${countText(sweep)}`;
    const scale = quantityScale(kind, like, style);
    const unit = bin === 1 ? data.unit : `${data.unit} / (${bin} × ${bin} px)`.trim();
    left.frame.show({ data: Float64Array.from(values), shape }, scale);
    right.frame.show({ data: mean(at + 1), shape }, scale);
    left.caption.textContent = `One draw: ${place}`;
    right.caption.textContent = `Mean of draws 1 to ${at + 1}`;
    left.frame.element.setAttribute("aria-label", `Draw of the flux, ${place}`);
    right.frame.element.setAttribute("aria-label", `Mean of the first ${at + 1} draws shown`);
    left.bar.show(scale, "flux", unit);
    right.bar.show(scale, "flux", unit);
    slider.value = String(at);
    slider.setAttribute("aria-valuetext", `draw ${at + 1} of ${frames.length}, ${place}`);
  }
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
    play.textContent = "Play";
    play.setAttribute("aria-pressed", "false");
  };
  const step = (by: number) => {
    at = (at + by + frames.length) % frames.length;
    show();
  };
  const start = () => {
    play.textContent = "Pause";
    play.setAttribute("aria-pressed", "true");
    timer = setInterval(() => step(1), 1000 / Number(speed.value));
  };
  play.addEventListener("click", () => (timer === undefined ? start() : stop()));
  speed.addEventListener("change", () => {
    if (timer === undefined) return;
    stop();
    start();
  });
  for (const [id, by] of [
    ["film-back", -1],
    ["film-forward", 1],
  ] as const) {
    need(document, id).addEventListener("click", () => {
      stop();
      step(by);
    });
  }
  slider.addEventListener("input", () => {
    stop();
    at = Number(slider.value);
    show();
  });
  chainSelect.addEventListener("change", () => {
    const chain = chainSelect.value === "all" ? undefined : Number(chainSelect.value);
    frames = playOrder(film, chain);
    mean = runningMean(film, frames);
    at = 0;
    slider.max = String(frames.length - 1);
    show();
  });
  slider.max = String(frames.length - 1);
  // The film follows the zoom of the pictures above.
  holder.watch(["view"], ({ view }) => {
    const inFilm = clampView(
      { x: (view.x + 0.5) / bin - 0.5, y: (view.y + 0.5) / bin - 0.5, zoom: view.zoom },
      shape,
    );
    left.frame.look(inFilm);
    right.frame.look(inFilm);
  });
  holder.watch(["style"], show);
}
