/**
 * Version of the draws: raised whenever the same seed, data and settings come to give other bytes, in any sampler. Chains, checkpoints
 * and jobs of another version are not continued, since half of their draws would be of one law's numbers and half of another's.
 */
export const DRAWS_VERSION = 6;
