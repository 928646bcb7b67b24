/** The script of a report: unpacks its data and makes pictures, inspector and player live. */

import { wholeView } from "../../viewer/viewport.js";
import { readReport } from "./blocks.js";
import { need, startExplorer } from "./explorer.js";
import { startInspector } from "./inspector.js";
import { startPlayer } from "./player.js";
import { holdState } from "./state.js";

async function start(document: Document): Promise<void> {
  const store = await readReport(document);
  const [x, y] = store.data.first;
  const holder = holdState({
    view: wholeView(store.data.shape),
    cursor: [x, y],
    selection: { kind: "pixel", x, y },
    style: { stretch: "asinh", colormap: "auto", percent: 100 },
    marks: true,
    tool: "pixel",
  });
  document.documentElement.classList.add("live");
  startExplorer(document, store, holder);
  startInspector(document, store, holder);
  startPlayer(document, store, holder);
  for (const link of document.querySelectorAll<HTMLElement>(".goto")) {
    link.addEventListener("click", () => {
      const [col, row] = [Number(link.dataset.x), Number(link.dataset.y)];
      holder.set({ cursor: [col, row], selection: { kind: "pixel", x: col, y: row } });
      need(document, "closer").scrollIntoView();
    });
  }
  document.documentElement.classList.add("ready");
}

start(globalThis.document).catch((error: unknown) => {
  const place = need(globalThis.document, "trouble");
  place.textContent = `The pictures could not be shown: ${error instanceof Error ? error.message : String(error)}`;
  place.hidden = false;
  throw error;
});
