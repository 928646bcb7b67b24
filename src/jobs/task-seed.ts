import { splitMix64 } from "../data/random.js";

/** Kept apart from the seeds of simulations. */
const TASK_DOMAIN = 0x7461736b73656564n; // "taskseed" in ASCII
const GOLDEN = 0x9e3779b97f4a7c15n;
const MASK64 = 0xffffffffffffffffn;

/**
 * Seed of a task: number `index` of the stream of SplitMix64 (Steele, Lea & Flood 2014) that the job's seed starts.
 *
 * @param seed of the job, whole number in [0, 2^53)
 * @param index of the task, from 0
 * @returns whole number in [0, 2^53)
 */
export function taskSeed(seed: number, index: number): number {
  const start = ((BigInt(seed) ^ TASK_DOMAIN) + BigInt(index) * GOLDEN) & MASK64;
  return Number(splitMix64(start, 1)[0] >> 11n);
}
