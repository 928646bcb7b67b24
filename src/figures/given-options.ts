/** The options of some names that have a value. */
export function givenOptions<T extends object, K extends keyof T>(
  options: T,
  names: readonly K[],
): { [N in K]?: Exclude<T[N], undefined> } {
  return Object.fromEntries(
    names.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]),
  ) as { [N in K]?: Exclude<T[N], undefined> };
}
