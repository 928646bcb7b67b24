/** Runs that the desk keeps: begun, taken up again, thrown away; and what is said when the browser keeps nothing. */

import type { LiraDeconvolverOptions, RunCheckpoints } from "tslira";
import type { deskFiles } from "./files.js";
import { type Choices, type ChosenImages, type Composition, eachObservation } from "./observation-view.js";
import type { KeptRuns, OpenedRun, RunAbout } from "./run-view.js";
import { openSessionStore, type SessionRecord, type SessionStore } from "./session-store.js";

const LOCK = "tslira-session-";
/** Milliseconds in which a run that ends in this tab lets go of it. */
const PATIENCE = 2_000;
const NOTHING: RunCheckpoints = {
  read: async () => undefined,
  writeRecord: async () => undefined,
  addPiece: async () => undefined,
};

/** A run at the desk, with where it is kept. */
export interface Keeping {
  /** Undefined when it is not kept. */
  readonly id?: string;
  readonly checkpoints: RunCheckpoints;
  /** Where its chains go on, if that is not what the settings say: those of a GPU that is not there any more, on the CPU. */
  readonly device?: "cpu";
  /** Why it is not kept, or not any more, in a sentence. */
  readonly trouble: () => string | undefined;
  /** The run is over; `done` when with all its sweeps. */
  end(done: boolean): Promise<void>;
}

/** Whether the chains of a kept run are on the GPU. */
const isOnGpu = (checkpoint: SessionRecord["checkpoint"]) =>
  (checkpoint?.plan.config as { readonly device?: string } | undefined)?.device === "gpu";

/**
 * The kept runs.
 *
 * @param gpuName name of the GPU that the browser offers; undefined without one
 */
export function deskSessions(
  files: ReturnType<typeof deskFiles>,
  gpuName: () => Promise<string | undefined>,
) {
  let opening: Promise<SessionStore> | undefined;
  const store = () => {
    opening ??= openSessionStore();
    return opening;
  };
  const why = (error: unknown) =>
    (error as Error).name === "QuotaExceededError"
      ? "the browser has no room left"
      : (error as Error).message || "the browser keeps nothing for this page";
  const refusal = (error: unknown) =>
    `This run is not kept: ${why(error)}. Everything works, but a reload starts again.`;

  let stuck: readonly string[] = [];
  /** Locks that others hold, but for those of desks that stand still. */
  const heldLocks = async () => {
    const held = (await globalThis.navigator?.locks?.query())?.held ?? [];
    const gone = new Set(
      held.flatMap(({ name, clientId }) => (stuck.includes(name ?? "") ? [clientId] : [])),
    );
    return new Set(held.flatMap(({ name, clientId }) => (gone.has(clientId) ? [] : [name])));
  };

  /** Hold a run for this tab. @returns lets go of it @throws Error when another tab has it */
  const lock = async (id: string): Promise<() => void> => {
    const name = `${LOCK}${id}`;
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const signal = AbortSignal.timeout(PATIENCE);
    const taken = new Promise<boolean>((resolve) => {
      const locks = globalThis.navigator?.locks;
      if (locks === undefined) return resolve(true);
      locks
        .request(name, { signal }, () => {
          resolve(true);
          return held;
        })
        .catch(() => resolve(false));
    });
    if (!(await taken) && (await heldLocks()).has(name))
      throw new Error("studio: a kept run must go on in one tab alone, got another that runs it; look there");
    return release;
  };

  return {
    outlive(lifelines: readonly string[]): void {
      stuck = lifelines;
    },
    async list(): Promise<KeptRuns> {
      try {
        const { records, unreadable } = await (await store()).list();
        const busy = await heldLocks();
        const noGpu =
          records.some(({ checkpoint }) => isOnGpu(checkpoint)) && (await gpuName()) === undefined;
        return {
          unreadable,
          runs: records
            .sort((a, b) => Number(a.done) - Number(b.done) || b.updated - a.updated)
            .map(({ id, about, updated, done, sweeps, settings, bytes, checkpoint }) => ({
              id,
              title: about.title,
              updated,
              done,
              fraction:
                sweeps.reduce((sum, value) => sum + value, 0) /
                ((settings.iterations ?? 5_000) * (settings.chains ?? 4)),
              iterations: settings.iterations ?? 5_000,
              chains: settings.chains ?? 4,
              bytes,
              busy: busy.has(`${LOCK}${id}`),
              toCpu: noGpu && isOnGpu(checkpoint),
            })),
        };
      } catch (error) {
        return {
          ...{ runs: [], unreadable: [] },
          refused: `Runs cannot be kept here: ${why(error)}. Everything works, but a reload starts again.`,
        };
      }
    },

    /** Read the files of a kept run again. */
    async open(id: string): Promise<OpenedRun> {
      const kept = await store();
      const { about, choices, composition, settings } = await kept.record(id);
      const numbers = new Map<number, number>();
      files.forget();
      for (const { file, name, content, made, hashed } of await kept.files(id)) {
        numbers.set(
          file,
          made
            ? await files.keep(name, new Uint8Array(await content.arrayBuffer()), hashed)
            : (await files.read(content, name)).id,
        );
      }
      const renumbered = (images: ChosenImages): ChosenImages =>
        Object.fromEntries(
          Object.entries(images).map(([role, choice]) => [
            role,
            { ...choice, file: numbers.get(choice.file) ?? -1 },
          ]),
        );
      const [first, ...others] = eachObservation(choices).map(renumbered);
      return {
        ...{ id, about, composition, settings },
        choices: { ...first, ...(others.length > 0 && { others }) },
      };
    },

    remove: async (id: string) => (await store()).remove(id),

    /** Begin to keep a run, or go on keeping one that was opened. @throws Error when that one goes on in another tab, and for nothing else */
    async begin(
      about: RunAbout,
      choices: Choices,
      composition: Composition,
      settings: LiraDeconvolverOptions,
      command: string,
    ): Promise<Keeping> {
      let trouble: string | undefined;
      // Pages over plain http from another machine have no random UUIDs.
      const id = about.session ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`;
      const release = await lock(id);
      try {
        const kept = await store();
        let device: "cpu" | undefined;
        if (about.session === undefined) {
          const sources = files.sources(choices);
          const bytes = sources.reduce((sum, { content }) => sum + content.size, 0);
          const now = Date.now();
          await kept.create(
            {
              ...{ id, about, choices, composition, settings, command, bytes },
              ...{ created: now, updated: now, done: false, sweeps: [] },
            },
            sources,
          );
        } else {
          const { checkpoint } = await kept.record(id);
          // Once there they stay there, whatever the settings said when they began.
          const moves = isOnGpu(checkpoint)
            ? (await gpuName()) === undefined
            : checkpoint !== undefined && settings.device === "gpu";
          if (moves) device = "cpu";
          await kept.change(id, (record) => ({ ...record, about, settings, command, done: false }));
        }
        const to = kept.checkpoints(id);
        // A database that fails on the way must not end the run; what was kept until then stays whole.
        const quietly = async (write: () => Promise<void>) => {
          if (trouble !== undefined) return;
          try {
            await write();
          } catch (error) {
            trouble = refusal(error);
          }
        };
        return {
          id,
          ...(device && { device }),
          checkpoints: {
            read: to.read,
            writeRecord: (record) => quietly(() => to.writeRecord(record)),
            addPiece: (piece) => quietly(() => to.addPiece(piece)),
          },
          trouble: () => trouble,
          async end(done) {
            await quietly(() => kept.change(id, (record) => ({ ...record, done })));
            release();
          },
        };
      } catch (error) {
        release();
        const said = refusal(error);
        return { checkpoints: NOTHING, trouble: () => said, end: async () => undefined };
      }
    },
  };
}
