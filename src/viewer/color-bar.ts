/** Colour bars below pictures. */

import type { ColorScale } from "../figures/color-scale.js";
import { NAN_INDEX, palette } from "../figures/colormap.js";
import { colorBarTicks, formatLabel } from "../figures/ticks.js";
import { escapeXml } from "../xml-text.js";

/** A colour bar on the page. */
export interface ColorBar {
  readonly element: HTMLElement;
  /** Draw the colours, ticks and caption of a scale. */
  show(scale: ColorScale, label: string, unit: string): void;
}

/** Make an empty colour bar. */
export function createColorBar(document: Document): ColorBar {
  const element = document.createElement("div");
  element.className = "colorbar";
  const canvas = document.createElement("canvas");
  canvas.width = NAN_INDEX;
  canvas.height = 1;
  canvas.setAttribute("aria-hidden", "true");
  const ticks = document.createElement("div");
  ticks.className = "ticks";
  const caption = document.createElement("div");
  caption.className = "barlabel";
  element.append(canvas, ticks, caption);
  let current: { scale: ColorScale; label: string; unit: string } | undefined;

  function paint(): void {
    if (current === undefined || element.clientWidth === 0) return;
    const { scale, label, unit } = current;
    const context = canvas.getContext("2d");
    const line = context?.createImageData(NAN_INDEX, 1);
    if (context && line) {
      const colors = scale.colors ?? palette(scale.colormap);
      for (let index = 0; index < NAN_INDEX; index++) {
        line.data.set([...colors.subarray(3 * index, 3 * index + 3), 255], 4 * index);
      }
      context.putImageData(line, 0, 0);
    }
    const { positions, labels, exponent } = colorBarTicks(scale, element.clientWidth, 46);
    ticks.replaceChildren(
      ...positions.map((at, index) => {
        const tick = document.createElement("span");
        tick.textContent = labels[index];
        tick.style.left = `${(100 * at).toFixed(2)}%`;
        if (at < 0.06) tick.className = "first";
        if (at > 0.94) tick.className = "last";
        return tick;
      }),
    );
    const arrows = scale.beyond[1] ? ", brightest clipped" : "";
    caption.innerHTML = escapeXml(`${formatLabel(label, unit, exponent).join(" ").trim()}${arrows}`);
  }

  new ResizeObserver(paint).observe(element);
  return {
    element,
    show(scale, label, unit) {
      current = { scale, label, unit };
      paint();
    },
  };
}
