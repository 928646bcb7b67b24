/** What collecting the results of a job takes and gives. */

/** What was collected. */
export interface CollectedJob {
  /** Tasks whose results are in it, and all tasks. */
  readonly collected: number;
  readonly total: number;
  /** Files that were written, the most important one first. */
  readonly files: readonly string[];
  /** What is worth knowing, a sentence each. */
  readonly remarks: readonly string[];
  /** Machine-readable figures of the kind of job. */
  readonly figures: Readonly<Record<string, unknown>>;
}

/** What a kind of job is given to collect. */
export interface CollectContext {
  /** Absolute path of what to write. */
  readonly output: string;
  /** Good results by number of task, in the order of the tasks. */
  readonly results: ReadonlyMap<number, string>;
  readonly onProgress?: (fraction: number) => void;
}

/** What a kind of job says of what it collected. */
export type Collected = Pick<CollectedJob, "files" | "remarks" | "figures"> & { readonly used?: number };
