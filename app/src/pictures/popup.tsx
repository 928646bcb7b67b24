/** A button that opens a small box of controls below it. */

import { type ReactNode, useEffect, useId, useRef, useState } from "react";

interface PopupProps {
  /** What stands on the button. */
  readonly title: ReactNode;
  /** What the button is called where its text does not say it. */
  readonly label?: string;
  readonly hint?: string;
  readonly className?: string;
  readonly children: () => ReactNode;
}

/** The button and its box; Escape and a press outside close it. */
export function Popup({ title, label, hint, className = "", children }: PopupProps) {
  const [open, setOpen] = useState(false);
  const host = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  useEffect(() => {
    if (!open) return;
    const outside = ({ target }: Event) => {
      if (target instanceof Node && !host.current?.contains(target)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape is heard from whatever is focused inside.
    <div
      className={`popup ${className}`}
      ref={host}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !open) return;
        event.stopPropagation();
        setOpen(false);
        button.current?.focus();
      }}
    >
      <button
        type="button"
        ref={button}
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        aria-label={label}
        title={hint}
        onClick={() => setOpen(!open)}
      >
        {title}
      </button>
      {open && (
        <section
          className="popup-box"
          id={id}
          aria-label={label ?? (typeof title === "string" ? title : undefined)}
        >
          {children()}
        </section>
      )}
    </div>
  );
}
