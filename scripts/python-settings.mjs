// Write the settings of the list into the Python package: names in its style, types, meanings; and what an observation may name.
import { writeFileSync } from "node:fs";
import { OBSERVATION_KEYS } from "../dist/cli/deconvolve-config.js";
import { SETTINGS } from "../dist/settings.js";
import { pythonName, pythonType, usually } from "./setting-words.mjs";

const PATH = new URL("../python/tslira/settings.py", import.meta.url);

const text = (value) => JSON.stringify(value);
const entries = SETTINGS.filter(({ found }) => !found).map((setting) => {
  const { key, kind, meaning, methods } = setting;
  const usual = usually(setting);
  const full = `${meaning}${usual === undefined ? "" : ` Default: ${usual}.`} For ${methods.join(", ")}.`;
  const parts = kind.type === "record" ? `, "parts": (${Object.keys(kind.parts).map(text).join(", ")},)` : "";
  return `    ${text(pythonName(key))}: {\n        "key": ${text(key)}, "type": ${text(pythonType(kind))}${parts},\n        "meaning": ${text(full)},\n    },`;
});
const observation = Object.keys(OBSERVATION_KEYS).map((key) => `    ${text(pythonName(key))}: ${text(key)},`);
const content = `"""Settings of the methods. Written by scripts/python-settings.mjs from the one list of settings."""

from __future__ import annotations

from typing import Any, Dict

SETTINGS: Dict[str, Dict[str, Any]] = {
${entries.join("\n")}
}

#: What an observation may name, and the keys of config files for it.
OBSERVATION: Dict[str, str] = {
${observation.join("\n")}
}
`;
writeFileSync(PATH, content);
