/** The words for the methods. */
export const METHODS = [
  "lira",
  "nuts",
  "gibbs",
  "richardson-lucy",
  "gradient-descent",
  "map",
  "em-multiscale",
] as const;

/** One of the methods of `deconvolve`. */
export type Method = (typeof METHODS)[number];

/** Methods that sample a posterior; the others give one image. */
export const SAMPLERS = ["lira", "nuts", "gibbs"] as const satisfies readonly Method[];

/** Whether a method samples a posterior. */
export function isSampler(method: Method): method is (typeof SAMPLERS)[number] {
  return (SAMPLERS as readonly Method[]).includes(method);
}
