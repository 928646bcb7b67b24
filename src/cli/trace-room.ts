/** Room on the disk for what a run keeps. */

import { InvalidInputError } from "../errors.js";
import type { SkyImage } from "../image.js";
import type { GivenOptions } from "./deconvolve-config.js";
import { formatBytes } from "./format.js";

/** Bytes of kept draws from which on a warning is due. */
const LARGE_TRACE = 1.5e9;
/** Columns of the trace of parameters besides one a level. */
const OTHER_COLUMNS = 10;

/** The largest number of two digits and zeros that is not above a value. */
function roundDown(value: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 1);
  return unit * Math.floor(value / unit);
}

/**
 * Whether the images and the parameters that a run keeps fit on the disk.
 *
 * @param free bytes
 * @returns a warning about many of them, if any
 * @throws InvalidInputError when there is no room; it names options with which there is
 */
export function checkTraceRoom(options: GivenOptions, { data, shape }: SkyImage, free: number): string[] {
  const { iterations = 5_000, chains = 4, trace = {}, upsampling = 1 } = options;
  const burnIn = typeof options.burnIn === "number" ? options.burnIn : iterations / 10;
  const sweeps = Math.max(0, iterations - burnIn);
  const kept = trace.every === undefined ? Math.min(sweeps, trace.keep ?? 1_000) : sweeps / trace.every;
  const image = 4 * upsampling ** 2 * data.length * chains;
  const row = 8 * (OTHER_COLUMNS + Math.ceil(Math.log2(Math.max(...shape)))) * chains;
  const [images, tables] = [image * kept, row * iterations];
  if (images + tables > free) {
    const room = free / 2 >= Math.max(100 * row, image);
    const fewer = [
      ...(tables > free / 2 ? [`--iterations ${roundDown(free / 2 / row)}`] : []),
      ...(images > free / 2
        ? [
            trace.every === undefined
              ? `--trace-keep ${roundDown(free / 2 / image)}`
              : `--trace-every ${Math.ceil((sweeps * image) / (free / 2))}`,
          ]
        : []),
    ];
    throw new InvalidInputError(
      `trace: draws must fit on the disk, got ${formatBytes(images)} of images and ${formatBytes(tables)} of parameters for ` +
        `${chains} chains of ${iterations} sweeps with ${formatBytes(free)} free; ${room ? `give ${fewer.join(" ")}` : "free some space"}, or write to another disk`,
      { fields: { images, tables, free } },
    );
  }
  if (images + tables < LARGE_TRACE) return [];
  return [
    `trace: kept draws should take less than ${formatBytes(LARGE_TRACE)}, got ${formatBytes(images)} of images and ` +
      `${formatBytes(tables)} of parameters on disk; keep fewer with --trace-keep 200 or give fewer --iterations`,
  ];
}
