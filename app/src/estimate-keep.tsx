/** What of one image can be taken home. */

import { useState } from "react";
import type { Desk } from "./desk.js";
import { Code, rasterise } from "./keep-card.js";
import { methodCommand, methodTypescript } from "./method-code.js";
import type { MethodSettings } from "./method-fields.js";
import type { Choices, Composition, Example } from "./protocol.js";
import { simulateCommand } from "./reproduce.js";
import { fileName, save } from "./save-file.js";

/** The card. */
export function EstimateKeepCard({
  desk,
  name,
  ready,
  choices,
  composition,
  settings,
  example,
}: {
  readonly desk: Desk;
  readonly name: string;
  readonly ready: boolean;
  readonly choices: Choices;
  readonly composition: Composition;
  readonly settings: MethodSettings | undefined;
  readonly example: Example["id"] | undefined;
}) {
  const [busy, setBusy] = useState("");
  const [trouble, setTrouble] = useState("");
  const base = fileName(name);
  const button = (what: string, title: string, action: () => Promise<void>) => (
    <button
      type="button"
      title={title}
      disabled={busy !== ""}
      onClick={() => {
        setBusy(what);
        setTrouble("");
        action()
          .catch((error: Error) => setTrouble(error.message))
          .finally(() => setBusy(""));
      }}
    >
      {busy === what ? "…" : what}
    </button>
  );
  return (
    <section className="card" aria-labelledby="keep-title">
      <h2 id="keep-title">Keep</h2>
      {ready ? (
        <div className="keep">
          {button(
            "Result, FITS",
            "Image, predicted counts and convergence, as tslira deconvolve --method writes them",
            async () => save(await desk.estimateFits(), "application/fits", `${base}-result.fits`),
          )}
          {button("Figure, SVG", "Counts, flux and residuals as a figure for print", async () =>
            save(await desk.estimateFigure("light"), "image/svg+xml", `${base}-flux.svg`),
          )}
          {button("Figure, PNG", "Counts, flux and residuals as a figure for slides", async () =>
            save(await rasterise(await desk.estimateFigure("light")), "image/png", `${base}-flux.png`),
          )}
        </div>
      ) : (
        <p className="muted">Result and figures can be saved when the image is found.</p>
      )}
      {trouble !== "" && (
        <p role="alert" className="trouble">
          {trouble}
        </p>
      )}
      {settings && (
        <>
          <Code
            title="As a command"
            text={`${example ? `${simulateCommand(example)}\n` : ""}${methodCommand(choices, composition, settings)}`}
          />
          <Code title="As TypeScript" text={methodTypescript(choices, composition, settings)} />
        </>
      )}
    </section>
  );
}
