// Draws every figure from one simulated run and writes docs/gallery.md with its pictures. `npm run gallery` builds first.
//
// A new figure is a new row of FIGURES. The pictures are the same bytes on every machine.

import { mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chainGroups, checkModel, predictiveCheck } from "../dist/diagnostics.js";
import {
  drawPlayerPage,
  plotAutocorrelation,
  plotComparison,
  plotDataset,
  plotEstimate,
  plotHyperprior,
  plotImage,
  plotLocalSignificance,
  plotMultiscale,
  plotPanels,
  plotParameterDistributions,
  plotParameterTraces,
  plotPixelTrace,
  plotPixelTracesRegion,
  plotPosterior,
  plotRadialProfile,
  plotRank,
  plotRegionDistribution,
  plotResiduals,
  plotRgb,
  plotSignificance,
  plotSmoothness,
} from "../dist/figures.js";
import { deconvolve, LiraDeconvolver, simulateGaussianAndPoints } from "../dist/index.js";
import { animateDraws, figureDocument } from "../dist/node.js";
import { estimateSignificance } from "../dist/significance.js";
import { circularRegion } from "../dist/sky.js";

const DOCS = join(dirname(fileURLToPath(import.meta.url)), "..", "docs");
const FOLDER = join(DOCS, "gallery");
/** Most bytes of one file, and of all together. */
const LIMITS = { file: 1.5e6, all: 6e6 };

/** A pixel near the centre, where the sampler finds it hard to tell neighbours apart. */
const [X, Y] = [16, 16];

/**
 * name: of the function and the files; text: what to see; call: the code; kind: of `tslira plot`, where there is one;
 * draw: (run, options) => SVG.
 */
const FIGURES = [
  {
    name: "plotImage",
    text: "One image, in any of six colour maps and four stretches, with markers, regions and contours; here a column of a journal wide. Contours are at 1, 10 and 100.",
    call: 'plotImage(result.mean, { document, label: "flux", stretch: "asinh", title: "Posterior mean", contours: [1, 10, 100], width: "88mm" })',
    kind: "mean --contours 1,10,100 --width 88mm",
    draw: ({ result }, options) =>
      plotImage(result.mean, {
        ...options,
        label: "flux",
        stretch: "asinh",
        title: "Posterior mean",
        contours: [1, 10, 100],
        width: "88mm",
      }),
  },
  {
    name: "plotPanels",
    text: "Several images on one colour scale: the true sky of the simulation, and what the posterior makes of its counts.",
    call: 'plotPanels([{ image: data.flux, title: "Truth" }, { image: result.mean, title: "Posterior mean" }], { document, colorScale: "shared" })',
    draw: ({ data, result }, options) =>
      plotPanels(
        [
          { image: data.flux, title: "Truth", label: "flux", stretch: "asinh" },
          { image: result.mean, title: "Posterior mean" },
        ],
        { ...options, colorScale: "shared" },
      ),
  },
  {
    name: "plotPosterior",
    text: "What a result says, in one figure: counts, mean, standard deviation, signal to noise, and where a pixel has an R-hat above 1.01, R-hat and effective sample sizes. The colours of the mean turn from linear to logarithmic at the median error.",
    call: "plotPosterior(result, { document, counts: data.counts })",
    kind: "posterior",
    draw: ({ data, result }, options) => plotPosterior(result, { ...options, counts: data.counts }),
  },
  {
    name: "plotEstimate",
    text: "The image of a method without a posterior, here Richardson-Lucy stopped by photons held out: counts, flux, and the counts that it predicts.",
    call: 'plotEstimate(await deconvolve(data, { method: "richardson-lucy", stop: { rule: "held-out" } }), { document, counts: data.counts })',
    draw: ({ data, lucy }, options) => plotEstimate(lucy, { ...options, counts: data.counts }),
  },
  {
    name: "plotDataset",
    text: "All that was observed: counts, psf, exposure and background, and the true flux of a simulation.",
    call: "plotDataset(data, { document })",
    kind: "dataset --truth flux.fits",
    draw: ({ data }, options) => plotDataset(data, options),
  },
  {
    name: "plotResiduals",
    text: "Counts against those that the posterior mean predicts, in standard deviations, and how they should scatter if the model is right.",
    call: "plotResiduals({ counts: data.counts, predicted }, { document })",
    kind: "residuals",
    draw: ({ data, check: { predicted, sigma } }, options) =>
      plotResiduals({ counts: data.counts, predicted, sigma }, options),
  },
  {
    name: "plotRadialProfile",
    text: "Counts about a source against the counts that draws of the posterior would make: a wrong psf shows here first.",
    call: "plotRadialProfile(check.profile, { document })",
    kind: "radial-profile --at 16,26",
    draw: ({ profile }, options) => plotRadialProfile(profile, options),
  },
  {
    name: "plotSignificance",
    text: "Is it real? The share of the source in regions, in the observation and in data without a source.",
    call: "plotSignificance(estimate.regions, { document })",
    draw: ({ estimate }, options) => plotSignificance(estimate.regions, options),
  },
  {
    name: "plotLocalSignificance",
    text: "The same for circles all over the image: excess, bound on the local p-value, and p-value for all places together.",
    call: "plotLocalSignificance(estimate.scan, { document, counts: data.counts })",
    draw: ({ data, estimate }, options) =>
      plotLocalSignificance(estimate.scan, { ...options, counts: data.counts }),
  },
  {
    name: "plotMultiscale",
    text: "An image taken apart as the prior sees it: sums over blocks of two by two pixels, of four by four and so on, and below what share each has of the next larger one.",
    call: "plotMultiscale(result.mean, { document })",
    kind: "multiscale",
    draw: ({ result }, options) => plotMultiscale(result.mean, options),
  },
  {
    name: "plotSmoothness",
    text: "Where the data call for points and where for diffuse light: blocks of two by two, four by four and eight by eight pixels. The brightest point is dark blue, the core of the Gaussian nearly white; where there are no photons a block takes after the larger one around it.",
    call: "plotSmoothness(result, { document })",
    kind: "smoothness",
    draw: ({ result }, options) => plotSmoothness(result, options),
  },
  {
    name: "plotComparison",
    text: "Results side by side on one colour scale, and below what they differ by from the truth, or from the first of them; and a cut through the brightest pixel.",
    call: 'plotComparison([{ title: "tslira", image: result.mean }, { title: "another", image: other.mean }], { document, truth: data.flux })',
    kind: "comparison --truth flux.fits",
    draw: ({ data, result, flat }, options) =>
      plotComparison(
        [
          { title: "Smoothing fitted", image: result.mean },
          { title: "Smoothing fixed at 1", image: flat.mean },
        ],
        { ...options, truth: data.flux },
      ),
  },
  {
    name: "plotRgb",
    text: "Three images as red, green and blue, for example of three energies; here of three priors, so that what all of them find is white or grey.",
    call: 'plotRgb([{ title: "adaptive", image: result.mean }, { title: "another", image: other.mean }, { title: "LIRA", image: lira.mean }], { document })',
    kind: "rgb",
    draw: ({ result, flat, lira }, options) =>
      plotRgb(
        [
          { title: "Smoothing fitted", image: result.mean },
          { title: "Smoothing fixed at 1", image: flat.mean },
          { title: "LIRA", image: lira.mean },
        ],
        options,
      ),
  },
  {
    name: "plotPixelTrace",
    text: "The draws of a pixel, or of the sum over a circle, and their distribution.",
    call: `plotPixelTrace(result.trace.images, ${X}, ${Y}, { document, radius: 2 })`,
    kind: `pixel-trace --at ${X},${Y} --radius 2`,
    draw: ({ result }, options) => plotPixelTrace(result.trace.images, X, Y, { ...options, radius: 2 }),
  },
  {
    name: "plotPixelTracesRegion",
    text: "A pixel and its neighbours, one panel a chain. Where one line falls as another rises, pixels trade flux: the data fix their sum only.",
    call: `plotPixelTracesRegion(result.trace.images, ${X}, ${Y}, { document, radius: 2 })`,
    kind: `pixel-region --at ${X},${Y} --radius 2`,
    draw: ({ result }, options) =>
      plotPixelTracesRegion(result.trace.images, X, Y, { ...options, radius: 2, image: result.mean }),
  },
  {
    name: "plotRegionDistribution",
    text: "The flux of a region, with an error that knows of the correlation of its pixels.",
    call: `plotRegionDistribution(result.trace.images, { x: ${X}, y: ${Y}, radius: 3 }, { document, groups: chainGroups(result.config) })`,
    kind: `region-distribution --at ${X},${Y} --radius 3`,
    draw: ({ result, groups }, options) =>
      plotRegionDistribution(result.trace.images, { x: X, y: Y, radius: 3 }, { ...options, groups }),
  },
  {
    name: "plotParameterTraces",
    text: "Every parameter along the chains. Lines are means of many sweeps, shades their range, so that slow wandering shows.",
    call: "plotParameterTraces(result.trace.parameters, result.diagnostics, { document })",
    kind: "parameter-traces",
    draw: ({ result }, options) => plotParameterTraces(result.trace.parameters, result.diagnostics, options),
  },
  {
    name: "plotParameterDistributions",
    text: "The distribution of every parameter, each chain in its colour. Chains of equal shift, here 1 and 2, and 3 and 4, lie on one another when they agree.",
    call: "plotParameterDistributions(result.trace.parameters, { document, groups: chainGroups(result.config) })",
    kind: "parameter-distributions",
    draw: ({ result, groups }, options) =>
      plotParameterDistributions(result.trace.parameters, { ...options, groups }),
  },
  {
    name: "plotRank",
    text: "Ranks of each chain among the draws of those that it can be compared with. They are flat when the chains sample the same distribution; the band allows for chance and for correlated draws.",
    call: "plotRank(result.trace.parameters, { document, groups: chainGroups(result.config) })",
    kind: "rank",
    draw: ({ result, groups }, options) => plotRank(result.trace.parameters, { ...options, groups }),
  },
  {
    name: "plotAutocorrelation",
    text: "How many sweeps it takes to forget: the autocorrelation time stands above each panel.",
    call: "plotAutocorrelation(result.trace.parameters, { document, groups: chainGroups(result.config) })",
    kind: "autocorrelation",
    draw: ({ result, groups }, options) =>
      plotAutocorrelation(result.trace.parameters, { ...options, groups }),
  },
  {
    name: "plotHyperprior",
    text: 'Under LIRA\'s prior, of a run with `preset: "lira"`: the smoothing parameter of each level against its prior. A histogram that follows the line has learnt nothing from the data.',
    call: "plotHyperprior(lira.trace.parameters, lira.config.smoothingPrior, { document })",
    kind: "hyperprior",
    draw: ({ lira }, options) => plotHyperprior(lira.trace.parameters, lira.config.smoothingPrior, options),
  },
];

/** Further results in the commands of kinds that show several. */
const OTHERS = { comparison: " other.fits", rgb: " other.fits lira.fits" };

const written = [];
function write(name, bytes) {
  writeFileSync(join(FOLDER, name), bytes);
  const { size } = statSync(join(FOLDER, name));
  if (size > LIMITS.file)
    throw new Error(`gallery: ${name} must be at most ${LIMITS.file} bytes, got ${size}`);
  written.push(size);
}

const data = simulateGaussianAndPoints({ seed: 372 });
const deconvolver = new LiraDeconvolver({
  iterations: 20_000,
  burnIn: 2_000,
  chains: 4,
  seed: 1,
  trace: { keep: 500 },
});
const result = await deconvolver.run(data);
const [check] = checkModel(result, result.trace.parameters, [data]);
const [{ profile }] = await predictiveCheck(data, result.trace, { draws: 60, centre: { x: 16, y: 26 } });
const flat = await new LiraDeconvolver({ iterations: 5_000, seed: 1, alphaInit: 1, fitAlpha: false }).run(
  data,
);
const lira = await new LiraDeconvolver({ iterations: 5_000, seed: 1, preset: "lira" }).run(data);
const lucy = await deconvolve(data, { method: "richardson-lucy", stop: { rule: "held-out" } });
const estimate = await estimateSignificance(
  data,
  [
    circularRegion({ x: 16, y: 26, radius: 2 }, data.counts.shape, "point source"),
    circularRegion({ x: 5, y: 27, radius: 4 }, data.counts.shape, "empty sky"),
  ],
  { replicates: 24, iterations: 1_000, seed: 1, scan: { radius: 2 } },
);
const run = { data, result, groups: chainGroups(result.config), check, profile, flat, lira, lucy, estimate };
const document = await figureDocument();

rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });
const sections = FIGURES.map(({ name, text, call, kind, draw }) => {
  write(`${name}.svg`, draw(run, { document, theme: "light" }));
  write(`${name}-dark.svg`, draw(run, { document, theme: "dark" }));
  const command =
    kind === undefined
      ? ""
      : `\n\`\`\`sh\nnpx tslira plot ${kind === "hyperprior" ? "lira" : "result"}.fits${OTHERS[kind.split(" ")[0]] ?? ""} --kind ${kind} -o figure.pdf\n\`\`\`\n`;
  return `## ${name}

${text}

<picture><source media="(prefers-color-scheme: dark)" srcset="gallery/${name}-dark.svg"><img alt="${text.replaceAll(/[`"]/g, "")}" src="gallery/${name}.svg"></picture>

\`\`\`ts
const svg = ${call};
\`\`\`
${command}`;
});

const { images } = run.result.trace;
write("animateDraws.png", await animateDraws(images, { document, frames: 60 }));
write("drawPlayer.html", drawPlayerPage(images, { document, draws: 150, title: "Draws of the posterior" }));

writeFileSync(
  join(DOCS, "gallery.md"),
  `# Gallery

All figures of tslira, from one simulated run: a Gaussian with four point sources, 32 x 32 pixels, four chains of 20,000 sweeps.
\`npm run gallery\` draws them again.

Each figure is a function that returns an SVG document, light or dark. In Node \`renderPng\` and \`renderPdf\` turn it into
PNG and PDF; the PDF has lines and text as vectors. From the command line \`tslira plot\` draws the figures of a result file
into any of the three, and with \`--preview\` into the terminal. Chains are told apart by the colours of Okabe and Ito, which colour-blind
readers can tell apart too.

For a paper: \`--width 88mm\` (library: \`width\`) makes the figure so wide, with text of 7 to 8 pt; \`--vmin\`, \`--vmax\`, \`--limits 99.5\` (a
percentile) and \`--stretch\` say how values become colours, by default \`asinh\`, linear below the noise; \`--contours 3,5,10sigma\` draws
contours, of another result or FITS image with \`--contours-of\`, placed by the sky coordinates of both; \`--regions\` draws a DS9 file. Several results
stand on one scale with \`--kind grid\`. Images by \`richardson-lucy\`, \`map\` and the like, and mosaics of tiles, are drawn by all kinds that need no draws.

\`\`\`sh
npx tslira plot result.fits --kind mean --regions knots.reg --contours 1,3,5sigma --limits 99.8 --width 88mm -o mean.pdf
npx tslira plot result.fits other.fits lira.fits --kind grid --vmin 0 --vmax 100 --width 180mm -o grid.pdf
\`\`\`

${sections.join("\n")}
## animateDraws

Single draws beside the mean of all draws so far, as APNG or GIF.

![Draws of the posterior, and their mean, moving](gallery/animateDraws.png)

\`\`\`sh
npx tslira plot result.fits --kind animation -o draws.apng
\`\`\`

## drawPlayer

The same to play with: [a page](gallery/drawPlayer.html) that needs no network, with a slider, choice of chain, speed, keys and a
readout of the pixel under the pointer.

\`\`\`sh
npx tslira plot result.fits --kind animation -o draws.html
\`\`\`
`,
);
const all = written.reduce((sum, size) => sum + size, 0);
if (all > LIMITS.all)
  throw new Error(`gallery: all pictures must be at most ${LIMITS.all} bytes, got ${all}`);
console.error(`gallery: ${written.length} files, ${(all / 1e6).toFixed(1)} MB`);
