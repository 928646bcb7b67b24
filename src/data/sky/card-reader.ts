import type { WcsCard } from "../observation/observation.js";

/** Reads values of header cards by keyword; the first card of a keyword counts. */
export interface CardReader {
  /** Text without blanks around it; undefined for other values. */
  readonly text: (keyword: string) => string | undefined;
  /** A finite number; undefined for other values. */
  readonly number: (keyword: string) => number | undefined;
  /** Each once. */
  readonly keywords: readonly string[];
}

/** A reader of header cards. */
export function cardReader(cards: readonly WcsCard[]): CardReader {
  const values = new Map<string, WcsCard["value"]>();
  for (const { keyword, value } of cards) if (!values.has(keyword)) values.set(keyword, value);
  return {
    text: (keyword) => {
      const value = values.get(keyword);
      return typeof value === "string" ? value.trim() : undefined;
    },
    number: (keyword) => {
      const value = values.get(keyword);
      return typeof value === "number" && Number.isFinite(value) ? value : undefined;
    },
    keywords: [...values.keys()],
  };
}
