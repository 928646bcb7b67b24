/** Keeping a result as A, and comparing it with the latest. */

import { useCallback, useEffect, useState } from "react";
import type { Comparison, KeptResult } from "./kept-result.js";

/** Results to compare, and how. */
export interface CompareControl {
  readonly a: KeptResult | undefined;
  readonly b: KeptResult | undefined;
  readonly comparison: Comparison;
  /** Keep the latest result as A. */
  keep(): void;
  show(comparison: Comparison): void;
}

/**
 * Results to compare. The one before the latest is A by itself, until another is kept.
 *
 * @param latest the result on the screen, and its settings; undefined before and while chains run
 */
export function useCompare(latest: KeptResult | undefined): CompareControl {
  const [kept, setKept] = useState<{
    readonly a?: KeptResult | undefined;
    readonly b?: KeptResult | undefined;
    readonly byHand: boolean;
  }>({ byHand: false });
  const [comparison, show] = useState<Comparison>("off");
  useEffect(() => {
    if (latest === undefined) {
      show("off");
      return;
    }
    setKept((now) =>
      now.b?.mean === latest.mean ? now : { ...now, a: now.byHand ? now.a : now.b, b: latest },
    );
  }, [latest]);
  const keep = useCallback(() => setKept((now) => ({ ...now, a: now.b, byHand: true })), []);
  const other = kept.a !== undefined && kept.a.mean !== kept.b?.mean ? kept.a : undefined;
  return {
    a: other,
    b: latest && kept.b,
    comparison: other !== undefined && latest !== undefined ? comparison : "off",
    keep,
    show,
  };
}

const COMPARISONS: readonly (readonly [kind: Comparison, word: string, hint: string])[] = [
  ["blink", "Blink", "Show A and B by turns. Key B"],
  ["swipe", "Swipe", "A and B at the two sides of a divider"],
  ["difference", "B − A", "Difference: what B has more than A"],
  ["ratio", "B / A", "Ratio: how many times A is B"],
];

/** Buttons above the pictures. */
export function CompareMenu({ a, b, comparison, keep, show }: CompareControl) {
  if (b === undefined) return null;
  return (
    <span className="compare-buttons">
      <button type="button" onClick={keep} title="Keep this result as A, to compare later ones with it">
        Keep A
      </button>
      {a && (
        <span className="segments">
          {COMPARISONS.map(([kind, word, hint]) => (
            <button
              type="button"
              key={kind}
              aria-pressed={comparison === kind}
              onClick={() => show(comparison === kind ? "off" : kind)}
              title={hint}
            >
              {word}
            </button>
          ))}
        </span>
      )}
    </span>
  );
}
