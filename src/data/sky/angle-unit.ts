/** Units of angles, as headers and columns of files and people write them. */

const DEGREES: readonly (readonly [spelling: RegExp, degrees: number])[] = [
  [/^deg(?:s|rees?)?$/, 1],
  [/^(?:arcmins?|')$/, 1 / 60],
  [/^(?:arcsecs?|")$/, 1 / 3600],
  [/^mas$/, 1 / 3_600_000],
  [/^rad(?:ians?)?$/, 180 / Math.PI],
];

/** Degrees of a unit; undefined when it is none of angles. */
export function degreesIn(unit: string): number | undefined {
  const name = unit.trim().toLowerCase();
  return DEGREES.find(([spelling]) => spelling.test(name))?.[1];
}
