/**
 * One card of a FITS header: 80 characters that hold a keyword, a value and a comment (FITS standard 4.0, section 4).
 *
 * Long strings spread over CONTINUE cards (section 4.2.1.2) and HIERARCH keywords (ESO convention) are one `FitsCard`.
 */

import { InvalidInputError } from "../errors.js";

/** Value of a card; `undefined` when the card names no value. Whole numbers beyond 2^53 are `bigint`. */
export type FitsValue = string | number | bigint | boolean | undefined;

/** A header card. COMMENT, HISTORY and blank (`""`) cards have their text as `value`. */
export interface FitsCard {
  /** Upper case; longer than 8 characters or with spaces for a HIERARCH card (the word itself left out). */
  readonly keyword: string;
  /** A complex value, or one that breaks the FITS grammar, is kept as its text. */
  readonly value: FitsValue;
  readonly comment?: string;
  /** The card as it stood in the file (a multiple of 80 characters); written back verbatim while the rest agrees with it. */
  readonly raw?: string;
}

/** Characters in one card. */
export const CARD_LENGTH = 80;

const COMMENTARY: ReadonlySet<string> = new Set(["COMMENT", "HISTORY", ""]);
const STANDARD_KEYWORD = /^[A-Z0-9_-]{1,8}$/;
const HIERARCH_KEYWORD = /^[!-<>-~]+( [!-<>-~]+)*$/;
const INTEGER = /^[+-]?\d+$/;
const FLOAT = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[ED][+-]?\d+)?$/i;
const PRINTABLE = /^[ -~]*$/;

/** Whether a card carries text only: COMMENT, HISTORY or blank keyword. */
export function isCommentary(keyword: string): boolean {
  return COMMENTARY.has(keyword);
}

/** The text between quotes and what follows the closing quote. */
interface QuotedText {
  readonly text: string;
  readonly rest: string;
}

function readQuoted(field: string): QuotedText {
  let text = "";
  let from = 1;
  for (;;) {
    const quote = field.indexOf("'", from);
    if (quote < 0) return { text: text + field.slice(from), rest: "" };
    text += field.slice(from, quote);
    if (field[quote + 1] !== "'") return { text, rest: field.slice(quote + 1) };
    text += "'";
    from = quote + 2;
  }
}

function readPlainValue(token: string): FitsValue {
  if (token === "") return undefined;
  if (token === "T") return true;
  if (token === "F") return false;
  if (INTEGER.test(token)) {
    const number = Number(token);
    return Number.isSafeInteger(number) ? number : BigInt(token.replace(/^\+/, ""));
  }
  if (FLOAT.test(token)) {
    const number = Number(token.replace(/d/i, "E"));
    if (Number.isFinite(number)) return number;
  }
  return token;
}

/** A value field taken apart; `quoted` tells a string from a text that merely looks like one. */
interface ValueField {
  readonly value: FitsValue;
  readonly comment: string;
  readonly quoted: boolean;
}

function readValueField(field: string): ValueField {
  const start = field.trimStart();
  if (start.startsWith("'")) {
    const { text, rest } = readQuoted(start);
    const slash = rest.indexOf("/");
    return { value: text.trimEnd(), comment: slash < 0 ? "" : rest.slice(slash + 1).trim(), quoted: true };
  }
  const slash = start.indexOf("/");
  if (slash < 0) return { value: readPlainValue(start.trim()), comment: "", quoted: false };
  return {
    value: readPlainValue(start.slice(0, slash).trim()),
    comment: start.slice(slash + 1).trim(),
    quoted: false,
  };
}

/** Keyword and value field of one 80-character line; no `field` when the line is commentary. */
function splitLine(line: string): { keyword: string; field?: string } {
  const keyword = line.slice(0, 8).trimEnd();
  if (keyword === "HIERARCH" && line[8] !== "=") {
    const equals = line.indexOf("=", 8);
    const name = equals < 0 ? "" : line.slice(8, equals).trim().replace(/ +/g, " ");
    if (name !== "") return { keyword: name.toUpperCase(), field: line.slice(equals + 1) };
  }
  if (line[8] === "=" && !isCommentary(keyword))
    return { keyword: keyword.toUpperCase(), field: line.slice(9) };
  return { keyword: keyword.toUpperCase() };
}

/**
 * Read the card that starts at line `index` of a header, together with the CONTINUE lines that belong to it.
 *
 * @param lines the header as lines of 80 printable characters
 * @returns the card and the index of the line after it
 */
export function parseCard(lines: readonly string[], index: number): { card: FitsCard; next: number } {
  const line = lines[index];
  const { keyword, field } = splitLine(line);
  if (field === undefined) {
    const value = line.slice(8).trimEnd();
    return { card: { keyword, value, raw: line }, next: index + 1 };
  }
  const first = readValueField(field);
  let next = index + 1;
  let { value } = first;
  const comments = [first.comment];
  if (first.quoted && typeof value === "string") {
    const parts = [value];
    while (parts.at(-1)!.endsWith("&") && lines[next]?.startsWith("CONTINUE  ")) {
      const more = readValueField(lines[next].slice(10));
      if (!more.quoted || typeof more.value !== "string") break;
      parts[parts.length - 1] = parts.at(-1)!.slice(0, -1);
      parts.push(more.value);
      comments.push(more.comment);
      next++;
    }
    value = parts.join("").trimEnd();
  }
  const comment = comments.filter((text) => text !== "").join(" ");
  const raw = next === index + 1 ? line : lines.slice(index, next).join("");
  return { card: comment === "" ? { keyword, value, raw } : { keyword, value, comment, raw }, next };
}

function formatNumber(keyword: string, value: number): string {
  if (!Number.isFinite(value)) {
    throw new InvalidInputError(
      `FITS card ${keyword}: a number must be finite, got ${value}; leave the card out or give undefined`,
      { fields: { keyword } },
    );
  }
  if (Object.is(value, -0)) return "-0.0";
  const text = String(value).toUpperCase().replace("E+", "E");
  if (text.includes(".") || Number.isSafeInteger(value)) return text;
  // A point keeps large numbers floats, which would read as bigint otherwise.
  return text.includes("E") ? text.replace("E", ".0E") : `${text}.0`;
}

function checkText(keyword: string, text: string): void {
  if (PRINTABLE.test(text)) return;
  throw new InvalidInputError(
    `FITS card ${keyword}: text must be printable ASCII, got ${JSON.stringify(text.slice(0, 40))}; spell it in ASCII`,
    { fields: { keyword } },
  );
}

/** Cut quoted text into pieces of at most `sizes(i)` characters, never between two quotes of a pair. */
function cutQuoted(escaped: string, firstSize: number, nextSize: number): string[] {
  const pieces: string[] = [];
  let from = 0;
  while (from < escaped.length || pieces.length === 0) {
    let to = Math.min(escaped.length, from + (pieces.length === 0 ? firstSize : nextSize));
    let quotes = 0;
    while (escaped[to - 1 - quotes] === "'" && to - 1 - quotes >= from) quotes++;
    if (quotes % 2 === 1 && to < escaped.length) to--;
    pieces.push(escaped.slice(from, to));
    from = to;
  }
  return pieces;
}

function formatString(keyword: string, head: string, value: string, comment: string): string {
  const escaped = value.trimEnd().replaceAll("'", "''");
  const short = `'${escaped.padEnd(8)}'`;
  const room = CARD_LENGTH - head.length;
  const whole = comment === "" ? short : `${short.padEnd(20)} / ${comment}`;
  if (whole.length <= room) return (head + whole).padEnd(CARD_LENGTH);
  if (comment !== "" && short.length + 3 + comment.length <= room) {
    return `${head}${short} / ${comment}`.padEnd(CARD_LENGTH);
  }
  const tail = "CONTINUE  ";
  const tailRoom = CARD_LENGTH - tail.length;
  if (room < 8) {
    throw new InvalidInputError(`FITS card ${keyword}: keyword must leave room for its value; shorten it`, {
      fields: { keyword },
    });
  }
  const pieces = cutQuoted(escaped, room - 3, tailRoom - 3);
  const lines = pieces.map((piece, at) => {
    const last = at === pieces.length - 1 && comment === "";
    return `${at === 0 ? head : tail}'${piece}${last ? "" : "&"}'`;
  });
  for (let left = comment; left !== ""; ) {
    // Pieces of a comment are joined by a space on reading, so they are best cut at one.
    const size = tailRoom - 6;
    const space = left.length <= size ? left.length : left.lastIndexOf(" ", size);
    const piece = left.slice(0, space > 0 ? space : size);
    left = left.slice(piece.length).trimStart();
    lines.push(`${tail}'${left === "" ? "" : "&"}' / ${piece}`);
  }
  return lines.map((line) => line.padEnd(CARD_LENGTH)).join("");
}

function formatCommentary(keyword: string, text: string): string {
  const size = CARD_LENGTH - 8;
  let lines = "";
  for (let from = 0; from < Math.max(1, text.length); from += size) {
    lines += keyword.padEnd(8) + text.slice(from, from + size).padEnd(size);
  }
  return lines;
}

function agreesWithRaw(card: FitsCard, raw: string): boolean {
  if (raw.length === 0 || raw.length % CARD_LENGTH !== 0 || !PRINTABLE.test(raw)) return false;
  const lines: string[] = [];
  for (let from = 0; from < raw.length; from += CARD_LENGTH) lines.push(raw.slice(from, from + CARD_LENGTH));
  const { card: read, next } = parseCard(lines, 0);
  return (
    next === lines.length &&
    read.keyword === card.keyword &&
    Object.is(read.value, card.value) &&
    read.comment === card.comment
  );
}

/**
 * The text of a card, one or more lines of 80 characters.
 *
 * A card read from a file and not changed since comes back verbatim. Strings that do not fit go on in CONTINUE
 * cards; comments of other values are cut at the end of the card.
 *
 * @throws InvalidInputError for characters outside printable ASCII, numbers that are not finite, or a keyword that
 *   leaves no room
 */
export function formatCard(card: FitsCard): string {
  if (card.raw !== undefined && agreesWithRaw(card, card.raw)) return card.raw;
  const keyword = card.keyword.toUpperCase();
  const { value, comment = "" } = card;
  checkText(keyword, comment);
  if (typeof value === "string") checkText(keyword, value);
  if (isCommentary(keyword)) return formatCommentary(keyword, value === undefined ? "" : String(value));
  const standard = STANDARD_KEYWORD.test(keyword);
  if (!standard && !HIERARCH_KEYWORD.test(keyword)) {
    throw new InvalidInputError(
      `FITS card: keyword must be words of printable ASCII without "=", got ${JSON.stringify(card.keyword)}; rename it`,
      { fields: { keyword } },
    );
  }
  const head = standard ? `${keyword.padEnd(8)}= ` : `HIERARCH ${keyword} = `;
  if (typeof value === "string") return formatString(keyword, head, value, comment.trim());
  const text =
    value === undefined
      ? ""
      : typeof value === "boolean"
        ? value
          ? "T"
          : "F"
        : //
          typeof value === "bigint"
          ? String(value)
          : formatNumber(keyword, value);
  const field = standard ? text.padStart(20) : text;
  if (head.length + field.length > CARD_LENGTH) {
    throw new InvalidInputError(
      `FITS card ${keyword}: keyword and value must fit in 80 characters; shorten the keyword`,
      { fields: { keyword } },
    );
  }
  const line = head + (comment.trim() === "" ? field : `${field} / ${comment.trim()}`);
  return line.slice(0, CARD_LENGTH).padEnd(CARD_LENGTH);
}
