import { useEffect, useState } from "react";
import type { ResultView } from "../desk/run-view.js";

/** A shape that is being drawn asks once it rests. */
const REST = 60;

/**
 * An answer of the desk, asked again when what it is about or the result changes; until then that of before stands.
 *
 * @param of what it is about, nothing to ask when undefined or an empty list
 */
export function useAnswer<Of, T>(
  of: Of | undefined,
  result: ResultView | undefined,
  ask: (of: Of) => Promise<T>,
): { readonly answer: T | undefined; readonly isCurrent: boolean; readonly trouble: string } {
  const [state, setState] = useState<{
    readonly of?: Of;
    readonly result?: ResultView;
    readonly answer?: T;
    readonly trouble?: string;
  }>({});
  const something = of !== undefined && !(Array.isArray(of) && of.length === 0);
  useEffect(() => {
    if (result === undefined || !something) return;
    let current = true;
    const timer = setTimeout(() => {
      ask(of).then(
        (answer) => current && setState({ of, result, answer }),
        (error: Error) => current && setState({ of, result, trouble: error.message }),
      );
    }, REST);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [of, something, result, ask]);
  const known = result !== undefined && state.result === result && something;
  const isCurrent = known && state.of === of;
  return {
    answer: known ? state.answer : undefined,
    isCurrent,
    trouble: isCurrent ? (state.trouble ?? "") : "",
  };
}
