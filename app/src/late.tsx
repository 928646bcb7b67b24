/** Parts of the page that may fail alone: code that is fetched when it is needed, and rooms whose errors stay inside. */

import { Component, type ComponentType, type ReactNode, useEffect, useState } from "react";
import { Trouble } from "./trouble.js";

/** What is said when code of the page cannot be fetched. */
const GONE =
  "This part of the page could not be loaded: its server has ended, or was replaced. What is open here stays; " +
  "a result can still be saved under Keep.";

/**
 * A component whose code is fetched when it is first shown, and asked for again on request where that fails.
 *
 * @param load as `() => import(...)` gives it
 * @param waiting shown until it is there
 */
export function late<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  waiting: ReactNode = null,
): ComponentType<Props> {
  let found: ComponentType<Props> | undefined;
  return function Late(props: Props) {
    const [state, setState] = useState<"there" | "waiting" | "failed">(found ? "there" : "waiting");
    useEffect(() => {
      if (state !== "waiting") return;
      let current = true;
      load().then(
        (component) => {
          found = component;
          if (current) setState("there");
        },
        () => current && setState("failed"),
      );
      return () => {
        current = false;
      };
    }, [state]);
    if (state === "failed") return <RoomTrouble words={GONE} onAgain={() => setState("waiting")} />;
    const Found = found;
    return Found ? <Found {...props} /> : waiting;
  };
}

function RoomTrouble({ words, onAgain }: { readonly words: string; readonly onAgain: () => void }) {
  return (
    <div className="room-trouble">
      <Trouble words={words} />
      <button type="button" onClick={onAgain}>
        Try again
      </button>
    </div>
  );
}

interface RoomProps {
  /** What is inside, as messages call it. */
  readonly name: string;
  readonly children: ReactNode;
}

/** An error inside is told there, and leaves the rest of the page as it is. */
export class Room extends Component<RoomProps, { readonly error?: Error | undefined }> {
  override state: { readonly error?: Error | undefined } = {};

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render(): ReactNode {
    const { name, children } = this.props;
    const { error } = this.state;
    if (error === undefined) return children;
    return (
      <RoomTrouble
        words={`${name} cannot be shown: ${error.message}. The rest of the page goes on.`}
        onAgain={() => this.setState({ error: undefined })}
      />
    );
  }
}
