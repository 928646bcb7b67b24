import { FONT_FAMILY, type Theme } from "./theme.js";

/** Style of the player. Rules are bound to its class, so that other parts of a page stay as they are. */
export function playerStyle({ background, ink, muted, series }: Theme, width: number): string {
  const P = ".tslira-player";
  return (
    `${P}{max-width:${2 * width}px;width:100%;min-width:min(100%,${width}px);background:${background};color:${ink};` +
    `font:14px ${FONT_FAMILY};outline-offset:4px;border-radius:4px}` +
    `${P}:focus-visible{outline:2px solid ${series[0]}}` +
    `${P} .stage{position:relative}${P} .stage svg{display:block;width:100%;height:auto}` +
    `${P} canvas{position:absolute;image-rendering:pixelated;cursor:crosshair}` +
    `${P} .controls{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;padding:.25rem .75rem}` +
    `${P} .at{flex:1 1 12rem;accent-color:${series[0]}}` +
    `${P} button,${P} select{font:inherit;color:inherit;background:transparent;border:1px solid ${muted};border-radius:4px;padding:.2rem .6rem}` +
    `${P} option{color:${ink};background:${background}}` +
    `${P} .play{min-width:2.8rem}` +
    `${P} .say{display:flex;flex-wrap:wrap;justify-content:space-between;gap:.25rem 1rem;padding:.25rem .75rem .6rem;min-height:1.4em;font-variant-numeric:tabular-nums}` +
    `${P} .pixel{color:${muted}}` +
    `@media print{${P} .controls{display:none}}`
  );
}

/** What the player does in the page: plain JavaScript, run once where it stands. */
export const PLAYER_SCRIPT = `(async (root) => {
  const find = (selector) => root.querySelector(selector);
  const data = JSON.parse(find('script[type="application/json"]').textContent);
  const [ny, nx] = data.shape, pixels = nx * ny;
  const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const inflate = async (text) => new Uint8Array(await new Response(
    new Blob([bytes(text)]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).arrayBuffer());
  const colors = bytes(data.colors);
  const tracks = await Promise.all(data.tracks.map(async (track) => {
    const images = await inflate(track.images), means = await inflate(track.means);
    for (let at = pixels; at < means.length; at++) means[at] += means[at - pixels];
    return { ...track, images, means };
  }));
  const canvases = [...root.querySelectorAll("canvas")].map((canvas) => {
    canvas.width = nx; canvas.height = ny;
    const context = canvas.getContext("2d");
    return { canvas, context, rgba: context.createImageData(nx, ny) };
  });
  const [play, slider, chain, speed] = [".play", ".at", ".chain", ".speed"].map(find);
  for (const [index, track] of tracks.entries()) chain.add(new Option(String(track.chain + 1), String(index)));
  chain.parentElement.hidden = tracks.length < 2;
  let timer, at = 0, pointed;
  const track = () => tracks[chain.value || 0];
  const indexAt = (values, x, y) => values[at * pixels + y * nx + x];
  const paint = ({ context, rgba }, values) => {
    for (let y = 0; y < ny; y++) for (let x = 0; x < nx; x++) {
      const to = 4 * ((ny - 1 - y) * nx + x), entry = 3 * indexAt(values, x, y);
      rgba.data[to] = colors[entry]; rgba.data[to + 1] = colors[entry + 1]; rgba.data[to + 2] = colors[entry + 2];
      rgba.data[to + 3] = 255;
    }
    context.putImageData(rgba, 0, 0);
  };
  const number = (index) => index === 255 ? "no value" : (index === 254 ? "\\u2265 " : "\\u2248 ") + String(data.values[index]);
  const readout = () => {
    if (!pointed) { find(".pixel").textContent = ""; return; }
    const { x, y } = pointed, { images, means } = track();
    find(".pixel").textContent = "x " + x + ", y " + y + ": draw " + number(indexAt(images, x, y)) + ", mean " +
      number(indexAt(means, x, y)) + (data.unit ? " " + data.unit : "");
  };
  const show = (draw) => {
    const { images, means, draws, sweeps, averaged, chain: number } = track();
    at = Math.max(0, Math.min(draw, draws.length - 1));
    slider.max = draws.length - 1; slider.value = at;
    slider.setAttribute("aria-valuetext", "draw " + draws[at]);
    paint(canvases[0], images); paint(canvases[1], means);
    find(".which").textContent = "chain " + (number + 1) + ", draw " + draws[at] + ", sweep " + sweeps[at] + "; mean of " + averaged[at] + " draws";
    readout();
  };
  const stop = () => { clearInterval(timer); timer = undefined; play.textContent = "\\u25b6"; play.setAttribute("aria-label", "Play"); };
  const start = () => {
    clearInterval(timer);
    if (at >= track().draws.length - 1) show(0);
    timer = setInterval(() => { if (at >= track().draws.length - 1) stop(); else show(at + 1); }, 1000 / speed.value);
    play.textContent = "\\u275a\\u275a"; play.setAttribute("aria-label", "Pause");
  };
  const toggle = () => timer === undefined ? start() : stop();
  const faster = (by) => {
    speed.selectedIndex = Math.max(0, Math.min(speed.options.length - 1, speed.selectedIndex + by));
    if (timer !== undefined) start();
  };
  play.addEventListener("click", toggle);
  slider.addEventListener("input", () => { stop(); show(Number(slider.value)); });
  chain.addEventListener("change", () => show(at));
  speed.addEventListener("change", () => faster(0));
  root.addEventListener("keydown", (event) => {
    if (event.target !== root && event.target.matches("select, input, button")) return;
    const keys = {
      " ": toggle, ArrowRight: () => { stop(); show(at + 1); }, ArrowLeft: () => { stop(); show(at - 1); },
      Home: () => { stop(); show(0); }, End: () => { stop(); show(Infinity); }, "+": () => faster(1), "-": () => faster(-1),
    };
    const action = keys[event.key] ?? (/^[1-9]$/.test(event.key) && tracks[event.key - 1]
      ? () => { chain.value = String(event.key - 1); show(at); } : undefined);
    if (!action || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    action();
  });
  for (const { canvas } of canvases) {
    canvas.addEventListener("pointermove", (event) => {
      const box = canvas.getBoundingClientRect();
      const x = Math.floor((event.clientX - box.left) / box.width * nx), y = ny - 1 - Math.floor((event.clientY - box.top) / box.height * ny);
      pointed = x >= 0 && y >= 0 && x < nx && y < ny ? { x, y } : undefined;
      readout();
    });
    canvas.addEventListener("pointerleave", () => { pointed = undefined; readout(); });
  }
  show(0);
  root.dataset.ready = "true";
})(document.currentScript.parentElement);`;
