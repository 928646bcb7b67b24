import { FormatError } from "../errors.js";
import { CARD_LENGTH, type FitsCard, type FitsValue, formatCard, parseCard } from "./fits-card.js";

/** FITS files come in blocks of this many bytes. */
export const BLOCK_LENGTH = 2880;

/** Longest header that is read, in cards (8 MB); real ones rarely have more than a few thousand. */
export const MAX_HEADER_CARDS = 100_000;

/** The cards of one header, in file order, without END. Immutable. */
export class FitsHeader {
  readonly cards: readonly FitsCard[];
  readonly #first = new Map<string, FitsCard>();

  constructor(cards: readonly FitsCard[] = []) {
    this.cards = [...cards];
    for (const card of this.cards) {
      if (!this.#first.has(card.keyword)) this.#first.set(card.keyword, card);
    }
  }

  /** Whether a card with this keyword (any case) is present. */
  has(keyword: string): boolean {
    return this.#first.has(keyword.toUpperCase());
  }

  /** Value of the first card with this keyword (any case); `undefined` when absent or without value. */
  get(keyword: string): FitsValue {
    return this.#first.get(keyword.toUpperCase())?.value;
  }

  /** All cards with this keyword (any case), for example every HISTORY line. */
  list(keyword: string): FitsCard[] {
    const wanted = keyword.toUpperCase();
    return this.cards.filter((card) => card.keyword === wanted);
  }

  /** Text of a card whose value is a string, trimmed; `undefined` otherwise. */
  text(keyword: string): string | undefined {
    const value = this.get(keyword);
    return typeof value === "string" ? value.trim() : undefined;
  }

  /** Value of a card that is a number, beyond 2^53 none; `undefined` otherwise. */
  number(keyword: string): number | undefined {
    const value = this.get(keyword);
    return typeof value === "number" ? value : undefined;
  }
}

/** Make a card; the comment is left out when empty. */
export function fitsCard(keyword: string, value: FitsValue, comment = ""): FitsCard {
  return comment === "" ? { keyword, value } : { keyword, value, comment };
}

/** What a whole-number card may hold. */
export interface IntegerRange {
  readonly min: number;
  readonly max: number;
  /** Value when the card is absent; without it the card must be there. */
  readonly fallback?: number;
}

/**
 * Whole number of a mandatory or structural card.
 *
 * @param where start of the error message
 * @throws FormatError when the card is absent without fallback, not whole, or out of range
 */
export function headerInteger(
  where: string,
  header: FitsHeader,
  keyword: string,
  { min, max, fallback }: IntegerRange,
): number {
  const value = header.has(keyword) ? header.get(keyword) : fallback;
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new FormatError(
    `${where}: ${keyword} must be a whole number from ${min} to ${max}, got ${String(value)}; the file is damaged or not FITS`,
    { fields: { keyword, value: typeof value === "bigint" ? String(value) : value } },
  );
}

/**
 * Finite number of a card.
 *
 * @throws FormatError when the card holds something else
 */
export function headerNumber(where: string, header: FitsHeader, keyword: string, fallback: number): number {
  const value = header.has(keyword) ? header.get(keyword) : fallback;
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  throw new FormatError(`${where}: ${keyword} must be a number, got ${String(value)}; correct the header`, {
    fields: { keyword, value },
  });
}

/** Values of the cards `name1`, `name2` ... */
export function numbered(header: FitsHeader, name: string): FitsValue[] {
  const values: FitsValue[] = [];
  while (header.has(`${name}${values.length + 1}`)) values.push(header.get(`${name}${values.length + 1}`));
  return values;
}

/** Where the END card of a header stands, looking at whole cards from `start`; -1 when `bytes` ends before it. */
export function findEndCard(bytes: Uint8Array, start: number): number {
  const limit = Math.min(bytes.length - CARD_LENGTH, start + MAX_HEADER_CARDS * CARD_LENGTH);
  for (let at = start; at <= limit; at += CARD_LENGTH) {
    if (bytes[at] !== 0x45 || bytes[at + 1] !== 0x4e || bytes[at + 2] !== 0x44) continue;
    let blank = at + 3;
    while (blank < at + 8 && bytes[blank] === 0x20) blank++;
    if (blank === at + 8) return at;
  }
  return -1;
}

/**
 * Read a header from its first byte to its END card. Characters that FITS forbids read as "?".
 *
 * @param end position of the END card, from `findEndCard`
 */
export function parseHeader(bytes: Uint8Array, start: number, end: number): FitsHeader {
  const text = new TextDecoder("latin1").decode(bytes.subarray(start, end)).replace(/[^ -~]/g, "?");
  const lines: string[] = [];
  for (let at = 0; at < text.length; at += CARD_LENGTH) lines.push(text.slice(at, at + CARD_LENGTH));
  const cards: FitsCard[] = [];
  for (let index = 0; index < lines.length; ) {
    const { card, next } = parseCard(lines, index);
    cards.push(card);
    index = next;
  }
  // Blank cards just before END only reserve space.
  while (cards.length > 0 && cards.at(-1)!.keyword === "" && cards.at(-1)!.value === "") cards.pop();
  return new FitsHeader(cards);
}

/** Encode printable ASCII. */
export function asciiBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** A header as bytes: the cards, END, and blanks to a whole number of blocks. */
export function formatHeader(cards: readonly FitsCard[]): Uint8Array {
  const text = `${cards.map(formatCard).join("")}END`;
  return asciiBytes(text.padEnd(Math.ceil(text.length / BLOCK_LENGTH) * BLOCK_LENGTH));
}
