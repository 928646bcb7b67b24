/** Pictures with one palette, shown one after another. */
export interface Animation {
  readonly width: number;
  readonly height: number;
  /** Up to 256 triples red, green, blue. */
  readonly colors: Uint8Array;
  /** Palette index of each pixel of each frame, `width * height`, top row first. */
  readonly frames: readonly Uint8Array[];
  /** Time that a frame is shown, in ms. */
  readonly milliseconds: number;
}

/** Frames in true colour, gathered one by one and then given a common palette. */
export interface FrameCollector {
  /** Add a frame: red, green, blue, alpha of each pixel, top row first; alpha is ignored. */
  readonly add: (rgba: Uint8Array) => void;
  /** All frames with one palette: 256 frequent colours that differ; the others become the nearest of them. */
  readonly finish: (milliseconds: number) => Animation;
}

const MOST_COLORS = 256;

/** Gather frames of one size. */
export function collectFrames(width: number, height: number): FrameCollector {
  const known = new Map<number, number>();
  const counts: number[] = [];
  const frames: Uint32Array[] = [];
  return {
    add(rgba) {
      const frame = new Uint32Array(width * height);
      for (let pixel = 0; pixel < frame.length; pixel++) {
        const color = (rgba[4 * pixel] << 16) | (rgba[4 * pixel + 1] << 8) | rgba[4 * pixel + 2];
        let index = known.get(color);
        if (index === undefined) {
          index = counts.push(0) - 1;
          known.set(color, index);
        }
        counts[index] += 1;
        frame[pixel] = index;
      }
      frames.push(frame);
    },
    finish(milliseconds) {
      const all = [...known.keys()];
      const order = all.map((_, index) => index).sort((first, second) => counts[second] - counts[first]);
      const kept = spreadColors(order.map((index) => all[index]));
      const place = all.map((color) => nearestColor(color, kept));
      return {
        width,
        height,
        colors: Uint8Array.from(kept.flatMap((color) => [color >> 16, (color >> 8) & 255, color & 255])),
        frames: frames.map((frame) => Uint8Array.from(frame, (index) => place[index])),
        milliseconds,
      };
    },
  };
}

/** Squared distance in red, green and blue below which two colours look the same. */
const ALIKE = 50;

/**
 * Colours of a palette, at most 256: in order of frequency those that differ from all chosen before, then, while there is room,
 * the rest. The most frequent alone would be shades of smoothed text, and leave out the ends of the colour map.
 */
function spreadColors(byFrequency: readonly number[]): number[] {
  const chosen: number[] = [];
  const rest: number[] = [];
  for (const color of byFrequency) {
    const unlike = chosen.every((other) => colorDistance(color, other) >= ALIKE);
    (unlike && chosen.length < MOST_COLORS ? chosen : rest).push(color);
  }
  return [...chosen, ...rest].slice(0, MOST_COLORS);
}

function colorDistance(color: number, other: number): number {
  const red = (color >> 16) - (other >> 16);
  const green = ((color >> 8) & 255) - ((other >> 8) & 255);
  const blue = (color & 255) - (other & 255);
  return red * red + green * green + blue * blue;
}

/** Index of the colour with the smallest distance in red, green and blue. */
function nearestColor(color: number, kept: readonly number[]): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const [index, other] of kept.entries()) {
    const distance = colorDistance(color, other);
    if (distance < least) {
      least = distance;
      best = index;
    }
  }
  return best;
}

/** A rectangle of a frame. */
export interface FramePart {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly indices: Uint8Array;
}

/** The smallest rectangle outside of which a frame equals the one before; the whole of the first; one pixel when nothing changed. */
export function changedPart(
  frame: Uint8Array,
  before: Uint8Array | undefined,
  { width, height }: Animation,
): FramePart {
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let index = 0; index < frame.length; index++) {
    if (before !== undefined && frame[index] === before[index]) continue;
    const x = index % width;
    const y = (index - x) / width;
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < top) top = y;
    if (y > bottom) bottom = y;
  }
  if (right < 0) [left, right, top, bottom] = [0, 0, 0, 0];
  const part = { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
  const indices = new Uint8Array(part.width * part.height);
  for (let row = 0; row < part.height; row++) {
    const start = (top + row) * width + left;
    indices.set(frame.subarray(start, start + part.width), row * part.width);
  }
  return { ...part, indices };
}
