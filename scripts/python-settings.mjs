// Write the settings of the list into the Python package: names in its style, types, meanings.
import { writeFileSync } from "node:fs";
import { SETTINGS } from "../dist/settings.js";

const PATH = new URL("../python/tslira/settings.py", import.meta.url);

const pythonName = (key) =>
  key.replace(/\.(.)/g, "_$1").replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function range({ least, most, above, below }) {
  const low = least !== undefined ? `>= ${least}` : above !== undefined ? `> ${above}` : "";
  const high = most !== undefined ? `<= ${most}` : below !== undefined ? `< ${below}` : "";
  const both = [low, high].filter((part) => part !== "").join(" and ");
  return both === "" ? "" : ` ${both}`;
}

function typeOf(kind) {
  switch (kind.type) {
    case "whole":
    case "number":
      return `${kind.type === "whole" ? "int" : "float"}${range(kind)}${kind.word ? ` or "${kind.word}"` : ""}`;
    case "numbers":
      return `float${range(kind)}, or one a level`;
    case "record":
      return `(${Object.keys(kind.parts).join(", ")})`;
    case "choice":
      return `{${kind.choices.map(({ value }) => `"${value}"`).join(", ")}}`;
    case "flag":
      return "bool";
    case "object":
      return "dict";
    default:
      return "str";
  }
}

const text = (value) => JSON.stringify(value);
const entries = SETTINGS.filter(({ found }) => !found).map((setting) => {
  const { key, kind, meaning, methods } = setting;
  const usual =
    setting.usually ?? (setting.default === undefined ? undefined : JSON.stringify(setting.default));
  const full = `${meaning}${usual === undefined ? "" : ` Default: ${usual}.`} For ${methods.join(", ")}.`;
  const parts = kind.type === "record" ? `, "parts": (${Object.keys(kind.parts).map(text).join(", ")},)` : "";
  return `    ${text(pythonName(key))}: {\n        "key": ${text(key)}, "type": ${text(typeOf(kind))}${parts},\n        "meaning": ${text(full)},\n    },`;
});
const content = `"""Settings of the methods. Written by scripts/python-settings.mjs from the one list of settings."""

from __future__ import annotations

from typing import Any, Dict

SETTINGS: Dict[str, Dict[str, Any]] = {
${entries.join("\n")}
}
`;
writeFileSync(PATH, content);
