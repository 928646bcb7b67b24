// Remove what earlier builds left in dist: files whose source has been renamed or deleted. They would be published,
// and code that still imports them would seem to work.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { sep } from "node:path";
import { fileURLToPath } from "node:url";

const folder = (name) => fileURLToPath(new URL(`../${name}/`, import.meta.url));
const withoutEnding = (file) => file.replace(/(\.d\.ts|\.js|\.ts)$/, "");
const sources = new Set(readdirSync(folder("src"), { recursive: true }).map(withoutEnding));
for (const entry of readdirSync(folder("dist"), { recursive: true })) {
  // The page of tslira studio comes from app/ and is emptied by its own build.
  if (entry === "studio" || entry.startsWith(`studio${sep}`)) continue;
  if (!sources.has(withoutEnding(entry)) && existsSync(folder("dist") + entry)) {
    rmSync(folder("dist") + entry, { recursive: true });
  }
}
