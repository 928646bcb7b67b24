import { InvalidInputError } from "../../errors.js";
import { checkShape, type Shape, type SkyImage } from "../../image.js";

/**
 * Check that a value from outside is an image of finite numbers >= 0, of a given shape if one is given.
 *
 * @param where start of the message
 * @param name what the image is, for the message
 * @returns the image; a copy with a `Float64Array` when the data were another kind of array
 * @throws InvalidInputError otherwise
 */
export function checkSkyImage(where: string, name: string, image: SkyImage, shape?: Shape): SkyImage {
  const checked = checkLayout(where, name, image, shape);
  const index = checked.data.findIndex((value) => !(value >= 0 && value < Number.POSITIVE_INFINITY));
  if (index >= 0) {
    throw pixelError(where, name, checked, index, "must be finite and >= 0", "replace such pixels");
  }
  return checked;
}

/**
 * Check that a value from outside has the layout of an image, whatever its pixels hold.
 *
 * @throws InvalidInputError when shape and data disagree, or the shape is not the one expected
 */
export function checkLayout(where: string, name: string, image: SkyImage, shape?: Shape): SkyImage {
  if (
    typeof image !== "object" ||
    image === null ||
    !Array.isArray(image.shape) ||
    !isArrayLike(image.data)
  ) {
    throw new InvalidInputError(
      `${where}: ${name} must be an image {data, shape}, got ${kind(image)}; see skyImage()`,
      { fields: { image: name } },
    );
  }
  checkShape(`${where}: ${name}`, image.shape);
  const [ny, nx] = image.shape;
  if (image.data.length !== ny * nx) {
    throw new InvalidInputError(
      `${where}: ${name} must hold ny * nx = ${ny * nx} values, got ${image.data.length}; check its shape [ny, nx]`,
      { fields: { image: name, length: image.data.length, shape: image.shape } },
    );
  }
  if (shape && (ny !== shape[0] || nx !== shape[1])) {
    throw new InvalidInputError(
      `${where}: ${name} must have the shape [${shape.join(", ")}] of the counts, got [${ny}, ${nx}]; ` +
        "cut out or rebin it to the same pixels",
      { fields: { image: name, shape: image.shape, expected: shape } },
    );
  }
  return image.data instanceof Float64Array
    ? image
    : { data: Float64Array.from(image.data), shape: [ny, nx] };
}

/**
 * Check a mask: 1 for detector pixels in use, 0 for the others, at least one in use.
 *
 * @throws InvalidInputError otherwise
 */
export function checkMask(where: string, mask: SkyImage, shape: Shape): SkyImage {
  const checked = checkLayout(where, "mask", mask, shape);
  const index = checked.data.findIndex((value) => value !== 0 && value !== 1);
  if (index >= 0) {
    const remedy = "compare it with a threshold first";
    throw pixelError(where, "mask", checked, index, "must be 1 (use) or 0 (ignore)", remedy);
  }
  if (!checked.data.includes(1)) {
    throw new InvalidInputError(
      `${where}: mask must leave at least one pixel in use, got 0 everywhere; 1 means use, 0 ignore: invert it?`,
      { fields: { image: "mask" } },
    );
  }
  return checked;
}

/** The error of one bad pixel, in the house's wording. */
export function pixelError(
  where: string,
  name: string,
  image: SkyImage,
  index: number,
  rule: string,
  remedy: string,
): InvalidInputError {
  const nx = image.shape[1];
  const row = Math.floor(index / nx);
  const col = index % nx;
  const value = image.data[index];
  return new InvalidInputError(`${where}: ${name} ${rule}, got ${value} at [${row}, ${col}]; ${remedy}`, {
    fields: { image: name, row, col, value },
  });
}

function isArrayLike(data: unknown): boolean {
  return Array.isArray(data) || (ArrayBuffer.isView(data) && !(data instanceof DataView));
}

function kind(value: unknown): string {
  return value === null ? "null" : typeof value;
}
