/**
 * How the multiscale tree lies on the image. Blocks have fixed edges; shifting the tree moves them.
 *
 * - `"none"`: not at all. The chain samples the exact posterior of the model with one tree.
 * - `"sampled"`: the shift is a parameter with a uniform prior, drawn in each sweep from its exact conditional. The chain
 *   samples the exact posterior of that model; on large images the fine bits of the shift may not mix, which the
 *   diagnostics of `shift mod 2`, `shift mod 4`, ... show.
 * - `"ensemble"`: each pair of chains keeps a shift of its own, the first at random, the others spread evenly from there. Every chain
 *   samples the exact posterior of its own tree; images are averaged over the shifts, and only chains of equal shifts are compared. More
 *   chains, more shifts.
 * - `"random"`: a new shift in each sweep whatever the data, as LIRA and pylira do. What the chain then samples is not the
 *   posterior of any model.
 */
export type CycleSpin = "none" | "sampled" | "ensemble" | "random";

/** Chains that share a shift of the tree in an ensemble: those of chains 2 k and 2 k + 1 are equal. */
export const CHAINS_PER_SHIFT = 2;
