/** `tslira plot`. */

import { extname } from "node:path";
import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import type { Observation } from "../data/observation/observation.js";
import { parseDs9Regions, type ShapedRegion } from "../data/regions/ds9-region.js";
import { parseWcs } from "../data/sky/sky-wcs.js";
import { InvalidInputError } from "../errors.js";
import { stretchOf } from "../figures/color-scale.js";
import { figureDocument } from "../figures/document-node.js";
import { colorImage } from "../figures/heat-map.js";
import { renderPdf } from "../figures/pdf-node.js";
import type { ComparedImage } from "../figures/plot-comparison.js";
import { renderPixels, renderPng } from "../figures/png-node.js";
import { given, givenOptions } from "../given.js";
import { readRegionText } from "../io/region-file-node.js";
import { writeWholeFile } from "../io/whole-file-node.js";
import { nearestWord } from "../nearest-word.js";
import { sourceApertures } from "../photometry/catalogue-file.js";
import { formatNumber } from "./format.js";
import { collected, parseNumber, parseNumbers, parseWhole } from "./option-values.js";
import { checkOutputPaths, observationPaths } from "./output-path.js";
import { oneChain, PLOT_KINDS, type PlotChoices, type PlotKind } from "./plot-kinds.js";
import { contourImage, openPlotted, type PlottedResult, stemOf, withDraws } from "./plotted-result.js";
import { readCatalogue } from "./read-catalogue.js";
import { readImage } from "./read-image.js";
import { addInputOptions, findResultInputs, type InputFlags } from "./result-inputs.js";
import { blockImage, itermImage, kittyImage, sixelImage, terminalProtocol } from "./terminal-image.js";

const KIND_WIDTH = Math.max(...Object.keys(PLOT_KINDS).map(({ length }) => length));
const KINDS = Object.entries(PLOT_KINDS)
  .map(([name, { summary }]) => `  ${name.padEnd(KIND_WIDTH)}  ${summary}`)
  .join("\n");

const DETAILS = `
Kinds:
${KINDS}

Files of methods that give one image (richardson-lucy, map, ...) are drawn by all kinds that need no draws, and so
are mosaics of tiles (tslira cluster collect), by posterior, mean, std, rhat, ess, smoothness and residuals too.
Pixels are counted from 0, x to the right and y up; without --at the brightest pixel is shown.
Chains and observations are counted from 1. Kinds that need the observation look for the files of the
command that made the result; files count only when their SHA-256 are the recorded ones.

Examples:
  tslira plot result.fits -o posterior.png
  tslira plot result.fits --kind rank -o rank.pdf --theme light
  tslira plot result.fits --kind pixel-region --at 16,26 --radius 2 -o region.svg
  tslira plot result.fits --kind parameter-traces --parameter logPost --parameter smoothness0 -o traces.png
  tslira plot result.fits --kind animation -o draws.html
  tslira plot result.fits --kind residuals --counts counts.fits --psf psf.fits -o residuals.png
  tslira plot a.fits b.fits --kind comparison --truth flux.fits -o comparison.pdf
  tslira plot a.fits rl.fits tv.fits --kind grid --width 180mm -o grid.pdf
  tslira plot soft.fits medium.fits hard.fits --kind rgb --limits 99.5 -o rgb.png
  tslira plot result.fits --kind mean --grid --compass --width 88mm -o mean.pdf
  tslira plot result.fits --kind mean --regions knots.reg --contours 3,5,10sigma -o knots.pdf
  tslira plot result.fits --kind mean --sources sources.fits -o sources.png
  tslira plot result.fits --kind mean --preview`;

const FORMATS = [".png", ".svg", ".pdf"];
const MOVING_FORMATS = [".apng", ".gif", ".html"];

function parsePixel(text: string): readonly [number, number] {
  const values = parseNumbers(text);
  if (values.length !== 2 || !values.every((value) => Number.isInteger(value) && value >= 0)) {
    throw new InvalidArgumentError("Give x,y (column, row, from 0).");
  }
  return [values[0], values[1]];
}

/** Percentages, `99.5` or `0.5,99.5`. */
function parseLimits(text: string): number | readonly [number, number] {
  const values = parseNumbers(text);
  if (values.length === 1) return values[0];
  if (values.length === 2) return [values[0], values[1]];
  throw new InvalidArgumentError("Give a percentage, or two with a comma between, for example 99.5.");
}

/** Levels of contours, `1,2,5` or `1,2,5sigma`. */
function parseContours(text: string): { readonly levels: readonly number[]; readonly sigma: boolean } {
  const plain = text.replace(/\s*(sigma|σ)$/i, "");
  return { levels: parseNumbers(plain), sigma: plain !== text };
}

/** Pixels of a PNG, or a width on paper. */
function parseWidth(text: string): number | string {
  return /^[\d.e+]+$/i.test(text.trim()) ? parseWhole(text) : text;
}

/** Pixels an inch of a PNG of a width on paper. */
const PRINT_DPI = 300;

function plotOptions() {
  const command = new Command("plot")
    .description("Draw a figure of a result, as PNG, SVG or PDF; or an animation of its draws.")
    .argument("<result>", "result file, FITS")
    .argument("[others...]", "further results, for comparison, grid and rgb")
    .option("-k, --kind <kind>", "which figure (default: posterior)")
    .option("-o, --output <file>", "x.png, x.svg or x.pdf; of an animation x.apng, x.gif or x.html")
    .option("--preview", "show it in the terminal")
    .option("--overwrite", "replace a file that exists")
    .optionsGroup("What to show:")
    .option("--at <x,y>", "pixel", parsePixel)
    .option("--radius <r>", "radius around the pixel, in pixels", parseNumber)
    .option("--chain <n>", "one chain only, from 1", parseWhole)
    .option("--observation <n>", "of several, the one to show, from 1 (default: 1)", parseWhole)
    .option("--truth <file>", "true flux, FITS image, for dataset and comparison")
    .option(
      "--parameter <name>",
      "parameter to show, by its column in the result; may be given again",
      collected(String),
    )
    .option("--frames <n>", "frames of an animation at most", parseWhole)
    .option("--fps <n>", "frames a second of an animation (default: 8)", parseNumber)
    .optionsGroup("Looks:")
    .addOption(new Option("--theme <theme>", "(default: light)").choices(["light", "dark"] as const))
    .option("--title <text>", "heading (default: the object of the header, or the name of the result)")
    .addOption(
      new Option("--stretch <stretch>", "of images (default: asinh, linear below the noise)").choices([
        "linear",
        "sqrt",
        "log",
        "asinh",
      ] as const),
    )
    .option("--vmin <value>", "value of the first colour", parseNumber)
    .option("--vmax <value>", "value of the last colour", parseNumber)
    .option("--limits <percent>", "percentile at which colours end, or low,high (default: 100)", parseLimits)
    .addOption(
      new Option("--colormap <name>", "of images").choices([
        "inferno",
        "magma",
        "viridis",
        "cividis",
        "gray",
        "RdBu",
      ] as const),
    )
    .addOption(
      new Option(
        "--axes <kind>",
        "labels of images (default: sexagesimal for right ascension and declination, degrees else)",
      ).choices(["sexagesimal", "degrees", "pixels"] as const),
    )
    .option("--grid", "lines of equal sky coordinates on images")
    .option("--scale-bar", "bar of known angular length on images")
    .option("--compass", "arrows to north and east on images")
    .option("--regions <file>", "draw a DS9 region file or FITS table of regions over images")
    .option("--sources <file>", "mark the sources of a catalogue, .fits of tslira sources")
    .option(
      "--contours <levels>",
      "contours at these fluxes, 1,2,5, or times its error, 1,2,5sigma",
      parseContours,
    )
    .option("--contours-of <file>", "of another result or FITS image, by the sky coordinates of both")
    .option("--scale <s>", "pixels of a PNG per px of the figure (default: 2)", parseNumber)
    .option(
      "--width <w>",
      "width on paper, 88mm (cm, in, pt; PNG with 300 dpi), or of a PNG in pixels",
      parseWidth,
    );
  addInputOptions(command);
  return command.helpOption("-h, --help", "print this help").addHelpText("after", DETAILS);
}

type PlotFlags = ReturnType<ReturnType<typeof plotOptions>["opts"]> & InputFlags;

/** The command. */
export const command = () => plotOptions().action(plot);

async function plot(path: string, others: readonly string[], flags: PlotFlags): Promise<void> {
  const { kind: name = "posterior", output, preview = false } = flags;
  const kind = Object.hasOwn(PLOT_KINDS, name) ? PLOT_KINDS[name] : undefined;
  if (kind === undefined) {
    const names = Object.keys(PLOT_KINDS);
    throw new InvalidInputError(
      `plot: --kind must be one of ${names.join(", ")}, got ${name}; did you mean ${nearestWord(name, names)}?`,
    );
  }
  if (output === undefined && !preview) {
    throw new InvalidInputError("plot: need somewhere to draw, got no output; add -o x.png or --preview");
  }
  if (preview && kind.svg === undefined) {
    throw new InvalidInputError(
      `plot: --preview must show a figure that stands still, got ${name}; leave it out, and add -o x.html`,
    );
  }
  if (output !== undefined) {
    checkFormat(name, kind, output);
    await checkOutputPaths([output], {
      overwrite: flags.overwrite === true,
      inputs: [path, ...others, flags.truth, ...observationPaths([flags])],
    });
  }
  if (others.length > 0 && !kind.several) {
    throw new InvalidInputError(
      `plot: one result must be given, got ${1 + others.length}; several are for --kind comparison, grid and rgb`,
    );
  }
  if (flags.contoursOf !== undefined && flags.contours === undefined) {
    throw new InvalidInputError(
      `plot: --contours-of must come with --contours, got it without; add levels, --contours 1,2,5sigma`,
    );
  }
  const opened = await openPlotted(path);
  try {
    checkSky(opened, flags);
    const open =
      flags.chain === undefined
        ? opened
        : { ...opened, posterior: oneChain(withDraws("--chain", opened), flags.chain - 1) };
    const { contours, width } = flags;
    const contoursOf = contours && (await contourImage(opened, flags.contoursOf, contours.sigma));
    const choices: PlotChoices = {
      figure: {
        document: await figureDocument(),
        ...(flags.theme && { theme: flags.theme }),
        ...given({ title: flags.title }),
        ...(typeof width === "string" && { width }),
      },
      scale: givenOptions(flags, ["stretch", "vmin", "vmax", "limits"]),
      ...givenOptions(flags, ["at", "radius", "colormap", "frames"]),
      ...(flags.parameter && { names: flags.parameter }),
      ...given({ framesPerSecond: flags.fps }),
      sky: {
        ...givenOptions(flags, ["axes", "grid", "scaleBar", "compass"]),
        ...((flags.regions ?? flags.sources) !== undefined && { regions: await drawnRegions(flags, opened) }),
        ...(contours && { contours: contours.levels }),
        ...(contoursOf && { contoursOf }),
      },
      observations: () => observationsOf(path, opened, flags),
      observation: (flags.observation ?? 1) - 1,
      compared: await comparedImages(path, opened, others),
      ...(flags.truth !== undefined && { truth: await readImage(flags.truth) }),
    };
    if (output !== undefined)
      await writeWholeFile(output, await draw(kind, open, choices, extname(output), flags));
    if (preview) process.stdout.write(await previewText(kind, open, choices));
  } finally {
    opened.close();
  }
}

/** @throws InvalidInputError when the observations are not at hand */
async function observationsOf(
  path: string,
  result: PlottedResult,
  flags: PlotFlags,
): Promise<readonly Observation[]> {
  const { observations, missing } = await findResultInputs("plot", path, result, flags);
  if (observations.length > 0) return observations;
  throw new InvalidInputError(`plot: figure must have the observation, got none: ${missing}`);
}

/** Fluxes of the results, named by what tells their files apart. */
async function comparedImages(
  path: string,
  { flux }: PlottedResult,
  others: readonly string[],
): Promise<ComparedImage[]> {
  const images = [flux];
  for (const other of others) {
    const open = await openPlotted(other);
    images.push(open.flux);
    open.close();
  }
  const paths = [path, ...others];
  const names = paths.map(stemOf);
  const different = new Set(names).size === names.length;
  return images.map((image, index) => ({ image, title: different ? names[index] : paths[index] }));
}

/** Apertures of a catalogue, and the shapes of a region file, in pixels of the result; what it takes away from all is a region without name. */
async function drawnRegions(
  { regions: name, sources }: Pick<PlotFlags, "regions" | "sources">,
  { flux, wcs, provenance: { inputs } }: PlottedResult,
): Promise<ShapedRegion[]> {
  const image = { shape: flux.shape, wcs, inputs };
  const marks = sources === undefined ? [] : sourceApertures((await readCatalogue(sources, image)).sources);
  if (name === undefined) return marks;
  const found = await readRegionText(name);
  if (!("text" in found)) {
    throw new InvalidInputError(
      `${name}: regions must be shapes, DS9 regions or a FITS table of regions, got an image of labels; draw it with --contours-of ${name} --contours 0.5`,
    );
  }
  const { regions, excluded, warnings } = parseDs9Regions(found.text, { wcs, shape: flux.shape, name });
  for (const warning of [...(found.warnings ?? []), ...warnings])
    process.stderr.write(`tslira: warning: ${warning}\n`);
  const cut = excluded.map((shape) => ({ operator: "not" as const, shape }));
  return [...marks, ...regions, ...(cut.length > 0 ? [{ name: "", terms: cut }] : [])];
}

/** @throws InvalidInputError when sky coordinates are asked for of a result without */
function checkSky({ wcs }: PlottedResult, { axes, grid, scaleBar, compass }: PlotFlags): void {
  const asked = Object.entries({
    [`--axes ${axes}`]: axes !== undefined && axes !== "pixels",
    ...{ "--grid": grid, "--scale-bar": scaleBar, "--compass": compass },
  }).flatMap(([flag, is]) => (is ? [flag] : []));
  if (asked.length === 0 || parseWcs(wcs).wcs !== undefined) return;
  throw new InvalidInputError(
    `plot: ${asked.join(" and ")} must be for a result with sky coordinates, got one without; leave it out`,
  );
}

function checkFormat(name: string, { svg, moving }: PlotKind, output: string): void {
  const possible = [...(svg ? FORMATS : []), ...(moving ? MOVING_FORMATS : [])];
  const ending = extname(output).toLowerCase();
  if (possible.includes(ending)) return;
  throw new InvalidInputError(
    `plot: the output of kind ${name} must end in ${possible.join(", ")}, got ${output}; rename it`,
  );
}

async function draw(
  kind: PlotKind,
  open: PlottedResult,
  choices: PlotChoices,
  extension: string,
  { scale, width }: PlotFlags,
): Promise<string | Uint8Array> {
  const ending = extension.toLowerCase();
  if (kind.moving && MOVING_FORMATS.includes(ending)) {
    return kind.moving(open, choices, ending.slice(1) as "apng" | "gif" | "html");
  }
  const svg = (await kind.svg?.(open, choices)) ?? "";
  if (ending === ".svg") return svg;
  if (ending === ".pdf") return renderPdf(svg);
  if (typeof width === "number") return renderPng(svg, { width });
  return renderPng(svg, given({ scale: scale ?? (width === undefined ? undefined : PRINT_DPI / 96) }));
}

/** The figure as text for the terminal; an image alone, with its limits, where there is not room for text in it. */
async function previewText(kind: PlotKind, open: PlottedResult, choices: PlotChoices): Promise<string> {
  const protocol = terminalProtocol(process.env);
  const columns = process.stdout.columns ?? 80;
  if (protocol === "blocks" && kind.image) {
    const image = kind.image(open);
    const [ny, nx] = image.shape;
    const scale = stretchOf(choices.scale);
    const rgba = colorImage(image, { ...scale, ...givenOptions(choices, ["colormap"]) });
    const finite = image.data.filter(Number.isFinite);
    const [low, high] = [
      finite.reduce((a, b) => Math.min(a, b), Infinity),
      finite.reduce((a, b) => Math.max(a, b), -Infinity),
    ];
    const unit = open.unit ?? "";
    return (
      blockImage({ width: nx, height: ny, rgba }, columns) +
      `${open.name}: ${formatNumber(low)} to ${formatNumber(high)} ${unit}`.trimEnd() +
      `, ${scale.stretch} stretch\n`
    );
  }
  const svg = (await kind.svg?.(open, choices)) ?? "";
  if (protocol === "kitty") return kittyImage(await renderPng(svg, { scale: 1 }));
  if (protocol === "iterm") return itermImage(await renderPng(svg, { scale: 1 }));
  const pixels = await renderPixels(svg, protocol === "sixel" ? { scale: 1 } : { width: columns });
  return protocol === "sixel" ? sixelImage(pixels) : blockImage(pixels, columns);
}
