/** The gallery shows every figure that the package exports. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), "utf8");

it("docs/gallery.md has a section for every plot function", () => {
  const names = [...new Set(read("test/public-api.txt").match(/\bplot[A-Z]\w+/g))];
  expect(names.length).toBeGreaterThan(8);
  const gallery = read("docs/gallery.md");
  expect(names.filter((name) => !gallery.includes(`## ${name}\n`))).toEqual([]);
});
