/** Region files: what each line means, and what is refused. Positions in files count from 1, ours from 0. */
import { describe, expect, it } from "vitest";
import type { WcsCard } from "../../../src/data/observation/observation.js";
import { parseDs9Regions } from "../../../src/data/regions/ds9-region.js";
import { type RegionShape, shapeContains } from "../../../src/data/regions/region-shape.js";
import { termsPixels } from "../../../src/data/regions/region-terms.js";

const only = (text: string, wcs: readonly WcsCard[] = []): RegionShape => {
  const { regions, excluded } = parseDs9Regions(text, { wcs });
  expect(regions).toHaveLength(1);
  expect(excluded).toEqual([]);
  expect(regions[0].terms).toHaveLength(1);
  return regions[0].terms[0].shape;
};
const card = (keyword: string, value: string | number): WcsCard => ({ keyword, value });

/** One arcsecond a pixel, north up, east left, centred on M 51 at pixel (50, 40) from 1. */
const SKY = [
  card("CTYPE1", "RA---TAN"),
  card("CTYPE2", "DEC--TAN"),
  card("CRVAL1", 202.47),
  card("CRVAL2", 47.195),
  card("CRPIX1", 50),
  card("CRPIX2", 40),
  card("CDELT1", -1 / 3600),
  card("CDELT2", 1 / 3600),
];

describe("shapes in pixels", () => {
  it("takes angles for the pixels at their place", () => {
    const car = { CTYPE1: "GLON-CAR", CTYPE2: "GLAT-CAR", CRVAL1: 0, CRVAL2: 0, CRPIX1: 1, CRPIX2: 1 };
    const wcs = Object.entries({ ...car, CDELT1: -0.01, CDELT2: 0.01 }).map(([name, value]) =>
      card(name, value),
    );
    // At b = 60 degrees a pixel has half of the area that it has at the reference position.
    const radii = [1, 6001]
      .map((y) => only(`image;circle(1,${y},1d)`, wcs))
      .map((shape) => (shape as { radius: number }).radius);
    expect(radii).toEqual([expect.closeTo(100, 3), expect.closeTo(100 * Math.SQRT2, 3)]);
  });

  it.each<[string, RegionShape]>([
    ["image\ncircle(11,21,3)", { kind: "circle", x: 10, y: 20, radius: 3 }],
    ["image; circle(11,21,3)", { kind: "circle", x: 10, y: 20, radius: 3 }],
    ["image; Circle 11 21 3", { kind: "circle", x: 10, y: 20, radius: 3 }],
    ["image;ellipse(11,21,5,2,30)", { kind: "ellipse", x: 10, y: 20, along: 5, across: 2, angle: 30 }],
    ["image;box(11,21,5,2)", { kind: "box", x: 10, y: 20, along: 5, across: 2, angle: 0 }],
    ["image;rotbox(11,21,5,2,45)", { kind: "box", x: 10, y: 20, along: 5, across: 2, angle: 45 }],
    ["image;point(11.2,21) # point=cross", { kind: "point", x: 10.2, y: 20 }],
    ["image;circle point 11 21", { kind: "point", x: 10, y: 20 }],
    [
      "image;polygon(1,1,5,1,5,6)",
      {
        kind: "polygon",
        vertices: [
          { x: 0, y: 0 },
          { x: 4, y: 0 },
          { x: 4, y: 5 },
        ],
      },
    ],
    [
      "image;annulus(11,21,3,6)",
      {
        kind: "annulus",
        inner: { kind: "circle", x: 10, y: 20, radius: 3 },
        outer: { kind: "circle", x: 10, y: 20, radius: 6 },
      },
    ],
    [
      "image;ellipse(11,21,3,2,6,4,10)",
      {
        kind: "annulus",
        inner: { kind: "ellipse", x: 10, y: 20, along: 3, across: 2, angle: 10 },
        outer: { kind: "ellipse", x: 10, y: 20, along: 6, across: 4, angle: 10 },
      },
    ],
  ])("%s", (text, shape) => expect(only(text)).toEqual(shape));

  it("a file as DS9 writes it", () => {
    const text = [
      "# Region file format: DS9 version 4.1",
      'global color=green dashlist=8 3 width=1 font="helvetica 10 normal roman" select=1 highlite=1 dash=0 fixed=0 edit=1',
      "image",
      "circle(11,21,3) # text={knot # 1; bright} color=red",
      "-circle(30,30,2)",
      "# text(5,5) text={a comment that DS9 draws}",
      "box(5,6,2,2,0) # tag={jet} tag={all}",
      "annulus(11,21,1,2,3)",
      "line(1,2,3,4) # line=0 0",
      "",
    ].join("\r\n");
    const { regions, excluded, warnings } = parseDs9Regions(text, { name: "a.reg" });
    expect(regions.map(({ name }) => name)).toEqual(["knot # 1; bright", "jet", "annulus 3", "annulus 4"]);
    expect(excluded).toEqual([{ kind: "circle", x: 29, y: 29, radius: 2 }]);
    expect(warnings).toEqual(["a.reg, line 9: shape should be an area, got line; it is left out"]);
  });

  it("regions of one name are told apart", () => {
    const { regions } = parseDs9Regions(
      "image\ncircle(1,1,1) # text={a}\ncircle(2,2,1) # text={a}\ncircle(3,3,1) # text={a (2)}",
    );
    expect(regions.map(({ name }) => name)).toEqual(["a", "a (2)", "a (2) (2)"]);
  });

  it.each([
    ["circle(1,1,9) - circle(1,1,3)", ["or", "not"]],
    ["circle(1,1,9)*!box(1,1,3,3)", ["or", "not"]],
    ["circle(1,1,9) & box(1,1,3,3) + point(9,9)", ["or", "and", "or"]],
    ["circle(1,1,9) ||\nbox(1,1,3,3) || # color=red\npoint(9,9)", ["or", "or", "or"]],
  ])("joins %s", (text, operators) => {
    const { regions, excluded } = parseDs9Regions(`image\n${text}`);
    expect(regions).toHaveLength(1);
    expect(excluded).toEqual([]);
    expect(regions[0].terms.map(({ operator }) => operator)).toEqual(operators);
  });

  it.each([
    ["box(5,5,4,4)\ncircle(1,1,9) # include=0", ["box 1"], 1],
    ["box(5,5,4,4) -circle(1,1,9) # include=0 text={cut}", ["cut"], 0],
    ["global color=green include=0\ncircle(1,1,9)\nbox(2,2,9,9) # include=1", ["box 1"], 1],
    ["circle(1,1,9) # color=red text={include=0} tag={a}", ["include=0"], 0],
  ])("%s: DS9's word for what is excluded", (text, names, count) => {
    const { regions, excluded, warnings } = parseDs9Regions(`image\n${text}`);
    expect(regions.map(({ name }) => name)).toEqual(names);
    expect(excluded).toHaveLength(count);
    expect(warnings).toEqual([]);
  });

  it("says which regions DS9 has for the background", () => {
    const { regions, warnings } = parseDs9Regions(
      "image\ncircle(1,1,9) # text={background}\ncircle(2,2,9) # color=red background\ncircle(3,3,9) # background tag={b}",
      { name: "a.reg" },
    );
    expect(regions.map(({ name }) => name)).toEqual(["background", "circle 2", "b"]);
    expect(warnings).toEqual([
      "a.reg: regions should be of sources, got 2 marked as background (line 3); they are measured like the others",
    ]);
  });

  it("image and physical pixels of a cut-out count in the file", () => {
    const options = { origin: { x: 4, y: 7 } };
    for (const system of ["image", "physical"]) {
      const [{ terms }] = parseDs9Regions(`${system};circle(11,21,3)`, options).regions;
      expect(terms[0].shape).toEqual({ kind: "circle", x: 6, y: 13, radius: 3 });
    }
  });
});

describe("physical coordinates", () => {
  it("are pixels without cards", () =>
    expect(only("circle(11,21,3)")).toEqual({ kind: "circle", x: 10, y: 20, radius: 3 }));

  it("follow LTM and LTV", () => {
    // Blocks of 2 x 2 detector pixels from (101, 201) on: image = physical / 2 - 50 + 1/4 and - 100 + 1/4 (IRAF).
    const cards = [card("LTM1_1", 0.5), card("LTM2_2", 0.5), card("LTV1", -49.75), card("LTV2", -99.75)];
    expect(only("physical;circle(121,241,6)", cards)).toEqual({
      kind: "circle",
      x: 9.75,
      y: 19.75,
      radius: 3,
    });
    expect(only("physical;circle(121,241,6i)", cards)).toMatchObject({ radius: 6 });
  });

  it("follow the alternate P of Chandra's files", () => {
    // physical = 4000.5 + 2 (image - 0.5), so 4001.5 is the centre of the first pixel.
    const cards = ["1", "2"].flatMap((axis) => [
      card(`CRVAL${axis}P`, 4000.5),
      card(`CRPIX${axis}P`, 0.5),
      card(`CDELT${axis}P`, 2),
    ]);
    expect(only("circle(4001.5,4005.5,6)", cards)).toEqual({ kind: "circle", x: 0, y: 2, radius: 3 });
  });
});

describe("the sky", () => {
  const near = (shape: RegionShape, x: number, y: number, radius: number) => {
    if (shape.kind !== "circle") throw new Error(shape.kind);
    expect(shape.x).toBeCloseTo(x, 6);
    expect(shape.y).toBeCloseTo(y, 6);
    expect(shape.radius).toBeCloseTo(radius, 6);
  };
  it.each([
    'fk5;circle(202.47,47.195,3")',
    "icrs;circle(202.47d,47.195d,0.05')",
    'fk5;circle(13:29:52.8,+47:11:42,3")',
    'j2000;circle(13h29m52.8s,47d11m42s,3")',
    "fk5;circle(202.47,47.195,0.00083333333333)",
    "fk5;circle(202.47,47.195,0.00083333333333d)",
    "fk5;circle(202.47,47.195,3i)",
    // 202.47, 47.195 and 3/3600 degrees times pi / 180.
    "fk5;circle(3.533768136512919r,0.8237081404787239r,1.454441043328608e-05r)",
    "circle(3.533768136512919r,0.8237081404787239R,1.454441043328608e-05R)",
    'fk5;circle(50i,40i,3")',
    "fk5;circle(50p,40P,3p)",
    "circle(50i,40i,3)",
  ])("%s is the reference position", (text) => near(only(text, SKY), 49, 39, 3));

  it("angles may be in radians", () => {
    const shape = only("image;box(11,21,5,2,0.5235987755982988r)");
    expect(shape).toMatchObject({ kind: "box", angle: expect.closeTo(30, 12) });
  });

  it("galactic positions in an equatorial image", () => {
    // By astropy: SkyCoord(202.47, 47.195, unit="deg").galactic. Its rotation and ours differ by up to 0.03 arcseconds.
    const shape = only('galactic;circle(104.85057559389627,68.56082041612167,3")', SKY);
    expect(shape).toMatchObject({ kind: "circle" });
    if (shape.kind !== "circle") return;
    expect(Math.hypot(shape.x - 49, shape.y - 39)).toBeLessThan(0.04);
    expect(shape.radius).toBeCloseTo(3, 6);
  });

  it("angles follow the north of the image", () => {
    const turned = [...SKY.filter(({ keyword }) => !keyword.startsWith("CDELT"))];
    const [cosine, sine] = [Math.cos(Math.PI / 6), Math.sin(Math.PI / 6)];
    // North 30 degrees from y towards x < 0: dec grows along (-sin, cos), ra along (-cos, -sin).
    turned.push(
      card("CD1_1", -cosine / 3600),
      card("CD1_2", -sine / 3600),
      card("CD2_1", -sine / 3600),
      card("CD2_2", cosine / 3600),
    );
    const shape = only('fk5;ellipse(202.47,47.195,5",2",20)', turned);
    expect(shape).toMatchObject({ kind: "ellipse" });
    if (shape.kind === "ellipse") expect(shape.angle).toBeCloseTo(50, 6);
  });

  it("needs coordinates, of an equinox that needs no precession", () => {
    const text = 'fk5;circle(202.47,47.195,3")';
    expect(() => parseDs9Regions(text)).toThrow(/must have sky coordinates for positions in fk5/);
    expect(() => parseDs9Regions(text, { wcs: [...SKY, card("EQUINOX", 1950)] })).toThrow(/equinox 2000/);
    expect(() => parseDs9Regions(text, { wcs: [...SKY, card("EQUINOX", 2000)] })).not.toThrow();
  });
});

describe("what is refused, by line", () => {
  it.each([
    ["image\ncircle(1,2)", /line 2: circle must have one radius, got \(1,2\)/],
    ["image;circle(1,2,x)", /sizes >= 0/],
    ["image;circle(1,2,-3)", /sizes >= 0/],
    ['image;circle(1,2,3")', /sizes >= 0/],
    ["image;circle(1:2:3,2,3)", /positions such as/],
    ["image;circle(1r,2r,3)", /positions such as/],
    ['fk5;circle(13:29:72.8,+47:11:42,3")', /positions such as/],
    ['fk5;circle(13:29:52.8,+47:71:42,3")', /positions such as/],
    ["image;circle(1i,2p,3)", /positions such as/],
    ['image;circle(1",2",3)', /positions such as/],
    ["image;box(1,2,3,4,5x)", /angles in degrees/],
    ["image;annulus(1,2,3,3)", /sizes that rise/],
    ["image;annulus(1,2,3)", /two radii/],
    ["image;polygon(1,2,3,4)", /three pairs/],
    ["image;polygon(1,2,3,4,5)", /three pairs/],
    ["image;box(1,2,3)", /two sizes/],
    ["image;circle(1,2,3", /brackets of circle/],
    ["image;(1,2,3)", /must be a shape/],
    ["image;panda(1,2,0,90,1,2,3)", /line 1: panda must have two angles/],
    ["ecliptic\ncircle(1,2,3)", /line 1: coordinates must be .* got ecliptic/],
    ["image\ncircle(1,2,9)-annulus(1,2,1,2,3)", /rings one by one/],
  ])("%s", (text, message) =>
    expect(() => parseDs9Regions(text, { wcs: text.startsWith("fk5") ? SKY : [] })).toThrow(message),
  );
});

describe("what CIAO and DS9 write besides", () => {
  const names = (text: string, wcs: readonly WcsCard[] = []) =>
    parseDs9Regions(text, { wcs, shape: [100, 100] }).regions.map(({ name }) => name);
  const areaOf = (shape: RegionShape) => {
    let count = 0;
    for (let y = 0; y < 100; y++) for (let x = 0; x < 100; x++) if (shapeContains(shape, x, y)) count++;
    return count;
  };
  const shapesOf = (text: string) => parseDs9Regions(text).regions.map(({ terms }) => terms[0].shape);

  it.each([
    ["image;annulus(50,50,2,8,n=3)", ["annulus 1", "annulus 2", "annulus 3"]],
    ["image;annulus 50 50 2 8 n = 3", ["annulus 1", "annulus 2", "annulus 3"]],
    ["image;ellipse(50,50,4,2,8,4,n=2,30)", ["annulus 1", "annulus 2"]],
    ["image;panda(50,50,0,180,2,5,10,2)", ["panda 1", "panda 2", "panda 3", "panda 4"]],
    ["field()", ["field 1"]],
    ["image;pie(50,50,5,10,0,90)", ["pie 1"]],
  ])("%s", (text, expected) => {
    expect(names(text)).toEqual(expected);
  });

  it("n= divides radii evenly", () => {
    const radii = parseDs9Regions("image;annulus(50,50,1,7,n=3)").regions.map(({ terms: [term] }) => {
      const shape = term!.shape as Extract<RegionShape, { kind: "annulus" }>;
      return [shape.inner, shape.outer].map((circle) => (circle as { radius: number }).radius);
    });
    expect(radii).toEqual([
      [1, 3],
      [3, 5],
      [5, 7],
    ]);
  });

  it.each([
    "panda(50.3,50.7,20,380,5,3,30,2)",
    "epanda(50.3,50.7,0,360,3,4,2,30,15,2,25)",
    "bpanda(50.3,50.7,10,370,4,4,4,40,30,2,20)",
  ])("the parts of %s cover the ring once", (text) => {
    const parts = shapesOf(`image;${text}`);
    const [name, ...numbers] = text.split(/[(),]/).filter((word) => word !== "");
    const [x, y, , , , ...sizes] = numbers;
    const ring =
      name === "panda"
        ? `annulus(${x},${y},${sizes[0]},${sizes[1]})`
        : `${name === "epanda" ? "ellipse" : "box"}(${x},${y},${sizes.slice(0, 4).join(",")},${sizes[5]})`;
    expect(parts.reduce((sum, shape) => sum + areaOf(shape), 0)).toBe(areaOf(only(`image;${ring}`)));
  });

  it("a pie is the part of a ring between its angles", () => {
    const [shape] = shapesOf("image;pie(51,51,4,12,30,100)");
    for (const [angle, radius, inside] of [
      [31, 8, true],
      [99, 11.5, true],
      [29, 8, false],
      [101, 8, false],
      [60, 3.5, false],
      [240, 8, false],
    ] as const) {
      const radians = (angle * Math.PI) / 180;
      expect(shapeContains(shape!, 50 + radius * Math.cos(radians), 50 + radius * Math.sin(radians))).toBe(
        inside,
      );
    }
  });

  it("without coordinates positions of the sky are found by their form", () => {
    const middle = { x: 49, y: 39 };
    for (const text of [
      'circle(13:29:52.8,+47:11:42,2")',
      'circle(202.47d,47.195d,2")',
      'circle(202.47,47.195,2")',
    ]) {
      const { regions } = parseDs9Regions(text, { wcs: SKY, shape: [80, 100] });
      const shape = regions[0].terms[0].shape as Extract<RegionShape, { kind: "circle" }>;
      expect(Math.hypot(shape.x - middle.x, shape.y - middle.y)).toBeLessThan(1e-3);
      expect(shape.radius).toBeCloseTo(2, 5);
    }
    // Numbers that are pixels of the image stay pixels, also with sizes on the sky (a pixel is an arcsecond).
    const { regions } = parseDs9Regions('circle(20,30,2")', { wcs: SKY, shape: [80, 100] });
    expect(regions[0].terms[0].shape).toMatchObject({ kind: "circle", x: 19, y: 29 });
  });

  // Found by the fuzzer: an operator without a shape.
  it.each(["||", "circle(5,5,2)||\n||\ncircle(6,6,1)"])("refuses a statement without a shape: %j", (text) => {
    expect(() => parseDs9Regions(`image;${text}`)).toThrow('must be a shape such as circle(10,20,3), got ""');
  });

  // More than a function can have as arguments, in one way or another.
  it("a polygon may have 150,000 corners, and a region as many shapes", () => {
    const ring = Array.from({ length: 150_000 }, (_, corner) => {
      const angle = (2 * Math.PI * corner) / 150_000;
      return `${6 + 3 * Math.cos(angle)},${6 + 3 * Math.sin(angle)}`;
    });
    const [polygon] = parseDs9Regions(`image;polygon(${ring.join(",")})`).regions;
    const many = parseDs9Regions(`image;${"circle(6,6,3)||".repeat(150_000)}circle(6,6,3)`).regions[0];
    const one = parseDs9Regions("image;circle(6,6,3)").regions[0];
    // The circle with centres of pixels on it is rounded outwards, the polygon of its corners leaves some of these out.
    expect(termsPixels(many.terms, [12, 12])).toEqual(termsPixels(one.terms, [12, 12]));
    expect(termsPixels(polygon!.terms, [12, 12]).length).toBeGreaterThanOrEqual(25);
  });

  it("field() less a circle is all but the circle", () => {
    const { regions, excluded } = parseDs9Regions("field()\n-circle(5,5,3)");
    expect(areaOf(regions[0].terms[0].shape)).toBe(100 * 100);
    expect(excluded).toHaveLength(1);
  });
});
