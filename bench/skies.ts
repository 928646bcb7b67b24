// Skies whose truth is known, for `bench:exactness` and `study:priors`: images of expected counts, and the sources on them.
import { existsSync, readFileSync } from "node:fs";
import { fluxFromPicture } from "../src/data/observation/picture.js";
import { constantImage, imageSum, type Shape, type SkyImage } from "../src/image.js";

/** A part of a sky whose flux somebody would want to know. */
export interface Source {
  readonly name: string;
  /** Pixels `row * nx + col`. */
  readonly pixels: readonly number[];
}

/** A sky at one size and one brightness. */
export interface Sky {
  readonly name: string;
  readonly brightness: "bright" | "faint";
  /** True flux `[ny, nx]`, expected counts a pixel. */
  readonly flux: SkyImage;
  /** The source that astronomers would ask for first comes first; none in an empty field. */
  readonly sources: readonly Source[];
}

/** How a sky looks: brightness of a place in any unit. Places are pixels of a 32 x 32 image, whatever the size. */
interface Scene {
  readonly name: string;
  /** Expected counts, bright and faint, at 32 x 32 and 64 x 64. */
  readonly counts?: Readonly<Record<number, readonly [bright: number, faint: number]>>;
  readonly paint: (size: number) => SkyImage;
  readonly sources: (size: number) => Source[];
}

type Place = (row: number, col: number) => number;

const COUNTS = { 32: [5_000, 400], 64: [20_000, 1_500] } as const;

function paint(shape: Shape, value: Place): SkyImage {
  const image = constantImage(shape, 0);
  for (let row = 0; row < shape[0]; row++) {
    for (let col = 0; col < shape[1]; col++) image.data[row * shape[1] + col] = value(row, col);
  }
  return image;
}

/** An image of `size` pixels a side from brightness at places of a 32 x 32 one, and points of a single pixel. */
function scene(
  size: number,
  diffuse: Place,
  points: readonly (readonly [row: number, col: number, flux: number])[] = [],
): SkyImage {
  const scale = size / 32;
  // The centre of a pixel of the larger image lies between those of the smaller one.
  const at = (pixel: number) => (pixel + 0.5) / scale - 0.5;
  const image = paint([size, size], (row, col) => diffuse(at(row), at(col)) / scale ** 2);
  for (const [row, col, flux] of points) image.data[size * pixelAt(size, row) + pixelAt(size, col)] += flux;
  return image;
}

const pixelAt = (size: number, place: number) => Math.floor((place * size) / 32);

/** The pixels of a region given by a rule for places of a 32 x 32 image. */
function region(name: string, size: number, isInside: (row: number, col: number) => boolean): Source {
  const inside = scene(size, (row, col) => Number(isInside(row, col)));
  return { name, pixels: [...inside.data.keys()].filter((pixel) => inside.data[pixel] > 0) };
}

/** Pixels around a point: 5 x 5, whatever the size of the image, because a psf does not grow with it. */
function box(name: string, size: number, row: number, col: number): Source {
  const [top, left] = [pixelAt(size, row) - 2, pixelAt(size, col) - 2];
  return {
    name,
    pixels: Array.from(
      { length: 25 },
      (_, index) => size * (top + Math.floor(index / 5)) + left + (index % 5),
    ),
  };
}

function gaussian(row: number, col: number, centre: readonly [number, number], sigma: number): number {
  return Math.exp(-0.5 * (((row - centre[0]) / sigma) ** 2 + ((col - centre[1]) / sigma) ** 2));
}

/** Distance of a point to a curve that winds through the unit square. */
function filamentDistance(x: number, y: number): number {
  let least = 1;
  for (let step = 0; step <= 100; step++) {
    const t = step / 100;
    least = Math.min(least, Math.hypot(x - t, y - (0.5 + 0.3 * Math.sin(5 * t) * (1 - 0.5 * t))));
  }
  return least;
}

/** A winding thread across the image; `width` is its sigma in parts of the side. */
function filament(size: number, width: number): SkyImage {
  return paint([size, size], (row, col) =>
    Math.exp(-0.5 * (filamentDistance(col / size, row / size) / width) ** 2),
  );
}

/** Depth of a ball along the line of sight at a distance from its centre. */
const depth = (radius: number, distance: number) => Math.sqrt(Math.max(0, radius ** 2 - distance ** 2));

const POINTS = [
  [8, 7, 5],
  [25, 26, 3],
  [9, 22, 2],
  [20, 13, 1],
] as const;
const KNOTS = [
  [13, 13, 0.07],
  [15, 16, 0.06],
  [16, 18, 0.05],
  [18, 21, 0.04],
  [20, 24, 0.03],
] as const;

/** Along and across the axis of the jet, from its core. */
function jetAxis(row: number, col: number): readonly [along: number, across: number] {
  const [dy, dx] = [row - 11, col - 9];
  const turn = Math.atan2(9, 15);
  return [dx * Math.cos(turn) + dy * Math.sin(turn), dy * Math.cos(turn) - dx * Math.sin(turn)];
}
const cocoon: Place = (row, col) => {
  const [along, across] = jetAxis(row, col);
  return Math.exp(-0.5 * (((along - 8) / 5) ** 2 + (across / 2.2) ** 2));
};

/** Radius and position angle about the middle of the image. */
function polar(row: number, col: number): readonly [radius: number, angle: number] {
  return [Math.hypot(row - 15.5, col - 15.5), Math.atan2(row - 15.5, col - 15.5)];
}
const SHELL = { inner: 6.8, outer: 8.6 };
const CAVITY = { row: 13, col: 20, radius: 2.4 };
const inCavity = (row: number, col: number) => Math.hypot(row - CAVITY.row, col - CAVITY.col) < CAVITY.radius;

const DRAWN: readonly Scene[] = [
  {
    name: "points",
    paint: (size) => scene(size, () => 0, POINTS),
    sources: (size) => POINTS.map(([row, col], index) => box(`point ${index + 1}`, size, row, col)),
  },
  {
    name: "disk",
    paint: (size) => scene(size, (row, col) => Number(Math.hypot(row - 15, col - 17) < 7.3)),
    sources: (size) => [
      region("disk", size, (row, col) => Math.hypot(row - 15, col - 17) < 9.3),
      region("its middle", size, (row, col) => Math.hypot(row - 15, col - 17) < 4),
    ],
  },
  {
    name: "Gaussian and points",
    paint: (size) =>
      scene(size, (row, col) => gaussian(row, col, [15, 14], 4), [
        [6, 24, 30],
        [26, 9, 15],
      ]),
    sources: (size) => [
      box("bright point", size, 6, 24),
      box("faint point", size, 26, 9),
      region("Gaussian", size, (row, col) => Math.hypot(row - 15, col - 14) < 6),
    ],
  },
  {
    name: "jet",
    counts: { 32: [2_000, 300], 64: [8_000, 1_200] },
    // Core 0.4, knots 0.25 and cocoon 0.35 of the light; the cocoon's integral is 2 pi 5 2.2.
    paint: (size) =>
      scene(size, (row, col) => (0.35 * cocoon(row, col)) / (2 * Math.PI * 11), [[11, 9, 0.4], ...KNOTS]),
    sources: (size) => [
      box("core", size, 11, 9),
      ...KNOTS.slice(2).map(([row, col], index) => box(`knot ${index + 3}`, size, row, col)),
      region("jet", size, (row, col) => {
        const [along, across] = jetAxis(row, col);
        return along > 2.5 && along < 20 && Math.abs(across) < 5;
      }),
    ],
  },
  {
    name: "thread",
    counts: { 32: [5_000, 600], 64: [20_000, 2_400] },
    paint: (size) => filament(size, 0.02),
    sources: (size) => {
      const isNear = (row: number, col: number) =>
        filamentDistance((col + 0.5) / 32, (row + 0.5) / 32) < 0.09;
      return [
        region("right half", size, (row, col) => col >= 15.5 && isNear(row, col)),
        region("left half", size, (row, col) => col < 15.5 && isNear(row, col)),
      ];
    },
  },
  {
    name: "shell",
    // A hollow ball seen from outside, brighter on one side; nothing within but its front and back.
    paint: (size) =>
      scene(size, (row, col) => {
        const [radius, angle] = polar(row, col);
        return (depth(SHELL.outer, radius) - depth(SHELL.inner, radius)) * (1 + 0.7 * Math.cos(angle - 0.8));
      }),
    sources: (size) =>
      ["brighter side", "fainter side"].map((name, side) =>
        region(name, size, (row, col) => {
          const [radius, angle] = polar(row, col);
          return radius < SHELL.outer + 2 && Math.cos(angle - 0.8) > 0 === (side === 0);
        }),
      ),
  },
  {
    name: "close pair",
    paint: (size) => {
      const image = constantImage([size, size], 0);
      const middle = pixelAt(size, 15) * (size + 1);
      image.data[middle] = 20;
      image.data[middle + 2] = 1;
      return image;
    },
    sources: (size) => {
      const middle = pixelAt(size, 15) * (size + 1);
      const columns = (name: string, from: number) => ({
        name,
        pixels: Array.from(
          { length: 15 },
          (_, index) => middle + size * (Math.floor(index / 3) - 2) + from + (index % 3),
        ),
      });
      return [
        { name: "both", pixels: box("", size, 15, 15).pixels.flatMap((pixel) => [pixel, pixel + 2]) },
        columns("brighter one", -2),
        columns("fainter one", 2),
      ].map(({ name, pixels }) => ({ name, pixels: [...new Set(pixels)] }));
    },
  },
  {
    name: "cluster",
    // A beta model with beta = 2/3 and a core of 3 pixels, out to where the frame ends, and a cavity with a fifth of its light.
    paint: (size) =>
      scene(size, (row, col) => {
        const [radius] = polar(row, col);
        return radius < 14 ? (1 + (radius / 3) ** 2) ** -1.5 * (inCavity(row, col) ? 0.2 : 1) : 0;
      }),
    sources: (size) => [
      region("core", size, (row, col) => polar(row, col)[0] < 4 && !inCavity(row, col)),
      region("cavity", size, inCavity),
      region(
        "outskirts",
        size,
        (row, col) => polar(row, col)[0] >= 7 && polar(row, col)[0] < 14 && !inCavity(row, col),
      ),
    ],
  },
];

const PICTURE = new URL("../../../shared/data/images/lincoln.png", import.meta.url);

const PORTRAIT: Scene = {
  name: "portrait",
  counts: { 32: [20_000, 1_500], 64: [20_000, 1_500] },
  paint: (size) => fluxFromPicture(new Uint8Array(readFileSync(PICTURE)), { shape: [size, size] }),
  sources: (size) => [
    region("middle", size, (row, col) => Math.abs(row - 15.5) < 8 && Math.abs(col - 15.5) < 8),
    region("upper left", size, (row, col) => row < 15.5 && col < 15.5),
  ],
};

function scaled(flux: SkyImage, total: number): SkyImage {
  const sum = imageSum(flux);
  return { data: flux.data.map((value) => (value * total) / sum), shape: flux.shape };
}

/** Whether the picture of the portrait is beside the checkout. */
export const hasPortrait = existsSync(PICTURE);

/**
 * The skies of one size, bright and faint; the portrait only where its picture is at hand. The empty field comes last, once.
 *
 * All but the portrait, the thread and the tail of the Gaussian keep their light five pixels or more from the edges, so that it hardly
 * matters what becomes of photons beyond them.
 *
 * @param size 32 or 64 pixels a side
 */
export function skies(size: 32 | 64): Sky[] {
  const scenes = hasPortrait ? [...DRAWN, PORTRAIT] : DRAWN;
  const painted = scenes.flatMap(({ name, counts = COUNTS, ...drawn }) =>
    (["bright", "faint"] as const).map((brightness, index) => ({
      ...{ name, brightness, sources: drawn.sources(size) },
      flux: scaled(drawn.paint(size), counts[size][index]),
    })),
  );
  return [
    ...painted,
    { name: "empty field", brightness: "faint", flux: constantImage([size, size], 0), sources: [] },
  ];
}

/** The skies of docs/exactness.md: five of the above at one size each, and a large one. */
export function exactnessSkies(): Pick<Sky, "name" | "flux">[] {
  const [small, large] = [skies(32), skies(64)];
  const find = (list: Sky[], name: string, brightness: string) =>
    list.filter((sky) => sky.name === name && sky.brightness === brightness);
  const wide = paint([128, 128], (row, col) => {
    const thread = Math.exp(-0.5 * (filamentDistance(col / 128, row / 128) / 0.012) ** 2);
    return thread + 0.3 * gaussian(row, col, [80, 40], 14) + (row === 30 && col === 90 ? 40 : 0);
  });
  const list = (["bright", "faint"] as const).flatMap((brightness, index) => [
    ...["points", "disk", "Gaussian and points"].flatMap((name) => find(small, name, brightness)),
    // 1,500 counts, as in the tables of that page.
    ...find(large, "thread", brightness).map((sky) => ({
      ...sky,
      flux: scaled(sky.flux, [20_000, 1_500][index]),
    })),
    { name: "thread, cloud and point, 128 x 128", brightness, flux: scaled(wide, [40_000, 1_500][index]) },
    ...find(large, "portrait", brightness),
  ]);
  return [
    ...list.map(({ name, brightness, flux }) => ({ name: `${name}, ${brightness}`, flux })),
    ...find(small, "empty field", "faint"),
  ];
}
