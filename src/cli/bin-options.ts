/** Options of `tslira bin`. */

import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import type { EnergyUnit } from "../io/energy-unit.js";
import { parseNumber, parseNumbers, parseShape } from "./option-values.js";

const DETAILS = `
Positions are X and Y with their sky coordinates (Chandra, XMM-Newton, NuSTAR, Swift, eROSITA,
Suzaku, XRISM, ROSAT, IXPE), L and B or RA and DEC (Fermi). Ranges are half-open: the lower end
belongs to them, the upper does not. An event on the edge between two pixels belongs to the one after
it. An end of a range may be left out: 2000: or :7000.

Events outside of the good time intervals of the file (GTI) are left out, unless --no-gti is given. --energy 0.5:7keV
is by TUNIT, or by the scale of PI of these missions: whole channels whose middle lies in the range.
Without a unit it is in that of the column. --where knows numbers, columns, < <= > >= == !=, && || !, + - * / %, bits by & and
parentheses; also .and. .le. ..., and of SAS PI in [500:2000] and #XMMEA_EP of the header. Filters after the name are read: 'events.fits[EVENTS][energy=500:7000,ccd_id=0:3]'.

Whole numbers in X and Y are centres of pixels: a pixel has its edges half-way between them. --center x,y is X and Y, or
degrees on the sky where only these lie among the events; 266.4deg,-29deg is always the sky.

Without --bin-size a plane keeps its pixels, doubled until all events fit in 1024 x 1024; the sky
gets round steps with which they fit in about 400 x 400.

A HEALPix map becomes an image too, by --column, --coordinates, --center, --size, --bin-size and --projection: counts
are summed, other values taken where the middle of a pixel lies, or averaged over larger pixels.

Examples:
  tslira bin acisf04683_evt2.fits.gz -o counts.fits --energy 500:7000 --center 4096,4096 --size 256
  tslira bin nu30001_A01_cl.evt -o counts.fits --energy 3:79keV
  tslira bin evt2.fits -o counts.fits --energy 0.5:7keV --like expmap.fits
  tslira bin pn_events.fits -o counts.fits --energy 500:2000 --bin-size 80
  tslira bin fermi_photons.fits -o counts.fits --energy 10000:500000 --coordinates galactic \\
         --center 0,0 --bin-size 0.05 --size 400x200 --projection CAR
  tslira bin healpix_exposure.fits -o exposure.fits --center 83.6,22 --size 200x200 --bin-size 0.05`;

/** A half-open range as `low:high`; an end that is left out is open. */
function parseRange(text: string): [number, number] {
  const [low, high, ...rest] = text.split(":");
  const end = (words: string | undefined, open: number) => (words ? parseNumber(words) : open);
  const range: [number, number] = [end(low, -Infinity), end(high, Infinity)];
  if (high === undefined || rest.length > 0 || !(range[0] < range[1]))
    throw new InvalidArgumentError("Give low:high, low: or :high.");
  return range;
}

/** A range of energy as `low:high`, perhaps with a unit at its end or ends. */
function parseEnergy(text: string): { range: [number, number]; unit?: EnergyUnit } {
  const units = ["eV", "keV", "MeV", "GeV", "TeV"] as const;
  const found = new Set<EnergyUnit>();
  const numbers = text.replace(/\s*([kMGT]?eV)\b/gi, (_, word: string) => {
    found.add(units.find((unit) => unit.toLowerCase() === word.toLowerCase())!);
    return "";
  });
  if (found.size > 1) throw new InvalidArgumentError("Give both ends in one unit, for example 0.5:7keV.");
  if (/[a-df-z]/i.test(numbers))
    throw new InvalidArgumentError("Give low:high in eV, keV, MeV, GeV or TeV, for example 0.5:7keV.");
  const [unit] = found;
  return { range: parseRange(numbers), ...(unit && { unit }) };
}

/** A position as `x,y`, or `266.4deg,-29deg` for one on the sky. */
function parsePosition(text: string): { center: [number, number]; sky: boolean } {
  const sky = /d(eg)?\b/i.test(text);
  const values = parseNumbers(text.replace(/\s*(degrees?|deg|d)\b/gi, ""));
  if (values.length !== 2)
    throw new InvalidArgumentError("Give two numbers, x,y or lon,lat or 266.4deg,-29deg.");
  return { center: values as [number, number], sky };
}

/** Options that say what of a file is binned, and how. */
export function binOptions() {
  return new Command("bin")
    .description(
      "Bin the events of a list, plain or .gz, into an image of counts with sky coordinates; or bring a HEALPix map into pixels.",
    )
    .argument("<events>", "event list or HEALPix map; name[extension] for one of its tables")
    .requiredOption("-o, --output <file>", "image, .fits or .fits.gz")
    .option(
      "--energy <low:high>",
      "events of this range of ENERGY, or else of PI or PHA; 0.5:7keV with a unit",
      parseEnergy,
    )
    .option("--pi <low:high>", "events of this range of channels, PI or else PHA", parseRange)
    .option("--time <start:stop>", "events of this range of TIME", parseRange)
    .option("--where <condition>", "events that meet a condition, 'PATTERN<=4 && FLAG==0'")
    .option("--no-gti", "also events outside of the good time intervals")
    .option("--bin-size <size>", "side of a pixel: pixels of the plane, or degrees", parseNumber)
    .option("--center <x,y>", "middle of the image: X,Y, or longitude,latitude in degrees", parsePosition)
    .option("--like <image>", "pixels of this image, such as the exposure map, in place of size and place")
    .option("--size <columns x rows>", "size of the image in its pixels, 256 or 400x200", parseShape)
    .addOption(
      new Option("--coordinates <kind>", "columns of positions (default: the best there are)").choices([
        "pixel",
        "galactic",
        "equatorial",
      ] as const),
    )
    .addOption(
      new Option(
        "--projection <code>",
        "of positions on the sky (default: TAN, and CAR for a map of most of the sky)",
      ).choices(["TAN", "CAR"] as const),
    )
    .option("--column <name>", "of a HEALPix map, column of its values (default: the first)")
    .option("--overwrite", "replace a file that exists")
    .option("--json", "print what was done for programs on stdout")
    .option("-q, --quiet", "print nothing but errors")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", DETAILS);
}

/** What `tslira bin` was told. */
export type BinFlags = ReturnType<ReturnType<typeof binOptions>["opts"]>;
