/** Region files: what is written is read back. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { WcsCard } from "../../../src/data/observation/observation.js";
import { parseDs9Regions, type ShapedRegion } from "../../../src/data/regions/ds9-region.js";
import { formatDs9Regions } from "../../../src/data/regions/ds9-write.js";
import type { RegionSystem } from "../../../src/data/regions/region-frame.js";
import type { RegionShape } from "../../../src/data/regions/region-shape.js";
import { type RegionTerm, termsPixels } from "../../../src/data/regions/region-terms.js";

const card = (keyword: string, value: string | number): WcsCard => ({ keyword, value });

/** 0.5 arcseconds a pixel, turned by 25 degrees, on the Galactic centre. */
const turned = [0.5 / 3600, (25 * Math.PI) / 180] as const;
const SKY = [
  card("CTYPE1", "RA---TAN"),
  card("CTYPE2", "DEC--TAN"),
  card("CRVAL1", 266.4168),
  card("CRVAL2", -29.0078),
  card("CRPIX1", 50),
  card("CRPIX2", 40),
  card("CD1_1", -turned[0] * Math.cos(turned[1])),
  card("CD1_2", turned[0] * Math.sin(turned[1])),
  card("CD2_1", turned[0] * Math.sin(turned[1])),
  card("CD2_2", turned[0] * Math.cos(turned[1])),
  card("LTM1_1", 0.5),
  card("LTM2_2", 0.5),
  card("LTV1", -49.75),
  card("LTV2", -99.75),
];

const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const place = { x: number(-5, 105), y: number(-5, 85) };
const angle = number(-180, 360);
const elongated = (kind: "ellipse" | "box") =>
  fc.record({ kind: fc.constant(kind), ...place, along: number(1, 40), across: number(1, 40), angle });
const plain: fc.Arbitrary<RegionShape> = fc.oneof(
  fc.record({ kind: fc.constant("circle" as const), ...place, radius: number(1, 30) }),
  elongated("ellipse"),
  elongated("box"),
  fc.record({
    kind: fc.constant("polygon" as const),
    vertices: fc.array(fc.record(place), { minLength: 3, maxLength: 8 }),
  }),
  fc.record({ kind: fc.constant("point" as const), ...place }),
);
/** Twice as large around the same middle. */
const ring = fc
  .oneof(
    fc.record({ kind: fc.constant("circle" as const), ...place, radius: number(1, 30) }),
    elongated("ellipse"),
    elongated("box"),
  )
  .map(
    (inner): RegionShape => ({
      kind: "annulus",
      inner,
      outer:
        inner.kind === "circle"
          ? { ...inner, radius: 2 * inner.radius }
          : { ...inner, along: 2 * inner.along, across: 2 * inner.across },
    }),
  );
const shape = fc.oneof({ weight: 4, arbitrary: plain }, { weight: 1, arbitrary: ring });
const terms = fc
  .tuple(shape, fc.array(fc.tuple(fc.constantFrom("or", "and", "not"), shape), { maxLength: 3 }))
  .map(([first, rest]): RegionTerm[] => [
    { operator: "or", shape: first },
    ...rest.map(([operator, one]) => ({ operator, shape: one }) as RegionTerm),
  ]);
const name = fc
  .string({ minLength: 1, maxLength: 12 })
  .map((text) => text.trim())
  .filter((text) => text !== "" && !(text.includes("}") && text.includes('"') && text.includes("'")));
const regions: fc.Arbitrary<ShapedRegion[]> = fc
  .uniqueArray(fc.tuple(name, terms), { minLength: 1, maxLength: 5, selector: ([text]) => text })
  .map((list) => list.map(([text, all]) => ({ name: text.replace(/\s+/g, " "), terms: all })))
  .filter((list) => new Set(list.map((one) => one.name)).size === list.length);

/** All numbers of shapes, for comparison within an error. */
function numbers(value: unknown): number[] {
  if (typeof value === "number") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(numbers);
}
const words = (value: unknown) => JSON.stringify(value, (_, one) => (typeof one === "number" ? 0 : one));

// Properties of fast-check; every counterexample prints its seed. Nothing here is statistical.
describe("what is written is read back", () => {
  it.each<[RegionSystem, number]>([
    ["image", 1e-9],
    ["physical", 1e-9],
    ["fk5", 1e-6],
    ["icrs", 1e-6],
    // The rotation between the two systems is published with ten decimals, so the way back is off by 1e-5 arcseconds.
    ["galactic", 1e-4],
  ])("in %s coordinates, within %f pixels", (system, error) => {
    fc.assert(
      fc.property(regions, shape, fc.nat(30), (list, cut, dx) => {
        const options = { wcs: SKY, origin: { x: dx, y: 2 * dx } };
        const text = formatDs9Regions(list, { system, excluded: [cut], ...options });
        const back = parseDs9Regions(text, options);
        expect(words(back.regions)).toBe(words(list));
        const [there, here] = [numbers([back.regions, back.excluded]), numbers([list, [cut]])];
        for (const [index, value] of there.entries())
          expect(Math.abs(value - here[index])).toBeLessThan(error);
      }),
      { numRuns: 60 },
    );
  });

  it("holds the same pixels, also on borders", () => {
    const half = fc.integer({ min: 0, max: 80 }).map((value) => value / 2);
    const onBorders = fc.record({ kind: fc.constant("circle" as const), x: half, y: half, radius: half });
    fc.assert(
      fc.property(onBorders, (circle) => {
        const region = { name: "a", terms: [{ operator: "or" as const, shape: circle }] };
        const [back] = parseDs9Regions(formatDs9Regions([region])).regions;
        expect(termsPixels(back.terms, [60, 70])).toEqual(termsPixels(region.terms, [60, 70]));
      }),
      { numRuns: 200 },
    );
  });
});

describe("the text", () => {
  const circle = { kind: "circle", x: 10, y: 20, radius: 3 } as const;
  it("is what DS9 writes", () => {
    expect(formatDs9Regions([{ name: "knot A", terms: [{ operator: "or", shape: circle }] }])).toBe(
      "# Region file format: DS9\nimage\ncircle(11,21,3) # text={knot A}\n",
    );
  });
  it("counts in the file that an image was cut out of", () => {
    const text = formatDs9Regions([{ name: "a", terms: [{ operator: "or", shape: circle }] }], {
      origin: { x: 100, y: 50 },
    });
    expect(text).toContain("circle(111,71,3)");
  });
  it("is refused without sky, and of an annulus that is none", () => {
    const region = (shape: RegionShape) => [{ name: "a", terms: [{ operator: "or" as const, shape }] }];
    expect(() => formatDs9Regions(region(circle), { system: "icrs" })).toThrow(/must have sky coordinates/);
    const odd = { kind: "annulus", inner: { ...circle, x: 11 }, outer: { ...circle, radius: 9 } } as const;
    expect(() => formatDs9Regions(region(odd))).toThrow(/region a: an annulus must be made of two circles/);
  });
});
