/** Where everything of a forward model lies in the buffers of the GPU: the host's side of kernels-gpu/forward.wgsl. */

import { naturalLog } from "../data/random/exponential.js";
import { InvalidInputError } from "../errors.js";
import type { OpenGpu } from "../gpu.js";
import { checkRoom, type GpuBuffer, type GpuStep, largestBuffer, shaderConstants } from "../gpu-program.js";
import type { ForwardModel } from "./forward-model.js";
import { ontoSky } from "./sky-grid.js";
import { eachDetectorPixel, psfOfFirstPixels } from "./sky-observation.js";
import { psfInSkyPixels } from "./sky-psf.js";

/** Buffers in the order of their bindings. */
export const FORWARD_BUFFERS = { inputs: 0, places: 1, images: 2, lights: 3, sums: 4, states: 5 } as const;

/** As in the shader. */
const GROUP = 256;
const TILE = 32;
/** Half the Cash statistic from here on says that counts lie where none are expected. */
export const DARK = 1e30;

/** What a method has on the GPU besides the model. */
export interface GpuMethodLayout {
  /** Images of the sky that each image of the outer index consists of; flux and what comes back are the first two. */
  readonly skies?: number;
  /** Numbers of the state of an image besides the scales of the backgrounds. */
  readonly state?: number;
  /** Sums of two numbers besides those of the comparison. */
  readonly sums?: number;
  /** What no step changes, by the name of its place in the shader. */
  readonly inputs?: Readonly<Record<string, ArrayLike<number>>>;
  /** Other numbers and truths of the shader. */
  readonly constants?: Readonly<Record<string, number | boolean>>;
}

/** A model laid out for a number of images. */
export interface GpuForwardLayout {
  /** What the shader calls its sizes and places, as text of WGSL. */
  readonly constants: string;
  readonly inputs: Float32Array<ArrayBuffer>;
  readonly places: Uint32Array<ArrayBuffer>;
  readonly buffers: readonly GpuBuffer[];
  /** Images that there is room for at once. */
  readonly images: number;
  readonly pixels: number;
  readonly observations: number;
  /** Numbers of an image in `images` and `states`, and pairs in `sums`. */
  readonly image: number;
  readonly state: number;
  readonly sums: number;
  /** Workgroups over the pixels of the sky. */
  readonly pixelGroups: number;
  /** Fluxes times this are what the GPU has: counts at the reference exposure. */
  readonly reference: number;
  /** Cash statistic less the deviance: `2 sum(n - n ln n)`. */
  readonly cashOfCounts: number;
  /** Expected counts, their comparison with the counts, and the way back, of each image. */
  readonly steps: Readonly<Record<"predict" | "compare" | "back", GpuStep>>;
}

/** The counts of observations on the pixels of the sky, those of a detector pixel at its first; -1 for all that are not in use. */
export function countsOfFirstPixels({ grid, observations }: ForwardModel): Float32Array[] {
  return observations.map(({ counts, mask }) => {
    const laid = new Float32Array(grid.shape[0] * grid.shape[1]).fill(-1);
    eachDetectorPixel(grid, (pixel, first) => {
      if (mask?.data[pixel] !== 0) laid[first] = counts.data[pixel];
    });
    return laid;
  });
}

/** Expected counts of the backgrounds at scale 1, likewise. */
function backgroundsOf(model: ForwardModel): Float32Array[] {
  const { grid, observations, backgroundScale } = model;
  const scales = [...backgroundScale];
  model.setBackgroundScale(scales.map(() => 1));
  const expected = model.predict(new Float64Array(grid.shape[0] * grid.shape[1]));
  model.setBackgroundScale(scales);
  return observations.map((_, index) => {
    const laid = new Float32Array(grid.shape[0] * grid.shape[1]);
    eachDetectorPixel(grid, (pixel, first) => {
      laid[first] = expected[index].data[pixel];
    });
    return laid;
  });
}

/**
 * Lay out a model.
 *
 * @param wanted images that are worked on at once, the outer index; there may be room for fewer
 * @throws InvalidInputError for psfs that vary over the field
 * @throws JobError when the device has no room
 */
export function layOutForward(
  gpu: OpenGpu,
  model: ForwardModel,
  wanted: number,
  { skies = 2, state = 0, sums = 0, inputs: besides = {}, constants = {} }: GpuMethodLayout = {},
): GpuForwardLayout {
  const { grid, boundary, observations, options, reference } = model;
  const [ny, nx] = grid.shape;
  const pixels = ny * nx;
  const pieces: ArrayLike<number>[] = [];
  let length = 0;
  const add = (values: ArrayLike<number>): number => {
    pieces.push(values);
    length += values.length;
    return length - values.length;
  };
  const windows = observations.map(({ psf, name }, index) => {
    const { psfPixels = "detector", offsets } = options;
    const fine = psfInSkyPixels(psf, grid, { psfPixels, offset: offsets?.[index] ?? { x: 0, y: 0 } });
    const window = psfOfFirstPixels(fine, grid, boundary);
    if (!("parts" in window)) return window;
    throw new InvalidInputError(
      `${name}: psf must be one for the whole field on the GPU, got one that varies; choose device cpu for it`,
      { fields: { psf: "varies" } },
    );
  });
  const forwards = windows.map(({ psf: { data, shape }, centre }) => [
    ...shape,
    centre[0] - shape[0] + 1,
    centre[1] - shape[1] + 1,
    add(data.toReversed()),
  ]);
  const backwards = windows.map(({ psf: { data, shape }, centre }) => [
    ...shape,
    -centre[0],
    -centre[1],
    add(data),
  ]);
  const places = new Uint32Array(new Int32Array([...forwards, ...backwards].flat()));
  const addAll = (all: readonly ArrayLike<number>[]): number => all.map(add)[0];
  const laid = countsOfFirstPixels(model);
  const at = {
    EXPOSURES: addAll(
      observations.map(({ exposure }, index) => {
        const offset = options.offsets?.[index] ?? { x: 0, y: 0 };
        return ontoSky(exposure, grid, offset, boundary).data.map((value) => value / reference);
      }),
    ),
    BACKGROUNDS: addAll(backgroundsOf(model)),
    COUNTS: addAll(laid),
    ...Object.fromEntries(Object.entries(besides).map(([name, values]) => [name, add(values)])),
  };
  const inputs = new Float32Array(length);
  let from = 0;
  for (const piece of pieces) {
    inputs.set(piece, from);
    from += piece.length;
  }
  const pixelGroups = Math.ceil(pixels / GROUP);
  const size = {
    image: skies * pixels,
    state: observations.length + state,
    sums: observations.length * pixelGroups + sums,
  };
  const words = {
    ...{ NY: ny, NX: nx, PIXELS: pixels, OBSERVATIONS: observations.length, PIXEL_GROUPS: pixelGroups },
    ...{ IMAGE: size.image, STATE: size.state, SUMS: size.sums, WRAP: boundary === "wrap" },
    ...at,
    ...constants,
  };
  const ofImage = [size.image, observations.length * pixels, 2 * size.sums, size.state];
  // What is read back of an image is its pixels and sums.
  const largest = 4 * Math.max(...ofImage, pixels + 2 * size.sums);
  const most = largestBuffer(gpu);
  const images = Math.max(1, Math.min(wanted, Math.floor(most / largest)));
  const buffers: GpuBuffer[] = [
    { numbers: length, readOnly: true },
    { numbers: places.length, readOnly: true },
    ...ofImage.map((numbers) => ({ numbers: images * numbers })),
  ];
  checkRoom(gpu, buffers, "a sky", "cut out a smaller image");
  let cashOfCounts = 0;
  for (const counts of laid) {
    for (const count of counts) if (count > 0) cashOfCounts += 2 * (count - count * naturalLog(count));
  }
  const tiles = [Math.ceil(nx / TILE), Math.ceil(ny / TILE)] as const;
  return {
    constants: shaderConstants(words),
    inputs,
    places,
    buffers,
    images,
    pixels,
    observations: observations.length,
    ...size,
    pixelGroups,
    reference,
    cashOfCounts,
    steps: {
      predict: { entryPoint: "predict", groups: [...tiles, observations.length], repeated: "z" },
      compare: { entryPoint: "compareCounts", groups: [pixelGroups, 1, observations.length], repeated: "y" },
      back: { entryPoint: "backProject", groups: tiles, repeated: "z" },
    },
  };
}
