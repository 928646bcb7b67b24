// What the sweeps leave out (dark-layout.ts). While a chain runs, a dark node is its mass. What the sums over sweeps gain of the pixels below it is
// the mean given that mass and the states above: the fractions of a block in state k are Dirichlet(alpha_k) of four equal shapes, so that a
// fraction has the mean 1/4 and the mean square (alpha_k + 1) / (4 (4 alpha_k + 1)), and the states below one in state a are drawn from A:
//
//     U_0[a] = 1,   U_d[a] = sum_k A[a, k] (alpha_k + 1) / (4 (4 alpha_k + 1)) U_(d-1)[k]      mean square d levels down
//     W_1[a] = sum_k A[a, k] ln alpha_k,   W_d[a] = sum_k A[a, k] W_(d-1)[k]                   mean of ln alpha d levels down
//
// All pixels below a dark node have the same sums, which are kept once. An image that is asked for is drawn from the
// prior below the dark nodes, with random numbers of its own, so that looking at a chain does not change it.

import { alphaOf, alphasOf, meanLogAlpha, states } from "./adaptive-prior";
import { rootCount, roots } from "./dark-layout";
import { massOf, setPixelMass } from "./masses";
import { addValue } from "./moments";
import { drawLogGammas, randomState, seedRandom } from "./random";
import { drawnNodes } from "./runs";
import { addNext } from "./smoothness";
import { exp } from "./special";
import { stateAt, statesOf } from "./states";
import { drawNext, transition } from "./transition-matrix";
import { colsOf, massAt } from "./tree";

/** f64 `[levels, states]`: U and W. */
const meanSquares = memory.data(8 * 32 * 27, 16);
const meanLogs = memory.data(8 * 32 * 27, 16);
/** Levels that U and W hold. */
let deepest: i32 = 0;

/** Pixels that are drawn. */
let drawnPixels: i32 = 0;

/** Whether the image below dark nodes is that of the last sweep. */
let isShown: bool = true;

const shapes = memory.data(8 * 4, 16);
const savedRandom = memory.data(32, 16);

function entry(table: usize, depth: i32, state: i32): usize {
  return table + ((<usize>(32 * depth + state)) << 3);
}

/** Find U and W down to the lowest pixel below a dark node. */
function deriveMeans(): void {
  for (let state = 0; state < states; state++) {
    store<f64>(entry(meanSquares, 0, state), 1);
    store<f64>(entry(meanLogs, 0, state), 0);
  }
  for (let depth = 1; depth <= deepest; depth++) {
    for (let from = 0; from < states; from++) {
      let square: f64 = 0;
      let mean: f64 = 0;
      for (let to = 0; to < states; to++) {
        const alpha = alphaOf(to, 0);
        const weight = transition(from, to);
        square +=
          (weight * (alpha + 1) * load<f64>(entry(meanSquares, depth - 1, to))) / (4 * (4 * alpha + 1));
        mean += weight * (depth === 1 ? meanLogAlpha(to) : load<f64>(entry(meanLogs, depth - 1, to)));
      }
      store<f64>(entry(meanSquares, depth, from), square);
      store<f64>(entry(meanLogs, depth, from), mean);
    }
  }
}

/** Begin with an image that is whole. */
export function beginDarkSky(): void {
  isShown = true;
  drawnPixels = drawnNodes(0);
  deepest = 0;
  for (let root = roots; root < roots + <usize>(12 * rootCount); root += 12) {
    deepest = max(deepest, load<i32>(root));
  }
}

/** From now on the image below dark nodes is another than that of the last sweep. */
export function hideDarkSky(): void {
  isShown = false;
}

/** Add what lies below dark nodes to the sums over sweeps, after all else. */
export function addDarkSky(reference: f64): void {
  deriveMeans();
  const first = drawnPixels;
  for (let index = 0; index < rootCount; index++) {
    const root = roots + <usize>(12 * index);
    const level = load<i32>(root);
    const row = load<i32>(root, 4);
    const col = load<i32>(root, 8);
    const above = stateAt(level + 1, row >> 1, col >> 1);
    const flux = load<f64>(massAt(level, row, col)) / reference;
    const share = 1 / <f64>(1 << (2 * level));
    const variance = flux * flux * (load<f64>(entry(meanSquares, level, above)) - share * share);
    addValue(first + index, flux * share, variance);
    for (let depth = 1; depth <= level; depth++) addNext(load<f64>(entry(meanLogs, depth, above)));
  }
}

/** Draw the image and the states below dark nodes, of the last sweep; once. */
export function showDarkSky(): void {
  if (isShown) return;
  isShown = true;
  memory.copy(savedRandom, randomState, 32);
  seedRandom(load<u64>(randomState), load<u64>(randomState, 16));
  for (let root = roots; root < roots + <usize>(12 * rootCount); root += 12) {
    const level = load<i32>(root);
    const row = load<i32>(root, 4);
    const col = load<i32>(root, 8);
    drawBelow(level, row, col, massOf(level, row, col), stateAt(level + 1, row >> 1, col >> 1));
  }
  memory.copy(randomState, savedRandom, 32);
}

/** Draw the state of a node and all below it, given its mass and the state above. */
function drawBelow(level: i32, row: i32, col: i32, mass: f64, above: i32): void {
  if (level === 0) {
    setPixelMass(row, col, mass);
    return;
  }
  const state = drawNext(above);
  store<u8>(statesOf(level) + <usize>(row * colsOf(level) + col), <u8>state);
  memory.copy(shapes, alphasOf(state), 32);
  drawLogGammas(shapes, shapes, 4);
  const first = load<f64>(shapes);
  const second = load<f64>(shapes, 8);
  const third = load<f64>(shapes, 16);
  const fourth = load<f64>(shapes, 24);
  const largest = max(max(first, second), max(third, fourth));
  const share1 = exp(first - largest);
  const share2 = exp(second - largest);
  const share3 = exp(third - largest);
  const share4 = exp(fourth - largest);
  const unit = mass / (share1 + share2 + share3 + share4);
  const below = level - 1;
  drawBelow(below, 2 * row, 2 * col, share1 * unit, state);
  drawBelow(below, 2 * row, 2 * col + 1, share2 * unit, state);
  drawBelow(below, 2 * row + 1, 2 * col, share3 * unit, state);
  drawBelow(below, 2 * row + 1, 2 * col + 1, share4 * unit, state);
}
