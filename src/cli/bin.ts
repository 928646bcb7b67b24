/** `tslira bin`. */

import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import {
  type BinnedEvents,
  binEvents,
  binnedEventsHdus,
  findEvents,
  findHdu,
  parseFitsName,
  readFitsFile,
  shellLine,
  writeFitsFile,
} from "../node.js";
import { EXIT } from "./exit.js";
import { formatCount, formatNumber } from "./format.js";
import { parseNumber, parseNumbers, parseShape } from "./option-values.js";
import { checkOutputPath } from "./output-path.js";

const DETAILS = `
Positions are X and Y with their sky coordinates (Chandra, XMM-Newton), L and B or RA and DEC
(Fermi). Ranges are half-open: the lower end belongs to them, the upper does not. An event on the
edge between two pixels belongs to the one after it. An end of a range may be left out: 2000: or :7000.

Without --bin-size a plane keeps its pixels, doubled until all events fit in 1024 x 1024; the sky
gets round steps with which they fit in about 400 x 400.

Examples:
  tslira bin acisf04683_evt2.fits.gz -o counts.fits --energy 500:7000 --center 4096,4096 --size 256
  tslira bin pn_events.fits -o counts.fits --energy 500:2000 --bin-size 80
  tslira bin fermi_photons.fits -o counts.fits --energy 10000:500000 --coordinates galactic \\
         --center 0,0 --bin-size 0.05 --size 400x200 --projection CAR`;

/** A half-open range as `low:high`; an end that is left out is open. */
function parseRange(text: string): [number, number] {
  const [low, high, ...rest] = text.split(":");
  const end = (words: string | undefined, open: number) => (words ? parseNumber(words) : open);
  const range: [number, number] = [end(low, -Infinity), end(high, Infinity)];
  if (high === undefined || rest.length > 0 || !(range[0] < range[1]))
    throw new InvalidArgumentError("Give low:high, low: or :high.");
  return range;
}

/** A position as `x,y`. */
function parsePosition(text: string): [number, number] {
  const values = parseNumbers(text);
  if (values.length !== 2) throw new InvalidArgumentError("Give two numbers, x,y or lon,lat.");
  return values as [number, number];
}

function binOptions() {
  return new Command("bin")
    .summary("make an image of counts from an event list")
    .description("Bin the events of a list, plain or .gz, into an image of counts with sky coordinates.")
    .argument("<events>", "event list; name[extension] for one of its tables")
    .requiredOption("-o, --output <file>", "image of counts, .fits or .fits.gz")
    .option("--energy <low:high>", "events of this range of ENERGY, or else of PI or PHA", parseRange)
    .option("--time <start:stop>", "events of this range of TIME", parseRange)
    .option("--bin-size <size>", "side of a pixel: pixels of the plane, or degrees", parseNumber)
    .option("--center <x,y>", "middle of the image: X,Y, or longitude,latitude in degrees", parsePosition)
    .option("--size <columns x rows>", "size of the image in its pixels, 256 or 400x200", parseShape)
    .addOption(
      new Option("--coordinates <kind>", "columns of positions (default: the best there are)").choices([
        "pixel",
        "galactic",
        "equatorial",
      ] as const),
    )
    .addOption(
      new Option("--projection <code>", "of positions on the sky")
        .choices(["TAN", "CAR"] as const)
        .default("TAN"),
    )
    .option("--overwrite", "replace a file that exists")
    .option("--json", "print what was done for programs on stdout")
    .option("-q, --quiet", "print nothing but errors")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", DETAILS);
}

type Flags = ReturnType<ReturnType<typeof binOptions>["opts"]>;

/** The command. */
export function binCommand() {
  return binOptions().action(bin);
}

async function bin(name: string, flags: Flags): Promise<void> {
  const { output, energy, time, binSize, center, size, coordinates, projection } = flags;
  await checkOutputPath(output, { overwrite: flags.overwrite === true, inputs: [name] });
  const { path, extension } = parseFitsName(name);
  const hdus = await readFitsFile(path);
  const binned = binEvents(extension === undefined ? findEvents(hdus) : findHdu(hdus, extension), {
    projection,
    ...(energy && { energy }),
    ...(time && { time }),
    ...(binSize !== undefined && { binSize }),
    ...(center && { center }),
    ...(size && { size: [size[1], size[0]] }),
    ...(coordinates && { coordinates }),
  });
  await writeFitsFile(output, binnedEventsHdus(binned));
  if (flags.quiet !== true) process.stderr.write(lines(name, output, binned));
  if (flags.json === true) {
    const { counts: _, wcs, ...numbers } = binned;
    process.stdout.write(`${JSON.stringify({ file: output, ...numbers }, undefined, 2)}\n`);
  }
  process.exitCode = EXIT.done;
}

function lines(name: string, output: string, binned: BinnedEvents): string {
  const { events, binned: inside, filtered, outside, unplaced, size, binSize, coordinates, center } = binned;
  const unit = coordinates === "pixel" ? "of the plane" : "deg";
  const left = [
    [filtered, "by energy or time"],
    [outside, "beyond the edges"],
    [unplaced, "without a position"],
  ] as const;
  const without = left.filter(([count]) => count > 0).map(([count, why]) => `${formatCount(count)} ${why}`);
  return (
    `${name}: ${formatCount(inside)} of ${formatCount(events)} events in ${size[0]} x ${size[1]} pixels of ` +
    `${formatNumber(binSize)} ${unit} around ${center.map(formatNumber).join(", ")}\n` +
    (without.length > 0 ? `  left out     ${without.join(", ")}\n` : "") +
    `  written      ${output}\n` +
    `  next         tslira ${shellLine(["deconvolve", output, "--psf", "psf.fits", "-o", "result.fits"])}\n`
  );
}
