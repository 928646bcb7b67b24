/** A row of facts that is chosen. */

import { Fact } from "../fact.js";
import { Options } from "../options.js";

/** One of several choices. */
export function ChoiceField({
  title,
  label,
  hint,
  choices,
  chosen,
  busy,
  onChoose,
}: {
  readonly title: string;
  readonly label: string;
  readonly hint?: string;
  /** Values, and how they read. */
  readonly choices: readonly (readonly [value: string, text: string])[];
  readonly chosen: string;
  readonly busy: boolean;
  readonly onChoose: (value: string) => void;
}) {
  return (
    <Fact name={title}>
      <select
        aria-label={label}
        title={hint}
        value={chosen}
        disabled={busy}
        onChange={({ target }) => onChoose(target.value)}
      >
        <Options of={choices} />
      </select>
    </Fact>
  );
}
