import { derivedSeed } from "../data/random/random.js";

/** Kept apart from the seeds of simulations. */
const TASK_DOMAIN = 0x7461736b73656564n; // "taskseed" in ASCII

/**
 * Seed of a task.
 *
 * @param seed of the job, whole number in [0, 2^53)
 * @param index of the task, from 0
 * @returns whole number in [0, 2^53)
 */
export function taskSeed(seed: number, index: number): number {
  return derivedSeed(TASK_DOMAIN, seed, index);
}
