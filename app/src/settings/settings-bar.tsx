/** What replaced the settings, with a way back; and the buttons that save, share and reset them. */

import type { Composition } from "../desk/observation-view.js";
import { mayKeepPage } from "../offline.js";
import { CopyButton } from "../run/copy-button.js";
import { save } from "../run/save-file.js";
import { configurationHash, configurationText } from "./configuration.js";
import type { SettingsHistory } from "./settings-history.js";

/** A line below the title bar that comes when settings were replaced. */
export function SettingsNewsBar({ settings }: { readonly settings: SettingsHistory }) {
  const { news, undo, forgetNews } = settings;
  return (
    <div role="status" className={news ? "settings-news" : "spoken"}>
      {news && (
        <>
          <p className={news.failed ? "trouble" : ""}>{[news.text, ...news.notes].join(" ")}</p>
          {undo && !news.failed && (
            <button type="button" onClick={undo} title="Take the settings back as they were. Ctrl + Z">
              Undo
            </button>
          )}
          <button type="button" className="quiet" onClick={forgetNews} aria-label="Close this note">
            ✕
          </button>
        </>
      )}
    </div>
  );
}

/** Buttons for the settings: save, share, reset, undo. */
export function SettingsCard({
  settings,
  composition,
  name,
}: {
  readonly settings: SettingsHistory;
  readonly composition: Composition;
  readonly name: string;
}) {
  const { form, undo, reset } = settings;
  // An address with a token of `tslira studio` opens nothing for others: only what is behind the # is copied then.
  const shared = mayKeepPage(location) ? location.origin + location.pathname : "";
  return (
    <section className="card" aria-labelledby="settings-title">
      <h2 id="settings-title">Settings</h2>
      <div className="keep">
        <button
          type="button"
          title="All settings and cut-outs as a file; drop it on Studio to have them again"
          onClick={() =>
            save(configurationText(form, composition), "application/json", `${name}-settings.json`)
          }
        >
          Save configuration
        </button>
        <CopyButton
          title="An address that opens Studio with these settings, or is pasted into it; it holds no data"
          text={shared + configurationHash(form, composition)}
        >
          Copy link
        </CopyButton>
        <button type="button" title="Every setting at its default" onClick={reset}>
          Reset
        </button>
        <button type="button" title="Ctrl + Z" disabled={undo === undefined} onClick={() => undo?.()}>
          Undo
        </button>
      </div>
    </section>
  );
}
