/** Images in terminals: by the protocols of kitty and iTerm2, as sixel, or as half blocks in 24-bit colours. */

/** How a terminal shows images. */
export type TerminalProtocol = "kitty" | "iterm" | "sixel" | "blocks";

/** What the environment says about the terminal: none of these protocols can be asked for without waiting for an answer. */
export function terminalProtocol(env: Readonly<Record<string, string | undefined>>): TerminalProtocol {
  const { TERM = "", TERM_PROGRAM = "", KITTY_WINDOW_ID, TMUX } = env;
  // Multiplexers swallow images.
  if (TMUX !== undefined || /^(screen|tmux)/.test(TERM)) return "blocks";
  if (KITTY_WINDOW_ID !== undefined || /kitty|ghostty/.test(TERM) || TERM_PROGRAM === "ghostty")
    return "kitty";
  if (["iTerm.app", "WezTerm", "mintty", "vscode"].includes(TERM_PROGRAM)) return "iterm";
  if (/sixel|^foot|^mlterm|^contour/.test(TERM)) return "sixel";
  return "blocks";
}

const ESCAPE = "\u001b";

/** A PNG file by the graphics protocol of kitty, in pieces of 4096 characters. */
export function kittyImage(png: Uint8Array): string {
  const data = Buffer.from(png).toString("base64");
  let text = "";
  for (let start = 0; start < data.length; start += 4096) {
    const more = start + 4096 < data.length ? 1 : 0;
    const keys = start === 0 ? `a=T,f=100,m=${more}` : `m=${more}`;
    text += `${ESCAPE}_G${keys};${data.slice(start, start + 4096)}${ESCAPE}\\`;
  }
  return `${text}\n`;
}

/** A PNG file by the protocol of iTerm2. */
export function itermImage(png: Uint8Array): string {
  const data = Buffer.from(png).toString("base64");
  return `${ESCAPE}]1337;File=inline=1;size=${png.length};preserveAspectRatio=1:${data}\u0007\n`;
}

/** Pixels in true colour, top row first. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** `width * height * 4`: red, green, blue, alpha. */
  readonly rgba: ArrayLike<number>;
}

/** Steps of red, green and blue in the fixed palette of sixel images: 6 x 7 x 6 = 252 colours. */
const STEPS = [6, 7, 6] as const;

/** An image as sixel (DEC VT340): bands of six rows, one pass a colour, runs shortened. */
export function sixelImage({ width, height, rgba }: Pixels): string {
  const [reds, greens, blues] = STEPS;
  const register = (pixel: number) => {
    const level = (channel: 0 | 1 | 2) =>
      Math.round((rgba[4 * pixel + channel] / 255) * (STEPS[channel] - 1));
    return (level(0) * greens + level(1)) * blues + level(2);
  };
  let text = `${ESCAPE}P0;1q"1;1;${width};${height}`;
  for (let red = 0; red < reds; red++) {
    for (let green = 0; green < greens; green++) {
      for (let blue = 0; blue < blues; blue++) {
        const percent = [red / (reds - 1), green / (greens - 1), blue / (blues - 1)].map((part) =>
          Math.round(100 * part),
        );
        text += `#${(red * greens + green) * blues + blue};2;${percent.join(";")}`;
      }
    }
  }
  for (let top = 0; top < height; top += 6) {
    const bits = new Map<number, Uint8Array>();
    for (let row = top; row < Math.min(top + 6, height); row++) {
      for (let col = 0; col < width; col++) {
        const color = register(row * width + col);
        let band = bits.get(color);
        if (band === undefined) {
          band = new Uint8Array(width);
          bits.set(color, band);
        }
        band[col] |= 1 << (row - top);
      }
    }
    text += [...bits].map(([color, band]) => `#${color}${runs(band)}`).join("$");
    text += "-";
  }
  return `${text}${ESCAPE}\\\n`;
}

function runs(band: Uint8Array): string {
  let text = "";
  for (let start = 0; start < band.length; ) {
    let end = start + 1;
    while (end < band.length && band[end] === band[start]) end++;
    const sign = String.fromCharCode(63 + band[start]);
    text += end - start > 3 ? `!${end - start}${sign}` : sign.repeat(end - start);
    start = end;
  }
  return text;
}

/** An image as half blocks, two rows of pixels a line of text, reduced by averages to at most `columns` a line. */
export function blockImage(pixels: Pixels, columns: number): string {
  const { width, height, rgba } = shrink(pixels, columns);
  const color = (row: number, col: number) => {
    const at = 4 * (row * width + col);
    return `${rgba[at]};${rgba[at + 1]};${rgba[at + 2]}`;
  };
  let text = "";
  for (let row = 0; row < height; row += 2) {
    for (let col = 0; col < width; col++) {
      const below = row + 1 < height ? `${ESCAPE}[48;2;${color(row + 1, col)}m` : `${ESCAPE}[49m`;
      text += `${ESCAPE}[38;2;${color(row, col)}m${below}▀`;
    }
    text += `${ESCAPE}[0m\n`;
  }
  return text;
}

function shrink(pixels: Pixels, columns: number): Pixels {
  const by = Math.max(1, Math.ceil(pixels.width / columns));
  if (by === 1) return pixels;
  const [width, height] = [Math.ceil(pixels.width / by), Math.ceil(pixels.height / by)];
  const rgba = new Uint8Array(width * height * 4);
  for (let row = 0; row < height; row++) {
    for (let col = 0; col < width; col++) {
      const sum = [0, 0, 0];
      let count = 0;
      for (let y = row * by; y < Math.min((row + 1) * by, pixels.height); y++) {
        for (let x = col * by; x < Math.min((col + 1) * by, pixels.width); x++, count++) {
          for (let channel = 0; channel < 3; channel++)
            sum[channel] += pixels.rgba[4 * (y * pixels.width + x) + channel];
        }
      }
      rgba.set([...sum.map((total) => Math.round(total / count)), 255], 4 * (row * width + col));
    }
  }
  return { width, height, rgba };
}
