/** What can be taken home: files, figures, a report, and how to make it all again. */

import { useState } from "react";
import type { LiraDeconvolverOptions } from "tslira";
import type { Desk } from "./desk.js";
import { methodCommand, methodTypescript } from "./method-code.js";
import type { MethodSettings } from "./method-fields.js";
import type { Choices, Composition, Example } from "./protocol.js";
import { commandOf, simulateCommand, typescriptOf } from "./reproduce.js";
import { fileName, save } from "./save-file.js";

interface KeepProps {
  readonly desk: Desk;
  readonly name: string;
  readonly ready: boolean;
  readonly choices: Choices;
  readonly composition: Composition;
  readonly settings: LiraDeconvolverOptions;
  /** Of another method than LIRA. */
  readonly other?: MethodSettings | undefined;
  readonly example: Example["id"] | undefined;
}

/** An SVG document as PNG, twice as fine. */
export async function rasterise(svg: string): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = 2 * image.naturalWidth;
  canvas.height = 2 * image.naturalHeight;
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) =>
      blob ? resolve(blob) : reject(new Error("figure: the browser made no PNG; take the SVG")),
    ),
  );
}

/** The card. */
export function KeepCard({ desk, name, ready, choices, composition, settings, example, other }: KeepProps) {
  const [busy, setBusy] = useState("");
  const [trouble, setTrouble] = useState("");
  const base = fileName(name);
  const command = other
    ? methodCommand(choices, composition, other)
    : commandOf(choices, composition, settings);
  const typescript = other
    ? methodTypescript(choices, composition, other)
    : typescriptOf(choices, composition, settings);

  const make = (what: string, action: () => Promise<void>) => async () => {
    setBusy(what);
    setTrouble("");
    try {
      await action();
    } catch (error) {
      setTrouble((error as Error).message);
    }
    setBusy("");
  };
  const button = (what: string, title: string, action: () => Promise<void>) => (
    <button type="button" title={title} disabled={busy !== ""} onClick={make(what, action)}>
      {busy === what ? "…" : what}
    </button>
  );
  const before = example ? simulateCommand(example) : choices.counts?.command;
  const shell = before ? `${before}\n${command}` : command;

  return (
    <section className="card" aria-labelledby="keep-title">
      <h2 id="keep-title">Keep</h2>
      {ready ? (
        <div className="keep">
          {button(
            "Result, FITS",
            "Mean, errors, draws, diagnostics and settings, as tslira deconvolve writes them",
            async () => save(await desk.fits(), "application/fits", `${base}-result.fits`),
          )}
          {button("Report, HTML", "One page for readers, which needs nothing else", async () =>
            save(await desk.report(), "text/html", `${base}-report.html`),
          )}
          {button("Figure, SVG", "The posterior as a figure for print", async () =>
            save(await desk.figure("posterior", "light"), "image/svg+xml", `${base}-posterior.svg`),
          )}
          {button("Figure, PNG", "The posterior as a figure for slides", async () =>
            save(
              await rasterise(await desk.figure("posterior", "light")),
              "image/png",
              `${base}-posterior.png`,
            ),
          )}
          {button("Traces, SVG", "The trace of every parameter", async () =>
            save(await desk.figure("traces", "light"), "image/svg+xml", `${base}-traces.svg`),
          )}
        </div>
      ) : (
        <p className="muted">Result, report and figures can be saved when the chains are done.</p>
      )}
      {trouble !== "" && (
        <p role="alert" className="trouble">
          {trouble}
        </p>
      )}
      <Code title="As a command" text={shell} />
      <Code title="As TypeScript" text={typescript} />
    </section>
  );
}

/** Text to copy, folded away. */
export function Code({ title, text }: { readonly title: string; readonly text: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <details>
      <summary>{title}</summary>
      <pre>{text}</pre>
      <button
        type="button"
        onClick={() => {
          navigator.clipboard.writeText(text).then(
            () => setCopied(true),
            () => setCopied(false),
          );
          setTimeout(() => setCopied(false), 2_000);
        }}
      >
        {copied ? "Copied" : "Copy"}
      </button>
    </details>
  );
}
