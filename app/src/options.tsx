/** Choices of a select: values, and how they read. */
export function Options({
  of,
}: {
  readonly of: readonly (readonly [value: string | number, text: string])[];
}) {
  return of.map(([value, text]) => (
    <option key={value} value={value}>
      {text}
    </option>
  ));
}
