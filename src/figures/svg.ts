import { escapeXml } from "../xml-text.js";

/** Elements that Plot adds for use inside a web page and that a figure does not need. */
const DROPPED_ELEMENTS: ReadonlySet<string> = new Set(["style", "title"]);
const DROPPED_ATTRIBUTES = /^(class|aria-|xmlns|tabindex)/;

/** A number for an SVG attribute: at most two decimals, never `-0`. */
export function px(value: number): string {
  return String(Math.round(value * 100) / 100 + 0);
}

/**
 * The children of an element as XML text, the same from every DOM, with numbers rounded to 1/100 px
 * (1/10 px in paths).
 *
 * XMLSerializer and innerHTML differ between browsers and linkedom, and write numbers in full length.
 */
export function serializeChildren(parent: Element): string {
  let text = "";
  for (const child of Array.from(parent.childNodes)) text += serializeNode(child);
  return text;
}

function serializeNode(node: Node): string {
  if (node.nodeType === 3) return escapeXml(node.nodeValue ?? "");
  if (node.nodeType !== 1) return "";
  const element = node as Element;
  const name = element.localName;
  if (DROPPED_ELEMENTS.has(name)) return "";
  let attributes = "";
  for (const attribute of Array.from(element.attributes)) {
    if (DROPPED_ATTRIBUTES.test(attribute.name)) continue;
    attributes += ` ${attribute.name}="${escapeXml(roundNumbers(attribute.value, attribute.name === "d"))}"`;
  }
  const children = serializeChildren(element);
  if (children === "" && (name === "g" || name === "text")) return "";
  return children === "" ? `<${name}${attributes}/>` : `<${name}${attributes}>${children}</${name}>`;
}

/** Paths keep one decimal only: traces make them long. */
function roundNumbers(value: string, path: boolean): string {
  return path
    ? value.replace(/-?\d+\.\d{2,}(?:e-?\d+)?/g, (number) => String(Math.round(Number(number) * 10) / 10 + 0))
    : value.replace(/-?\d+\.\d{3,}(?:e-?\d+)?/g, (number) => px(Number(number)));
}

/** How a piece of text is set. */
export interface TextStyle {
  readonly size: number;
  readonly fill: string;
  readonly anchor?: "start" | "middle" | "end";
  /** Turn by 90 degrees, reading upwards. */
  readonly upwards?: boolean;
  readonly bold?: boolean;
}

/** A line of text with its baseline at (x, y). */
export function textElement(
  text: string,
  x: number,
  y: number,
  { size, fill, anchor = "start", upwards = false }: TextStyle,
): string {
  const place = upwards
    ? `transform="translate(${px(x)},${px(y)}) rotate(-90)"`
    : `x="${px(x)}" y="${px(y)}"`;
  return `<text ${place} font-size="${size}" fill="${fill}" text-anchor="${anchor}">${escapeXml(text)}</text>`;
}

/** Width of a line of text in px, estimated from DejaVu Sans (digits 0.64 em) and rather too large than too small. */
export function textWidth(text: string, size: number): number {
  let ems = 0;
  for (const character of text) {
    if (/[\u0300-\u036f]/.test(character)) continue;
    if (/[′ˢ]/.test(character)) ems += 0.37;
    else if (/[″°ʰ]/.test(character)) ems += 0.52;
    else if (/[ijl.,:;'|!()[\] Itfr]/.test(character)) ems += 0.37;
    else if (/[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]/.test(character)) ems += 0.42;
    else if (/[mwMW×−@%]/.test(character)) ems += 0.9;
    else ems += 0.635;
  }
  return ems * size;
}
