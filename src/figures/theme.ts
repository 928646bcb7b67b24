/** Colours of a figure apart from its data. */
export interface Theme {
  readonly background: string;
  /** Text, frames and ticks. */
  readonly ink: string;
  /** Secondary text and helper lines. */
  readonly muted: string;
  /** Shade behind the burn-in of a trace. */
  readonly shade: string;
  /** Statistics that call for attention. */
  readonly warning: string;
  /** Line colours, one a chain, repeated when there are more (Okabe & Ito, told apart by colour-blind readers). */
  readonly series: readonly string[];
}

/** Name of a built-in theme. */
export type ThemeName = "light" | "dark";

const THEMES: Readonly<Record<ThemeName, Theme>> = {
  light: {
    background: "#ffffff",
    ink: "#1a1a1a",
    muted: "#6b6b6b",
    shade: "#f0f0f0",
    warning: "#c44600",
    series: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"],
  },
  dark: {
    background: "#14171c",
    ink: "#e4e6ea",
    muted: "#9aa1ab",
    shade: "#20252d",
    warning: "#ff9d5c",
    series: ["#56b4e9", "#ee8a4a", "#3ec79b", "#e3a0c6", "#f2c14e", "#9cb8ff"],
  },
};

/** Font stack: the shipped font first, then fonts that are no wider, so that text never overlaps. */
export const FONT_FAMILY = "DejaVu Sans, Arial, Helvetica, sans-serif";

/** Font sizes in px, the same in every figure. */
export const FONT_SIZE = { tick: 9.5, label: 10.5, title: 11.5, heading: 13 } as const;

/** The colours of a theme. */
export function theme(name: ThemeName): Theme {
  return THEMES[name];
}

/** A colour between two colours `#rrggbb`: the first at part 0, the second at part 1. */
export function mixColors(first: string, second: string, part: number): string {
  const channel = (color: string, at: number) => Number.parseInt(color.slice(at, at + 2), 16);
  return `#${[1, 3, 5]
    .map((at) =>
      Math.round(channel(first, at) * (1 - part) + channel(second, at) * part)
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;
}
