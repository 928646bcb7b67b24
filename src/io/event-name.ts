/** Names of event lists with filters in brackets, as CIAO and CFITSIO read them: `events.fits[EVENTS][energy=500:7000]`. */

import { InvalidInputError } from "../errors.js";
import type { EventColumn } from "./event-column.js";
import { splitBrackets } from "./fits-name.js";

/** A file name taken apart. */
export interface EventName {
  readonly path: string;
  readonly extension?: string | number;
  /** What stands in further brackets. */
  readonly filters: readonly string[];
}

/**
 * Take apart the name of an event list: path, extension, and filters in brackets.
 *
 * @throws InvalidInputError for brackets that bin or cut an image, naming the options that do so
 */
export function parseEventName(text: string): EventName {
  const { path, brackets } = splitBrackets(text);
  if (path === "" || brackets.length === 0) return { path: text, filters: [] };
  const inner = brackets.map((part) => part.trim());
  const first = inner[0];
  const named = /^\w[\w .+-]*(?:,\s*\d+)?$/.test(first) && !/^(bin|opt|cols?)\s/i.test(first);
  const filters = named ? inner.slice(1) : inner;
  for (const filter of filters) {
    const option = /^bin\b/i.test(filter)
      ? "--bin-size, --center and --size"
      : /^[-*\d:.\s]+,[-*\d:.\s]+$/.test(filter)
        ? "--center and --size"
        : /\b(circle|box|rotbox|ellipse|polygon|annulus|pie|sector|region|mask|field)\s*\(|regfilter/i.test(
              filter,
            )
          ? "--center and --size, and regions as --mask of the image"
          : /^(opt|cols?|#row)\b/i.test(filter) || filter === ""
            ? "--energy, --pi, --time and --where"
            : undefined;
    if (option !== undefined)
      throw new InvalidInputError(
        `event list: brackets after a name must hold an extension or conditions on columns, got [${filter}]; use ${option} instead of it`,
        { fields: { name: text } },
      );
  }
  return { path, filters, ...(named && { extension: /^\d+$/.test(first) ? Number(first) : first }) };
}

const NUMBER = "[-+]?(?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:[eE][-+]?\\d+)?";
const RANGE = new RegExp(`^(${NUMBER})?(?:(:)(${NUMBER})?)?$`);

/** One range of CIAO as a condition: its end belongs to it for columns of integers only (ahelp dmfiltering). */
function rangeCondition(text: string, { name, lattice, bits }: EventColumn, filter: string): string {
  // Bits are spelled one by one: status=00000000000000000000000000000000.
  if (bits !== undefined && bits > 1 && text.trim().length === bits && /^[01]+$/.test(text.trim()))
    return `${name} == ${Number.parseInt(text, 2)}`;
  const [, low, colon, high] = RANGE.exec(text.replace(/\s/g, "")) ?? [];
  if (low === undefined && high === undefined)
    throw new InvalidInputError(
      `event list: a range must read low:high, low: or :high, got ${JSON.stringify(text)} in [${filter}]; use --where instead of it`,
    );
  if (colon === undefined) return `${name} == ${low}`;
  const ends = [
    ...(low === undefined ? [] : [`${name} >= ${low}`]),
    ...(high === undefined ? [] : [`${name} ${lattice === undefined ? "<" : "<="} ${high}`]),
  ];
  return ends.length > 1 ? `(${ends.join(" && ")})` : ends[0];
}

/**
 * A filter of a name as a condition for `parseEventFilter`: CIAO's ranges (`energy=500:7000,grade=0,2:4`, `exclude` before them) or
 * CFITSIO's expressions, which are conditions already.
 *
 * @param columns of the list
 * @throws InvalidInputError when a range cannot be read or a column does not exist
 */
export function filterCondition(filter: string, columns: readonly EventColumn[]): string {
  const [, word = "", rest = filter] = /^(filter|exclude|events?)\s+(.*)$/is.exec(filter) ?? [];
  if (!/^[A-Za-z_]\w*\s*=[^=]/.test(rest) || /[<>&|!]/.test(rest)) return filter;
  const parts: { readonly column: EventColumn; readonly ranges: string[] }[] = [];
  for (const piece of rest.split(",")) {
    const [, name, value = piece] = /^\s*([A-Za-z_]\w*)\s*=(.*)$/s.exec(piece) ?? [];
    if (name !== undefined) {
      const column = columns.find((one) => one.name.toUpperCase() === name.toUpperCase());
      if (column === undefined)
        throw new InvalidInputError(
          `event list: a filter must name columns of the list, got ${name} in [${filter}]; there are ${columns.map((one) => one.name).join(", ")}`,
        );
      parts.push({ column, ranges: [] });
    }
    const part = parts[parts.length - 1];
    part.ranges.push(rangeCondition(value, part.column, filter));
  }
  const all = parts
    .map(({ ranges }) => (ranges.length > 1 ? `(${ranges.join(" || ")})` : ranges[0]))
    .join(" && ");
  return /^exclude$/i.test(word) ? `!(${all})` : all;
}
