/** The form, with a way back from every change that replaces more than one field. */

import { useCallback, useEffect, useMemo, useState } from "react";
import type { Composition } from "../desk/observation-view.js";
import { type Configuration, readHash, readPasted } from "./configuration.js";
import { changed, newHistory, undone } from "./history.js";
import { type Form, startForm } from "./settings.js";

/** What was, and what replaced it. */
interface Step {
  readonly form: Form;
  readonly composition: Composition;
}

/** A sentence on what was replaced. */
export interface SettingsNews {
  readonly text: string;
  readonly notes: readonly string[];
  readonly failed?: boolean;
}

/** The settings of the page. */
export interface SettingsHistory {
  readonly form: Form;
  readonly onForm: (form: Form) => void;
  /** How data that are opened next are cut. */
  readonly composition: Composition;
  readonly replace: (configuration: Configuration, source: string) => void;
  readonly reset: () => void;
  readonly undo: (() => void) | undefined;
  readonly news: SettingsNews | undefined;
  readonly forgetNews: () => void;
}

/** Hold the form, its past, and what the address or a paste brings. */
export function useSettingsHistory(): SettingsHistory {
  const [held, setHistory] = useState(() => newHistory<Step>({ form: startForm(), composition: {} }));
  const [news, setNews] = useState<SettingsNews>();
  const { now, past } = held;

  const onForm = useCallback((form: Form) => {
    setHistory((before) => {
      // Letters typed into one field are one step.
      const field = Object.keys(form).find((key) => form[key] !== before.now.form[key]);
      return changed(before, { ...before.now, form }, field);
    });
    setNews(undefined);
  }, []);
  const change = useCallback((next: Step, told: SettingsNews) => {
    setHistory((before) => changed(before, next, ""));
    setNews(told);
  }, []);
  const replace = useCallback(
    ({ form, composition, notes }: Configuration, source: string) => {
      const count = Object.keys(form).filter((key) => form[key] !== now.form[key]).length;
      const what = count === 0 ? "as they were" : count === 1 ? "one changed" : `${count} changed`;
      change({ form, composition }, { text: `Settings from ${source}: ${what}.`, notes });
    },
    [change, now],
  );
  const reset = useCallback(
    () =>
      change(
        { form: startForm(), composition: {} },
        { text: "All settings are at their defaults.", notes: [] },
      ),
    [change],
  );
  const undo = useCallback(() => {
    setHistory(undone);
    setNews(undefined);
  }, []);

  useEffect(() => {
    const take = (read: () => Configuration | undefined, source: string) => {
      try {
        const found = read();
        if (found) replace(found, source);
        return found !== undefined;
      } catch (error) {
        setNews({ text: (error as Error).message, notes: [], failed: true });
        return true;
      }
    };
    const fromAddress = () => {
      // Taken once: a reload must not undo later changes.
      if (take(() => readHash(location.hash), "the link"))
        history.replaceState(null, "", location.pathname + location.search);
    };
    const onPaste = (event: ClipboardEvent) => {
      const text = event.clipboardData?.getData("text/plain") ?? "";
      if (take(() => readPasted(text), "the clipboard")) event.preventDefault();
    };
    const onKey = (event: KeyboardEvent) => {
      if (
        event.key.toLowerCase() !== "z" ||
        !(event.ctrlKey || event.metaKey) ||
        event.shiftKey ||
        event.altKey
      )
        return;
      const { target } = event;
      // Elsewhere the keys undo what was drawn.
      if (!(target instanceof Element) || target.closest(".left, .settings-news") === null) return;
      // A text field has an undo of its own.
      if (
        event.defaultPrevented ||
        (target instanceof HTMLInputElement && !/^(checkbox|radio|range)$/.test(target.type))
      )
        return;
      if (past.length === 0) return;
      event.preventDefault();
      undo();
    };
    fromAddress();
    window.addEventListener("hashchange", fromAddress);
    document.addEventListener("paste", onPaste);
    document.addEventListener("keydown", onKey);
    return () => {
      window.removeEventListener("hashchange", fromAddress);
      document.removeEventListener("paste", onPaste);
      document.removeEventListener("keydown", onKey);
    };
  }, [replace, undo, past.length]);

  const { form, composition } = now;
  return useMemo(
    () => ({
      ...{ form, onForm, composition, replace, reset, news },
      undo: past.length > 0 ? undo : undefined,
      forgetNews: () => setNews(undefined),
    }),
    [form, onForm, composition, replace, reset, news, past.length, undo],
  );
}
