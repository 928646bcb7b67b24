/** Stored numbers to physical ones: `physical = zero + scale * stored` (FITS standard 4.0, sections 4.4.2.5 and 7.3.2). */

import { FormatError } from "../errors.js";
import type { FitsNumberCode, StoredArray } from "./fits-bytes.js";
import { type FitsHeader, headerNumber } from "./fits-header.js";

/** Typed arrays of physical numbers. */
export type NumberArray =
  | Uint8Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

/** Typed arrays of physical numbers where 64-bit integers stay exact. */
export type ExactArray = NumberArray | BigInt64Array<ArrayBuffer> | BigUint64Array<ArrayBuffer>;

/** How stored numbers become physical ones. */
export interface Scaling {
  readonly scale: number;
  /** 2^63 is exact as a number. */
  readonly zero: number;
  /** Stored integer that means "no value". */
  readonly blank?: number | bigint;
}

/** Scaling by the cards of these names. @throws FormatError when scale or zero point is no number */
export function readScaling(
  where: string,
  header: FitsHeader,
  [scaleCard, zeroCard, blankCard]: readonly [scale: string, zero: string, blank?: string],
): Scaling {
  const scale = headerNumber(where, header, scaleCard, 1);
  const zero = headerNumber(where, header, zeroCard, 0);
  const blank = blankCard === undefined ? undefined : header.get(blankCard);
  const whole = typeof blank === "bigint" || (typeof blank === "number" && Number.isInteger(blank));
  return whole ? { scale, zero, blank } : { scale, zero };
}

/** The integers of other signedness: the zero point that turns each type into its own, and their arrays. */
export const SIGN_ZERO = { B: -128n, I: 2n ** 15n, J: 2n ** 31n, K: 2n ** 63n } as const;
export const OTHER_SIGN = { B: Int8Array, I: Uint16Array, J: Uint32Array, K: BigUint64Array } as const;

/** Whether scale and zero point only change the signedness. */
export function isOtherSign(code: FitsNumberCode, { scale, zero }: Scaling): code is keyof typeof SIGN_ZERO {
  return scale === 1 && code !== "E" && code !== "D" && zero === Number(SIGN_ZERO[code]);
}

function flipSign({ buffer, byteOffset, length }: StoredArray, code: keyof typeof SIGN_ZERO): ExactArray {
  const flipped = new OTHER_SIGN[code](buffer, byteOffset, length);
  if (flipped instanceof BigUint64Array) {
    for (let index = 0; index < length; index++) flipped[index] = flipped[index] ^ 0x8000000000000000n;
  } else {
    const top = 2 ** (8 * flipped.BYTES_PER_ELEMENT - 1);
    for (let index = 0; index < length; index++) flipped[index] = flipped[index] ^ top;
  }
  return flipped;
}

/**
 * 64-bit integers as numbers.
 *
 * @param blank value that reads as NaN
 * @throws FormatError when a value is beyond 2^53 and would lose digits
 */
export function safeNumbers(
  where: string,
  values: BigInt64Array | BigUint64Array,
  blank?: number | bigint,
): Float64Array<ArrayBuffer> {
  const limit = BigInt(Number.MAX_SAFE_INTEGER);
  const missing = blank === undefined ? undefined : BigInt(blank);
  const numbers = new Float64Array(values.length);
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (value === missing) {
      numbers[index] = Number.NaN;
      continue;
    }
    if (value > limit || value < -limit) {
      throw new FormatError(
        `${where}: 64-bit integers must lie within +-(2^53 - 1) to become numbers, got ${value} at ${index}; read the stored integers instead`,
        { fields: { index, value: String(value) } },
      );
    }
    numbers[index] = Number(value);
  }
  return numbers;
}

function scaleNumbers(stored: StoredArray, { scale, zero, blank }: Scaling): Float64Array<ArrayBuffer> {
  const numbers = new Float64Array(stored.length);
  const stands = stored instanceof BigInt64Array ? BigInt : Number;
  const missing = blank === undefined ? undefined : stands(blank);
  for (let index = 0; index < stored.length; index++) {
    const value = stored[index];
    numbers[index] = value === missing ? Number.NaN : zero + scale * Number(value);
  }
  return numbers;
}

/** @throws FormatError when numbers would all become the same, whatever is stored */
export function checkScale(where: string, { scale, zero }: Scaling, numbers: number): void {
  if (scale !== 0 || numbers === 0) return;
  throw new FormatError(
    `${where}: numbers must be stored with a scale (BSCALE, of columns TSCAL) other than 0, got 0, by which all of them are ${zero}; ` +
      "correct the header",
    { fields: { scale, zero } },
  );
}

/**
 * Physical values of stored numbers.
 *
 * Types are kept where they can be: unscaled numbers keep theirs, the unsigned conventions give the type of other
 * signedness, everything else (scaled, or with a blank value, which reads as NaN) is `Float64Array`.
 * 64-bit integers without scale stay 64-bit, blanks untouched.
 *
 * @param where start of the error message
 * @param stored taken over: the result may share its memory
 * @throws FormatError when the scale is 0
 */
export function applyScaling(
  where: string,
  stored: StoredArray,
  code: FitsNumberCode,
  scaling: Scaling,
): ExactArray {
  checkScale(where, scaling, stored.length);
  const { scale, zero, blank } = scaling;
  const plain = scale === 1 && zero === 0;
  if (stored instanceof BigInt64Array) {
    if (plain) return stored;
    return isOtherSign(code, scaling) ? flipSign(stored, code) : scaleNumbers(stored, scaling);
  }
  const integer = code !== "E" && code !== "D";
  if (integer && blank !== undefined) return scaleNumbers(stored, scaling);
  if (plain) return stored;
  return isOtherSign(code, scaling) ? flipSign(stored, code) : scaleNumbers(stored, { scale, zero });
}
