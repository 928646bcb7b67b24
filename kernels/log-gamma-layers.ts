// Logarithms of gamma numbers of shapes that are known before the first draw: those of children of few counts under the adaptive
// prior. Each shape has a ziggurat of its own, whose draws need no logarithm (Marsaglia and Tsang, J. Stat. Softw. 5:8, 2000).
//
// With x = log G and t = x - log a, the density of x is proportional to h = exp(-a (e^t - 1 - t)): at most 1, at t = 0, and log-concave.
// Layers of equal areas lie across it, wide ones below, each from the left end of the one below its upper edge to the right end; the
// lowest has the tails too, under the tangents of log h at its ends.

import { allocate } from "./memory";
import { drawExponential, drawUniform, nextBits } from "./random";
import { exp, log } from "./special";

/** A power of two, at most 256: random bits choose the layer. */
const LAYERS: i32 = 64;
const TWO_MINUS_53: f64 = 1.0 / 9007199254740992.0;

/** A layer: t uniform between its ends; between those of the next it needs no look at the density. */
@unmanaged
class Layer {
  left: f64;
  width: f64;
  nextLeft: f64;
  nextRight: f64;
}

/** Lower edge of a layer, and how far above it the upper one is. */
@unmanaged
class Edge {
  low: f64;
  height: f64;
}

/** A shape; its layers follow, the lowest first, and then their edges. */
@unmanaged
class Layers {
  shape: f64;
  logShape: f64;
  /** Slopes of log h at the ends of the lowest layer, both > 0. */
  leftSlope: f64;
  rightSlope: f64;
}

function layerAt(layers: usize, index: i32): Layer {
  return changetype<Layer>(layers + offsetof<Layers>() + <usize>index * offsetof<Layer>());
}

function edgeAt(layers: usize, index: i32): Edge {
  const edges = offsetof<Layers>() + <usize>LAYERS * offsetof<Layer>();
  return changetype<Edge>(layers + edges + <usize>index * offsetof<Edge>());
}

/** e^t - 1 - t. */
function bend(t: f64): f64 {
  return exp(t) - 1 - t;
}

/** Where `bend` is `value`, on the side of `start` and further in: Newton's method for a convex function comes from outside. */
function findBend(value: f64, start: f64): f64 {
  let t = start;
  for (let step = 0; step < 60; step++) {
    const power = exp(t);
    const next = t - (power - 1 - t - value) / (power - 1);
    if (!(abs(next) < abs(t))) break;
    const moved = abs(next - t);
    t = next;
    if (moved < 1e-7 * abs(t)) break;
  }
  return t;
}

/**
 * Stack layers on the lowest, whose upper edge is e^-depth.
 *
 * @returns number of layers up to the top of the density, of the highest the part below it; those beyond LAYERS are not kept
 */
function stackLayers(layers: usize, depth: f64): f64 {
  const item = changetype<Layers>(layers);
  const shape = item.shape;
  const bent = depth / shape;
  // From outside: e^t - 1 - t is above -1 - t, and on the right above t^2 / 2; 1 + log(1 + 2 bent) is beyond the root too.
  let left = findBend(bent, -1 - bent);
  let right = findBend(bent, min(sqrt(2 * bent), log(1 + 2 * bent) + 1));
  item.leftSlope = shape * (1 - exp(left));
  item.rightSlope = shape * (exp(right) - 1);
  const leftTail = 1 / item.leftSlope;
  let low = exp(-depth);
  let height = low;
  let layer = layerAt(layers, 0);
  layer.left = left - leftTail;
  layer.width = right - left + leftTail + 1 / item.rightSlope;
  edgeAt(layers, 0).low = 0;
  edgeAt(layers, 0).height = height;
  const area = height * layer.width;
  for (let index = 1; index < 8 * LAYERS; index++) {
    height = area / (right - left);
    if (index < LAYERS) {
      layer.nextLeft = left;
      layer.nextRight = right;
      layer = layerAt(layers, index);
      layer.left = left;
      layer.width = right - left;
      edgeAt(layers, index).low = low;
      edgeAt(layers, index).height = height;
    }
    if (low + height >= 1) {
      // No part of the highest layer is surely below the density.
      layer.nextLeft = 0;
      layer.nextRight = 0;
      return <f64>index + (1 - low) / height;
    }
    low += height;
    const value = -log(low) / shape;
    left = findBend(value, left);
    right = findBend(value, right);
  }
  return 8 * LAYERS;
}

/** Lay out the layers of a shape in [1e-3, 2e3]; their address, or 0 when memory is refused. */
export function layOutLogGamma(shape: f64): usize {
  const layers = allocate(offsetof<Layers>() + <usize>LAYERS * (offsetof<Layer>() + offsetof<Edge>()));
  if (layers === 0) return 0;
  const item = changetype<Layers>(layers);
  item.shape = shape;
  item.logShape = log(shape);
  // Nearly all of the highest layer is to be needed. Areas go nearly as e^-depth, their number as one over that.
  let depth = log(<f64>LAYERS);
  let count = stackLayers(layers, depth);
  while (!(count > <f64>LAYERS - 0.1 && count <= <f64>LAYERS)) {
    depth += log((<f64>LAYERS - 0.05) / count);
    count = stackLayers(layers, depth);
  }
  return layers;
}

/** The rare end of `drawKnownLogGamma`: t in a tail, or not surely below the density; then afresh when it is refused. */
function finishLogGamma(layers: usize, firstIndex: i32, first: f64): f64 {
  const item = changetype<Layers>(layers);
  const shape = item.shape;
  let index = firstIndex;
  let t = first;
  while (true) {
    const layer = layerAt(layers, index);
    if (index === 0) {
      const isLeft = t < layer.nextLeft;
      const end = isLeft ? layer.nextLeft : layer.nextRight;
      const beyond = drawExponential();
      t = isLeft ? end - beyond / item.leftSlope : end + beyond / item.rightSlope;
      // The density over its tangent.
      if (drawUniform() < exp(beyond - shape * (bend(t) - bend(end)))) return item.logShape + t;
    } else {
      const edge = edgeAt(layers, index);
      if (edge.low + drawUniform() * edge.height < exp(-shape * bend(t))) return item.logShape + t;
    }
    const bits = nextBits();
    index = <i32>bits & (LAYERS - 1);
    const next = layerAt(layers, index);
    t = next.left + <f64>(<i64>(bits >> 11)) * TWO_MINUS_53 * next.width;
    if (t > next.nextLeft && t < next.nextRight) return item.logShape + t;
  }
}

/** The logarithm of a gamma number of rate 1 and the shape of `layOutLogGamma`. */
export function drawKnownLogGamma(layers: usize): f64 {
  // The layer takes the low bits, the place in it the high 53.
  const bits = inline.always(nextBits());
  const index = <i32>bits & (LAYERS - 1);
  const layer = layerAt(layers, index);
  const t = layer.left + <f64>(<i64>(bits >> 11)) * TWO_MINUS_53 * layer.width;
  if (t > layer.nextLeft && t < layer.nextRight) return changetype<Layers>(layers).logShape + t;
  return finishLogGamma(layers, index, t);
}
