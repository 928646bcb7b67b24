import type { WcsCard } from "../observation/observation.js";
import { degreesIn } from "./angle-unit.js";
import { type CardReader, cardReader } from "./card-reader.js";
import { PROJECTIONS, type Projection, type SkyProjection } from "./projections.js";

/** What longitude and latitude are: `RADESYS` of equatorial coordinates, or a system of its own. */
export type SkySystem =
  | "ICRS"
  | "FK5"
  | "FK4"
  | "equatorial"
  | "galactic"
  | "ecliptic"
  | "supergalactic"
  | "other";

/** A position on the sky in degrees. NaN where the projection has no sky. */
export interface SkyPosition {
  /** Longitude (right ascension, Galactic longitude ...) in [0, 360). */
  readonly lon: number;
  /** Latitude (declination, Galactic latitude ...) in [-90, 90]. */
  readonly lat: number;
}

/** A position in an image: column x and row y from 0, whole numbers at pixel centres. */
export interface PixelPosition {
  readonly x: number;
  readonly y: number;
}

/** The sky coordinates of an image, as plain data that survive JSON. Angles are in degrees. */
export interface SkyWcs {
  readonly projection: SkyProjection;
  readonly system: SkySystem;
  /** Equinox of FK4 and FK5 coordinates in years, when the header says so. */
  readonly equinox?: number;
  /** Reference pixel, 0-based (CRPIX - 1). */
  readonly referencePixel: PixelPosition;
  /** Sky position of the reference pixel (CRVAL). */
  readonly reference: SkyPosition;
  /** Degrees in the plane of projection a pixel: d(lon)/dx, d(lon)/dy, d(lat)/dx, d(lat)/dy (CD, or PC x CDELT). */
  readonly matrix: readonly [number, number, number, number];
  /** Celestial position of the native pole, and native longitude `phi` of the celestial pole (LONPOLE). */
  readonly pole: { readonly lon: number; readonly lat: number; readonly phi: number };
  /** Parameters of the projection: xi and eta of SIN, lambda of CEA; none of the others. */
  readonly parameters: readonly number[];
  /** Polynomials of the SIP convention, where the header has them. */
  readonly distortion?: SipDistortion;
  /** Polynomials of the TPV convention, where the header has them. */
  readonly planeDistortion?: PlaneDistortion;
}

/** A term `coefficient * x^p * y^q * r^s` of a polynomial in degrees of the plane of projection, r^2 = x^2 + y^2. */
export type PlaneTerm = readonly [p: number, q: number, s: number, coefficient: number];

/**
 * What TPV makes of the degrees that the matrix gives (Calabretta et al. 2004, "Representations of distortions"; the registry of FITS
 * conventions, TPV): `lon` and `lat` replace both. The way back inverts these.
 */
export interface PlaneDistortion {
  readonly lon: readonly PlaneTerm[];
  readonly lat: readonly PlaneTerm[];
}

/** A term `coefficient * u^p * v^q` of a polynomial in pixels from the reference pixel. */
export type SipTerm = readonly [p: number, q: number, coefficient: number];

/**
 * What SIP adds to the distance from the reference pixel before the matrix is applied (Shupe et al. 2005, ADASS XIV, 491): `a`
 * to x, `b` to y. The way back inverts these and needs no AP and BP.
 */
export interface SipDistortion {
  readonly a: readonly SipTerm[];
  readonly b: readonly SipTerm[];
}

/** What header cards say about the sky. */
export interface ParsedWcs {
  /** Absent when the cards give axes 1 and 2 no sky coordinates that are supported. */
  readonly wcs?: SkyWcs;
  /** What is not supported or was left out, one sentence each. */
  readonly warnings: readonly string[];
  /** Why coordinates of the sky that the cards do give cannot be read; absent when they can, and when there are none. */
  readonly unread?: string;
}

const AXES: readonly { readonly lon: string; readonly lat: string; readonly system: SkySystem }[] = [
  { lon: "RA", lat: "DEC", system: "equatorial" },
  { lon: "GLON", lat: "GLAT", system: "galactic" },
  { lon: "ELON", lat: "ELAT", system: "ecliptic" },
  { lon: "SLON", lat: "SLAT", system: "supergalactic" },
];
const RADIANS = Math.PI / 180;
/** Keywords without whose numbers positions are nowhere: a text such as '83.6' in their place is no number to the FITS standard either. */
const NUMERIC = /^(?:(?:CRPIX|CRVAL|CDELT|CROTA)[12]|(?:CD|PC)[12]_[12]|PC00[12]00[12]|LONPOLE|LATPOLE)$/;

/**
 * Read the sky coordinates of axes 1 and 2 from header cards, as `wcsCards` and `shiftWcs` return them.
 *
 * Follows Greisen & Calabretta 2002 (A&A 395, 1061) and Calabretta & Greisen 2002: CTYPE, CUNIT, CRPIX, CRVAL, CDELT with
 * PC, CROTA or nothing, or CD; LONPOLE, LATPOLE; RADESYS and EQUINOX with their defaults; SIP and TPV distortion, the latter also where
 * SCAMP wrote it as TAN with PV. Only the primary description is read, no alternate. Other distortions (TNX, look-up tables) are left
 * out with a warning: positions are then off by what they correct, often some pixels at the edge of the field.
 *
 * @returns coordinates, or none and a warning that says why
 */
export function parseWcs(cards: readonly WcsCard[]): ParsedWcs {
  const read = cardReader(cards);
  const warnings: string[] = [];
  const noSky = (reason: string): ParsedWcs => ({ warnings: [...warnings, `wcs: ${reason}; use pixels`] });
  const refuse = (reason: string): ParsedWcs => ({ ...noSky(reason), unread: reason });

  const types = [1, 2].map((axis) => (read.text(`CTYPE${axis}`) ?? "").toUpperCase());
  if (types.every((type) => type === "")) return { warnings };
  const [first, second] = types.map(splitType) as [AxisType, AxisType];
  const axes = [...AXES, ...ownAxes(first, second)].find(
    ({ lon, lat }) =>
      (first.name === lon && second.name === lat) || (first.name === lat && second.name === lon),
  );
  if (axes === undefined) {
    const known = AXES.flatMap(({ lon, lat }) => [lon, lat]);
    const reason = `CTYPE1 and CTYPE2 must be a longitude and a latitude, got "${types.join('", "')}"`;
    return known.includes(first.name) && known.includes(second.name) ? refuse(reason) : noSky(reason);
  }
  if (first.projection !== second.projection) {
    return refuse(`both axes must have the same projection, got "${types.join('", "')}"`);
  }
  const code = first.projection === "TPV" ? "TAN" : first.projection;
  if (code !== "" && !Object.hasOwn(PROJECTIONS, code)) {
    return refuse(`projection must be one of ${Object.keys(PROJECTIONS).join(", ")}, got ${code}`);
  }
  const projection = (code === "" ? "linear" : code) as SkyProjection;
  const [lonAxis, latAxis] = first.name === axes.lon ? ([1, 2] as const) : ([2, 1] as const);
  const units = [lonAxis, latAxis].map((axis) => degreesIn(read.text(`CUNIT${axis}`) || "deg"));
  const [lonUnit, latUnit] = units;
  if (lonUnit === undefined || latUnit === undefined) {
    return refuse(`CUNIT must be an angle, got "${read.text("CUNIT1")}", "${read.text("CUNIT2")}"`);
  }

  const unreadable = cards.find(
    ({ keyword, value }) => NUMERIC.test(keyword) && typeof value !== "number" && value !== "",
  );
  if (unreadable !== undefined) {
    const { keyword, value } = unreadable;
    return refuse(
      `${keyword} must be a number, got ${typeof value === "string" ? `'${value}'` : String(value)}`,
    );
  }
  const matrix = linearMatrix(read, lonAxis, latAxis, lonUnit, latUnit);
  const determinant = matrix[0] * matrix[3] - matrix[1] * matrix[2];
  if (!(Math.abs(determinant) > 0) || !Number.isFinite(determinant)) {
    return refuse("CD or PC and CDELT must be invertible, got a matrix of determinant 0");
  }
  const { defaults, rule } = rulesOf(projection);
  const parameters = defaults.map((value, index) => read.number(`PV${latAxis}_${index + 1}`) ?? value);
  if (rule !== undefined && !rule.holds(parameters))
    return refuse(`${rule.text}, got ${parameters.join(", ")}`);
  const distortion = sipDistortion(read);
  const nativeStart = hasNativeStart(read, projection, lonAxis);
  const isTpv = first.projection === "TPV" || (projection === "TAN" && hasTermsOfTpv(read, nativeStart));
  const planeDistortion = lonAxis === 1 && isTpv ? tpvDistortion(read) : undefined;
  if (isTpv && planeDistortion === undefined) {
    warnings.push(
      `wcs: distortion TPV is not applied where ${lonAxis === 1 ? "its first powers cannot be inverted" : "the latitude comes first"}; ` +
        "positions are approximate",
    );
  } else if (first.distortion !== "" && first.distortion !== "SIP") {
    warnings.push(`wcs: distortion ${first.distortion} is not applied; positions are approximate`);
  } else if (
    planeDistortion === undefined &&
    hasUnusedParameters(read, projection, { lonAxis, latAxis, nativeStart })
  ) {
    warnings.push(
      "wcs: parameters PV of a distortion or a shifted origin are not applied; positions are approximate",
    );
  }

  const reference = {
    lon: (read.number(`CRVAL${lonAxis}`) ?? 0) * lonUnit,
    lat: (read.number(`CRVAL${latAxis}`) ?? 0) * latUnit,
  };
  if (!(Math.abs(reference.lat) <= 90)) {
    return refuse(`CRVAL${latAxis} must be a latitude from -90 to 90, got ${reference.lat}`);
  }
  const ownPole = (index: number) =>
    planeDistortion === undefined ? read.number(`PV${lonAxis}_${index}`) : undefined;
  const pole = celestialPole(
    projection,
    reference,
    ownPole(3) ?? read.number("LONPOLE"),
    ownPole(4) ?? read.number("LATPOLE"),
  );
  if (pole === undefined) {
    return refuse(`CRVAL, LONPOLE and LATPOLE must fit together, got latitude ${reference.lat} for ${code}`);
  }
  const frame = axes.system === "equatorial" ? equatorialFrame(read) : { system: axes.system };
  return {
    wcs: {
      projection,
      ...frame,
      referencePixel: { x: (read.number("CRPIX1") ?? 0) - 1, y: (read.number("CRPIX2") ?? 0) - 1 },
      reference,
      matrix,
      pole,
      parameters,
      ...(distortion && { distortion }),
      ...(planeDistortion && { planeDistortion }),
    },
    warnings,
  };
}

/** Powers of x, y and r of the terms of TPV, in the order of their numbers; r has odd powers only. */
const TPV_POWERS: readonly (readonly [p: number, q: number, s: number])[] = Array.from(
  { length: 8 },
  (_, order) => [
    ...Array.from({ length: order + 1 }, (_, q) => [order - q, q, 0] as const),
    ...(order % 2 === 1 ? [[0, 0, order] as const] : []),
  ],
).flat();

/** What holds for the header of a projection. */
function rulesOf(projection: SkyProjection): Pick<Projection, "theta0" | "defaults" | "rule"> {
  return projection === "linear" ? { theta0: 90, defaults: [] } : PROJECTIONS[projection];
}

/** Whether parameters 1 and 2 of the longitude, native coordinates of the reference position, are the projection's own, or absent. */
function hasNativeStart(read: CardReader, projection: SkyProjection, lonAxis: number): boolean {
  const { theta0 } = rulesOf(projection);
  return (read.number(`PV${lonAxis}_1`) ?? 0) === 0 && (read.number(`PV${lonAxis}_2`) ?? theta0) === theta0;
}

/**
 * Whether parameters PV of a plain TAN only make sense as those of TPV, as SCAMP wrote them: TAN has none of the latitude, and of the
 * longitude 0 to 4 (Calabretta & Greisen 2002, section 2.5), which a header may spell out.
 */
function hasTermsOfTpv(read: CardReader, nativeStart: boolean): boolean {
  const given = (axis: 1 | 2, index: number) => read.number(`PV${axis}_${index}`);
  const isSet = (axis: 1 | 2, index: number) => (given(axis, index) ?? 0) !== 0;
  // SCAMP wrote the first powers always.
  if (given(1, 1) === undefined && given(2, 1) === undefined) return false;
  return TPV_POWERS.some(
    (_, index) =>
      isSet(2, index) || (isSet(1, index) && (index > 4 || (index > 0 && index < 3 && !nativeStart))),
  );
}

/**
 * TPV of the header. A term that is not given is 0, except the first power of the own axis, which is 1.
 *
 * @returns undefined where the first powers alone have no inverse
 */
function tpvDistortion(read: CardReader): PlaneDistortion | undefined {
  const coefficients = (axis: 1 | 2) =>
    TPV_POWERS.map((_, index) => read.number(`PV${axis}_${index}`) ?? (index === 1 ? 1 : 0));
  const [lon, lat] = [coefficients(1), coefficients(2)];
  if (lon[1] * lat[1] - lon[2] * lat[2] === 0) return undefined;
  const terms = (values: readonly number[], axis: 1 | 2): PlaneTerm[] =>
    TPV_POWERS.flatMap(([p, q, s], index): PlaneTerm[] => {
      if (values[index] === 0) return [];
      // Of the latitude x and y change places: the own axis comes first.
      return [axis === 1 ? [p, q, s, values[index]] : [q, p, s, values[index]]];
    });
  return { lon: terms(lon, 1), lat: terms(lat, 2) };
}

/** SIP of the header, also where CTYPE does not say so; undefined without terms. Terms beyond the order do not count. */
function sipDistortion(read: CardReader): SipDistortion | undefined {
  const terms = (letter: "A" | "B"): SipTerm[] => {
    const order = read.number(`${letter}_ORDER`);
    if (order === undefined) return [];
    return read.keywords.flatMap((keyword): SipTerm[] => {
      const [, name, p, q] = /^([AB])_(\d)_(\d)$/.exec(keyword) ?? [];
      const coefficient = read.number(keyword);
      if (name !== letter || coefficient === undefined || coefficient === 0) return [];
      return Number(p) + Number(q) <= order ? [[Number(p), Number(q), coefficient]] : [];
    });
  };
  const [a, b] = [terms("A"), terms("B")];
  return a.length + b.length > 0 ? { a, b } : undefined;
}

interface AxisType {
  readonly name: string;
  readonly projection: string;
  readonly distortion: string;
}

/** `RA---TAN-SIP` is axis RA, projection TAN, distortion SIP. */
function splitType(type: string): AxisType {
  const [, name = type, projection = "", distortion = ""] =
    /^([A-Z]+?)-+([A-Z0-9]{2,4})(?:-([A-Z0-9]+))?$/.exec(type) ?? [];
  return { name, projection, distortion };
}

/** Axes of a body or system of its own: xLON with xLAT, or xyLN with xyLT. */
function ownAxes(first: AxisType, second: AxisType): { lon: string; lat: string; system: SkySystem }[] {
  const lon = [first.name, second.name].find((name) => /^([A-Z]LON|[A-Z]{2}LN)$/.test(name));
  if (lon === undefined) return [];
  return [{ lon, lat: lon.replace(/LON$/, "LAT").replace(/LN$/, "LT"), system: "other" }];
}

/** Rows longitude and latitude, columns x and y (Greisen & Calabretta 2002, equations 1 to 3 and section 6.1). */
function linearMatrix(
  read: CardReader,
  lonAxis: 1 | 2,
  latAxis: 1 | 2,
  lonUnit: number,
  latUnit: number,
): [number, number, number, number] {
  const has = (pattern: RegExp) => read.keywords.some((keyword) => pattern.test(keyword));
  const rows = [
    { axis: lonAxis, unit: lonUnit },
    { axis: latAxis, unit: latUnit },
  ];
  if (has(/^CD[12]_[12]$/)) {
    return rows.flatMap(({ axis, unit }) =>
      [1, 2].map((pixel) => (read.number(`CD${axis}_${pixel}`) ?? 0) * unit),
    ) as [number, number, number, number];
  }
  const scale = (axis: number) => read.number(`CDELT${axis}`) ?? 1;
  const rotation = (read.number(`CROTA${latAxis}`) ?? 0) * RADIANS;
  const turned = !has(/^PC(?:[12]_[12]|00[12]00[12])$/) && rotation !== 0;
  const element = (axis: 1 | 2, pixel: number) => {
    if (turned) {
      if (axis === pixel) return Math.cos(rotation);
      const sine = axis === lonAxis ? -Math.sin(rotation) : Math.sin(rotation);
      return (sine * scale(pixel)) / scale(axis);
    }
    const given = read.number(`PC${axis}_${pixel}`) ?? read.number(`PC00${axis}00${pixel}`);
    return given ?? (axis === pixel ? 1 : 0);
  };
  return rows.flatMap(({ axis, unit }) =>
    [1, 2].map((pixel) => scale(axis) * element(axis, pixel) * unit),
  ) as [number, number, number, number];
}

/** Whether the header has parameters of a projection that are not used here. */
function hasUnusedParameters(
  read: CardReader,
  projection: SkyProjection,
  {
    lonAxis,
    latAxis,
    nativeStart,
  }: { readonly lonAxis: number; readonly latAxis: number; readonly nativeStart: boolean },
): boolean {
  return read.keywords.some((keyword) => {
    const [, axis, index] = /^PV([12])_(\d+)$/.exec(keyword) ?? [];
    if (axis === undefined || read.number(keyword) === 0) return false;
    if (Number(axis) === lonAxis && (/^[34]$/.test(index) || (nativeStart && /^[012]$/.test(index))))
      return false;
    return !(
      Number(axis) === latAxis &&
      Number(index) >= 1 &&
      Number(index) <= rulesOf(projection).defaults.length
    );
  });
}

/** RADESYS, by default FK4 or FK5 when there is an equinox and ICRS when there is none (Calabretta & Greisen 2002, 3.1). */
function equatorialFrame(read: CardReader): { system: SkySystem; equinox?: number } {
  const equinox = read.number("EQUINOX") ?? read.number("EPOCH");
  const given = (read.text("RADESYS") ?? read.text("RADECSYS") ?? "").toUpperCase();
  const implied = equinox === undefined ? "ICRS" : equinox < 1984 ? "FK4" : "FK5";
  const name = given === "" ? implied : given;
  const system = name === "ICRS" || name === "FK5" || name === "FK4" ? name : "equatorial";
  return equinox === undefined || system === "ICRS" ? { system } : { system, equinox };
}

/**
 * Where the pole of the native sphere is on the sky (Calabretta & Greisen 2002, equations 8 to 10).
 *
 * @returns undefined when no pole fits
 */
function celestialPole(
  projection: SkyProjection,
  { lon, lat }: SkyPosition,
  lonPole: number | undefined,
  latPole = 90,
): SkyWcs["pole"] | undefined {
  const { theta0 } = rulesOf(projection);
  const phi = lonPole ?? (lat >= theta0 ? 0 : 180);
  if (theta0 === 90) return { lon, lat, phi };
  const [sinPhi, cosPhi] = [Math.sin(phi * RADIANS), Math.cos(phi * RADIANS)];
  const sinLat = Math.sin(lat * RADIANS);
  let poleLat = latPole;
  if (Math.abs(cosPhi) > 1e-12 || Math.abs(sinLat) > 1e-12) {
    const ratio = sinLat / Math.abs(cosPhi);
    if (Math.abs(ratio) > 1 + 1e-12) return undefined;
    const base = cosPhi >= 0 ? 0 : 180;
    const distance = Math.acos(Math.min(Math.max(ratio, -1), 1)) / RADIANS;
    const [nearest] = [base + distance, base - distance]
      .map((value) => (value > 180 ? value - 360 : value < -180 ? value + 360 : value))
      .filter((value) => Math.abs(value) <= 90 + 1e-9)
      .sort((a, b) => Math.abs(a - latPole) - Math.abs(b - latPole));
    if (nearest === undefined) return undefined;
    poleLat = Math.min(Math.max(nearest, -90), 90);
  }
  if (Math.abs(lat) > 90 - 1e-10) return { lon, lat: poleLat, phi };
  if (poleLat > 90 - 1e-10) return { lon: lon + phi - 180, lat: 90, phi };
  if (poleLat < -90 + 1e-10) return { lon: lon - phi, lat: -90, phi };
  const cosine = -Math.tan(poleLat * RADIANS) * Math.tan(lat * RADIANS);
  const sine = sinPhi / Math.cos(lat * RADIANS);
  return { lon: lon - Math.atan2(sine, cosine) / RADIANS, lat: poleLat, phi };
}
