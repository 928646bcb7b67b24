/** Region files of SAOImage DS9 and CIAO, as far as they describe areas. */

import { FormatError } from "../../errors.js";
import type { Shape } from "../../image.js";
import type { WcsCard } from "../observation/observation.js";
import type { PixelPosition } from "../sky/sky-wcs.js";
import { AREA_KINDS, impliedSystem, placeShape, type WrittenShape } from "./ds9-shape.js";
import { type RegionFrame, type RegionSystem, regionFrame } from "./region-frame.js";
import type { RegionShape } from "./region-shape.js";
import type { RegionTerm } from "./region-terms.js";

/** One region of a file. */
export interface ShapedRegion {
  /** Its `text`, else its first `tag`, else its shape and its place in the file. Different within a file. */
  readonly name: string;
  /** At least one, applied in order. */
  readonly terms: readonly RegionTerm[];
}

/** What a region file says. */
export interface Ds9Regions {
  readonly regions: readonly ShapedRegion[];
  /** Shapes with `-` before them: excluded from every region, wherever they stand in the file. */
  readonly excluded: readonly RegionShape[];
  /** What was left out, one sentence each. */
  readonly warnings: readonly string[];
}

/** On which image a region file lies. */
export interface Ds9RegionsOptions {
  /** Header cards of the image, as `wcsCards` returns them; needed for coordinates of the sky. */
  readonly wcs?: readonly WcsCard[];
  /** Pixel of the image file, from 0, that is the first one of this image, where it was cut out; default (0, 0). */
  readonly origin?: PixelPosition;
  /** `[ny, nx]` of the image, which tells degrees from pixels where a file names no coordinates. */
  readonly shape?: Shape;
  /** What messages call the file; default `"regions"`. */
  readonly name?: string;
}

/** Names of systems in files. */
const SYSTEMS: Readonly<Record<string, RegionSystem>> = {
  image: "image",
  physical: "physical",
  fk5: "fk5",
  j2000: "fk5",
  icrs: "icrs",
  galactic: "galactic",
};
/** Systems that DS9 knows besides: refused, since regions would be misplaced. */
const OTHER_SYSTEMS = /^(fk4|b1950|ecliptic|detector|amplifier|linear|tile|wcs[a-z0]?)$/;
/** Shapes that are made of others but keep their names. */
const OWN_NAMES = new Set(["field", "pie", "sector", "panda", "epanda", "bpanda"]);
/** What DS9 draws besides areas. */
const DRAWINGS = new Set(["line", "vector", "text", "ruler", "compass", "projection", "segment"]);
/** Points as files of the time before version 4 have them. */
const OLD_POINT = /^([-+]?)\s*(?:circle|box|diamond|cross|x|arrow|boxcircle)\s+point\b/i;

/**
 * Read a region file: circle, ellipse, box, rectangle, polygon, annulus (also of ellipses and boxes; more than two radii, or `n=3`, make
 * several regions), point, field, pie, sector and the three kinds of panda, in image, physical, fk5, icrs and galactic coordinates, positions
 * in degrees or base 60 or with one of the units `d`, `r`, `p`, `i`, sizes in pixels or degrees or with one of `"`, `'`, `d`, `r`, `p`, `i`.
 * Where a file names no coordinates they are physical, or of the sky where the numbers are such, as CIAO has it.
 *
 * A line is a region. `-` before its first shape, or `include=0`, excludes it from all regions of the file. Shapes joined by `||`, `+`, `-`, `*` or `&`
 * make one region, from left to right; `||` at the end joins the next line. Lines, vectors and texts are left out with a warning.
 *
 * Lengths and angles on the sky become pixels with the scale and the direction of north at the position of the shape.
 *
 * @param text content of the file
 * @returns shapes in pixels from 0
 * @throws FormatError naming the line that cannot be read
 * @throws InvalidInputError when the image has no such coordinates
 */
export function parseDs9Regions(text: string, options: Ds9RegionsOptions = {}): Ds9Regions {
  const { wcs = [], origin = { x: 0, y: 0 }, name: file = "regions", shape } = options;
  const regions: ShapedRegion[] = [];
  const excluded: RegionShape[] = [];
  const warnings: string[] = [];
  const frames = new Map<RegionSystem, RegionFrame>();
  let declared: RegionSystem | undefined;
  let included = "1";
  /** Lines of regions that DS9 has for the background. */
  const backgrounds: number[] = [];
  let joined: { name: string | undefined; readonly terms: RegionTerm[] } | undefined;

  /** Pixels of the image, or NaN when they are not known: not negative is all that can be asked of a position in it. */
  function holds(system: RegionSystem, first: number, second: number): boolean {
    const { x, y } = frame(system).position(first, second);
    return x >= -0.5 && y >= -0.5 && (shape === undefined || (x < shape[1] - 0.5 && y < shape[0] - 0.5));
  }

  function frame(system: RegionSystem): RegionFrame {
    const known = frames.get(system);
    if (known !== undefined) return known;
    const found = regionFrame(system, wcs, origin);
    frames.set(system, found);
    for (const warning of found.warnings) if (!warnings.includes(warning)) warnings.push(warning);
    return found;
  }

  const taken = new Set<string>();
  // The next number to try of each name: a catalogue may give one name to all its regions.
  const next = new Map<string, number>();
  function add(name: string | undefined, terms: readonly RegionTerm[], kind = ""): void {
    const word = OWN_NAMES.has(kind) ? kind : terms[0].shape.kind;
    const plain = name ?? `${word} ${regions.length + 1}`;
    let free = plain;
    let number = next.get(plain) ?? 2;
    for (; taken.has(free); number++) free = `${plain} (${number})`;
    next.set(plain, number);
    taken.add(free);
    regions.push({ name: free, terms });
  }

  function addShapes(
    written: readonly SignedShape[],
    name: string | undefined,
    more: boolean,
    where: string,
  ) {
    const shapes = written.map((one) => ({
      kind: one.kind,
      sign: one.sign,
      parts: placeShape(one, declared ?? impliedSystem(one, holds), frame, where),
    }));
    const [{ kind, sign, parts }] = shapes as [(typeof shapes)[number]];
    if (shapes.length === 1 && joined === undefined && !more) {
      if (sign === "-") for (const shape of parts) excluded.push(shape);
      else for (const shape of parts) add(name, [{ operator: "or", shape }], kind);
      return;
    }
    joined ??= { name: undefined, terms: [] };
    joined.name ??= name;
    for (const { sign: between, parts: rings } of shapes) {
      const operator = between === "-" ? "not" : between === "*" || between === "&" ? "and" : "or";
      if (operator !== "or" && rings.length > 1) {
        throw new FormatError(
          `${where}: an annulus that is cut must have two radii, got ${rings.length + 1}; write its rings one by one`,
        );
      }
      for (const shape of rings) joined.terms.push({ operator, shape });
    }
    if (more) return;
    add(joined.name, joined.terms);
    joined = undefined;
  }

  if (/^\s*#CRTF/.test(text)) {
    throw new FormatError(
      `${file}: regions must be those of DS9 or CIAO, got those of CASA (CRTF); save them for DS9, in Python ` +
        'regions.Regions.read("a.crtf").write("a.reg")',
    );
  }
  for (const [index, line] of text.split(/\r\n|\r|\n/).entries()) {
    const where = `${file}, line ${index + 1}`;
    const { statements, properties } = splitLine(line);
    for (const statement of statements) {
      const word = statement.toLowerCase();
      if (statement === "") continue;
      if (/^global\b/.test(word)) {
        included = propertiesOf(word).get("include") ?? included;
        continue;
      }
      if (Object.hasOwn(SYSTEMS, word)) {
        declared = SYSTEMS[word];
        continue;
      }
      if (OTHER_SYSTEMS.test(word)) {
        throw new FormatError(
          `${where}: coordinates must be image, physical, fk5, icrs or galactic, got ${word}; save the regions in one of these`,
          { fields: { line: index + 1, system: word } },
        );
      }
      const more = statement.endsWith("||");
      const written = readShapes(statement.replace(/\|\|$/, "").replace(OLD_POINT, "$1point"), where);
      const other = written.find(({ kind }) => !AREA_KINDS.has(kind));
      if (other === undefined) {
        const [first, ...rest] = written as [SignedShape, ...SignedShape[]];
        const sign = first.sign === "" && (properties.get("include") ?? included) === "0" ? "-" : first.sign;
        addShapes(
          [{ ...first, sign }, ...rest],
          properties.get("text") ?? properties.get("tag"),
          more,
          where,
        );
        if (properties.get("background") === "1") backgrounds.push(index + 1);
      } else if (DRAWINGS.has(other.kind)) {
        warnings.push(`${where}: shape should be an area, got ${other.kind}; it is left out`);
      } else {
        throw new FormatError(
          `${where}: shape must be ${[...AREA_KINDS].join(", ")}, got ${other.kind}; draw it as one of these`,
          { fields: { line: index + 1, shape: other.kind } },
        );
      }
    }
  }
  if (joined !== undefined) add(joined.name, joined.terms);
  if (backgrounds.length > 0) {
    warnings.push(
      `${file}: regions should be of sources, got ${backgrounds.length} marked as background (line ${backgrounds[0]}); ` +
        "they are measured like the others",
    );
  }
  return { regions, excluded, warnings };
}

/** Statements of a line, which `;` ends, and the properties behind `#`. */
function splitLine(line: string): { statements: string[]; properties: ReadonlyMap<string, string> } {
  const [statements, ...properties] = line.split("#") as [string, ...string[]];
  return {
    statements: statements.split(";").map((part) => part.trim()),
    properties: propertiesOf(properties.join("#")),
  };
}

const CLOSING: Readonly<Record<string, string>> = { "{": "}", '"': '"', "'": "'" };

/** Properties of a shape by their names in small letters, the first of each: `color=red background text={A 1}`; a word alone is `"1"`. */
function propertiesOf(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  // Each mark is looked for to the end once: a line may open many that nothing closes.
  const unclosed = new Set<string>();
  const property = /([^\s=]+)(?:\s*=\s*([{"']|[^\s{"']*))?/g;
  for (let match = property.exec(text); match !== null; match = property.exec(text)) {
    const [, name, opening = "1"] = match as unknown as [string, string, string | undefined];
    let value = opening;
    if (Object.hasOwn(CLOSING, opening)) {
      const start = property.lastIndex;
      const end = unclosed.has(opening) ? -1 : text.indexOf(CLOSING[opening], start);
      if (end < 0) {
        unclosed.add(opening);
        continue;
      }
      value = text.slice(start, end).replace(/\p{Cc}+/gu, " ");
      property.lastIndex = end + 1;
    }
    const key = name.toLowerCase();
    if (value.trim() !== "" && !found.has(key)) found.set(key, value.trim());
  }
  return found;
}

interface SignedShape extends WrittenShape {
  /** Operator before the shape, `-` for all that take away; empty without. */
  readonly sign: string;
}

const OPENING = /^\s*(\|\||[*&]?!|[-+*&])?\s*([a-z]+)\s*(\(?)/i;

/** All shapes of a statement, at least one, with the operator before each. */
function readShapes(statement: string, where: string): SignedShape[] {
  const shapes: SignedShape[] = [];
  let rest = statement;
  do {
    const [opening, sign = "", kind, bracket] = OPENING.exec(rest) ?? [];
    if (opening === undefined || kind === undefined) {
      throw new FormatError(
        `${where}: must be a shape such as circle(10,20,3), got "${rest.trim()}"; correct it`,
        { fields: { text: rest.trim() } },
      );
    }
    rest = rest.slice(opening.length);
    const end = bracket === "(" ? rest.indexOf(")") : rest.length;
    if (end < 0) {
      throw new FormatError(`${where}: the brackets of ${kind} must be closed, got "${statement}"; add )`);
    }
    const values = rest
      .slice(0, end)
      .replace(/\bn\s*=\s*/i, "n=")
      .split(/[\s,]+/);
    shapes.push({
      sign: sign.endsWith("!") ? "-" : sign,
      kind: kind.toLowerCase(),
      values: values.filter((value) => value !== ""),
    });
    rest = rest.slice(end + 1).trimStart();
  } while (rest !== "");
  return shapes;
}
