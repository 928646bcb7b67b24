/** `tslira bin`. */

import { parseWcs } from "../data/sky/sky-wcs.js";
import { InvalidInputError } from "../errors.js";
import { type BinnedEvents, binEvents, binnedEventsHdus } from "../io/bin-events.js";
import { eventColumns, findEvents, otherEvents } from "../io/event-list.js";
import { filterCondition, parseEventName } from "../io/event-name.js";
import { findHdu, imageToSkyImage, parseFitsName, wcsCards } from "../io/fits.js";
import { readFitsFile, writeFitsFile } from "../io/fits-file-node.js";
import { findGoodTimes, unusedGoodTimes } from "../io/good-times.js";
import { shellLine } from "../jobs/shell-command.js";
import { binHealpix, healpixOf } from "./bin-healpix.js";
import { type BinFlags, binOptions } from "./bin-options.js";
import { EXIT } from "./exit.js";
import { formatCount, formatNumber } from "./format.js";
import { checkFitsName, checkOutputPaths } from "./output-path.js";

/** The command. */
export const command = () => binOptions().action(bin);

async function bin(name: string, flags: BinFlags): Promise<void> {
  const { output, energy, pi, time, binSize, center, size, coordinates, projection } = flags;
  checkFitsName("bin", output, ", and draw it with tslira plot");
  await checkOutputPaths([output], { overwrite: flags.overwrite === true, inputs: [name, flags.like] });
  const { path, extension, filters } = parseEventName(name);
  const hdus = await readFitsFile(path);
  const map = healpixOf(hdus, extension);
  if (map !== undefined) {
    if (flags.like !== undefined)
      throw new InvalidInputError(
        `bin: --like must go with an event list, got the HEALPix map ${name}; give --center, --size and --bin-size`,
      );
    await binHealpix(name, map, filters, flags);
    process.exitCode = EXIT.done;
    return;
  }
  if (flags.column !== undefined)
    throw new InvalidInputError(
      `bin: --column must go with a HEALPix map, got ${flags.column} for an event list; leave it out; conditions on columns are --where`,
    );
  const events = extension === undefined ? findEvents(hdus) : findHdu(hdus, extension);
  const columns = eventColumns(events);
  const conditions = [
    ...filters.map((filter) => filterCondition(filter, columns?.numeric ?? [])),
    ...(flags.where === undefined ? [] : [flags.where]),
  ];
  const all = findGoodTimes(hdus, events);
  const goodTimes = flags.gti && columns?.time !== undefined ? all : [];
  const binned = binEvents(events, {
    ...(projection && { projection }),
    ...(goodTimes.length > 0 && { goodTimes }),
    ...(energy && { energy: energy.range }),
    ...(energy?.unit && { energyUnit: energy.unit }),
    ...(pi && { channels: pi }),
    ...(time && { time }),
    ...(conditions.length > 0 && {
      where: conditions.length === 1 ? conditions[0] : conditions.map((one) => `(${one})`).join(" && "),
    }),
    ...(binSize !== undefined && { binSize }),
    ...(center && { center: center.center, ...(center.sky && { centerUnit: "sky" }) }),
    ...(size && { size: [size[1], size[0]] }),
    ...(coordinates && { coordinates }),
    ...(flags.like !== undefined && { pixelsOf: await pixelsOf(flags.like) }),
  });
  await writeFitsFile(output, binnedEventsHdus(binned));
  const others = extension === undefined ? otherEvents(hdus, events) : [];
  const sky = parseWcs(binned.wcs);
  const mind = [
    ...(sky.wcs === undefined
      ? [
          `the image has no sky coordinates: ${sky.unread ?? "the header of the list has none of X and Y (TCTYPn, TCRVLn ...)"}`,
        ]
      : []),
    ...ignoredGoodTimes(unusedGoodTimes(hdus, goodTimes), flags.gti, columns?.time !== undefined),
    ...(others.length === 0
      ? []
      : [
          `further tables of events (HDU ${others.join(", ")}) are not in the image; name one as ${path}[HDU]`,
        ]),
  ];
  if (flags.quiet !== true)
    process.stderr.write(lines(name, output, binned, { mind, timeUnit: columns?.time?.unit ?? "s" }));
  if (flags.json === true) {
    const { counts: _, wcs, ...numbers } = binned;
    process.stdout.write(`${JSON.stringify({ file: output, ...numbers }, undefined, 2)}\n`);
  }
  process.exitCode = EXIT.done;
}

/** The pixels of an image in a file. */
async function pixelsOf(name: string) {
  const { path, extension } = parseFitsName(name);
  const hdu = findHdu(await readFitsFile(path), extension);
  return { name, shape: imageToSkyImage(hdu).shape, wcs: wcsCards(hdu.header) };
}

/** Which good times of the file are not applied, and why. */
function ignoredGoodTimes(unused: readonly string[], wanted: boolean, timed: boolean): string[] {
  if (unused.length === 0) return [];
  const which = `good time intervals (${unused.join(", ")}) of the file`;
  if (!wanted) return [`${which} are not applied, as was asked`];
  return [timed ? `${which} are not applied` : `${which} cannot be applied: events have no column TIME`];
}

function lines(
  name: string,
  output: string,
  binned: BinnedEvents,
  { mind, timeUnit }: { readonly mind: readonly string[]; readonly timeUnit: string },
): string {
  const { events, binned: inside, cuts, outside, unplaced, size, binSize, coordinates, center } = binned;
  const unit = coordinates === "pixel" ? "of the plane" : "deg";
  const left = [
    ...cuts.map(({ taken, text, kind }) => {
      const whole = /&&|\|\|/.test(text) ? `(${text})` : text;
      return [taken, `by ${kind === "where" ? `not ${whole}` : text}`] as const;
    }),
    [outside, "beyond the edges"],
    [unplaced, "without a position"],
  ] as const;
  const without = left
    .filter(([count], index) => count > 0 || index < cuts.length)
    .map(([count, why]) => `${formatCount(count)} ${why}`);
  const table = [
    ...without.map((text, index) => [index === 0 ? "left out" : "", text]),
    ...(binned.goodTime === undefined
      ? []
      : [["good time", `${formatNumber(binned.goodTime)} ${timeUnit} left (GTI)`]]),
    ...mind.map((text, index) => [index === 0 ? "mind" : "", text]),
    ["written", output],
    ["next", `tslira ${shellLine(["deconvolve", output, "--psf", "psf.fits", "-o", "result.fits"])}`],
  ] as const;
  return (
    binned.notes.map((note) => `tslira: warning: ${note}\n`).join("") +
    `${name}: ${formatCount(inside)} of ${formatCount(events)} events in ${size[0]} x ${size[1]} pixels of ` +
    `${formatNumber(binSize)} ${unit} around ${center.map(formatNumber).join(", ")}\n` +
    table.map(([label, text]) => `  ${label.padEnd(11)}  ${text}\n`).join("")
  );
}
