import { FormatError } from "../errors.js";

/** An element of a figure. */
export interface SvgElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly SvgElement[];
  /** Text directly inside. */
  readonly text: string;
}

const TOKEN = /<(\/?)([\w:]+)((?:\s+[\w:-]+="[^"]*")*)\s*(\/?)>|([^<]+)/g;
const ATTRIBUTE = /([\w:-]+)="([^"]*)"/g;
const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
const plainText = (text: string) =>
  text.replace(/&(\w+);/g, (whole, name: string) => ENTITIES[name] ?? whole);

/**
 * The elements of a figure as the `plot*` functions write them: no comments, declarations or CDATA, attributes in double
 * quotes.
 *
 * @throws FormatError when elements are not closed in order
 */
export function parseSvg(svg: string): SvgElement {
  type Open = { name: string; attributes: Record<string, string>; children: SvgElement[]; text: string };
  const root: Open = { name: "", attributes: {}, children: [], text: "" };
  const open = [root];
  for (const [, closing, name, attributes, single, text] of svg.matchAll(TOKEN)) {
    const parent = open.at(-1)!;
    if (text !== undefined) {
      parent.text += plainText(text);
    } else if (closing) {
      if (open.length < 2 || parent.name !== name) break;
      open.pop();
    } else {
      const element: Open = { name: name!, attributes: {}, children: [], text: "" };
      for (const [, key, value] of attributes!.matchAll(ATTRIBUTE))
        element.attributes[key!] = plainText(value!);
      parent.children.push(element);
      if (!single) open.push(element);
    }
  }
  const [figure] = root.children;
  if (open.length === 1 && figure?.name === "svg") return figure;
  throw new FormatError(
    `figure: must be an SVG document of a plot function, got one whose elements do not close (${open.at(-1)?.name}); pass it unchanged`,
  );
}
