/** What `job.json`, the lines of `tasks.jsonl`, failures and submissions must look like. */

import * as v from "valibot";
import { inputFiles, sha256Text, wholeNumber } from "../io/side-file.js";

const texts = v.array(v.string());
const pair = v.tuple([wholeNumber(0), wholeNumber(0)]);
/** A place within the job's folder. */
const inside = v.pipe(
  v.string(),
  v.check(
    (path) => !/^([\\/]|[a-z]:)/i.test(path) && !path.split(/[\\/]/).includes(".."),
    "a path within the folder",
  ),
);

const SLURM = v.looseObject({
  partition: v.optional(v.string()),
  time: v.optional(v.string()),
  memory: v.optional(v.string()),
  cpusPerTask: v.optional(v.number()),
  throttle: v.optional(v.number()),
  bundle: v.optional(v.number()),
  arraySize: v.optional(v.number()),
  lines: v.optional(texts),
  setup: v.optional(texts),
  scratch: v.optional(v.string()),
  program: v.optional(texts),
});

/** `job.json`, but for its format. */
export const JOB_SCHEMA = v.looseObject({
  version: v.string(),
  draws: wholeNumber(0),
  id: v.pipe(v.string(), v.regex(/^[\w-]+$/)),
  kind: v.picklist(["chains", "observations", "tiles", "replicates"]),
  name: v.string(),
  created: v.pipe(v.string(), v.isoTimestamp()),
  options: v.looseObject({}),
  plan: v.optional(v.looseObject({ config: v.looseObject({}) })),
  output: v.string(),
  tasks: v.looseObject({ count: wholeNumber(1, 1e7), width: wholeNumber(1, 2 ** 24), sha256: sha256Text }),
  slurm: v.optional(SLURM),
  command: v.optional(v.string()),
  sources: inputFiles,
  unit: v.optional(v.string()),
  significance: v.optional(v.looseObject({})),
  thresholds: v.optional(v.array(v.number())),
  mosaic: v.optional(
    v.looseObject({
      tile: pair,
      margin: wholeNumber(0),
      shape: pair,
      psf: pair,
      offset: pair,
      input: inside,
      sha256: sha256Text,
      observations: texts,
    }),
  ),
});

/** A line of `tasks.jsonl`. */
export const TASK_SCHEMA = v.looseObject({
  index: wholeNumber(0),
  name: v.string(),
  seed: wholeNumber(0),
  input: inside,
  sha256: v.union([sha256Text, v.literal("")]),
  problem: v.optional(v.looseObject({ code: v.string(), message: v.string() })),
  chain: v.optional(wholeNumber(0)),
  tile: v.optional(wholeNumber(0)),
  options: v.optional(v.looseObject({})),
  observations: texts,
  sources: v.optional(inputFiles),
  unit: v.optional(v.string()),
});

/** `failures/000/000012.json`. */
export const FAILURE_SCHEMA = v.looseObject({
  index: wholeNumber(0),
  error: v.looseObject({ code: v.string(), message: v.string(), fields: v.looseObject({}) }),
  host: v.string(),
  at: v.string(),
});

/** `submissions/0001.json`. */
export const SUBMISSION_SCHEMA = v.looseObject({
  number: wholeNumber(1),
  executor: v.literal("slurm"),
  at: v.string(),
  tasks: wholeNumber(0),
  bundle: wholeNumber(1),
  arrays: v.array(v.looseObject({ id: v.string(), first: wholeNumber(0), elements: wholeNumber(0) })),
  collect: v.optional(v.string()),
});
