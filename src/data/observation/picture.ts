import { convertIndexedToRgb, type DecodedPng, decode } from "fast-png";
import { Unzlib } from "fflate";
import { concatenated } from "../../concatenated.js";
import { FormatError, InvalidInputError } from "../../errors.js";
import { checkShape, constantImage, imageSum, MAX_PIXELS, type Shape, type SkyImage } from "../../image.js";

/** Options of `fluxFromPicture`. */
export interface FluxFromPictureOptions {
  /** Bright pixels become bright sky (true), or dark ones as ink on paper (false, default: as in the portrait of Esch et al.). */
  readonly invert?: boolean;
  /** Scale the image to this sum, expected counts for unit exposure; default: as it is, 0 to 3 a pixel. */
  readonly totalFlux?: number;
  /** Put the bottom row of the picture into row 0 (default), where figures and FITS viewers draw it at the bottom. */
  readonly flip?: boolean;
  /** Resample to `[ny, nx]` by areas, which keeps the total; default: the picture's own size. */
  readonly shape?: Shape;
}

/**
 * Turn a PNG picture into a true flux for simulations: `max - (red + green + blue)`, each channel in [0, 1], so that dark
 * ink is bright sky (Esch et al. 2004, section 5, use a portrait in this way).
 *
 * Grey pictures count as three equal channels; transparent pixels are laid on white paper.
 *
 * @param bytes content of the PNG file
 * @returns flux `[ny, nx]` >= 0
 * @throws FormatError when the bytes are not a PNG file that can be read
 * @throws InvalidInputError when an option breaks its rule, or a picture of one colour is to be scaled
 */
export function fluxFromPicture(bytes: Uint8Array, options: FluxFromPictureOptions = {}): SkyImage {
  const { invert = false, totalFlux, flip = true, shape } = options;
  const picture = decodePng(bytes);
  const brightness = channelSum(picture);
  const [ny, nx] = brightness.shape;
  let brightest = 0;
  for (const value of brightness.data) brightest = Math.max(brightest, value);
  const flux = constantImage(brightness.shape, 0);
  for (let row = 0; row < ny; row++) {
    const target = (flip ? ny - 1 - row : row) * nx;
    for (let col = 0; col < nx; col++) {
      const value = brightness.data[row * nx + col];
      flux.data[target + col] = invert ? value : brightest - value;
    }
  }
  const resized = shape === undefined ? flux : resample(flux, shape);
  return totalFlux === undefined ? resized : scaleTo(resized, totalFlux);
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Signature, length and name of the first chunk, and what it holds. */
const HEADER_BYTES = 29;
/** Packed bytes that are unpacked at once. */
const STEP = 2 ** 12;

function decodePng(bytes: Uint8Array): DecodedPng {
  if (bytes.length < HEADER_BYTES || SIGNATURE.some((byte, index) => bytes[index] !== byte)) {
    throw new FormatError("picture: must be a PNG file, got other bytes; convert the picture to PNG");
  }
  // Before any memory is taken: a file of a few bytes may claim any size.
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pixels = header.getUint32(16) * header.getUint32(20);
  if (pixels > MAX_PIXELS) {
    throw new FormatError(`picture: must have at most ${MAX_PIXELS} pixels, got ${pixels}; make it smaller`, {
      fields: { pixels },
    });
  }
  try {
    return decode(pictureChunks(bytes), { checkCrc: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FormatError(
      `picture: must be a complete PNG file, got one that fails with "${reason}"; export it again`,
      { cause },
    );
  }
}

/** Chunks that say how a picture looks; others (profiles, texts) may be packed, and unpacked would be of any size. */
const PICTURE_CHUNKS: ReadonlySet<string> = new Set(["IHDR", "PLTE", "tRNS", "IDAT", "IEND"]);
/** Samples of a pixel by the kind of colour (PNG, table 11.1). */
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/**
 * The chunks of a PNG file that its picture needs.
 *
 * @throws Error when its pixels unpack to more bytes than its header says
 */
function pictureChunks(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [width, height, depth] = [view.getUint32(16), view.getUint32(20), bytes[24]];
  // Rows with the byte of their filter; of an interlaced picture each row is in up to four passes, rounded up to bytes.
  const row = 1 + Math.ceil((width * depth * (SAMPLES[bytes[25]] ?? 4)) / 8);
  const most = bytes[28] === 0 ? height * row : height * (row + 8) + 64;
  let unpacked = 0;
  const inflate = new Unzlib((piece) => {
    unpacked += piece.length;
    if (unpacked > most) throw new Error(`more than the ${most} bytes of its ${width} x ${height} pixels`);
  });
  const kept = [bytes.subarray(0, 8)];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const end = Math.min(bytes.length, at + 12 + length);
    const kind = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (PICTURE_CHUNKS.has(kind)) kept.push(bytes.subarray(at, end));
    // In small steps, so that a trap is noticed early.
    for (let from = at + 8; kind === "IDAT" && from < end - 4; from += STEP) {
      inflate.push(bytes.subarray(from, Math.min(from + STEP, end - 4)));
    }
    at = end;
  }
  return concatenated(Uint8Array, kept);
}

/** Red + green + blue, each in [0, 1]. */
function channelSum(picture: DecodedPng): SkyImage {
  const { width, height } = picture;
  const { samples, channels, largest } = unpack(picture);
  if (samples.length < width * height * channels) {
    throw new FormatError("picture: must hold all its pixels, got fewer; export it again");
  }
  const colours = channels >= 3 ? 3 : 1;
  const hasAlpha = channels === 2 || channels === 4;
  const data = new Float64Array(width * height);
  for (let pixel = 0; pixel < data.length; pixel++) {
    let sum = 0;
    for (let channel = 0; channel < colours; channel++) sum += samples[pixel * channels + channel];
    const colour = ((3 / colours) * sum) / largest;
    const alpha = hasAlpha ? samples[pixel * channels + channels - 1] / largest : 1;
    data[pixel] = alpha * colour + (1 - alpha) * 3;
  }
  return { data, shape: [height, width] };
}

interface Samples {
  readonly samples: ArrayLike<number>;
  readonly channels: number;
  readonly largest: number;
}

/** Undo palettes and the packing of 1, 2 or 4 bits a sample. */
function unpack(picture: DecodedPng): Samples {
  const { data, depth, channels, palette } = picture;
  if (palette) {
    try {
      return { samples: convertIndexedToRgb(picture), channels: palette[0].length, largest: 255 };
    } catch (cause) {
      throw new FormatError("picture: must use colours of its palette only, got others; export it again", {
        cause,
      });
    }
  }
  const largest = 2 ** depth - 1;
  return { samples: depth < 8 ? unpackGrey(picture) : data, channels, largest };
}

/** Only grey pictures have less than 8 bits a sample; each row starts at a whole byte. */
function unpackGrey({ data, depth, width, height }: DecodedPng): Uint8Array {
  const rowBytes = Math.ceil((width * depth) / 8);
  const perByte = 8 / depth;
  const samples = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    for (let col = 0; col < width; col++) {
      const byte = data[row * rowBytes + Math.floor(col / perByte)];
      const shift = 8 - depth * ((col % perByte) + 1);
      samples[row * width + col] = (byte >> shift) & ((1 << depth) - 1);
    }
  }
  return samples;
}

function scaleTo(flux: SkyImage, totalFlux: number): SkyImage {
  if (!(totalFlux >= 0 && totalFlux < Number.POSITIVE_INFINITY)) {
    throw new InvalidInputError(
      `picture: totalFlux must be a finite number >= 0, got ${totalFlux}; clip it at 0`,
      { fields: { totalFlux } },
    );
  }
  const sum = imageSum(flux);
  if (sum === 0) {
    throw new InvalidInputError(
      "picture: must hold more than one colour to be scaled, got a flux of 0; use another picture",
    );
  }
  return { data: flux.data.map((value) => (value * totalFlux) / sum), shape: flux.shape };
}

/** Resample by areas: every input pixel is shared out over the output pixels that it overlaps. */
function resample(image: SkyImage, shape: Shape): SkyImage {
  checkShape("picture", shape);
  const [ny, nx] = image.shape;
  const rows = overlaps(ny, shape[0]);
  const cols = overlaps(nx, shape[1]);
  const result = constantImage(shape, 0);
  for (const row of rows) {
    for (const col of cols) {
      result.data[row.to * shape[1] + col.to] +=
        image.data[row.from * nx + col.from] * row.fraction * col.fraction;
    }
  }
  return result;
}

interface Overlap {
  readonly from: number;
  readonly to: number;
  /** Fraction of the input pixel that lies in the output pixel. */
  readonly fraction: number;
}

function overlaps(fromSize: number, toSize: number): Overlap[] {
  const list: Overlap[] = [];
  // In units in which both grids have whole coordinates, so that no sliver appears by rounding.
  for (let from = 0; from < fromSize; from++) {
    const start = from * toSize;
    const end = start + toSize;
    for (let to = Math.floor(start / fromSize); to * fromSize < end; to++) {
      const shared = Math.min(end, (to + 1) * fromSize) - Math.max(start, to * fromSize);
      list.push({ from, to, fraction: shared / toSize });
    }
  }
  return list;
}
