/** Figures as PDF files (ISO 32000-1); only what figures of this package use of SVG is known. */

import { zlibSync } from "fflate";
import { concatenated } from "../concatenated.js";
import { FormatError } from "../errors.js";
import { parseSvg, type SvgElement } from "./svg-tree.js";
import type { TrueTypeFont } from "./truetype.js";

/** Points a px. */
const POINTS = 0.75;

/** Attributes that elements inherit. */
type Style = Readonly<Record<string, string>>;
const INHERITED = [
  ...["color", "fill", "fill-opacity", "font-size", "stroke", "stroke-dasharray", "stroke-linecap"],
  ...["stroke-linejoin", "stroke-miterlimit", "stroke-opacity", "stroke-width", "text-anchor"],
] as const;

/** What the page refers to, gathered while it is written. */
interface Resources {
  readonly font: TrueTypeFont;
  /** Characters of the text by glyph. */
  readonly glyphs: Map<number, number>;
  /** Pictures by their data URI. */
  readonly images: Map<string, string>;
  /** Opacities of fill and stroke by their name. */
  readonly states: Map<string, readonly [fill: number, stroke: number]>;
}

/** @throws FormatError when the SVG holds what figures do not */
export function figurePdf(svg: string, font: TrueTypeFont): Uint8Array {
  const figure = parseSvg(svg);
  const [, , width, height] = (figure.attributes.viewBox ?? "").split(" ").map(Number) as [
    number,
    number,
    number,
    number,
  ];
  const page = pagePoints(figure.attributes.width ?? "");
  const points = page / width;
  const resources: Resources = { font, glyphs: new Map(), images: new Map(), states: new Map() };
  const style = inherit(figure.attributes, { fill: "#000000", stroke: "none" });
  const content =
    `${fixed6(points)} 0 0 ${fixed6(-points)} 0 ${fixed(height * points)} cm\n` +
    figure.children.map((child) => draw(child, style, 1, resources)).join("");
  return pdfFile(page, height * points, content, figure.attributes["aria-label"], resources);
}

function unknown(what: string): FormatError {
  return new FormatError(
    `pdf: figure must consist of what plot functions draw, got ${what}; write it as PNG or SVG`,
  );
}

/** Points of a width in px or mm. */
function pagePoints(width: string): number {
  return Number.parseFloat(width) * (width.endsWith("mm") ? 72 / 25.4 : POINTS);
}

const fixed6 = (value: number) => String(Math.round(value * 1e6) / 1e6);
const fixed = (value: number) => String(Math.round(value * 1000) / 1000 + 0);

function number({ attributes }: SvgElement, name: string, otherwise = 0): number {
  const value = attributes[name];
  return value === undefined ? otherwise : Number.parseFloat(value);
}

function inherit(attributes: Style, style: Style): Style {
  const own = INHERITED.filter((name) => attributes[name] !== undefined).map((name) => [
    name,
    attributes[name],
  ]);
  return own.length === 0 ? style : { ...style, ...Object.fromEntries(own) };
}

/** Drawing operators of an element. */
function draw(element: SvgElement, above: Style, alpha: number, resources: Resources): string {
  const { name, attributes, children } = element;
  const style = inherit(attributes, above);
  const opacity = alpha * number(element, "opacity", 1);
  const inside = () => children.map((child) => draw(child, style, opacity, resources)).join("");
  const place = transform(attributes.transform);
  const placed = (drawn: string) => (drawn === "" ? "" : place === "" ? drawn : `q ${place}${drawn}Q\n`);
  switch (name) {
    case "g":
      return placed(inside());
    case "svg": {
      const [x, y] = [number(element, "x"), number(element, "y")];
      const box = `${fixed(number(element, "width"))} ${fixed(number(element, "height"))}`;
      return `q 1 0 0 1 ${fixed(x)} ${fixed(y)} cm 0 0 ${box} re W n\n${inside()}Q\n`;
    }
    case "text":
      return placed(text(element, style, opacity, resources));
    case "image":
      return placed(image(element, resources));
    case "title":
    case "desc":
      return "";
    default:
      return placed(paint(outline(element), style, opacity, resources));
  }
}

/** A list of transforms as operator `cm`. */
function transform(value: string | undefined): string {
  if (value === undefined || value === "") return "";
  return [...value.matchAll(/(\w+)\(([^)]*)\)/g)]
    .map(([, kind, list]) => {
      const [a = 0, b, c = 0, d, e, f] = list!.split(/[\s,]+/).map(Number);
      if (kind === "translate") return `1 0 0 1 ${fixed(a)} ${fixed(b ?? 0)} cm `;
      if (kind === "scale") return `${fixed(a)} 0 0 ${fixed(b ?? a)} 0 0 cm `;
      if (kind === "matrix") return `${[a, b!, c, d!, e!, f!].map(fixed).join(" ")} cm `;
      if (kind !== "rotate") throw unknown(`transform ${kind}`);
      const [cos, sin] = [Math.cos((a * Math.PI) / 180), Math.sin((a * Math.PI) / 180)];
      const about = (x: number, y: number) =>
        x === 0 && y === 0 ? "" : `1 0 0 1 ${fixed(x)} ${fixed(y)} cm `;
      const turn = [cos, sin, -sin, cos].map((part) => part.toFixed(6)).join(" ");
      return `${about(b ?? 0, c)}${turn} 0 0 cm ${about(-(b ?? 0), -c)}`;
    })
    .join("");
}

/** Path operators of a shape. */
function outline(element: SvgElement): string {
  const at = (name: string) => number(element, name);
  switch (element.name) {
    case "rect": {
      const [width, height] = [at("width"), at("height")];
      return width > 0 && height > 0 ? `${[at("x"), at("y"), width, height].map(fixed).join(" ")} re ` : "";
    }
    case "line":
      return `${fixed(at("x1"))} ${fixed(at("y1"))} m ${fixed(at("x2"))} ${fixed(at("y2"))} l `;
    case "circle":
      return ellipse(at("cx"), at("cy"), at("r"), at("r"));
    case "ellipse":
      return ellipse(at("cx"), at("cy"), at("rx"), at("ry"));
    case "polyline":
    case "polygon": {
      const points = (element.attributes.points ?? "").trim();
      return points === "" ? "" : path(`M${points}${element.name === "polygon" ? "Z" : ""}`);
    }
    case "path":
      return path(element.attributes.d ?? "");
    default:
      throw unknown(`element ${element.name}`);
  }
}

/** Four cubic curves; their control points are off by this part of the radius. */
const ROUND = 0.5522847498;

function ellipse(cx: number, cy: number, rx: number, ry: number): string {
  const [kx, ky] = [rx * ROUND, ry * ROUND];
  const curve = (...points: number[]) => `${points.map(fixed).join(" ")} c `;
  return (
    `${fixed(cx + rx)} ${fixed(cy)} m ` +
    curve(cx + rx, cy + ky, cx + kx, cy + ry, cx, cy + ry) +
    curve(cx - kx, cy + ry, cx - rx, cy + ky, cx - rx, cy) +
    curve(cx - rx, cy - ky, cx - kx, cy - ry, cx, cy - ry) +
    `${curve(cx + kx, cy - ry, cx + rx, cy - ky, cx + rx, cy)}h `
  );
}

/** Numbers after each command letter of a path. */
const ARGUMENTS: Readonly<Record<string, number>> = { M: 2, L: 2, H: 1, V: 1, C: 6, Q: 4, Z: 0 };

function path(d: string): string {
  let [x, y, startX, startY] = [0, 0, 0, 0];
  let operators = "";
  for (const [, letter, list] of d.matchAll(/([a-zA-Z])([^a-zA-Z]*(?:e[-+]?\d+[^a-zA-Z]*)*)/g)) {
    const command = letter!.toUpperCase();
    const relative = letter !== command;
    const size = ARGUMENTS[command];
    if (size === undefined) throw unknown(`path command ${letter}`);
    const values = (list!.match(/-?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?/g) ?? []).map(Number);
    for (let at = 0; at === 0 || at < values.length; at += Math.max(size, 1)) {
      const part = values.slice(at, at + size);
      if (part.length < size) break;
      const [baseX, baseY] = relative ? [x, y] : [0, 0];
      if (command === "Z") {
        operators += "h ";
        [x, y] = [startX, startY];
        continue;
      }
      if (command === "H") [x] = [baseX + part[0]];
      else if (command === "V") [y] = [baseY + part[0]];
      else {
        const points = part.map((value, index) => value + (index % 2 === 0 ? baseX : baseY));
        const [endX, endY] = points.slice(-2) as [number, number];
        if (command === "C") operators += `${points.map(fixed).join(" ")} c `;
        if (command === "Q") {
          // The cubic curve with the same shape has its control points at two thirds of the way to that of the quadratic.
          const [qx, qy] = points as [number, number];
          const third = (from: number, to: number) => from + (2 / 3) * (to - from);
          const controls = [third(x, qx), third(y, qy), third(endX, qx), third(endY, qy), endX, endY];
          operators += `${controls.map(fixed).join(" ")} c `;
        }
        [x, y] = [endX, endY];
        if (command === "C" || command === "Q") continue;
      }
      // Further pairs behind a move are lines.
      const moves = command === "M" && at === 0;
      if (moves) [startX, startY] = [x, y];
      operators += `${fixed(x)} ${fixed(y)} ${moves ? "m" : "l"} `;
    }
  }
  return operators;
}

/** Red, green and blue in [0, 1] of a colour; undefined for none. */
function rgb(color: string | undefined, style: Style): readonly number[] | undefined {
  if (color === undefined || color === "none" || color === "transparent") return undefined;
  if (color === "currentColor") return rgb(style.color ?? "#000000", {});
  if (/^#[\da-f]{6}$/i.test(color)) {
    return [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255);
  }
  if (/^#[\da-f]{3}$/i.test(color)) return [1, 2, 3].map((at) => Number.parseInt(color[at], 16) / 15);
  const parts = /^rgb\(([^)]*)\)$/.exec(color)?.[1]?.split(",").map(Number);
  if (parts?.length === 3) return parts.map((part) => part / 255);
  if (color === "black") return [0, 0, 0];
  if (color === "white") return [1, 1, 1];
  throw unknown(`colour ${color}`);
}

/** Name of the state with two opacities, as operator; nothing when both are 1. */
function opacities(style: Style, opacity: number, { states }: Resources): string {
  const of = (name: string) => Math.round(1000 * opacity * Number(style[name] ?? 1)) / 1000;
  const [fill, stroke] = [of("fill-opacity"), of("stroke-opacity")];
  if (fill === 1 && stroke === 1) return "";
  const name = `G${fill}_${stroke}`.replaceAll(".", "p");
  states.set(name, [fill, stroke]);
  return `/${name} gs `;
}

/** Fill and stroke an outline as its style says. */
function paint(shape: string, style: Style, opacity: number, resources: Resources): string {
  const fill = rgb(style.fill, style);
  const width = Number(style["stroke-width"] ?? 1);
  const stroke = width > 0 ? rgb(style.stroke, style) : undefined;
  if (shape === "" || (!fill && !stroke)) return "";
  const caps = { butt: 0, round: 1, square: 2 } as const;
  const joins = { miter: 0, round: 1, bevel: 2 } as const;
  let setup = opacities(style, opacity, resources);
  if (fill) setup += `${fill.map(fixed).join(" ")} rg `;
  if (stroke) {
    const dashes = (style["stroke-dasharray"] ?? "none").match(/[\d.]+/g) ?? [];
    setup +=
      `${stroke.map(fixed).join(" ")} RG ${fixed(width)} w ` +
      `${caps[(style["stroke-linecap"] ?? "butt") as keyof typeof caps] ?? 0} J ` +
      `${joins[(style["stroke-linejoin"] ?? "miter") as keyof typeof joins] ?? 0} j ` +
      `${Math.max(1, Number(style["stroke-miterlimit"] ?? 4))} M ` +
      (dashes.length > 0 ? `[${dashes.join(" ")}] 0 d ` : "");
  }
  return `q ${setup}${shape}${fill && stroke ? "B" : fill ? "f" : "S"} Q\n`;
}

function text(element: SvgElement, style: Style, opacity: number, resources: Resources): string {
  const { font, glyphs } = resources;
  const size = Number.parseFloat(style["font-size"] ?? "10");
  if (element.children.length > 0) throw unknown("text with elements inside");
  const content = element.text;
  if (content === "") return "";
  let codes = "<";
  let width = 0;
  let base = 0;
  for (const character of content) {
    const code = character.codePointAt(0)!;
    const glyph = font.glyph(code);
    const digits = glyph.toString(16).padStart(4, "0");
    glyphs.set(glyph, code);
    if (/\p{M}/u.test(character)) {
      // An accent stands over the middle of the letter before it, and the text goes on where it was.
      const [left, right] = font.extent(glyph);
      const [from, to] = font.extent(base);
      const shift = (to + from - right - left) / 2 - font.advance(base);
      const thousandths = (value: number) => fixed((-1000 * value) / font.unitsPerEm);
      codes += `> ${thousandths(shift)} <${digits}> ${thousandths(-shift - font.advance(glyph))} <`;
      continue;
    }
    base = glyph;
    codes += digits;
    width += (font.advance(glyph) / font.unitsPerEm) * size;
  }
  const before = { start: 0, middle: 0.5, end: 1 }[style["text-anchor"] ?? "start"] ?? 0;
  const length = (name: string) => {
    const value = element.attributes[name] ?? "0";
    return Number.parseFloat(value) * (value.endsWith("em") ? size : 1);
  };
  const [x, y] = [length("x") + length("dx") - before * width, length("y") + length("dy")];
  const fill = rgb(style.fill, style);
  const stroke = rgb(style.stroke, style);
  if (!fill && !stroke) return "";
  const outlined = stroke
    ? `${stroke.map(fixed).join(" ")} RG ${fixed(Number(style["stroke-width"] ?? 1))} w 1 j `
    : "";
  return (
    `q ${opacities(style, opacity, resources)}${(fill ?? [0, 0, 0]).map(fixed).join(" ")} rg ${outlined}` +
    `BT /F ${fixed(size)} Tf ${fill && stroke ? 2 : fill ? 0 : 1} Tr 1 0 0 -1 ${fixed(x)} ${fixed(y)} Tm [${codes}>] TJ ET Q\n`
  );
}

function image(element: SvgElement, { images }: Resources): string {
  const uri = element.attributes.href ?? "";
  const name = images.get(uri) ?? `I${images.size}`;
  images.set(uri, name);
  const [x, y] = [number(element, "x"), number(element, "y")];
  const [width, height] = [number(element, "width"), number(element, "height")];
  return `q ${fixed(width)} 0 0 ${fixed(-height)} ${fixed(x)} ${fixed(y + height)} cm /${name} Do Q\n`;
}

/** A PNG as picture of a PDF file, which knows the same compressed lines. */
function imageObject(uri: string): [dictionary: string, data: Uint8Array] {
  const binary = /^data:image\/png;base64,/.test(uri) ? atob(uri.slice(uri.indexOf(",") + 1)) : "";
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  let header = "";
  let colors = "";
  let predictor = "";
  const lines: Uint8Array[] = [];
  for (let at = 8; at + 8 < bytes.length; at += 12 + view.getUint32(at)) {
    const data = bytes.subarray(at + 8, at + 8 + view.getUint32(at));
    const type = binary.slice(at + 4, at + 8);
    if (type === "IHDR" && data[8] === 8 && (data[9] === 3 || data[9] === 2) && data[12] === 0) {
      const columns = view.getUint32(at + 8);
      header = `/Width ${columns} /Height ${view.getUint32(at + 12)}`;
      predictor = `/DecodeParms << /Predictor 15 /Colors ${data[9] === 2 ? 3 : 1} /BitsPerComponent 8 /Columns ${columns} >>`;
      if (data[9] === 2) colors = "/DeviceRGB";
    }
    if (type === "PLTE") {
      const hex = Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
      colors = `[/Indexed /DeviceRGB ${data.length / 3 - 1} <${hex}>]`;
    }
    if (type === "IDAT") lines.push(data);
  }
  if (header === "" || colors === "") throw unknown("an image that is no PNG of 8 bits");
  return [
    `/Type /XObject /Subtype /Image ${header} /ColorSpace ${colors} /BitsPerComponent 8 /Filter /FlateDecode ${predictor}`,
    concatenated(Uint8Array, lines),
  ];
}

const ascii = (value: string) => Uint8Array.from(value, (character) => character.charCodeAt(0) & 255);

/** Text as UTF-16 in hexadecimal digits. */
const utf16 = (value: string) =>
  Array.from(value, (_, index) => value.charCodeAt(index).toString(16).padStart(4, "0")).join("");

function pdfFile(
  width: number,
  height: number,
  content: string,
  title: string | undefined,
  { font, glyphs, images, states }: Resources,
): Uint8Array {
  const objects: Uint8Array[] = [];
  const add = (body: string) => objects.push(ascii(body));
  const addStream = (dictionary: string, data: Uint8Array) =>
    objects.push(
      concatenated(Uint8Array, [
        ascii(`<< ${dictionary} /Length ${data.length} >>\nstream\n`),
        data,
        ascii("\nendstream"),
      ]),
    );
  const addDeflated = (dictionary: string, data: Uint8Array) =>
    addStream(`${dictionary} /Filter /FlateDecode`, zlibSync(data, { level: 9 }));

  const pictures = [...images]
    .map(([uri, name]) => `/${name} ${addStream(...imageObject(uri))} 0 R`)
    .join(" ");
  const scale = 1000 / font.unitsPerEm;
  const units = (value: number) => Math.round(value * scale);
  const used = [...glyphs.keys()].sort((first, second) => first - second);
  const program = font.subset(used);
  const fontFile = addDeflated(`/Length1 ${program.length}`, program);
  const descriptor = add(
    `<< /Type /FontDescriptor /FontName /TSLIRA+DejaVuSans /Flags 4 /FontBBox [${font.box.map(units).join(" ")}] ` +
      `/ItalicAngle 0 /Ascent ${units(font.ascent)} /Descent ${units(font.descent)} /CapHeight 730 /StemV 80 /FontFile2 ${fontFile} 0 R >>`,
  );
  const widths = used.map((glyph) => `${glyph} [${units(font.advance(glyph))}]`).join(" ");
  const descendant = add(
    "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /TSLIRA+DejaVuSans /CIDToGIDMap /Identity " +
      `/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor ${descriptor} 0 R /W [${widths}] >>`,
  );
  const unicode = addDeflated("", ascii(unicodeMap(used.map((glyph) => [glyph, glyphs.get(glyph)!]))));
  const type0 = add(
    `<< /Type /Font /Subtype /Type0 /BaseFont /TSLIRA+DejaVuSans /Encoding /Identity-H /DescendantFonts [${descendant} 0 R] /ToUnicode ${unicode} 0 R >>`,
  );
  const opacity = [...states]
    .map(([name, [fill, stroke]]) => `/${name} << /ca ${fill} /CA ${stroke} >>`)
    .join(" ");
  const stream = addDeflated("", ascii(content));
  const pages = objects.length + 2;
  const page = add(
    `<< /Type /Page /Parent ${pages} 0 R /MediaBox [0 0 ${fixed(width)} ${fixed(height)}] /Contents ${stream} 0 R ` +
      `/Resources << /Font << /F ${type0} 0 R >> /XObject << ${pictures} >> /ExtGState << ${opacity} >> >> >>`,
  );
  add(`<< /Type /Pages /Kids [${page} 0 R] /Count 1 >>`);
  const catalog = add(`<< /Type /Catalog /Pages ${pages} 0 R >>`);
  const info = add(`<< /Producer (tslira) ${title === undefined ? "" : `/Title <FEFF${utf16(title)}> `}>>`);

  const parts: Uint8Array[] = [
    concatenated(Uint8Array, [ascii("%PDF-1.4\n%"), Uint8Array.of(0xe2, 0xe3, 0xcf, 0xd3, 10)]),
  ];
  let end = parts[0].length;
  const offsets: number[] = [];
  for (const [index, body] of objects.entries()) {
    const whole = concatenated(Uint8Array, [ascii(`${index + 1} 0 obj\n`), body, ascii("\nendobj\n")]);
    offsets.push(end);
    end += whole.length;
    parts.push(whole);
  }
  const entries = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
  parts.push(
    ascii(
      `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${entries}` +
        `trailer\n<< /Size ${objects.length + 1} /Root ${catalog} 0 R /Info ${info} 0 R >>\nstartxref\n${end}\n%%EOF\n`,
    ),
  );
  return concatenated(Uint8Array, parts);
}

/** The map from glyphs back to characters, for search and copies. */
function unicodeMap(pairs: readonly (readonly [glyph: number, codePoint: number])[]): string {
  const blocks: string[] = [];
  for (let start = 0; start < pairs.length; start += 100) {
    const block = pairs.slice(start, start + 100);
    const lines = block.map(
      ([glyph, code]) => `<${glyph.toString(16).padStart(4, "0")}> <${utf16(String.fromCodePoint(code))}>`,
    );
    blocks.push(`${block.length} beginbfchar\n${lines.join("\n")}\nendbfchar`);
  }
  return (
    "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) " +
    "/Supplement 0 >> def /CMapName /Adobe-Identity-UCS def /CMapType 2 def 1 begincodespacerange <0000> <FFFF> " +
    `endcodespacerange\n${blocks.join("\n")}\nendcmap CMapName currentdict /CMap defineresource pop end end`
  );
}
