/** A picture in a frame: canvas below, drawing on top. */

import { type ColorScale, colorIndices } from "../figures/color-scale.js";
import { palette } from "../figures/colormap.js";
import type { Shape, SkyImage } from "../image.js";
import { type Viewport, viewEdges, wholeView } from "./viewport.js";

/** A framed picture on the page. */
export interface Frame {
  /** The element with canvas and overlay; its width is set by the style sheet. */
  readonly element: HTMLElement;
  /**
   * Colour an image.
   *
   * @param at where its pixel (0, 0) lies in pixels of the frame, for one that lies elsewhere than what is drawn on it
   */
  show(image: SkyImage, scale: ColorScale, at?: { readonly x: number; readonly y: number }): void;
  /** Show a part of it. */
  look(view: Viewport): void;
  /** SVG on top of the picture, made anew whenever the frame changes; positions come from `project`. */
  annotate(overlay: () => string): void;
  /** Position in px in the frame of a position in pixels. */
  project(x: number, y: number): [left: number, top: number];
  /** Position in pixels of a pointer. */
  locate(event: { readonly clientX: number; readonly clientY: number }): [x: number, y: number];
  /** px a pixel. */
  pixelSize(): number;
}

const CORNER = { x: 0, y: 0 } as const;

/** Make an empty frame for images of one shape, or that lie on it. */
export function createFrame(document: Document, shape: Shape): Frame {
  const [ny, nx] = shape;
  const element = document.createElement("div");
  element.className = "frame";
  // Very long images are shown with pixels that are not square rather than as a line.
  element.style.aspectRatio = String(Math.min(Math.max(nx / ny, 0.4), 4));
  const canvas = document.createElement("canvas");
  canvas.setAttribute("aria-hidden", "true");
  const overlay = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  overlay.setAttribute("aria-hidden", "true");
  overlay.setAttribute("preserveAspectRatio", "none");
  element.append(canvas, overlay);

  const picture = document.createElement("canvas");
  let place: { readonly x: number; readonly y: number } = CORNER;
  let view = wholeView(shape);
  let makeOverlay = () => "";

  function paint(): void {
    const width = element.clientWidth;
    const height = element.clientHeight;
    const context = canvas.getContext("2d");
    if (width === 0 || height === 0 || context === null) return;
    const density = globalThis.devicePixelRatio || 1;
    const [columns, rows] = [Math.round(width * density), Math.round(height * density)];
    if (canvas.width !== columns || canvas.height !== rows) {
      canvas.width = columns;
      canvas.height = rows;
    }
    const { left, bottom, width: wide, height: tall } = viewEdges(view, shape);
    // Smoothing only where pixels are smaller than the screen's: dropping them would drop point sources.
    context.imageSmoothingEnabled = wide > columns;
    context.imageSmoothingQuality = "high";
    context.clearRect(0, 0, columns, rows);
    const above = picture.height - 0.5 - (bottom - place.y) - tall;
    context.drawImage(picture, left + 0.5 - place.x, above, wide, tall, 0, 0, columns, rows);
    draw();
  }

  /** In units of px of now; on paper the frame has another size, and the drawing follows it. */
  function draw(): void {
    overlay.setAttribute("viewBox", `0 0 ${element.clientWidth} ${element.clientHeight}`);
    overlay.innerHTML = makeOverlay();
  }

  function project(x: number, y: number): [number, number] {
    const { left, bottom, width, height } = viewEdges(view, shape);
    return [((x - left) / width) * element.clientWidth, (1 - (y - bottom) / height) * element.clientHeight];
  }

  new ResizeObserver(paint).observe(element);
  return {
    element,
    show(image, scale, at = CORNER) {
      const [ny, nx] = image.shape;
      place = at;
      picture.width = nx;
      picture.height = ny;
      const colors = scale.colors ?? palette(scale.colormap);
      const indices = colorIndices(image, scale);
      const context = picture.getContext("2d");
      const pixels = context?.createImageData(nx, ny);
      if (!context || !pixels) return;
      for (let row = 0, from = 0; row < ny; row++) {
        let to = (ny - 1 - row) * nx * 4;
        for (let col = 0; col < nx; col++, from++, to += 4) {
          const entry = indices[from] * 3;
          pixels.data[to] = colors[entry];
          pixels.data[to + 1] = colors[entry + 1];
          pixels.data[to + 2] = colors[entry + 2];
          pixels.data[to + 3] = 255;
        }
      }
      context.putImageData(pixels, 0, 0);
      paint();
    },
    look(next) {
      view = next;
      paint();
    },
    annotate(next) {
      makeOverlay = next;
      draw();
    },
    project,
    locate({ clientX, clientY }) {
      const box = element.getBoundingClientRect();
      const { left, bottom, width, height } = viewEdges(view, shape);
      return [
        left + ((clientX - box.left) / box.width) * width,
        bottom + (1 - (clientY - box.top) / box.height) * height,
      ];
    },
    pixelSize: () => element.clientWidth / viewEdges(view, shape).width,
  };
}

/** A line that is seen on every colour: dark below, light above. */
export function outlined(shape: string): string {
  return `<g class="under">${shape}</g><g class="over">${shape}</g>`;
}
