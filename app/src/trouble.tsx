import type { ReactNode } from "react";

interface TroubleProps {
  readonly words: string;
  /** What helps: buttons. */
  readonly children?: ReactNode;
}

/** What went wrong, in a sentence that is read out at once; nothing where the words are empty. */
export function Trouble({ words, children }: TroubleProps) {
  return (
    words !== "" && (
      <p role="alert" className="trouble">
        {words}
        {children && <> {children}</>}
      </p>
    )
  );
}
