import { describe, expect, it } from "vitest";
import { composeObservation } from "../../src/io/compose-observation.js";
import { findEvents } from "../../src/io/event-list.js";
import {
  type FitsCard,
  type FitsColumnInput,
  type FitsHduInput,
  findHdu,
  fitsCard,
  readFits,
  writeFits,
} from "../../src/io/fits.js";
import { hduKind } from "../../src/io/hdu-kind.js";
import { radialPsfImage, readRadialPsf } from "../../src/io/radial-psf.js";
import { isRegionTable, regionTableText } from "../../src/io/region-table.js";
import { regionsFromDs9 } from "../../src/posterior/region-file.js";

const table = (
  name: string,
  columns: readonly FitsColumnInput[],
  cards: ReturnType<typeof fitsCard>[] = [],
) => ({ kind: "table", name, columns, cards }) as FitsHduInput;
const file = (...hdus: FitsHduInput[]) =>
  readFits(writeFits([{ kind: "empty", name: "PRIMARY" } as FitsHduInput, ...hdus]), { name: "a.fits" });
const numbers = (name: string, values: number[], unit?: string): FitsColumnInput =>
  ({ name, values: Float64Array.from(values), format: "D", ...(unit && { unit }) }) as FitsColumnInput;

describe("hduKind", () => {
  it.each([
    [
      "events",
      table("EVENTS", [numbers("X", [1]), numbers("Y", [2])]),
      "tslira bin 'a.fits[EVENTS]' -o counts.fits",
    ],
    [
      "HEALPix",
      table("SKYMAP", [numbers("I", [1])], [fitsCard("PIXTYPE", "HEALPIX")]),
      "tslira bin 'a.fits[SKYMAP]' -o image.fits",
    ],
    ["light curve", table("RATE", [numbers("TIME", [1])]), "tslira bin"],
    ["regions", table("REGION", [numbers("X", [1])], [fitsCard("HDUCLAS1", "REGION")]), "--regions"],
    ["radial psf", table("PSF", [numbers("R", [0, 1]), numbers("PSF", [1, 0])]), "--psf"],
    ["spectrum", table("SPECTRUM", [numbers("CHANNEL", [1])]), "tslira bin"],
    ["response", table("EBOUNDS", [numbers("E_MIN", [1])]), "exposure map"],
    ["good times", table("STDGTI", [numbers("START", [1])]), "events"],
    ["table", table("OTHER", [numbers("A", [1])]), "name another HDU"],
    ["good times", table("IBIS-GNRL-GTI", [numbers("START", [1])]), "events"],
    ["good times", table("SRC_GTIS", [numbers("START", [1])]), "events"],
    // ISGRI, JEM-X, and a list of Swift before its attitude was applied.
    ["detector events", table("ISGR-EVTS-ALL", [numbers("DETY", [1]), numbers("DETZ", [1])]), "mission"],
    ["detector events", table("JMX1-FULL-ALL", [numbers("TIME", [1]), numbers("RAWX", [1])]), "mission"],
    ["detector events", table("EVENTS", [numbers("DETX", [1]), numbers("DETY", [1])]), "X and Y"],
    [
      "positions",
      table("SRCLIST", [numbers("RA", [1]), numbers("DEC", [1])]),
      "tslira bin 'a.fits[SRCLIST]'",
    ],
    [
      "positions",
      table(
        "ASPSOL",
        ["time", "ra", "dec"].map((name) => numbers(name, [1])),
      ),
      "event list",
    ],
    ["events", table("EVENTS", [numbers("RA", [1]), numbers("DEC", [1])]), "tslira bin 'a.fits[EVENTS]'"],
    [
      "events",
      table(
        "DATA",
        ["RA", "DEC", "PI"].map((name) => numbers(name, [1])),
      ),
      "--pi",
    ],
    // Fermi's and GADF's psfs, CALDB's encircled energy.
    ["response", table("RPSF_FRONT", [numbers("NCORE", [1])]), "--psf gaussian:fwhm=2.5"],
    ["response", table("PSF_3D", [numbers("RPSF", [1])]), "--psf gaussian:fwhm=2.5"],
    ["response", table("TABLE", [numbers("R", [1]), numbers("EEF", [1])]), "--psf gaussian:fwhm=2.5"],
    [
      "response",
      table("EXPOSURE", [numbers("COSBINS", [1])], [fitsCard("PIXTYPE", "HEALPIX")]),
      "gtexpcube2",
    ],
  ] as const)("%s", (kind, hdu, remedy) => {
    const found = hduKind(file(hdu)[1]);
    expect(found.kind).toBe(kind);
    expect(found.remedy).toContain(remedy);
    // The door to all images says so too.
    if (kind !== "good times") expect(() => findHdu(file(hdu))).toThrow(found.is);
  });

  it.each([
    ["psf", "PSF", "", undefined, "--psf"],
    // Gammapy's kernels, of which a cube holds one an energy.
    ["psf", "PSFKERNEL", "", { min: 0, sum: 3, whole: false }, "--psf"],
    ["psf", "IMAGE", "", { min: 0, sum: 1.001, whole: false }, "--psf"],
    ["mask", "MASK", "", undefined, "--mask"],
    ["exposure", "IMAGE", "cm**2 s", undefined, "--exposure"],
    ["background", "IMAGE", "count", { min: 0.2, sum: 30, whole: false }, "--background-unit"],
    ["exposure", "IMAGE", "", { min: 0.2, sum: 30, whole: false }, "--exposure"],
    ["image", "IMAGE", "", { min: 0, sum: 30, whole: true }, "a.fits[IMAGE]"],
    // Rates, and CIAO's map of psf sizes.
    ["image", "IMAGE", "cts s-1 deg-2", { min: 0, sum: 3.5, whole: false }, "bin"],
    ["image", "IMAGE", "photon/cm**2/s", { min: 0, sum: 3.5, whole: false }, "bin"],
    ["image", "IMAGE", "arcsec", { min: 0, sum: 3.5, whole: false }, "bin"],
    ["image", "IMAGE", "", { min: -1, sum: 30, whole: true }, "bin"],
  ] as const)("an image as %s, by name %s, unit '%s' and values", (kind, name, unit, values, word) => {
    const image = {
      ...{ kind: "image", name, shape: [2, 2], data: Float64Array.of(1, 0, 0, 1) },
      ...(unit && { cards: [fitsCard("BUNIT", unit)] }),
    } as FitsHduInput;
    const found = hduKind(file(image)[1], { values });
    expect(found.kind).toBe(kind);
    expect(found.command).toContain(word);
  });

  it.each([
    [0, 0],
    [0, 8],
    [3, 0, 8],
  ])("an image without pixels: %j", (...shape) => {
    const hdus = readFits(writeFits([{ kind: "image", name: "PRIMARY", shape, data: new Float64Array(0) }]), {
      name: "a.fits",
    });
    const size = [...shape].reverse().join(" x ");
    expect(() => findHdu(hdus)).toThrow(
      `a.fits: must hold an image, got an image without pixels, ${size} (HDU 0 PRIMARY); give one that has some`,
    );
  });

  it("a flux, and what tslira wrote, as no counts and no exposure", () => {
    const values = { min: 0.2, sum: 30, whole: false };
    const first = (...cards: ReturnType<typeof fitsCard>[]) =>
      readFits(
        writeFits([
          { kind: "image", name: "PRIMARY", shape: [2, 2], data: Float64Array.of(0.2, 9.8, 10, 10), cards },
        ]),
        {
          name: "a.fits",
        },
      )[0]!;
    expect(hduKind(first(fitsCard("CONTENT", "flux")), { values })).toMatchObject({
      is: "an image of flux, which is no counts",
      command: expect.arrayContaining(["--truth", "a.fits"]),
    });
    for (const [cards, is] of [
      [[fitsCard("TSLIRA", 1)], "a result of tslira deconvolve"],
      [[fitsCard("TSMOSAIC", 1)], "a mosaic of tiles by tslira cluster collect"],
      [
        [fitsCard("ESTIMATE", 1), fitsCard("METHOD", "map")],
        "the image that tslira deconvolve --method map gave",
      ],
    ] as const) {
      expect(hduKind(first(...cards), { values })).toMatchObject({
        ...{ kind: "image", is: `part of ${is}, and no counts` },
        command: ["plot", "a.fits", "-o", "a.png"],
      });
    }
  });

  it("by the first HDU of its file, and by number where an earlier one has its name", () => {
    const image = (name: string, ...cards: FitsCard[]) =>
      ({ kind: "image", name, shape: [2, 2], data: Float64Array.of(1, 2, 3, 4), cards }) as const;
    const hdusOf = (...first: FitsCard[]) =>
      readFits(writeFits([image("PRIMARY", ...first), image("MAP"), image("MAP")]), { name: "a.fits" });
    const own = hdusOf(fitsCard("TSLIRA", 1));
    expect(own.map((hdu) => hduKind(hdu, { hdus: own }).is)).toEqual(
      own.map(() => "part of a result of tslira deconvolve, and no counts"),
    );
    const others = hdusOf();
    expect(others.map((hdu) => hduKind(hdu, { hdus: others }).command[1])).toEqual([
      "a.fits",
      "a.fits[MAP]",
      "a.fits[2]",
    ]);
  });

  it("a cube, of which a plane or a sum of planes is taken", () => {
    const data = Float64Array.from({ length: 24 }, (_, at) => at);
    const [cube] = readFits(writeFits([{ kind: "image", name: "PRIMARY", shape: [4, 2, 3], data }]), {
      name: "c.fits",
    });
    const [psf] = readFits(
      writeFits([{ kind: "image", name: "PRIMARY", shape: [1, 1], data: Float64Array.of(1) }]),
    );
    const named = { counts: { name: "c.fits", hdu: cube! }, psf: { name: "p.fits", hdu: psf! } };
    expect(hduKind(cube!)).toMatchObject({ kind: "cube", is: "a cube of 4 planes (a third axis)" });
    expect(() => composeObservation(named)).toThrow(/got a cube of 4 planes; take one with --plane 0/);
    const taken = (planes: readonly [number, number]) => [
      ...composeObservation(named, { planes }).observation.counts.data,
    ];
    expect(taken([2, 3])).toEqual([12, 13, 14, 15, 16, 17]);
    expect(taken([1, 3])).toEqual([18, 20, 22, 24, 26, 28]); // 6 + 12, 7 + 13, ...
    expect(() => taken([3, 5])).toThrow(/planes must lie in 0:4, got 3:5/);
    // What goes with the counts has as many planes: an exposure is averaged, a background summed.
    const [more] = readFits(
      writeFits([{ kind: "image", name: "PRIMARY", shape: [4, 2, 3], data: data.map((value) => value + 1) }]),
    );
    const both = composeObservation(
      { ...named, exposure: { name: "e.fits", hdu: cube! }, background: { name: "b.fits", hdu: more! } },
      { planes: [1, 3] },
    ).observation;
    expect(both.exposure!.data[0]).toBe(9);
    expect(both.background!.data[0]).toBe(20);
  });

  it("a cube of other planes than the counts goes with none of theirs in silence", () => {
    const cube = (planes: number, value: number, name: string) => {
      const data = new Float64Array(planes * 4).map((_, at) => value + Math.floor(at / 4));
      const hdu = readFits(writeFits([{ kind: "image", name: "PRIMARY", shape: [planes, 2, 2], data }]))[0]!;
      return { name, hdu };
    };
    const given = { counts: cube(2, 1, "c.fits"), psf: cube(1, 1, "p.fits") };
    // gtexpcube2 writes exposures at the edges of the bands, one more than there are bands.
    const { observation, notes } = composeObservation(
      { ...given, exposure: cube(3, 4, "e.fits") },
      { planes: [0, 1] },
    );
    expect(observation.exposure!.data[0]).toBe(5);
    expect(notes.filter((note) => note.startsWith("e.fits"))).toEqual([
      "e.fits: exposure must have one plane or as many as the counts, 2, got 3; the mean of all was taken, name the one of the band, as 'e.fits[0][0]'",
    ]);
    expect(() =>
      composeObservation({ ...given, background: cube(3, 0, "b.fits") }, { planes: [0, 1] }),
    ).toThrow("background must have one plane or as many as the counts, 2, got 3; name the one of the band");
    const image = { ...given, counts: cube(1, 1, "c.fits") };
    expect(() => composeObservation({ ...image, exposure: cube(3, 4, "e.fits") })).toThrow(
      /exposure must be an image of two axes, got a cube of 3 planes; name one in the file, e.fits\[0\]\[0\]$/,
    );
  });
});

describe("tables of regions", () => {
  it("are read as a region file", () => {
    const text = (name: string, values: string[]): FitsColumnInput =>
      ({ name, values, format: "16A" }) as FitsColumnInput;
    const [, hdu] = file(
      table("REGION", [
        text("SHAPE", ["circle", "!Circle", "box", "annulus"]),
        numbers("X", [5, 5, 15, 10]),
        numbers("Y", [6, 6, 14, 10]),
        { name: "R", values: Float64Array.of(4, 0, 2, 0, 3, 5, 6, 8), format: "2D" } as FitsColumnInput,
        { name: "COMPONENT", values: Int16Array.of(1, 1, 2, 3), format: "I" } as FitsColumnInput,
      ]),
    );
    expect(isRegionTable(hdu!)).toBe(true);
    expect(() => findEvents([hdu!])).toThrow("must hold a table of events");
    const made = regionTableText(hdu!);
    expect(made.split("\n").slice(0, 4)).toEqual([
      "physical",
      "circle(5,6,4) -circle(5,6,2)",
      "box(15,14,3,5)",
      "annulus(10,10,6,8)",
    ]);
    const { regions } = regionsFromDs9(made, [20, 20]);
    // Positions count from 1: pixel [5, 4] is the middle of the first, cut out; [5, 7] is 3 from it.
    expect(regions).toHaveLength(3);
    expect(regions[0].weights.data[5 * 20 + 4]).toBe(0);
    expect(regions[0].weights.data[5 * 20 + 7]).toBe(1);
  });
});

describe("radial psfs", () => {
  const sigma = 0.01; // degrees
  const radii = Array.from({ length: 60 }, (_, at) => at * 0.001);
  const gaussian = (width: number) => radii.map((radius) => Math.exp(-0.5 * (radius / width) ** 2));
  const wcs = Object.entries({
    ...{ CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN", CRVAL1: 10, CRVAL2: 0, CDELT1: -0.005, CDELT2: 0.005 },
  }).map(([keyword, value]) => ({ keyword, value }));

  it("become images on the pixels of the counts", () => {
    const hdus = file(
      table("PROFILE", [
        numbers(
          "RADIUS",
          radii.map((r) => r * 60),
          "arcmin",
        ),
        numbers("PSF", gaussian(sigma)),
      ]),
    );
    const { data, shape } = radialPsfImage(readRadialPsf("p.fits", hdus)!, { shape: [9, 9], wcs });
    const [ny, nx] = shape;
    // 2 pixels of 0.005 deg a sigma: the second moment is sigma^2 and that of the pixel, 1/12.
    let moment = 0;
    for (const [at, value] of data.entries()) moment += value * ((at % nx) - (nx - 1) / 2) ** 2;
    expect(ny).toBe(nx);
    expect(Math.sqrt(moment)).toBeCloseTo(Math.sqrt(4 + 1 / 12), 1);
    expect(data.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12);
  });

  it("of several energies are averaged by exposure / energy", () => {
    const psf = {
      name: "Psf",
      values: Float64Array.from([...gaussian(0.02), ...gaussian(0.005)]),
      format: "60D",
    };
    const hdus = file(
      table("PSF", [numbers("Energy", [100, 1000]), numbers("Exposure", [1, 30]), psf as FitsColumnInput]),
      table("THETA", [numbers("Theta", radii, "deg")]),
    );
    const { values, notes } = readRadialPsf("gtpsf.fits", hdus)!;
    // Weights 1/100 and 30/1000.
    expect(values[5] / values[0]).toBeCloseTo((gaussian(0.02)[5] + 3 * gaussian(0.005)[5]) / 4, 10);
    expect(notes[0]).toContain("got 2");
  });

  it("need sky coordinates when their radii are angles", () => {
    const hdus = file(table("P", [numbers("R", radii, "deg"), numbers("PSF", gaussian(sigma))]));
    expect(() => radialPsfImage(readRadialPsf("p.fits", hdus)!, { shape: [9, 9], wcs: [] })).toThrow(
      /sky coordinates/,
    );
  });

  it("must say what their radii are: pixels without a unit would be degrees", () => {
    const read = (unit: string | undefined) => () =>
      readRadialPsf("p.fits", file(table("P", [numbers("R", radii, unit), numbers("PSF", gaussian(sigma))])));
    expect(read(undefined)).toThrow(
      "p.fits: radii must be in deg, arcmin, arcsec, mas, rad or pixel, got no unit of column R; correct its TUNIT",
    );
    expect(read("kpc")).toThrow(/got kpc of column R/);
    expect(read("mas")()!.radii[1]).toBeCloseTo(radii[1] / 3.6e6, 12);
  });
});
