// Test-only door to random.ts and special.ts: everything by name, and loops that fill memory. Not part of the package.

export * from "./count-draws";
export { layOutLogGamma } from "./log-gamma-layers";
export { allocate } from "./memory";
export * from "./random";
export { digamma, exp, log, logGamma, stirlingRemainder, trigamma } from "./special";

import { drawBinomial, drawPoisson } from "./count-draws";
import { drawKnownLogGamma } from "./log-gamma-layers";
import {
  drawExponential,
  drawGamma,
  drawIndex,
  drawLogGamma,
  drawLogGammas,
  drawNormal,
  drawUniform,
  nextBits,
} from "./random";
import { digamma, exp, expPair, log, logGamma, logPair, trigamma } from "./special";

/** Fill `count` u64 with random bits. */
export function fillBits(out: usize, count: i32): void {
  for (let i = 0; i < count; i++) store<u64>(out + ((<usize>i) << 3), nextBits());
}

/** Fill `count` f64 with uniforms. */
export function fillUniform(out: usize, count: i32): void {
  for (let i = 0; i < count; i++) store<f64>(out + ((<usize>i) << 3), drawUniform());
}

/** Fill `count` f64 with standard normals. */
export function fillNormal(out: usize, count: i32): void {
  for (let i = 0; i < count; i++) store<f64>(out + ((<usize>i) << 3), drawNormal());
}

/** Fill `count` f64 with exponentials. */
export function fillExponential(out: usize, count: i32): void {
  for (let i = 0; i < count; i++) store<f64>(out + ((<usize>i) << 3), drawExponential());
}

/** Fill `count` f64 with Gamma numbers of one shape. */
export function fillGamma(out: usize, count: i32, shape: f64): void {
  for (let i = 0; i < count; i++) store<f64>(out + ((<usize>i) << 3), drawGamma(shape));
}

/** Fill `count` f64 with log-Gamma numbers of the shape of `layOutLogGamma`. */
export function fillKnownLogGamma(out: usize, count: i32, layers: usize): void {
  for (let i = 0; i < count; i++) store<f64>(out + ((<usize>i) << 3), drawKnownLogGamma(layers));
}

/** Fill `count` f64 with log-Gamma numbers of one shape. */
export function fillLogGamma(out: usize, count: i32, shape: f64): void {
  for (let i = 0; i < count; i++) store<f64>(out + ((<usize>i) << 3), drawLogGamma(shape));
}

/** Replace `count` shapes by log-Gamma numbers, `block` at a time. */
export function fillLogGammas(shapes: usize, count: i32, block: i32): void {
  for (let i = 0; i < count; i += block) {
    const at = shapes + ((<usize>i) << 3);
    drawLogGammas(at, at, min(block, count - i));
  }
}

/** Fill `count` f64 with Poisson counts of one mean. */
export function fillPoisson(out: usize, count: i32, mean: f64): void {
  for (let i = 0; i < count; i++) store<f64>(out + ((<usize>i) << 3), drawPoisson(mean));
}

/** Fill `count` f64 with binomial counts of one (n, p). */
export function fillBinomial(out: usize, count: i32, n: f64, p: f64): void {
  for (let i = 0; i < count; i++) store<f64>(out + ((<usize>i) << 3), drawBinomial(n, p));
}

/** Fill `count` i32 with indices in [0, n). */
export function fillIndex(out: usize, count: i32, n: i32): void {
  for (let i = 0; i < count; i++) store<i32>(out + ((<usize>i) << 2), drawIndex(n));
}

/** Functions that `mapScalar` and `mapPair` apply, by number. */
export const LOG: i32 = 0;
export const EXP: i32 = 1;
export const STANDARD_LOG: i32 = 2;
export const STANDARD_EXP: i32 = 3;
export const LOG_GAMMA: i32 = 4;
export const DIGAMMA: i32 = 5;
export const TRIGAMMA: i32 = 6;

/** Apply one scalar function to `count` f64. */
export function mapScalar(which: i32, x: usize, out: usize, count: i32): void {
  const end = (<usize>count) << 3;
  if (which === LOG) for (let i: usize = 0; i < end; i += 8) store<f64>(out + i, log(load<f64>(x + i)));
  if (which === EXP) for (let i: usize = 0; i < end; i += 8) store<f64>(out + i, exp(load<f64>(x + i)));
  if (which === STANDARD_LOG)
    for (let i: usize = 0; i < end; i += 8) store<f64>(out + i, Math.log(load<f64>(x + i)));
  if (which === STANDARD_EXP)
    for (let i: usize = 0; i < end; i += 8) store<f64>(out + i, Math.exp(load<f64>(x + i)));
  if (which === LOG_GAMMA)
    for (let i: usize = 0; i < end; i += 8) store<f64>(out + i, logGamma(load<f64>(x + i)));
  if (which === DIGAMMA)
    for (let i: usize = 0; i < end; i += 8) store<f64>(out + i, digamma(load<f64>(x + i)));
  if (which === TRIGAMMA)
    for (let i: usize = 0; i < end; i += 8) store<f64>(out + i, trigamma(load<f64>(x + i)));
}

/** Apply `logPair` or `expPair` to `count` f64; count even. */
export function mapPair(which: i32, x: usize, out: usize, count: i32): void {
  const end = (<usize>count) << 3;
  if (which === LOG) for (let i: usize = 0; i < end; i += 16) v128.store(out + i, logPair(v128.load(x + i)));
  if (which === EXP) for (let i: usize = 0; i < end; i += 16) v128.store(out + i, expPair(v128.load(x + i)));
}
