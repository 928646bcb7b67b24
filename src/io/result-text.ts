/** Text of any kind in the printable ASCII that FITS allows. */

const ESCAPED = /[^ -[\]-~]/g;

/**
 * Text as printable ASCII: backslashes are doubled, everything outside printable ASCII and a blank at the end become
 * `\uXXXX`, one for each UTF-16 unit. `unescapeText` is the inverse for every string.
 */
export function escapeText(text: string): string {
  return text.replace(ESCAPED, escapeUnit).replace(/ $/, "\\u0020");
}

function escapeUnit(unit: string): string {
  return unit === "\\" ? "\\\\" : `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Text as it was before `escapeText`. */
export function unescapeText(text: string): string {
  return text.replace(/\\(?:\\|u([0-9a-f]{4}))/g, (_, hex: string | undefined) =>
    hex === undefined ? "\\" : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
