import { type Theme, theme } from "../figures/theme.js";
import { escapeXml } from "../xml-text.js";

/** A figure of a report. */
export interface ReportFigure {
  /** An SVG document in the light theme, as the `plot*` functions give it. */
  readonly svg: string;
  /** What it shows and how to read it, one or two sentences. */
  readonly caption: string;
  /** What it shows, for those who do not see it; default the caption. */
  readonly alt?: string;
}

/** A table of a report; the first cell of each row is its heading. Plain text. */
export interface ReportTable {
  readonly caption: string;
  readonly heads: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A part of a report that is made of text, tables and figures, in this order. */
export interface ReportSection {
  /** Letters, digits and `-`; the page's anchor. */
  readonly id: string;
  readonly title: string;
  /** Paragraphs of plain text. */
  readonly text?: readonly string[];
  readonly tables?: readonly ReportTable[];
  readonly figures?: readonly ReportFigure[];
}

/** Names of the style sheet's colours behind the colours of figures. */
function colorNames({
  background,
  ink,
  muted,
  shade,
  warning,
  series,
}: Theme): [color: string, name: string][] {
  return [
    [background, "--figure-paper"],
    [ink, "--figure-ink"],
    [muted, "--figure-muted"],
    [shade, "--figure-shade"],
    [warning, "--figure-warning"],
    ...series.map((color, index): [string, string] => [color, `--series-${index + 1}`]),
  ];
}

/**
 * A figure that follows the page from light to dark: the colours of the light theme become variables of the style sheet, and
 * what a strict content security policy forbids (style attributes) goes.
 */
export function themedSvg(svg: string): string {
  let themed = svg.replace(/<\?xml[^>]*>\s*/, "").replace(/ style="[^"]*"/g, "");
  for (const [color, name] of colorNames(theme("light"))) {
    themed = themed.replaceAll(`="${color}"`, `="var(${name})"`);
  }
  return themed.replace(/<svg /, '<svg class="figure" aria-hidden="true" focusable="false" ');
}

/** A figure with its caption as HTML. */
export function figureHtml({ svg, caption, alt }: ReportFigure): string {
  // The picture is announced once, by its text; letters within it would be read one by one.
  const drawing = themedSvg(svg)
    .replace(/ role="img"/, "")
    .replace(/ aria-label="[^"]*"/, "");
  return (
    `<figure class="plot"><div class="scroll" role="img" aria-label="${escapeXml(alt ?? caption)}" tabindex="0">` +
    `${drawing}</div><figcaption>${escapeXml(caption)}</figcaption></figure>`
  );
}
