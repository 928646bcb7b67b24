import { onContentUpdated } from "vitepress";
import DefaultTheme from "vitepress/theme";
import "./style.css";

/** Where the language of examples is kept that a reader chose last. */
const KEY = "tslira-language";

/** Show a language in all blocks that have it; clicks would scroll to each of them. */
function choose(title) {
  for (const label of document.querySelectorAll(`.vp-code-group label[data-title="${title}"]`)) {
    const group = label.closest(".vp-code-group");
    const at = [...group.querySelectorAll("label")].indexOf(label);
    group.querySelectorAll("input")[at].checked = true;
    [...group.querySelector(".blocks").children].forEach((block, index) => {
      block.classList.toggle("active", index === at);
    });
  }
}

function kept() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // Storage is refused: every page begins with the first language.
  }
}

/** Keep and show everywhere what a reader clicks. */
function remember({ target, isTrusted }) {
  if (!isTrusted || !(target instanceof HTMLInputElement) || !target.matches(".vp-code-group input")) return;
  const { title } = document.querySelector(`label[for="${target.id}"]`)?.dataset ?? {};
  if (title === undefined) return;
  try {
    localStorage.setItem(KEY, title);
  } catch {
    // As above.
  }
  choose(title);
}

export default {
  extends: DefaultTheme,
  setup() {
    if (typeof document === "undefined") return;
    document.addEventListener("click", remember);
    onContentUpdated(() => {
      const title = kept();
      if (title !== null) choose(title);
    });
  },
};
