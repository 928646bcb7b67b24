/** A test of a region, as it goes on while the reader looks at something else. */

import { useCallback, useRef, useState } from "react";
import type { Desk, DeskError } from "../desk/desk.js";
import type { SignificanceNews, SignificanceQuestion, SignificanceView } from "../desk/method-protocol.js";

/** Where the test stands. */
export type TestState =
  | { readonly stage: "ready" }
  | { readonly stage: "running"; readonly stopping: boolean; readonly news?: SignificanceNews }
  | {
      readonly stage: "done";
      readonly view: SignificanceView;
      readonly figure: string;
      readonly question: SignificanceQuestion;
      readonly command: string;
    }
  | { readonly stage: "stopped"; readonly done: number; readonly total: number }
  | { readonly stage: "failed"; readonly message: string };

/** A test and how to begin and end it. */
export interface SignificanceTest {
  readonly state: TestState;
  /** Regions that were looked at, with the gammas. */
  readonly seen: ReadonlyMap<string, number>;
  readonly start: (question: SignificanceQuestion, command: string) => void;
  readonly stop: () => void;
}

/** How a region is known. */
export function regionKey({ region }: Pick<SignificanceQuestion, "region">): string {
  return JSON.stringify(region);
}

/** The colours that the page has now. */
function themeNow(): "light" | "dark" {
  const { theme } = document.documentElement.dataset;
  if (theme === "light" || theme === "dark") return theme;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** Tests of this observation, one at a time. */
export function useSignificanceTest(desk: Desk): SignificanceTest {
  const [state, setState] = useState<TestState>({ stage: "ready" });
  const [seen, setSeen] = useState<ReadonlyMap<string, number>>(new Map());
  const latest = useRef<SignificanceNews>(undefined);

  const start = useCallback(
    async (question: SignificanceQuestion, command: string) => {
      latest.current = undefined;
      setState({ stage: "running", stopping: false });
      try {
        const view = await desk.significance(question, command, (news) => {
          latest.current = news;
          setState((now) => (now.stage === "running" ? { ...now, news } : now));
        });
        const figure = await desk.significanceFigure(themeNow());
        setState({ stage: "done", view, figure, question, command });
        // The gamma that was stated first is the one that counts.
        setSeen((now) =>
          now.has(regionKey(question)) ? now : new Map(now).set(regionKey(question), view.gamma),
        );
      } catch (error) {
        const { code, message } = error as DeskError;
        const { done, total } = latest.current ?? { done: 0, total: 0 };
        setState(code === "ABORTED" ? { stage: "stopped", done, total } : { stage: "failed", message });
      }
    },
    [desk],
  );
  const stop = useCallback(() => {
    setState((now) => (now.stage === "running" ? { ...now, stopping: true } : now));
    void desk.stopSignificance();
  }, [desk]);
  return { state, seen, start: (question, command) => void start(question, command), stop };
}
