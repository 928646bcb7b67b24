/** The button that connects to other programs, and the line that says how that stands. */

import type { SampLink } from "./samp-link.js";

/** Connects, and ends the connection. */
export function SampButton({ link: { state, connect, disconnect } }: { readonly link: SampLink }) {
  const off = state.stage === "off";
  return (
    <button
      type="button"
      className="quiet"
      title={
        off
          ? "Send them images and catalogues and take images from them, through the hub of SAMP on this machine"
          : "End the connection to other programs"
      }
      onClick={off ? connect : disconnect}
    >
      {off ? "Connect to DS9, TOPCAT, Aladin" : "Disconnect"}
    </button>
  );
}

/** What the hub says, and what came through it. @param onOpen shows the list of files; undefined where it is shown */
export function SampBar({
  link,
  onOpen,
}: {
  readonly link: SampLink;
  readonly onOpen?: (() => void) | undefined;
}) {
  const { state, news, forgetNews } = link;
  const trouble = state.stage === "off" ? state.trouble : undefined;
  const words =
    news ||
    trouble ||
    (state.stage === "asking"
      ? "Waiting for the hub of SAMP: it asks in a window of its own whether this page may connect."
      : state.stage === "on"
        ? state.programs.length === 0
          ? "Connected. No other program is: start DS9, TOPCAT or Aladin. Images that they send come to this page."
          : `Connected to ${state.programs.map(({ name }) => name).join(", ")}. Images that they send come to this page.`
        : "");
  return (
    <div role="status" className={words ? "settings-news" : "spoken"}>
      {words && <p className={trouble && !news ? "trouble" : ""}>{words}</p>}
      {news && onOpen && (
        <button type="button" onClick={onOpen} title="Leaves the data at hand">
          To the list of files
        </button>
      )}
      {news && (
        <button type="button" className="quiet" onClick={forgetNews} aria-label="Close this note">
          ✕
        </button>
      )}
    </div>
  );
}
