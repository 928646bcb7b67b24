// Compares the methods on simulated skies whose truth is known, and draws how Richardson-Lucy goes on without end: the tables
// and figures of docs/methods.md. `npm run compare:methods` builds first; a few minutes on one core.
//
//   npm run compare:methods [-- --only disk] [-- --json study.json] [-- --tables study.json]

import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createForwardModel, normalisedRmsError } from "../dist/diagnostics.js";
import { plotComparison, plotPanels } from "../dist/figures.js";
import {
  compareMethods,
  constantImage,
  deconvolve,
  exponentialPrior,
  fitPatchPrior,
  fluxFromPicture,
  gaussianPsf,
  gradientTikhonovPrior,
  imageSum,
  markovPrior,
  patchPrior,
  simulateCounts,
  totalVariationPrior,
} from "../dist/index.js";
import { figureDocument, renderPng } from "../dist/node.js";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const IMAGES = join(ROOT, "docs", "images");
const { values: flags } = parseArgs({
  options: { only: { type: "string" }, json: { type: "string" }, tables: { type: "string" } },
});

const SIZE = 32;
const BACKGROUND = 0.05;
const PSF_SIGMA = 1.8;

function paint(size, value) {
  const image = constantImage([size, size], 0);
  for (let row = 0; row < size; row++) {
    for (let col = 0; col < size; col++) image.data[row * size + col] = value(row, col);
  }
  return image;
}
const scaled = (image, total) => {
  const sum = imageSum(image);
  return { ...image, data: image.data.map((value) => (value * total) / sum) };
};

/** The skies of docs/exactness.md, painted alike. */
function skies() {
  const sources = new Map([
    [8 * 32 + 7, 5],
    [9 * 32 + 22, 2],
    [20 * 32 + 13, 1],
    [25 * 32 + 26, 3],
  ]);
  const list = [
    { name: "points", image: paint(SIZE, (row, col) => sources.get(row * 32 + col) ?? 0) },
    { name: "disk", image: paint(SIZE, (row, col) => Number(Math.hypot(row - 15, col - 17) < 7.3)) },
    {
      name: "Gaussian and points",
      image: paint(SIZE, (row, col) => {
        const gauss = Math.exp(-0.5 * (((row - 15) / 4) ** 2 + ((col - 14) / 4) ** 2));
        return gauss + (row === 6 && col === 24 ? 30 : 0) + (row === 26 && col === 9 ? 15 : 0);
      }),
    },
  ];
  const portrait = join(ROOT, "..", "shared", "data", "images", "lincoln.png");
  if (existsSync(portrait)) {
    list.push({
      name: "portrait",
      image: fluxFromPicture(new Uint8Array(readFileSync(portrait)), { shape: [SIZE, SIZE] }),
    });
  } else console.error("the portrait is left out: its picture is not beside the checkout");
  return list.flatMap(({ name, image }) => [
    { name: `${name}, bright`, flux: scaled(image, name === "portrait" ? 20_000 : 5_000), seed: 1 },
    { name: `${name}, faint`, flux: scaled(image, name === "portrait" ? 1_500 : 400), seed: 2 },
  ]);
}

/** Numbers in [0, 1) that are the same everywhere (Park & Miller's generator). */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** Pictures to learn patches from: none of the skies, but of their kind. Disks, bars and clouds at random, blurred a little. */
function trainingPictures() {
  return Array.from({ length: 12 }, (_, picture) => {
    const random = numbers(picture + 1);
    const shapes = Array.from({ length: 10 }, () => ({
      ...{ x: 64 * random(), y: 64 * random(), size: 3 + 9 * random(), level: 0.2 + random() },
      ...{ kind: Math.floor(3 * random()), turn: Math.PI * random() },
    }));
    return paint(64, (row, col) =>
      shapes.reduce((sum, { x, y, size, level, kind, turn }) => {
        const [dx, dy] = [col - x, row - y];
        if (kind === 0) return sum + level * Number(Math.hypot(dx, dy) < size);
        if (kind === 1) return sum + level * Math.exp(-0.5 * ((dx * dx + dy * dy) / (0.25 * size * size)));
        const across = dx * Math.cos(turn) + dy * Math.sin(turn);
        const along = dy * Math.cos(turn) - dx * Math.sin(turn);
        return sum + level * Number(Math.abs(across) < 0.3 * size && Math.abs(along) < 2 * size);
      }, 0.02),
    );
  });
}

const mixture = fitPatchPrior(trainingPictures(), {
  components: 12,
  patchSize: 6,
  stride: 2,
  iterations: 25,
  seed: 1,
  ridge: 1e-3,
});

/** Methods at the settings one finds published; strengths by photons held out, never by the truth. */
function methods(flux) {
  // All on the frame, where the simulated skies end.
  const sampled = { method: "lira", iterations: 1_000, chains: 4, seed: 1, workers: 0, margin: 0 };
  const held = { method: "map", strength: "held-out", margin: 0 };
  const lucy = { method: "richardson-lucy", margin: 0 };
  // A flux that one can tell from nothing: the scale below which total variation counts squares.
  const level = imageSum(flux) / flux.data.length;
  return [
    { name: "RL, 10 iterations", options: { ...lucy, iterations: 10 } },
    { name: "RL, 100 iterations", options: { ...lucy, iterations: 100 } },
    {
      name: "RL, held-out stop",
      options: { ...lucy, iterations: 3_000, stop: { rule: "held-out" } },
    },
    { name: "exponential", options: { ...held, prior: exponentialPrior({ rate: 0.1 }), iterations: 150 } },
    {
      name: "Tikhonov (gradient)",
      options: { ...held, prior: gradientTikhonovPrior({ strength: 0.1 / level ** 2 }), iterations: 150 },
    },
    {
      name: "total variation",
      options: {
        ...held,
        prior: totalVariationPrior({ strength: 0.1 / level, smoothing: 0.05 * level }),
        iterations: 150,
      },
    },
    { name: "Markov", options: { ...held, prior: markovPrior({ strength: 1 }), iterations: 150 } },
    {
      name: "patches",
      options: {
        ...held,
        prior: patchPrior(mixture, { stride: 3 }),
        strength: 1,
        iterations: 60,
      },
    },
    { name: "EM multiscale", options: { method: "em-multiscale", iterations: 200, fitAlpha: true } },
    { name: "adaptive", options: { ...sampled } },
    { name: "LIRA", options: { ...sampled, preset: "lira" } },
    // The prior of alpha with which the Galactic Center was deconvolved: it leaves smooth skies smooth.
    {
      name: "LIRA, papers",
      options: { ...sampled, preset: "lira-paper" },
    },
  ];
}

const signed = (value, digits) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(digits)}`;

/** One table a measure: methods down, skies across, the best of each sky in bold. */
function tables(study) {
  const cashes = new Map(
    study.map(({ sky, scores }) => [sky, Math.min(...scores.map((one) => one.heldOutCash))]),
  );
  const measures = [
    { title: "NRMSE", value: (one) => one.rmsError, text: (value) => value.toFixed(2), best: Math.min },
    { title: "SSIM", value: (one) => one.similarity, text: (value) => value.toFixed(2), best: Math.max },
    {
      title: "Held-out Cash, above the least",
      value: (one, sky) => one.heldOutCash - cashes.get(sky),
      text: (value) => value.toFixed(1),
      best: Math.min,
    },
    { title: "Flux bias, %", value: (one) => 100 * one.fluxBias, text: (value) => signed(value, 1) },
    {
      title: "68 % interval covers, %",
      value: (one) => 100 * one.coverage?.covered,
      text: (value) => value.toFixed(0),
    },
    { title: "Seconds", value: (one) => one.seconds, text: (value) => value.toFixed(1) },
  ];
  return measures
    .map(({ title, value, text, best }) => {
      const all = study.map(({ sky, scores }) => scores.map((one) => value(one, sky)));
      const rows = study[0].scores.flatMap(({ name }, method) => {
        const values = all.map((column) => column[method]);
        if (values.every(Number.isNaN)) return [];
        const cells = values.map((one, sky) =>
          best !== undefined && text(one) === text(best(...all[sky])) ? `**${text(one)}**` : text(one),
        );
        return [`| ${[name, ...cells].join(" | ")} |`];
      });
      const head = `| ${[title, ...study.map(({ sky }) => sky)].join(" | ")} |`;
      return [head, `|---|${study.map(() => "---:|").join("")}`, ...rows, ""].join("\n");
    })
    .join("\n");
}

if (flags.tables !== undefined) {
  console.log(tables(JSON.parse(readFileSync(flags.tables, "utf8"))));
  process.exit(0);
}

const document = await figureDocument();
mkdirSync(IMAGES, { recursive: true });
async function write(name, svg, width) {
  const path = join(IMAGES, name);
  writeFileSync(path, await renderPng(svg, { width }));
  console.error(`${name}: ${Math.round(statSync(path).size / 1000)} kB`);
}

function observe({ name, flux, seed }) {
  const psf = gaussianPsf(PSF_SIGMA, [13, 13]);
  const background = constantImage(flux.shape, BACKGROUND);
  return { counts: simulateCounts(flux, psf, { background, seed }), psf, background, name };
}

const cpuSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** A comparison whose seconds are those of the processor, which do not depend on what else the machine does. */
async function compare(data, truth) {
  const seconds = [];
  let began = cpuSeconds();
  const { scores } = await compareMethods(data, methods(truth), {
    truth,
    heldOut: { seed: 9 },
    // The first sign of the second run ends the first one.
    onProgress({ method, photons }) {
      if (photons === "part") seconds[method] ??= cpuSeconds() - began;
    },
    onScore() {
      began = cpuSeconds();
    },
  });
  return { scores: scores.map((score, index) => ({ ...score, seconds: seconds[index] })) };
}

const all = [];
for (const sky of skies()) {
  if (flags.only !== undefined && !sky.name.includes(flags.only)) continue;
  const data = observe(sky);
  const { scores } = await compare(data, sky.flux);
  console.error(`${sky.name}: ${imageSum(data.counts)} counts`);
  all.push({
    sky: sky.name,
    scores: scores.map(({ image: _i, interval: _v, result, ...rest }) => ({
      ...rest,
      strength: result.priorStrength,
    })),
  });
  const file = sky.name === "Gaussian and points, bright" ? "methods-gaussian-and-points.png" : undefined;
  if (file !== undefined) {
    const shown = [
      "RL, 10 iterations",
      "RL, held-out stop",
      "total variation",
      "Markov",
      "patches",
      "EM multiscale",
      "adaptive",
      "LIRA",
    ];
    const images = scores
      .filter(({ name }) => shown.includes(name))
      .map(({ name, image }) => ({ title: name, image }));
    await write(
      file,
      plotComparison(images, { document, truth: sky.flux, title: sky.name, size: 150, label: "flux" }),
      1_600,
    );
  }
}

// How Richardson-Lucy goes on: the same counts, more and more iterations.
if (flags.only === undefined || "quality".includes(flags.only)) {
  const sky = skies().find(({ name }) => name === "Gaussian and points, bright");
  const data = observe(sky);
  const steps = [10, 100, 1_000, 10_000];
  const runs = [];
  for (const iterations of steps)
    runs.push(await deconvolve(data, { method: "richardson-lucy", iterations, margin: 0 }));
  const flux = { label: "flux", stretch: "asinh" };
  const model = createForwardModel(data);
  const truly = { predicted: model.predict(sky.flux.data), cash: model.cash(sky.flux.data) };
  const top = { vmin: 0, vmax: Math.max(...sky.flux.data), ...flux };
  const sigma = ({ predicted: [{ data: expected }] }) => ({
    shape: data.counts.shape,
    data: data.counts.data.map((count, index) => (count - expected[index]) / Math.sqrt(expected[index])),
  });
  const say = (value) => value.toLocaleString("en-US");
  await write(
    "richardson-lucy-quality.png",
    plotPanels(
      [
        { image: sky.flux, title: "Truth", ...top },
        ...runs.map((run, index) => ({
          image: run.flux,
          title: `${say(steps[index])} iterations, NRMSE ${normalisedRmsError(run.flux, sky.flux).toFixed(2)}`,
          ...top,
        })),
        { image: truly.predicted[0], title: "Model counts", label: "counts", stretch: "sqrt" },
        ...runs.map((run) => ({
          image: run.predicted[0],
          title: "Model counts",
          label: "counts",
          stretch: "sqrt",
        })),
        {
          image: sigma(truly),
          title: `Residuals, Cash ${truly.cash.toFixed(0)}`,
          label: "sigma",
          colormap: "RdBu",
          vmin: -4,
          vmax: 4,
        },
        ...runs.map((run) => ({
          image: sigma(run),
          title: `Residuals, Cash ${run.cash.toFixed(0)}`,
          label: "sigma",
          colormap: "RdBu",
          vmin: -4,
          vmax: 4,
        })),
      ],
      {
        document,
        columns: 5,
        size: 150,
        title: `Richardson-Lucy on the same ${imageSum(data.counts)} counts`,
      },
    ),
    1_600,
  );
  const [early] = runs;
  const smooth = await deconvolve(data, {
    method: "map",
    margin: 0,
    strength: "held-out",
    prior: totalVariationPrior({ strength: 0.02, smoothing: 0.2 }),
  });
  const posterior = await deconvolve(data, {
    method: "lira",
    iterations: 2_000,
    seed: 1,
    workers: 0,
    margin: 0,
  });
  const error = (image) => `NRMSE ${normalisedRmsError(image, sky.flux).toFixed(2)}`;
  await write(
    "possible-solutions.png",
    plotPanels(
      [
        { image: sky.flux, title: "Truth", ...top },
        { image: early.flux, title: `Pragmatic: 10 iterations, ${error(early.flux)}`, ...top },
        { image: smooth.flux, title: `Engineered: total variation, ${error(smooth.flux)}`, ...top },
        { image: posterior.mean, title: `Statistical: adaptive, ${error(posterior.mean)}`, ...top },
        {
          image: posterior.std,
          title: "and its errors",
          label: "flux",
          stretch: "sqrt",
          colormap: "viridis",
        },
      ],
      { document, columns: 5, size: 170, title: "Possible solutions" },
    ),
    1_700,
  );
}
if (all.length > 0) console.log(tables(all));
if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(all, undefined, 1)}\n`);
