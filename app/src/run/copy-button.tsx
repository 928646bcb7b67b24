import { type ReactNode, useState } from "react";

/** A button that copies a text, and says whether the browser did. */
export function CopyButton({
  text,
  title,
  children,
}: {
  readonly text: string;
  readonly title?: string;
  readonly children: ReactNode;
}) {
  const [said, setSaid] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("Copied");
    } catch {
      // Not allowed, or a page over plain http from another machine, which has no clipboard.
      setSaid("The browser refused");
    }
    setTimeout(() => setSaid(""), 2_000);
  };
  return (
    <button type="button" title={title} onClick={() => void copy()}>
      {said || children}
    </button>
  );
}
