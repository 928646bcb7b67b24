/** The pictures as they are on the screen, as one SVG: colours, limits, view, regions, contours, grid. Fetched when it is asked for. */

import { escapeXml } from "#viewer";

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, 'DejaVu Sans', sans-serif";
/** px around the pictures. */
const MARGIN = 12;

const px = (length: number) => String(Math.round(100 * length) / 100);

/** Rules of the page for what is drawn on pictures. */
function overlayRules(): string {
  return [...document.styleSheets]
    .flatMap((sheet) => [...sheet.cssRules])
    .filter((rule) => rule instanceof CSSStyleRule && /^\.(frame [.\w]|source-name)/.test(rule.selectorText))
    .filter((rule) => !/^\.frame (svg|canvas)/.test((rule as CSSStyleRule).selectorText))
    .map(({ cssText }) => cssText)
    .join("\n");
}

/** A canvas as an image whose pixels stay sharp. */
function imageOf(canvas: HTMLCanvasElement, width: number, height: number): string {
  return (
    `<image width="${px(width)}" height="${px(height)}" preserveAspectRatio="none" ` +
    `style="image-rendering:pixelated" href="${canvas.toDataURL()}"/>`
  );
}

/** Where an element is, from the corner of another. */
function placeIn(element: Element, corner: DOMRect) {
  const { left, top, width, height } = element.getBoundingClientRect();
  return { x: left - corner.left, y: top - corner.top, width, height };
}

/** A framed picture with what is drawn on it, without the cursor and what one draws by. */
function frameSvg(frame: Element, corner: DOMRect): string {
  const canvas = frame.querySelector("canvas");
  const overlay = frame.querySelector("svg")?.cloneNode(true);
  const layer = frame.closest<HTMLElement>(".stage-layer");
  if (canvas === null || !(overlay instanceof SVGElement) || layer?.style.visibility === "hidden") return "";
  for (const tool of overlay.querySelectorAll(".cross, .handle")) tool.remove();
  const { x, y, width, height } = placeIn(frame, corner);
  // The second of two pictures at the sides of a divider.
  const hidden = (Number.parseFloat(layer?.style.clipPath.split(" ").at(-1) ?? "") || 0) / 100;
  const left = hidden * width;
  const [wide, tall] = [frame.clientWidth, frame.clientHeight];
  return (
    `<svg x="${px(x + left)}" y="${px(y)}" width="${px(width - left)}" height="${px(height)}" ` +
    `viewBox="${px(left)} 0 ${px(wide - left)} ${px(tall)}" preserveAspectRatio="none">` +
    `${imageOf(canvas, wide, tall)}<g class="frame" fill="none">${overlay.innerHTML}</g>` +
    `<rect x="${px(left)}" width="${px(wide - left)}" height="${px(tall)}" fill="none" stroke="currentColor"/></svg>`
  );
}

/** Words of the page where they are on it. */
function textSvg(element: Element, corner: DOMRect, text = element.textContent ?? "", rest = ""): string {
  if (text.trim() === "") return "";
  const { x, y, width, height } = placeIn(element, corner);
  const size = Number.parseFloat(getComputedStyle(element).fontSize);
  return (
    `<text x="${px(x + width / 2)}" y="${px(y + height / 2)}" text-anchor="middle" dominant-baseline="central" ` +
    `font-size="${px(size)}" ${rest}>${escapeXml(text.trim())}</text>`
  );
}

/** A colour bar with ticks and label. */
function barSvg(bar: Element, corner: DOMRect): string {
  const canvas = bar.querySelector("canvas");
  if (canvas === null) return "";
  const { x, y, width, height } = placeIn(canvas, corner);
  const ticks = [...bar.querySelectorAll<HTMLElement>(".ticks span")].map((tick) => {
    const at = x + (Number.parseFloat(tick.style.left) / 100) * width;
    return `<path d="M${px(at)},${px(y + height)}v4" stroke="currentColor"/>${textSvg(tick, corner)}`;
  });
  const label = bar.querySelector(".barlabel");
  return (
    `<g transform="translate(${px(x)},${px(y)})">${imageOf(canvas, width, height)}` +
    `<rect width="${px(width)}" height="${px(height)}" fill="none" stroke="currentColor"/></g>` +
    `${ticks.join("")}${label ? textSvg(label, corner, undefined, 'opacity="0.8"') : ""}`
  );
}

/**
 * The pictures in the middle of the page as a figure.
 *
 * @throws Error when none is shown
 */
export function screenFigure(): string {
  const shown = [...document.querySelectorAll(".panel:has(.frame), .compare .stage, .compare-scale")];
  if (shown.length === 0) throw new Error("figure: a picture must be on the screen, got none; show one");
  const boxes = shown.map((element) => element.getBoundingClientRect());
  const left = Math.min(...boxes.map((box) => box.left)) - MARGIN;
  const top = Math.min(...boxes.map((box) => box.top)) - MARGIN;
  const width = Math.max(...boxes.map((box) => box.right)) + MARGIN - left;
  const height = Math.max(...boxes.map((box) => box.bottom)) + MARGIN - top;
  const corner = new DOMRect(left, top, width, height);
  const parts = shown.map((element) => {
    const frames = [...element.querySelectorAll(".frame")].map((frame) => frameSvg(frame, corner));
    const bars = [...element.querySelectorAll(".colorbar")].map((bar) => barSvg(bar, corner));
    const letters = [...element.querySelectorAll(".stage-letter")].map((letter) =>
      textSvg(letter, corner, undefined, 'font-weight="700" fill="#fff"'),
    );
    const head = element.querySelector<HTMLSelectElement>(".panel-head select");
    const frame = element.querySelector(".frame");
    const place = head && frame && { head: placeIn(head, corner), frame: placeIn(frame, corner) };
    const title = place
      ? `<text x="${px(place.frame.x)}" y="${px(place.head.y + place.head.height / 2)}" dominant-baseline="central" ` +
        `font-size="12" font-weight="600">${escapeXml(head?.selectedOptions[0]?.text ?? "")}</text>`
      : "";
    return title + frames.join("") + bars.join("") + letters.join("");
  });
  const { color, backgroundColor } = getComputedStyle(document.body);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${px(width)}" height="${px(height)}" ` +
    `viewBox="0 0 ${px(width)} ${px(height)}" color="${color}" fill="currentColor" font-family="${FONT}">` +
    `<style>svg{--sans:${FONT}}\n${escapeXml(overlayRules())}</style>` +
    `<rect width="100%" height="100%" fill="${backgroundColor}"/>${parts.join("")}</svg>`
  );
}
