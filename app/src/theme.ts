/** Colours of the page: the system's, or one's own, remembered by the browser. */

import { useEffect, useState } from "react";

/** Colours of the page. */
export type Theme = "auto" | "light" | "dark";

const KEY = "tslira-studio-theme";

function remembered(): Theme {
  try {
    const found = localStorage.getItem(KEY);
    return found === "light" || found === "dark" ? found : "auto";
  } catch {
    // A browser that keeps nothing for this page.
    return "auto";
  }
}

/** The colours, and how to choose others. */
export function useTheme(): readonly [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState(remembered);
  useEffect(() => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }, [theme]);
  const choose = (next: Theme) => {
    setTheme(next);
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // As above: the choice holds for as long as the page is open.
    }
  };
  return [theme, choose];
}
