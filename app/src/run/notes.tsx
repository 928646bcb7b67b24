/** Sentences that are not on the screen already. */
export function Notes({
  notes,
  known,
}: {
  readonly notes: readonly string[];
  readonly known: readonly string[];
}) {
  return notes
    .filter((note) => !known.includes(note))
    .map((note) => (
      <p className="note" key={note}>
        {note}
      </p>
    ));
}
