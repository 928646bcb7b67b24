/** Text in XML and HTML. */

/** What XML 1.0 has no place for (section 2.2), such as control characters. */
const NO_XML = /[^\t\n\r\u0020-\ud7ff\ud800-\udfff\ue000-\ufffd]/g;

/** Escape text for XML content and double-quoted attributes; characters that XML has not become U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;")
    .replace(NO_XML, "\ufffd");
}
