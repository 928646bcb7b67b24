import { InvalidInputError } from "../../errors.js";
import {
  cutout,
  imageSum,
  litRectangle,
  paddedImage,
  type Shape,
  type SkyImage,
  sameShape,
} from "../../image.js";
import { checkLayout } from "./check-image.js";
import { centredPsf, checkPsf, normalisePsf, psfCentre } from "./psf.js";

/** A psf and the place in the image where it holds. */
export interface PlacedPsf {
  /** Any shape, values >= 0; the place is its centre index `floor(n / 2)`. */
  readonly psf: SkyImage;
  /** Pixels of the counts from 0, any finite numbers, also beyond the image. */
  readonly x: number;
  readonly y: number;
}

/** A psf that may be the true one. */
export interface PsfMember {
  /** Values >= 0, sum 1; those of all members have one odd shape. */
  readonly psf: SkyImage;
  /** Probability before the data are seen, > 0; those of all members sum to 1. */
  readonly weight: number;
}

type Place = Pick<PlacedPsf, "x" | "y">;

/**
 * A psf: one image that holds everywhere, psfs at places between which it varies, or several of which one is true (`psfEnsemble`).
 *
 * With `places` the light of pixel j is spread by `sum_b w_b[j] psf_b`, the weights of `psfShares`, and `data` is the mean of the psfs,
 * for what asks how wide the psf is and for pictures. With `members` it is their mean by weight.
 */
export interface Psf extends SkyImage {
  /** At least two, at different places; absent where one psf holds everywhere. */
  readonly places?: readonly PlacedPsf[];
  /** At least two; absent where the psf is known. Not together with `places`. */
  readonly members?: readonly PsfMember[];
  /** The psf is the mean of the members and so many of their principal components, see `withComponents`; absent where it is one of them. */
  readonly components?: number;
  /** How chains go about what is not known of it: `"ensemble"`, each pair of them keeps one of its forms; absent where they draw it. */
  readonly law?: "ensemble";
  /** Relative standard error of its width, see `withWidthError`; absent where that is known. */
  readonly widthError?: number;
  /** Standard error of where the observation lies, on each axis in pixels of the counts, see `withPointingError`; absent where that is known. */
  readonly pointingError?: number;
}

/** The light that takes part in the psf of a place. */
export interface PsfShare {
  readonly psf: SkyImage;
  /** First row and column of the box of pixels with a weight. */
  readonly row: number;
  readonly col: number;
  /** Weights in [0, 1] of the pixels of the box; those of all shares sum to 1 in every pixel. */
  readonly weights: SkyImage;
}

/**
 * A psf that varies over the field, from psfs at places: on a grid of any spacing bilinear between them, else by distance from the four
 * nearest (`psfShares`). Each is scaled to sum 1 and gets zeros around it until all have one shape. Where all are the same, that psf.
 *
 * @param where beginning of messages
 * @throws InvalidInputError for an empty list, a place that is not finite or stands twice, or a psf that breaks a rule of `Observation`
 */
export function psfSet(given: readonly PlacedPsf[], where = "psf set"): Psf {
  if (!Array.isArray(given) || given.length === 0) {
    throw new InvalidInputError(`${where}: must hold at least one psf at a place, got none; add one`);
  }
  const places = given.map(({ psf, x, y }: PlacedPsf) => {
    const name = `${where}: psf at ${x}, ${y}`;
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      throw new InvalidInputError(`${name}: must have a place of two finite numbers; correct it`);
    }
    return { psf: checkedUnitPsf(name, psf), x, y };
  });
  checkPlacesDiffer(places, where);
  const [{ psf: first }] = places;
  if (places.every(({ psf }) => sameImage(psf, first))) return first;
  const images = alikePsfs(places);
  return { ...meanPsf(images), places: places.map(({ x, y }, index) => ({ psf: images[index], x, y })) };
}

/** @throws InvalidInputError where two psfs have one place */
export function checkPlacesDiffer(places: readonly Omit<PlacedPsf, "psf">[], where: string): void {
  const twice = places.find((one, index) =>
    places.some((other, before) => before < index && other.x === one.x && other.y === one.y),
  );
  if (twice === undefined) return;
  throw new InvalidInputError(
    `${where}: places must differ, got two psfs at ${twice.x}, ${twice.y}; leave one out`,
  );
}

/** A sum, or 1 where it has been scaled to that: what is read or checked again keeps its bytes. */
export function unitSum(sum: number): number {
  return Math.abs(sum - 1) < 1e-12 ? 1 : sum;
}

/** A psf scaled to sum 1 unless it has been. */
export function unitPsf(psf: SkyImage): SkyImage {
  return unitSum(imageSum(psf)) === 1 ? psf : normalisePsf(psf);
}

/** A psf that was given, scaled to sum 1 unless it has been. @throws InvalidInputError when it breaks a rule of `Observation` */
export function checkedUnitPsf(where: string, psf: SkyImage): SkyImage {
  const image = checkLayout(where, "psf", psf);
  checkPsf(where, image);
  return unitPsf(image);
}

/** Mean of the psfs of members by weight. */
export function meanOfMembers(members: readonly PsfMember[]): SkyImage {
  const [{ psf: first }] = members;
  const mean = new Float64Array(first.data.length);
  for (const { psf, weight } of members) {
    for (let cell = 0; cell < mean.length; cell++) mean[cell] += weight * psf.data[cell];
  }
  return { data: mean, shape: first.shape };
}

/** Whether two images are the same. */
export function sameImage(one: SkyImage, other: SkyImage): boolean {
  return sameShape(one, other) && one.data.every((value, index) => value === other.data[index]);
}

/** Mean of psfs of one shape. */
function meanPsf(images: readonly SkyImage[]): SkyImage {
  const { shape } = images[0];
  const data = new Float64Array(shape[0] * shape[1]);
  for (const image of images) {
    for (let index = 0; index < data.length; index++) data[index] += image.data[index] / images.length;
  }
  return { data, shape };
}

/** Mean of psfs of any shapes, each scaled to sum 1. */
export function meanOfPsfs(psfs: readonly SkyImage[]): SkyImage {
  return meanPsf(alikePsfs(psfs.map((psf) => ({ psf: unitPsf(psf) }))));
}

/** Psfs with zeros around them, all of one odd shape. */
export function alikePsfs(places: readonly Pick<PlacedPsf, "psf">[]): SkyImage[] {
  const images = places.map(({ psf }) => centredPsf({ psf, centre: psfCentre(psf) }));
  const most = (axis: 0 | 1) => Math.max(...images.map((image) => image.shape[axis]));
  const shape: Shape = [most(0), most(1)];
  return images.map((image) => {
    const [top, left] = [0, 1].map((axis) => (shape[axis] - image.shape[axis]) / 2);
    return paddedImage(image, shape, top, left);
  });
}

/** All psfs of a psf: one, or those of its places or members. */
export function psfsOf(psf: Psf): readonly SkyImage[] {
  return (psf.places ?? psf.members)?.map((one) => one.psf) ?? [psf];
}

/** All numbers that a psf consists of, as images: for checksums. */
export function psfImages(psf: Psf): SkyImage[] {
  const places = (psf.places ?? []).flatMap(({ psf: image, x, y }): SkyImage[] => [
    image,
    { data: Float64Array.of(x, y), shape: [1, 2] },
  ]);
  const members = (psf.members ?? []).flatMap(({ psf: image, weight }): SkyImage[] => [
    image,
    { data: Float64Array.of(weight), shape: [1, 1] },
  ]);
  const { widthError = 0, pointingError = 0, components } = psf;
  const errors: SkyImage = { data: Float64Array.of(widthError, pointingError), shape: [1, 2] };
  return [
    ...[psf, ...places, ...members],
    ...(widthError + pointingError > 0 ? [errors] : []),
    ...(components === undefined ? [] : [{ data: Float64Array.of(components), shape: [1, 1] } as SkyImage]),
    ...(psf.law === undefined ? [] : [{ data: new Float64Array(1), shape: [1, 1] } as SkyImage]),
  ];
}

/**
 * Change all images of a psf alike, and its places.
 *
 * @param move where a place lies afterwards; default where it was
 */
export function mapPsf(
  psf: Psf,
  change: (image: SkyImage) => SkyImage,
  move: (place: Place) => Place = (place) => place,
): Psf {
  const places = psf.places?.map(({ psf: image, x, y }) => ({ psf: change(image), ...move({ x, y }) }));
  const members = psf.members?.map((member) => ({ ...member, psf: change(member.psf) }));
  return {
    ...psf,
    ...change({ data: psf.data, shape: psf.shape }),
    ...(places && { places }),
    ...(members && { members }),
  };
}

/** The psf for a part of the image that begins at pixel (x, y): its places count from there. */
export function cutPsf(psf: Psf, { x, y }: Place): Psf {
  if (psf.places === undefined) return psf;
  return mapPsf(
    psf,
    (image) => image,
    (place) => ({ x: place.x - x, y: place.y - y }),
  );
}

/**
 * How the light of an image's pixels is shared among the psfs of the places.
 *
 * On a grid of places, every x with every y, bilinear; beyond its edge the nearest place holds. Else by distance from the four nearest
 * places, `w_b ~ (1 / d_b - 1 / R)^2` with R the distance of the fifth (Franke & Little's weights, in Barnhill 1977), which is continuous:
 * a place has no weight left where another takes its turn. Places without weight anywhere in the image are left out.
 *
 * Only + - * / and square roots are used: the same bytes everywhere.
 *
 * @param shape `[ny, nx]` of the image, whose pixels the places count
 */
export function psfShares(places: readonly PlacedPsf[], shape: Shape): PsfShare[] {
  const boxes = gridBoxes(places, shape) ?? scatteredBoxes(places, shape);
  return boxes.flatMap((box, index) => (box === undefined ? [] : [{ psf: places[index].psf, ...box }]));
}

type Box = Omit<PsfShare, "psf">;

/** Bilinear weights; undefined unless the places are a grid. */
function gridBoxes(places: readonly PlacedPsf[], [ny, nx]: Shape): (Box | undefined)[] | undefined {
  const sorted = (values: readonly number[]) => [...new Set(values)].sort((a, b) => a - b);
  const xs = sorted(places.map(({ x }) => x));
  const ys = sorted(places.map(({ y }) => y));
  if (xs.length * ys.length !== places.length) return undefined;
  const rows = ys.map((_, index) => hat(ys, index, ny));
  const cols = xs.map((_, index) => hat(xs, index, nx));
  return places.map(({ x, y }) => {
    const down = rows[ys.indexOf(y)];
    const across = cols[xs.indexOf(x)];
    if (down.weights.length === 0 || across.weights.length === 0) return undefined;
    const data = Float64Array.from(
      { length: down.weights.length * across.weights.length },
      (_, cell) =>
        down.weights[Math.floor(cell / across.weights.length)] * across.weights[cell % across.weights.length],
    );
    const shape: Shape = [down.weights.length, across.weights.length];
    return { row: down.first, col: across.first, weights: { data, shape } };
  });
}

/** Weight of one of several positions along an axis of `size` pixels, linear to its neighbours: first pixel with one, and the weights. */
function hat(
  positions: readonly number[],
  index: number,
  size: number,
): { readonly first: number; readonly weights: readonly number[] } {
  const own = positions[index];
  const before = positions[index - 1];
  const after = positions[index + 1];
  const weight = (pixel: number) => {
    if (pixel < own) return before === undefined ? 1 : Math.max(0, (pixel - before) / (own - before));
    return after === undefined || pixel === own ? 1 : Math.max(0, (after - pixel) / (after - own));
  };
  const weights = Array.from({ length: size }, (_, pixel) => weight(pixel));
  const first = weights.findIndex((value) => value > 0);
  if (first < 0) return { first: 0, weights: [] };
  return { first, weights: weights.slice(first, weights.findLastIndex((value) => value > 0) + 1) };
}

/** Places that share the light of a pixel, unless they are a grid. */
const NEAREST = 4;

function scatteredBoxes(places: readonly PlacedPsf[], [ny, nx]: Shape): (Box | undefined)[] {
  const whole = places.map(() => new Float64Array(ny * nx));
  for (let pixel = 0; pixel < ny * nx; pixel++) {
    const row = Math.floor(pixel / nx);
    const col = pixel % nx;
    const near = places
      .map(({ x, y }, index) => ({ index, distance: Math.sqrt((x - col) ** 2 + (y - row) ** 2) }))
      .sort((a, b) => a.distance - b.distance);
    const limit = near[NEAREST]?.distance ?? Number.POSITIVE_INFINITY;
    // At a place, or as far from five of them.
    const [{ index: nearest, distance: least }] = near;
    if (least === 0 || least === limit) {
      whole[nearest][pixel] = 1;
      continue;
    }
    const weights = near.slice(0, NEAREST).map(({ distance }) => (1 / distance - 1 / limit) ** 2);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const [at, weight] of weights.entries()) whole[near[at].index][pixel] = weight / total;
  }
  return whole.map((data) => boxOf({ data, shape: [ny, nx] }));
}

/** The smallest box with all weights above 0; undefined without any. */
function boxOf(weights: SkyImage): Box | undefined {
  const lit = litRectangle(weights);
  return lit && { row: lit.rows[0], col: lit.cols[0], weights: cutout(weights, lit.rows, lit.cols) };
}

/**
 * The part of an image that a share takes: its pixels times their weights, 0 elsewhere.
 *
 * @param image `[ny, nx]`
 */
export function sharedLight({ row, col, weights }: PsfShare, image: SkyImage): SkyImage {
  const nx = image.shape[1];
  const data = new Float64Array(image.data.length);
  for (let index = 0; index < weights.data.length; index++) {
    const pixel = (row + Math.floor(index / weights.shape[1])) * nx + col + (index % weights.shape[1]);
    data[pixel] = weights.data[index] * image.data[pixel];
  }
  return { data, shape: image.shape };
}
