/** The choice of a method on the run card. */

import type { Method } from "tslira";
import { Options } from "../options.js";
import { METHOD_KINDS, methodOf } from "../settings/method-fields.js";
import type { Form } from "../settings/settings.js";

/** Which method, and what it is for. */
export function MethodChoice({
  form,
  onForm,
  disabled,
}: {
  readonly form: Form;
  readonly onForm: (form: Form) => void;
  readonly disabled: boolean;
}) {
  const { id, help } = methodOf(form);
  const group = (title: string, gives: "posterior" | "image") => (
    <optgroup label={title}>
      <Options
        of={METHOD_KINDS.filter((kind) => kind.gives === gives).map((kind) => [kind.id, kind.title])}
      />
    </optgroup>
  );
  return (
    <div className="field method">
      <label htmlFor="field-method">Method</label>
      <select
        id="field-method"
        value={id}
        disabled={disabled}
        aria-describedby="field-method-help"
        onChange={({ target }) => onForm({ ...form, method: target.value as Method })}
      >
        {group("A posterior, with errors", "posterior")}
        {group("One image", "image")}
      </select>
      <p id="field-method-help">{help}</p>
    </div>
  );
}
