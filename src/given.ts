/** Entries that have a value: options of the command line that were not given shall not hide defaults. */
export function given<T extends object>(entries: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** Whether a value is an object with named entries: no list, nor null. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The options of some names that have a value. */
export function givenOptions<T extends object, K extends keyof T>(
  options: T,
  names: readonly K[],
): { [N in K]?: Exclude<T[N], undefined> } {
  return Object.fromEntries(
    names.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]),
  ) as { [N in K]?: Exclude<T[N], undefined> };
}
