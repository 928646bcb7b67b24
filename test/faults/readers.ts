/** All readers of what comes from outside, each with good inputs to begin with. */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { readJobFile } from "../../src/cli/cluster-config.js";
import { readConfigFile } from "../../src/cli/deconvolve-config.js";
import { checkObservation } from "../../src/data/observation/check-observation.js";
import { fluxFromPicture } from "../../src/data/observation/picture.js";
import { simulatePointSource } from "../../src/data/observation/simulated-datasets.js";
import { parseDs9Regions } from "../../src/data/regions/ds9-region.js";
import { parseWcs } from "../../src/data/sky/sky-wcs.js";
import { encodePng } from "../../src/figures/png.js";
import { binEvents } from "../../src/io/bin-events.js";
import { parseEventFilter } from "../../src/io/event-filter.js";
import { findEvents } from "../../src/io/event-list.js";
import { parseEventName } from "../../src/io/event-name.js";
import {
  type FitsHdu,
  type FitsHduInput,
  fitsCard,
  imageToSkyImage,
  parseFitsName,
  readFits,
  readImageData,
  readTable,
  wcsCards,
  writeFits,
} from "../../src/io/fits.js";
import { findGoodTimes } from "../../src/io/good-times.js";
import { gunzip } from "../../src/io/gzip.js";
import { hduKind } from "../../src/io/hdu-kind.js";
import { parseLegacyImages, parseLegacyParameters } from "../../src/io/lira-legacy.js";
import { openResult } from "../../src/io/open-result-node.js";
import { decodePatchMixture, encodePatchMixture } from "../../src/io/patch-mixture-file.js";
import { decodePointEstimate, encodePointEstimate } from "../../src/io/point-estimate-file.js";
import { isRegionTable, regionTableText } from "../../src/io/region-table.js";
import { decodeResult, encodeResult } from "../../src/io/result-file.js";
import { openSealed, sealBytes } from "../../src/io/sealed-bytes-node.js";
import { createChainsJob } from "../../src/jobs/create-job-node.js";
import { readJob, readTask, readTaskInput } from "../../src/jobs/job-folder-node.js";
import { readSubmissions } from "../../src/jobs/submission-node.js";
import { regionsFromDs9 } from "../../src/posterior/region-file.js";
import { deconvolve } from "../../src/runs/deconvolve.js";
import { LiraDeconvolver } from "../../src/runs/lira-deconvolver.js";
import { prepareRun } from "../../src/runs/prepare-run.js";
import { parsePrior } from "../../src/runs/prior-text.js";
import { createRunFolder, readRunFolder } from "../../src/runs/run-folder-node.js";
import { collectSignificance } from "../../src/significance/collect.js";
import { decodeSignificance, encodeSignificance } from "../../src/significance/significance-file.js";
import { runSignificanceTask, significanceTasks } from "../../src/significance/task.js";
import { decodeTaskResult, encodeTaskResult } from "../../src/significance/task-file.js";
import { openTaskFolder } from "../../src/significance/task-folder-node.js";
import { runChainJob } from "../../src/workers/chain-job.js";
import { emptyObservation, smallRun } from "../significance/null-observations.js";

/** A reader and what it is known to take. */
export interface FuzzedReader {
  readonly name: string;
  readonly seeds: readonly Uint8Array[];
  readonly read: (bytes: Uint8Array) => unknown;
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("utf8");
const bytesOf = (...texts: readonly string[]) => texts.map((one) => new Uint8Array(Buffer.from(one)));

/** Everything that is looked at in a FITS file. */
function readAll(hdus: readonly FitsHdu[]): void {
  for (const hdu of hdus) {
    hduKind(hdu);
    parseWcs(wcsCards(hdu.header));
    if (hdu.kind === "image") readImageData(hdu);
    if (hdu.kind === "table") readTable(hdu);
  }
}

/** A table of text, as FITS had them first. */
function asciiTable(): Uint8Array {
  const cards = [
    ...["XTENSION= 'TABLE   '", "BITPIX  =                    8", "NAXIS   =                    2"],
    ...["NAXIS1  =                   20", "NAXIS2  =                    3", "PCOUNT  =                    0"],
    ...["GCOUNT  =                    1", "TFIELDS =                    2", "TTYPE1  = 'A       '"],
    ...["TBCOL1  =                    1", "TFORM1  = 'I8      '", "TTYPE2  = 'B       '"],
    ...["TBCOL2  =                   10", "TFORM2  = 'E10.3   '", "END"],
  ].map((card) => card.padEnd(80));
  const rows = ["      12   1.500E+00", "      -3   2.5D-3   ", "       7          3."];
  const unit = (lines: readonly string[]) => Buffer.from(lines.join("").padEnd(2880));
  return Uint8Array.from(Buffer.concat([writeFits([{ kind: "empty" }]), unit(cards), unit(rows)]));
}

/** A tile-compressed image of 16-bit numbers; what its tiles hold is right for GZIP_1 only. */
function tiledImage(algorithm: string): Uint8Array {
  const tile = Uint8Array.from({ length: 32 }, (_, index) => (index % 2) * index);
  const packed = algorithm === "GZIP_1" ? gzipSync(tile) : tile;
  // The writer leaves these keywords to nobody: they get their first letter afterwards.
  const cards = [
    ...[fitsCard("QIMAGE", true), fitsCard("QCMPTYPE", algorithm), fitsCard("QBITPIX", 16)],
    ...[fitsCard("QNAXIS", 2), fitsCard("QNAXIS1", 4), fitsCard("QNAXIS2", 4)],
    ...[fitsCard("QTILE1", 4), fitsCard("QTILE2", 4)],
  ];
  const columns = [{ name: "COMPRESSED_DATA", format: "1PB" as const, values: [new Uint8Array(packed)] }];
  const bytes = writeFits([{ kind: "empty" }, { kind: "table", name: "TILES", cards, columns }]);
  const words = Buffer.from(bytes).toString("latin1");
  return Uint8Array.from(Buffer.from(words.replace(/Q(IMAGE|CMPTYPE|BITPIX|NAXIS|TILE)/g, "Z$1"), "latin1"));
}

/**
 * Make the readers.
 *
 * @param place folder for those that read files
 */
export async function fuzzedReaders(place: string): Promise<FuzzedReader[]> {
  const data = simulatePointSource({ shape: [8, 8], flux: 60, seed: 3 });
  const settings = { iterations: 12, burnIn: 4, chains: 2, seed: 1 };
  const path = (name: string) => join(place, name);
  const file = (name: string, bytes: Uint8Array) => {
    mkdirSync(dirname(path(name)), { recursive: true });
    writeFileSync(path(name), bytes);
    return path(name);
  };
  const image = (name: string, values: ArrayLike<number>): FitsHduInput => ({
    ...{ kind: "image", name, shape: [8, 8], data: Float32Array.from(values) },
    cards: [
      ...[fitsCard("CTYPE1", "RA---TAN"), fitsCard("CTYPE2", "DEC--TAN"), fitsCard("CRVAL1", 266.4)],
      ...[fitsCard("CRVAL2", -29), fitsCard("CRPIX1", 4.5), fitsCard("CRPIX2", 4.5)],
      ...[fitsCard("CDELT1", -1e-4), fitsCard("CDELT2", 1e-4), fitsCard("BUNIT", "count")],
    ],
  });
  const column = (name: string, values: readonly number[]) => ({
    ...{ name, format: "1D" as const, values: Float64Array.from(values) },
  });
  const events = writeFits([
    { kind: "empty" },
    {
      ...{ kind: "table", name: "EVENTS" },
      columns: [column("X", [1, 2, 3, 9]), column("Y", [1, 2, 3, 9]), column("ENERGY", [500, 600, 7000, 80])],
    },
    { kind: "table", name: "GTI", columns: [column("START", [0, 5]), column("STOP", [3, 9])] },
  ]);
  const regionTable = writeFits([
    { kind: "empty" },
    {
      ...{ kind: "table", name: "REGION" },
      columns: [
        { name: "SHAPE", format: "8A", values: ["circle", "!box"] },
        column("X", [3, 4]),
        column("Y", [3, 4]),
        { name: "R", format: "2D", values: Float64Array.of(1, 0, 2, 2) },
        column("ROTANG", [0, 10]),
      ],
    },
  ]);
  const images = writeFits([image("COUNTS", data.counts.data), image("PSF", data.counts.data)]);
  const arrays = writeFits([
    { kind: "empty" },
    {
      ...{ kind: "table", name: "T" },
      columns: [
        { name: "V", format: "1PJ", values: [Int32Array.of(1, 2), Int32Array.of(3)] },
        { name: "C", format: "3A", values: ["abc", "d"] },
        { name: "L", format: "L", values: [true, false] },
      ],
    },
  ] as FitsHduInput[]);
  const fits = [images, arrays, events, regionTable, asciiTable()];
  const tiles = ["GZIP_1", "RICE_1", "HCOMPRESS_1", "PLIO_1"].map(tiledImage);
  const result = encodeResult(await new LiraDeconvolver(settings).run(data, { workers: 0 }));
  const estimate = encodePointEstimate(await deconvolve(data, { method: "richardson-lucy", iterations: 3 }));
  const mixture = encodePatchMixture({
    ...{ patchSize: 2, patchNorm: "none", weights: Float64Array.of(0.5, 0.5) },
    ...{
      means: new Float64Array(8),
      covariances: Float64Array.from({ length: 32 }, (_, k) => +((k % 16) % 5 === 0)),
    },
  });
  const run = smallRun({ iterations: 12, burnIn: 4, replicates: 2, trace: { every: 4 } });
  const taskResults = await Promise.all(
    significanceTasks(run).map((task) => runSignificanceTask(emptyObservation(), run, task)),
  );
  const significance = encodeSignificance(collectSignificance(run, taskResults));

  // Folders: a checkpoint, a job, the tasks of a significance run.
  const { plan, observations, inputs, law } = prepareRun([data], settings);
  const checkpoint = path("r.checkpoint");
  const record = {
    plan,
    output: path("r.fits"),
    replaces: [],
    started: "2026-01-01T00:00:00.000Z",
    seconds: 0,
  };
  await createRunFolder(checkpoint, record, observations, []);
  const { iterations, burnIn, traceEvery } = plan.config;
  const chainJob = {
    ...{ observations: inputs, settings: law, seed: 1, chain: 0, iterations, burnIn, traceEvery },
    files: { folder: checkpoint, checkpointSeconds: 30 },
  };
  await runChainJob(chainJob);
  const statePath = join(checkpoint, "chain-0.state.fits");
  const traces = ["rows", `draws.${traceEvery}`].map((name) => join(checkpoint, `chain-0.${name}`));
  const whole = traces.map((name) => readFileSync(name));
  /** Go on with the chain, from the state that is there. */
  async function goOn() {
    rmSync(join(checkpoint, "chain-0.state.previous.fits"), { force: true });
    for (const [index, name] of traces.entries()) writeFileSync(name, whole[index]);
    await runChainJob(chainJob);
  }
  await createChainsJob(path("a.job"), data, settings);
  file(
    "a.job/submissions/0001.json",
    Buffer.from(
      JSON.stringify({
        ...{ number: 1, executor: "slurm", at: "2026-01-01T00:00:00.000Z", tasks: 2, bundle: 1 },
        arrays: [{ id: "7", first: 0, elements: 2 }],
      }),
    ),
  );
  (await openTaskFolder(path("s.tasks"), run, emptyObservation())).release();

  /** A file of a folder is changed, and put right afterwards. */
  function inFolder(name: string, file: string, read: () => Promise<unknown>): FuzzedReader {
    const whole = readFileSync(file);
    return {
      name,
      seeds: [new Uint8Array(whole)],
      async read(bytes) {
        writeFileSync(file, bytes);
        try {
          await read();
        } finally {
          writeFileSync(file, whole);
        }
      },
    };
  }
  const settingsText = {
    preset: "adaptive",
    iterations: 100,
    seed: 1,
    trace: { every: 2 },
    offsets: [[0, 1]],
  };
  return [
    { name: "FITS", seeds: fits, read: (bytes) => readAll(readFits(bytes)) },
    { name: "FITS, tile-compressed", seeds: tiles, read: (bytes) => readAll(readFits(bytes)) },
    {
      name: "gzip",
      seeds: [
        gzipSync(images),
        gzipSync(""),
        Buffer.concat([gzipSync("a"), gzipSync("b"), Buffer.alloc(9)]),
      ].map((one) => new Uint8Array(one)),
      read: (bytes) => gunzip(bytes, { maxBytes: 2 ** 26 }),
    },
    {
      name: "observations",
      seeds: [images],
      read(bytes) {
        const [counts, psf] = readFits(bytes).map((hdu) => imageToSkyImage(hdu));
        if (psf !== undefined) checkObservation({ counts, psf: { ...psf, data: psf.data.map(Math.abs) } });
      },
    },
    {
      name: "events",
      seeds: [events],
      read(bytes) {
        const hdus = readFits(bytes);
        const table = findEvents(hdus);
        findGoodTimes(hdus, table);
        binEvents(table, { energy: [100, 900] });
      },
    },
    {
      name: "regions",
      seeds: bytesOf(
        "image\ncircle(4,4,2) # text={a} tag={b}\n-box(2,2,1,1,30)\nellipse(4,4,1,2,0) || polygon(1,1,2,2,3,1)\n",
        "fk5;circle(17:45:40.0,-29:00:28,2\") # color=red\nglobal color=green\nannulus(266.4,-29,1',2')\n",
        "physical; rotbox(4,4,2,2,45)&!circle(4,4,1)\npie(4,4,1,3,0,90)\n",
      ),
      read: (bytes) => {
        parseDs9Regions(text(bytes));
        regionsFromDs9(text(bytes), [8, 8]);
      },
    },
    {
      name: "region tables",
      seeds: [regionTable],
      read: (bytes) => {
        for (const hdu of readFits(bytes))
          if (isRegionTable(hdu)) regionsFromDs9(regionTableText(hdu), [8, 8]);
      },
    },
    { name: "results", seeds: [result], read: (bytes) => decodeResult(bytes) },
    {
      name: "results, read in parts",
      seeds: [result],
      async read(bytes) {
        const open = await openResult(file("open.fits", bytes));
        await open.close();
      },
    },
    { name: "estimates", seeds: [estimate], read: decodePointEstimate },
    { name: "patches", seeds: [mixture], read: (bytes) => decodePatchMixture(bytes) },
    { name: "significance", seeds: [significance], read: (bytes) => decodeSignificance(bytes) },
    { name: "task results", seeds: taskResults.map(encodeTaskResult), read: decodeTaskResult },
    {
      name: "PNG",
      seeds: [
        encodePng(
          Uint8Array.from({ length: 64 }, (_, k) => k % 3),
          8,
          8,
          Uint8Array.of(0, 0, 0, 90, 9, 200, 255, 255, 255),
        ),
      ],
      read: (bytes) => fluxFromPicture(bytes),
    },
    {
      name: "legacy images",
      seeds: bytesOf("1 2 3\n4 5 6\n7 8 1.2e1\n", "1 2\n3 4\n\n5 6\n-nan inf\n"),
      read: (bytes) => parseLegacyImages(text(bytes)),
    },
    {
      name: "legacy parameters",
      seeds: bytesOf("# a comment\niteration logPost bkgScale\n1 -nan 1\n2 2 1.5\n", "logPost\n1\n2\n"),
      read: (bytes) => parseLegacyParameters(text(bytes)),
    },
    {
      name: "priors",
      seeds: bytesOf(
        "gamma:shape=2,rate=1",
        "total-variation:strength=1,smoothing=0.1+exponential:rate=1",
        "patches:file=x",
      ),
      read: (bytes) => parsePrior(text(bytes)),
    },
    {
      name: "names and conditions",
      seeds: bytesOf(
        "a.fits[EVENTS][energy=500:7000,ccd_id=0:3]",
        "(PATTERN<=4) && !(FLAG & 8) || X*2 >= 3e2",
        "c.fits[COUNTS][2]",
      ),
      read: (bytes) => {
        parseEventName(text(bytes));
        parseFitsName(text(bytes));
        parseEventFilter(text(bytes));
      },
    },
    {
      name: "config files",
      seeds: bytesOf(
        JSON.stringify({ counts: "c.fits", psf: "p.fits", ...settingsText }),
        JSON.stringify({
          observations: [{ counts: "a.fits", cutout: "0:4,0:4" }],
          smoothingPrior: { power: 1, rate: 2 },
        }),
      ),
      read: (bytes) => readConfigFile(file("config.json", bytes)),
    },
    {
      name: "job files",
      seeds: bytesOf(
        JSON.stringify({
          kind: "chains",
          counts: "c.fits",
          psf: "p.fits",
          ...settings,
          slurm: { time: "1:00" },
        }),
        JSON.stringify({
          kind: "replicates",
          counts: "c.fits",
          psf: "p.fits",
          circles: [[4, 4, 2]],
          replicates: 4,
        }),
      ),
      read: (bytes) => readJobFile(file("job.json", bytes)),
    },
    inFolder("checkpoints: run.json", join(checkpoint, "run.json"), async () => {
      // Without the copy, which would do in its place.
      rmSync(join(checkpoint, "run.copy.json"), { force: true });
      await readRunFolder(checkpoint);
    }),
    inFolder("checkpoints: inputs", join(checkpoint, "inputs.fits"), () => readRunFolder(checkpoint)),
    inFolder("checkpoints: states", statePath, goOn),
    {
      // Damage that the checksum does not tell.
      name: "checkpoints: states, sealed again",
      seeds: [openSealed("state", new Uint8Array(readFileSync(statePath)))],
      read(bytes) {
        writeFileSync(statePath, sealBytes(bytes));
        return goOn();
      },
    },
    inFolder("jobs: job.json", path("a.job/job.json"), () => readJob(path("a.job"))),
    inFolder("jobs: tasks", path("a.job/tasks.jsonl"), async () => readTask(await readJob(path("a.job")), 0)),
    inFolder("jobs: inputs", path("a.job/inputs/000/000000.fits"), async () => {
      const job = await readJob(path("a.job"));
      await readTaskInput(job, readTask(job, 0));
    }),
    inFolder("jobs: submissions", path("a.job/submissions/0001.json"), async () =>
      readSubmissions(await readJob(path("a.job"))),
    ),
    inFolder("significance: run.json", path("s.tasks/run.json"), async () =>
      (await openTaskFolder(path("s.tasks"), run, emptyObservation())).release(),
    ),
  ];
}
