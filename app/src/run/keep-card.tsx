/** What can be taken home: files, figures, a report, and how to make it all again. */

import { useState } from "react";
import type { LiraDeconvolverOptions } from "tslira";
import type { Desk } from "../desk/desk.js";
import type { Choices, Composition, Example } from "../desk/observation-view.js";
import type { WritingNews } from "../desk/protocol.js";
import { methodCommand, methodTypescript } from "../settings/method-code.js";
import { isPoint, type MethodSettings } from "../settings/method-fields.js";
import { commandOf, JOINT_FILE, jointConfig, simulateCommand, typescriptOf } from "../settings/reproduce.js";
import { Trouble } from "../trouble.js";
import { CopyButton } from "./copy-button.js";
import type { Found } from "./run-state.js";
import { fileName, save, sizeText } from "./save-file.js";

interface KeepProps {
  readonly desk: Desk;
  readonly name: string;
  /** What can be saved. */
  readonly found: Found | undefined;
  readonly running: boolean;
  readonly choices: Choices;
  readonly composition: Composition;
  readonly settings: LiraDeconvolverOptions;
  /** Of another method than LIRA. */
  readonly other?: MethodSettings | undefined;
  readonly example: Example["id"] | undefined;
}

/** A file that can be saved. */
interface Saved {
  /** What stands on the button. */
  readonly what: string;
  readonly title: string;
  readonly type: string;
  /** End of the file's name. */
  readonly ending: string;
  readonly content: (tell: (news: WritingNews) => void) => Promise<Uint8Array<ArrayBuffer> | Blob | string>;
}

/** A file that is being saved, and how far it is written where that is known. */
interface Saving {
  readonly file: Saved;
  readonly news?: WritingNews;
}

/** An SVG document as PNG, twice as fine. */
async function rasterise(svg: string): Promise<Blob> {
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

/** A figure for print and for slides. */
function figureFiles(of: string, ending: string, draw: () => Promise<string>): Saved[] {
  return [
    {
      what: "Figure, SVG",
      title: `${of} as a figure for print`,
      type: "image/svg+xml",
      ending: `${ending}.svg`,
      content: draw,
    },
    {
      what: "Figure, PNG",
      title: `${of} as a figure for slides`,
      type: "image/png",
      ending: `${ending}.png`,
      content: async () => rasterise(await draw()),
    },
  ];
}

function posteriorFiles(desk: Desk): Saved[] {
  return [
    {
      what: "Result, FITS",
      title: "Mean, errors, draws, diagnostics and settings, as tslira deconvolve writes them",
      type: "application/fits",
      ending: "result.fits",
      content: desk.fits,
    },
    {
      what: "Report, HTML",
      title: "One page for readers, which needs nothing else",
      type: "text/html",
      ending: "report.html",
      content: desk.report,
    },
    ...figureFiles("The posterior", "posterior", () => desk.figure("posterior", "light")),
    {
      what: "Traces, SVG",
      title: "The trace of every parameter",
      type: "image/svg+xml",
      ending: "traces.svg",
      content: () => desk.figure("traces", "light"),
    },
  ];
}

function imageFiles(desk: Desk): Saved[] {
  return [
    {
      what: "Result, FITS",
      title: "Image, predicted counts and convergence, as tslira deconvolve --method writes them",
      type: "application/fits",
      ending: "result.fits",
      content: desk.estimateFits,
    },
    ...figureFiles("Counts, flux and residuals", "flux", () => desk.estimateFigure("light")),
  ];
}

/** What is on the screen, of any result and of none. */
const PICTURES = figureFiles("The pictures as they are on the screen", "pictures", async () =>
  (await import("../pictures/screen-figure.js")).screenFigure(),
).map((file) => ({ ...file, what: file.what.replace("Figure", "Pictures") }));

/** Bytes of a result file, nearly: its draws and maps. */
function resultBytes(found: Found): number {
  if (found.kind === "image") return 4 * 8 * found.estimate.flux.data.length;
  const { draws, mean } = found.result;
  return mean.data.length * (4 * draws.reduce((sum, count) => sum + count, 0) + 10 * 8);
}

/** The card. */
export function KeepCard(props: KeepProps) {
  const { desk, name, found, running, choices, composition, settings, example, other } = props;
  const [busy, setBusy] = useState<Saving>();
  const [trouble, setTrouble] = useState("");
  const [said, setSaid] = useState("");
  const base = fileName(name);
  const image = other !== undefined && isPoint(other.method);
  const command = other
    ? methodCommand(choices, composition, other)
    : commandOf(choices, composition, settings);
  const typescript = other
    ? methodTypescript(choices, composition, other)
    : typescriptOf(choices, composition, settings);

  const take = async (wanted: Saved) => {
    const { type, ending, content } = wanted;
    setBusy({ file: wanted });
    setSaid("");
    setTrouble("");
    try {
      const made = await content((news) => setBusy({ file: wanted, news }));
      const file = `${base}-${ending}`;
      save(made, type, file);
      setSaid(`${file}, ${sizeText(new Blob([made]).size)}`);
    } catch (error) {
      setTrouble((error as Error).message);
    }
    setBusy(undefined);
  };
  const button = (file: Saved) => (
    <button
      type="button"
      key={file.what}
      title={file.title}
      disabled={busy !== undefined}
      onClick={() => void take(file)}
    >
      {file.what}
    </button>
  );
  const joint = jointConfig(choices, composition);
  const before = example ? simulateCommand(example) : choices.counts?.command;
  const shell = before ? `${before}\n${command}` : command;

  return (
    <section className="card" aria-labelledby="keep-title">
      <h2 id="keep-title">Keep</h2>
      {found && running && <p className="muted">Of the result before, until the run has found another.</p>}
      {found ? (
        <div className="keep">
          {(found.kind === "image" ? imageFiles(desk) : posteriorFiles(desk)).map(button)}
        </div>
      ) : (
        <p className="muted">
          {image
            ? "Result and figures can be saved when the image is found."
            : "Result, report and figures can be saved when the chains are done."}
        </p>
      )}
      <div className="keep">{PICTURES.map(button)}</div>
      <div className="muted" role="status">
        {busy ? (
          <>
            Saving {base}-{busy.file.ending}
            {found && busy.file.ending === "result.fits" ? (
              <Writing news={busy.news} found={found} />
            ) : (
              <>
                {" …"}
                <progress aria-label="Saving" />
              </>
            )}
          </>
        ) : (
          said
        )}
      </div>
      <Trouble words={trouble} />
      {choices.counts ? (
        <>
          <Code title="As a command" text={shell} />
          {joint !== undefined && <Code title={`${JOINT_FILE}, for the command`} text={joint} />}
          <Code title="As TypeScript" text={typescript} />
        </>
      ) : (
        // Of a result without its data, which names its files.
        found?.command && <Code title="The command that made it" text={found.command} />
      )}
    </section>
  );
}

/** How far a result is written: what is done before its size is known, percent of it, what the browser does then. */
function Writing({ news, found }: { readonly news: WritingNews | undefined; readonly found: Found }) {
  if (news === undefined) {
    return (
      <>
        , about {sizeText(resultBytes(found))}: putting it together …
        <progress aria-label="Saving" />
      </>
    );
  }
  const { written, bytes } = news;
  return (
    <>
      , {sizeText(bytes)}
      {written < bytes ? (
        <span aria-hidden="true">: {Math.floor((100 * written) / bytes)} % written</span>
      ) : (
        ": handing it to the browser …"
      )}
      <progress aria-label="Saving" value={written} max={bytes} />
    </>
  );
}

/** Text to copy, folded away. */
export function Code({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <details>
      <summary>{title}</summary>
      <pre>{text}</pre>
      <CopyButton text={text}>Copy</CopyButton>
    </details>
  );
}
