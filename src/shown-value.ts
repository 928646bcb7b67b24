/**
 * A value as a message shows it: JSON where there is some, cut off when it is long. Never throws, whatever the value.
 *
 * @param most characters
 */
export function shownValue(value: unknown, most = 80): string {
  let text: string;
  try {
    text =
      (typeof value === "string" ? JSON.stringify(value.slice(0, most)) : JSON.stringify(value)) ??
      String(value);
  } catch {
    // Nested too deeply for a stack, cyclic, or of a kind that JSON does not know.
    text = Array.isArray(value) ? "a nested list" : `a value of type ${typeof value}`;
  }
  const cut = text.length > most || (typeof value === "string" && value.length > most);
  return cut ? `${text.slice(0, most)}...` : text;
}
