/** Runs kept in the browser's database (IndexedDB), so that a reload or a crash does not lose them. */

import type { ChainPiece, CheckpointRecord, LiraDeconvolverOptions, RunCheckpoints } from "tslira";
import * as v from "valibot";
import type { Choices, Composition } from "./observation-view.js";
import type { RunAbout } from "./run-view.js";

/** What is kept of a run besides its files and pieces. */
export interface SessionRecord {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly updated: number;
  readonly done: boolean;
  /** Sweeps kept of each chain. */
  readonly sweeps: readonly number[];
  readonly about: RunAbout;
  readonly choices: Choices;
  readonly composition: Composition;
  readonly settings: LiraDeconvolverOptions;
  readonly command: string;
  /** Bytes of traces and files, about. */
  readonly bytes: number;
  readonly checkpoint?: CheckpointRecord;
}

/** A file as it was given. */
export interface SessionFile {
  /** Its number in the choices. */
  readonly file: number;
  readonly name: string;
  readonly content: Blob;
  /** Made here, as those of examples are, and not given by anybody. */
  readonly made: boolean;
  /** Whether a run records its hash though it was made here. */
  readonly hashed: boolean;
}

/* What is kept may have been written by another version, or changed by hand: it is looked at like a file. */

const whole = v.pipe(v.number(), v.integer(), v.minValue(0));
const floats = v.instance(Float64Array);
const IMAGE = v.optional(v.looseObject({ file: whole }));
const RECORD = v.looseObject({
  id: v.string(),
  created: v.number(),
  updated: v.number(),
  done: v.boolean(),
  // A chain of which nothing is kept has no entry.
  sweeps: v.array(v.optional(whole)),
  about: v.looseObject({ title: v.string() }),
  choices: v.objectWithRest({ others: v.optional(v.array(v.record(v.string(), IMAGE))) }, IMAGE),
  composition: v.looseObject({}),
  settings: v.looseObject({ iterations: v.optional(whole), chains: v.optional(whole) }),
  command: v.string(),
  bytes: v.number(),
  checkpoint: v.optional(
    v.looseObject({
      format: v.number(),
      version: v.string(),
      plan: v.looseObject({ config: v.looseObject({ chains: whole }) }),
      columns: v.array(v.string()),
      inputs: v.string(),
      started: v.string(),
      seconds: v.number(),
    }),
  ),
});
const FILE = v.looseObject({
  file: whole,
  name: v.string(),
  content: v.instance(Blob),
  made: v.boolean(),
  hashed: v.boolean(),
});
const PIECE = v.looseObject({
  chain: whole,
  every: whole,
  rows: floats,
  draws: v.instance(Float32Array),
  state: v.looseObject({
    sweeps: whole,
    arrays: v.record(v.string(), v.union([floats, v.instance(Uint8Array)])),
    moments: v.looseObject({ count: whole, mean: floats, squares: floats }),
  }),
});

/** Something that is kept, if it is what it should be. @throws Error otherwise */
export function checkKept<T>(schema: v.GenericSchema, value: unknown): T {
  const found = v.safeParse(schema, value, { abortEarly: true });
  if (found.success) return value as T;
  const [issue] = found.issues;
  throw new Error(
    `studio: what is kept of a run must be as it was written, got another ${v.getDotPath(issue) ?? "entry"}; discard the run`,
  );
}

const NAME = "tslira-studio";
const VERSION = 1;
const SESSIONS = "sessions";
const FILES = "files";
const PIECES = "pieces";

function answered<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function finished(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("the browser gave up writing"));
  });
}

/** The database. */
export type SessionStore = Awaited<ReturnType<typeof openSessionStore>>;

/** Open the database; rejected where the browser refuses one. */
export async function openSessionStore() {
  const opening = indexedDB.open(NAME, VERSION);
  opening.onupgradeneeded = () => {
    const made = opening.result;
    made.createObjectStore(SESSIONS, { keyPath: "id" });
    made.createObjectStore(FILES);
    made.createObjectStore(PIECES);
  };
  const database = await answered(opening);
  // Another page with a newer Studio wants to change the layout.
  database.onversionchange = () => database.close();
  const all = (id: string) => IDBKeyRange.bound([id], [id, []]);

  /** Change the record of a session and, in the same step, something else. */
  async function change(
    id: string,
    part: (record: SessionRecord) => SessionRecord,
    rest: (transaction: IDBTransaction) => void = () => undefined,
  ): Promise<void> {
    const transaction = database.transaction([SESSIONS, FILES, PIECES], "readwrite");
    const end = finished(transaction);
    const sessions = transaction.objectStore(SESSIONS);
    const reading = sessions.get(id);
    reading.onsuccess = () => {
      // Discarded meanwhile by another page: then nothing is written.
      if (reading.result === undefined) return transaction.abort();
      try {
        sessions.put({ ...part(reading.result as SessionRecord), updated: Date.now() });
        rest(transaction);
      } catch {
        transaction.abort();
      }
    };
    await end;
  }

  return {
    /** What is kept, and the names of what is not as this version writes it. */
    async list(): Promise<{ readonly records: SessionRecord[]; readonly unreadable: readonly string[] }> {
      const found: { id: string }[] = await answered(
        database.transaction(SESSIONS).objectStore(SESSIONS).getAll(),
      );
      const [records, others] = [true, false].map((good) =>
        found.filter((one) => v.is(RECORD, one) === good),
      );
      return { records: records as SessionRecord[], unreadable: others.map(({ id }) => id) };
    },

    async record(id: string): Promise<SessionRecord> {
      const found = await answered(database.transaction(SESSIONS).objectStore(SESSIONS).get(id));
      if (found === undefined)
        throw new Error("studio: the run must still be kept, got none; start it again");
      return checkKept(RECORD, found);
    },

    async files(id: string): Promise<SessionFile[]> {
      return checkKept(
        v.array(FILE),
        await answered(database.transaction(FILES).objectStore(FILES).getAll(all(id))),
      );
    },

    async create(record: SessionRecord, files: readonly SessionFile[]): Promise<void> {
      const transaction = database.transaction([SESSIONS, FILES], "readwrite");
      const end = finished(transaction);
      try {
        transaction.objectStore(SESSIONS).put(record);
        for (const one of files) transaction.objectStore(FILES).put(one, [record.id, one.file]);
      } catch (error) {
        end.catch(() => undefined);
        transaction.abort();
        throw error;
      }
      await end;
    },

    change,

    async remove(id: string): Promise<void> {
      const transaction = database.transaction([SESSIONS, FILES, PIECES], "readwrite");
      const end = finished(transaction);
      transaction.objectStore(SESSIONS).delete(id);
      transaction.objectStore(FILES).delete(all(id));
      transaction.objectStore(PIECES).delete(all(id));
      await end;
    },

    /** Checkpoints of a session, as a run wants them. */
    checkpoints(id: string): RunCheckpoints {
      return {
        async read() {
          const transaction = database.transaction([SESSIONS, PIECES]);
          const found: unknown = await answered(transaction.objectStore(SESSIONS).get(id));
          if (found === undefined) return undefined;
          const { checkpoint: record } = checkKept<SessionRecord>(RECORD, found);
          if (record === undefined) return undefined;
          const pieces = await answered(database.transaction(PIECES).objectStore(PIECES).getAll(all(id)));
          return { record, pieces: checkKept<ChainPiece[]>(v.array(PIECE), pieces) };
        },
        writeRecord: (checkpoint) => change(id, (record) => ({ ...record, checkpoint })),
        addPiece: (piece) =>
          change(
            id,
            (record) => {
              const sweeps = [...record.sweeps];
              sweeps[piece.chain] = piece.state.sweeps;
              const bytes =
                record.bytes +
                piece.rows.byteLength +
                piece.draws.byteLength +
                3 * piece.state.moments.mean.byteLength;
              return { ...record, sweeps, bytes };
            },
            // Pieces of a chain follow each other by the sweep where they end.
            (transaction) =>
              transaction.objectStore(PIECES).put(piece, [id, piece.chain, piece.state.sweeps]),
          ),
      };
    },
  };
}
