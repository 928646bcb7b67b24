/**
 * A cell of a table of comma-separated values (RFC 4180).
 *
 * Text that begins as a formula does gets an apostrophe before it: a spreadsheet would run what a region's name says. Numbers stay
 * as they are.
 */
export function csvCell(value: string | number | boolean): string {
  const text = String(value);
  const safe =
    typeof value === "string" && /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/.test(text)
      ? `'${text}`
      : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
