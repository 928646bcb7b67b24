/**
 * Projections of the native sphere onto a plane (Calabretta & Greisen 2002, A&A 395, 1077, section 5).
 *
 * Everything is in radians here: native longitude phi and latitude theta, x and y of the plane. NaN says that the projection does not
 * reach a position, or that a point of the plane shows no sky.
 */

/**
 * Projections that are supported (Calabretta & Greisen 2002, A&A 395, 1077): the zenithal TAN, SIN (with slant), ARC, STG,
 * ZEA, the cylindrical CEA, CAR, MER, the maps of the whole sky SFL, MOL and AIT (Hammer-Aitoff), and `"linear"` for axes that name no
 * projection.
 */
export type SkyProjection =
  | "TAN"
  | "SIN"
  | "ARC"
  | "STG"
  | "ZEA"
  | "CEA"
  | "CAR"
  | "MER"
  | "SFL"
  | "MOL"
  | "AIT"
  | "linear";

/** A projection. */
export interface Projection {
  /** Native latitude of the reference position in degrees: the pole of zenithal projections, the equator of the others. */
  readonly theta0: 0 | 90;
  /** Parameters PVi_1, PVi_2 ... of the latitude, by their defaults. */
  readonly defaults: readonly number[];
  /** What the parameters must be, where it is not anything. */
  readonly rule?: { readonly holds: (parameters: readonly number[]) => boolean; readonly text: string };
  readonly toPlane: (
    phi: number,
    theta: number,
    parameters: readonly number[],
  ) => readonly [x: number, y: number];
  readonly toSphere: (
    x: number,
    y: number,
    parameters: readonly number[],
  ) => readonly [phi: number, theta: number];
}

const POLE = Math.PI / 2;
/** Rounding in radians of the border of a map. */
const ROUNDING = 1e-12;

/** A longitude of a map that ends at 180 degrees: NaN beyond. */
const onMap = (phi: number) => (Math.abs(phi) <= Math.PI + ROUNDING ? phi : Number.NaN);
/** Arc sine, also of what rounding put beyond 1. */
const arcSine = (sine: number) =>
  Math.abs(sine) <= 1 + ROUNDING ? Math.asin(Math.max(-1, Math.min(1, sine))) : Number.NaN;

/** A zenithal projection (section 5.1, equations 12 to 15): the radius in the plane of an angle from the native pole, and back. */
function zenithal(radius: (angle: number) => number, angle: (radius: number) => number): Projection {
  return {
    theta0: 90,
    defaults: [],
    toPlane: (phi, theta) => {
      const r = radius(POLE - theta);
      return [r * Math.sin(phi), -r * Math.cos(phi)];
    },
    toSphere: (x, y) => [azimuth(x, y), POLE - angle(Math.hypot(x, y))],
  };
}

/** Native longitude of a point in the plane of a zenithal projection. */
const azimuth = (x: number, y: number) => (x === 0 && y === 0 ? 0 : Math.atan2(x, -y));

/** A cylindrical projection (section 5.2) with x = phi: the height in the plane of a latitude, and back. */
function cylindrical(
  height: (theta: number, parameters: readonly number[]) => number,
  latitude: (y: number, parameters: readonly number[]) => number,
  parameters: Pick<Projection, "defaults" | "rule"> = { defaults: [] },
): Projection {
  return {
    theta0: 0,
    ...parameters,
    toPlane: (phi, theta, values) => [phi, height(theta, values)],
    toSphere: (x, y, values) => [x, latitude(y, values)],
  };
}

/** The slant orthographic projection (section 5.1.5) with parameters xi and eta. */
const SIN: Projection = {
  theta0: 90,
  defaults: [0, 0],
  toPlane: (phi, theta, [xi, eta]) => {
    const [sine, cosine] = [Math.sin(theta), Math.cos(theta)];
    // Behind the sphere, seen from the direction of projection (equation 63 with its sign).
    if (sine < -(xi * Math.sin(phi) - eta * Math.cos(phi)) * cosine) return [Number.NaN, Number.NaN];
    return [cosine * Math.sin(phi) + xi * (1 - sine), -cosine * Math.cos(phi) + eta * (1 - sine)];
  },
  toSphere: (x, y, [xi, eta]) => {
    if (xi === 0 && eta === 0) {
      const radius = Math.hypot(x, y);
      return [azimuth(x, y), Math.atan2(Math.sqrt(1 - radius * radius), radius)];
    }
    const a = xi * xi + eta * eta + 1;
    const b = xi * (x - xi) + eta * (y - eta);
    const c = (x - xi) ** 2 + (y - eta) ** 2 - 1;
    const sine = (-b + Math.sqrt(b * b - a * c)) / a;
    return [
      Math.atan2(x - xi * (1 - sine), -(y - eta * (1 - sine))),
      Math.abs(sine) <= 1 ? Math.asin(sine) : Number.NaN,
    ];
  },
};

/** The Sanson-Flamsteed projection (section 5.3.1). */
const SFL: Projection = {
  theta0: 0,
  defaults: [],
  toPlane: (phi, theta) => [phi * Math.cos(theta), theta],
  toSphere: (x, y) => {
    if (!(Math.abs(y) <= POLE + ROUNDING)) return [Number.NaN, Number.NaN];
    return [x === 0 ? 0 : onMap(x / Math.cos(y)), y];
  },
};

/**
 * Mollweide's projection (section 5.3.3). Its angle gamma, 2 gamma + sin(2 gamma) = pi sin(theta), is taken from the pole, where it
 * changes fast: of delta = pi / 2 - |gamma| and the distance z of the pole, 2 delta - sin(2 delta) = 2 pi sin(z / 2)^2.
 */
const MOL: Projection = {
  theta0: 0,
  defaults: [],
  toPlane: (phi, theta) => {
    const wanted = 2 * Math.PI * Math.sin((POLE - Math.abs(theta)) / 2) ** 2;
    // Of delta^3 4/3 (1 - delta^2 / 5 ...) = wanted; the step of Newton that follows overshoots a convex function, the others come down.
    const first = Math.cbrt(0.75 * wanted);
    let delta = first * (1 + (first * first) / 15);
    let step = first < 1e-3 ? 0 : 1;
    for (let turn = 0; turn < 20 && Math.abs(step) > 1e-15; turn++) {
      step = (2 * delta - Math.sin(2 * delta) - wanted) / (4 * Math.sin(delta) ** 2);
      delta -= step;
    }
    return [
      ((2 * Math.SQRT2) / Math.PI) * phi * Math.sin(delta),
      Math.SQRT2 * Math.cos(delta) * Math.sign(theta),
    ];
  },
  toSphere: (x, y) => {
    const delta = POLE - Math.abs(arcSine(y / Math.SQRT2));
    const halfSine = Math.sqrt((2 * delta - Math.sin(2 * delta)) / (2 * Math.PI));
    return [
      x === 0 ? 0 : onMap((Math.PI * x) / (2 * Math.SQRT2 * Math.sin(delta))),
      (POLE - 2 * arcSine(halfSine)) * Math.sign(y),
    ];
  },
};

/** The Hammer-Aitoff projection (section 5.3.4). */
const AIT: Projection = {
  theta0: 0,
  defaults: [],
  toPlane: (phi, theta) => {
    const cosine = Math.cos(theta);
    const gamma = Math.sqrt(2 / (1 + cosine * Math.cos(phi / 2)));
    return [2 * gamma * cosine * Math.sin(phi / 2), gamma * Math.sin(theta)];
  },
  toSphere: (x, y) => {
    const square = 1 - (x / 4) ** 2 - (y / 2) ** 2;
    const z = Math.sqrt(square);
    return [
      2 * Math.atan2((z * x) / 2, 2 * square - 1),
      square >= 0.5 - ROUNDING ? arcSine(y * z) : Number.NaN,
    ];
  },
};

/** The projections by the code that CTYPE names. Cylindrical ones repeat the sky beyond 180 degrees of longitude. */
export const PROJECTIONS: Readonly<Record<Exclude<SkyProjection, "linear">, Projection>> = {
  TAN: zenithal((angle) => (angle < POLE ? Math.tan(angle) : Number.NaN), Math.atan),
  SIN,
  ARC: zenithal(
    (angle) => angle,
    (radius) => (radius <= Math.PI ? radius : Number.NaN),
  ),
  STG: zenithal(
    (angle) => 2 * Math.tan(angle / 2),
    (radius) => 2 * Math.atan(radius / 2),
  ),
  ZEA: zenithal(
    (angle) => 2 * Math.sin(angle / 2),
    (radius) => 2 * Math.asin(radius / 2),
  ),
  CEA: cylindrical(
    (theta, [lambda]) => Math.sin(theta) / lambda,
    (y, [lambda]) => arcSine(lambda * y),
    {
      defaults: [1],
      rule: {
        holds: ([lambda]) => lambda > 0 && lambda <= 1,
        text: "lambda of CEA must be > 0 and at most 1",
      },
    },
  ),
  CAR: cylindrical(
    (theta) => theta,
    (y) => (Math.abs(y) <= POLE + ROUNDING ? y : Number.NaN),
  ),
  MER: cylindrical(
    (theta) => (Math.abs(theta) < POLE - ROUNDING ? Math.asinh(Math.tan(theta)) : Number.NaN),
    (y) => Math.atan(Math.sinh(y)),
  ),
  SFL,
  MOL,
  AIT,
};
