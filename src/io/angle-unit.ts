/** Angles of columns. */

const DEGREES: readonly (readonly [names: RegExp, degrees: number])[] = [
  [/^(deg|degs|degree|degrees)$/, 1],
  [/^arcmins?$/, 1 / 60],
  [/^arcsecs?$/, 1 / 3600],
  [/^mas$/, 1 / 3.6e6],
  [/^(rad|radian|radians)$/, 180 / Math.PI],
  [/^(h|hr|hour|hours|hourangle)$/, 15],
];

/** Degrees in a unit, by its TUNIT; undefined when it is no angle. */
export function degreesIn(unit: string): number | undefined {
  const name = unit.trim().toLowerCase();
  return DEGREES.find(([names]) => names.test(name))?.[1];
}
