/** One field of a form: label, control, explanation or what is wrong. */

import { type Field, type Form, fieldError, gpuError, gpuLimit } from "./settings.js";

/** The field. */
export function FormField({
  field,
  form,
  disabled,
  onChange,
  error = fieldError(field, form),
}: {
  readonly field: Field;
  readonly form: Form;
  readonly disabled: boolean;
  readonly onChange: (value: string) => void;
  /** What is wrong, in words; default as the field says. */
  readonly error?: string | undefined;
}) {
  const { key, label, help, kind, choices = [], value: rule } = field;
  const word = rule && "word" in rule ? rule.word : undefined;
  const value = form[key] ?? "";
  const id = `field-${key}`;
  const limit = gpuLimit(field, form);
  return (
    <div className={`field ${kind}`}>
      <label htmlFor={id} title={help}>
        {label}
      </label>
      {kind === "choice" ? (
        <select
          id={id}
          value={value}
          disabled={disabled}
          onChange={({ target }) => onChange(target.value)}
          aria-describedby={`${id}-help`}
        >
          {choices.map(([choice, title]) => (
            <option
              key={choice}
              value={choice}
              disabled={choice !== value && gpuError(field, form, choice) !== undefined}
            >
              {title}
            </option>
          ))}
        </select>
      ) : kind === "check" ? (
        <input
          id={id}
          type="checkbox"
          checked={value === "yes"}
          disabled={disabled}
          onChange={({ target }) => onChange(target.checked ? "yes" : "")}
          aria-describedby={`${id}-help`}
        />
      ) : (
        <input
          id={id}
          inputMode={
            kind === "text" || word !== undefined ? "text" : kind === "whole" ? "numeric" : "decimal"
          }
          value={value}
          disabled={disabled}
          aria-invalid={error !== undefined}
          aria-describedby={`${id}-help`}
          onChange={({ target }) => onChange(target.value)}
        />
      )}
      <p id={`${id}-help`} className={error ? "field-error" : "field-help"}>
        {error ?? (limit === undefined ? help : `${help} On the GPU: ${limit}.`)}
      </p>
    </div>
  );
}
