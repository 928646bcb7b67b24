// Pages of the commands, from the commands themselves and from the list of settings.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { flagOf, SETTINGS } from "../dist/settings.js";
import { pythonName, pythonType, usually } from "./setting-words.mjs";

/** Text inside a table. */
const cell = (text) =>
  text.replace(/\n/g, " ").replaceAll("<", "&lt;").replaceAll("|", "\\|").replaceAll("{{", "{&#123;");
const code = (text) => `\`${text.replaceAll("|", "\\|")}\``;
const table = (head, rows) =>
  [
    `| ${head.join(" | ")} |`,
    `|${head.map(() => "---").join("|")}|`,
    ...rows.map((row) => `| ${row.join(" | ")} |`),
    "",
  ].join("\n");

/** What the help of a command has behind its options: words, and examples. */
function afterHelp(command) {
  let text = "";
  command.configureOutput({ writeOut: (piece) => (text += piece) }).outputHelp();
  const rest = text.slice(command.helpInformation().length).trim();
  const [words, examples] = rest.split(/^Examples:\n/m);
  const plain = (part) => part.trimEnd().replace(/^ {2}/gm, "");
  return [
    ...(words?.trim() ? ["```text", words.trim(), "```", ""] : []),
    ...(examples ? ["## Examples", "", "```sh", plain(examples), "```", ""] : []),
  ];
}

/** Things in lists by a word of theirs, in the order in which the words come. */
function grouped(list, wordOf) {
  const groups = new Map();
  for (const one of list) groups.set(wordOf(one), [...(groups.get(wordOf(one)) ?? []), one]);
  return groups;
}

/** A command, or one of its own commands a level further down. */
function page(command, names, level) {
  const help = command.createHelp();
  const options = grouped(help.visibleOptions(command), (one) => one.helpGroupHeading ?? "Options:");
  const mark = "#".repeat(level);
  const lines = [`${mark} ${names.join(" ")}`, "", cell(command.description()), ""];
  lines.push("```sh", `${names.join(" ")} ${command.usage()}`.trim(), "```", "");
  const given = help
    .visibleArguments(command)
    .map((one) => [code(one.name()), cell(help.argumentDescription(one))]);
  if (given.length > 0) lines.push(table(["Argument", "Meaning"], given));
  for (const [heading, list] of options) {
    const rows = list.map((one) => [code(help.optionTerm(one)), cell(help.optionDescription(one))]);
    if (command.commands.length === 0)
      lines.push(`${mark}# ${heading.replace(/:$/, "")}`, "", table(["Option", "Meaning"], rows));
  }
  lines.push(...afterHelp(command).map((line) => line.replace(/^## /, `${mark}# `)));
  for (const inner of command.commands) lines.push(...page(inner, [...names, inner.name()], level + 1));
  return lines;
}

/** The settings, with their names everywhere. */
function settingsPage() {
  const lines = [
    "# Settings",
    "",
    "What all methods take, with its name as a flag of `tslira deconvolve`, as an option of the library (and key of config files), and as an argument of Python.",
    "",
  ];
  for (const [group, list] of grouped(
    SETTINGS.filter(({ found }) => !found),
    (one) => one.group,
  )) {
    lines.push(`## ${group}`, "");
    for (const setting of list) {
      const { key, kind, meaning, methods } = setting;
      const choices = kind.type === "choice" ? kind.choices.filter((one) => one.meaning) : [];
      const row = [
        code(flagOf(setting)),
        code(key),
        code(pythonName(key)),
        cell(pythonType(kind)),
        cell(usually(setting) ?? "–"),
        methods.join(", "),
      ];
      lines.push(`### ${key}`, "", cell(meaning), "");
      lines.push(...choices.map(({ value, meaning: what }) => `- ${code(value)}: ${cell(what)}`), "");
      lines.push(table(["Terminal", "Library", "Python", "Values", "Default", "Methods"], [row]));
    }
  }
  return lines.join("\n");
}

/** All pages, in the order of the program's help: name of the file, and text. */
export async function commandPages() {
  const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
  const help = execFileSync(process.execPath, [main, "--help"], { encoding: "utf8" });
  const names = [
    ...help
      .split("Commands:\n")[1]
      .split("\n\n")[0]
      .matchAll(/^ {2}(\w+) /gm),
  ].map(([, name]) => name);
  const commands = await Promise.all(
    names.map(async (name) => (await import(`../dist/cli/${name}.js`)).command()),
  );
  const index = [
    "# Commands",
    "",
    "`tslira COMMAND --help` says the same in the terminal. In a checkout write `node dist/cli/main.js` for `tslira`.",
    "",
    table(
      ["Command", "Does"],
      names.map((name, at) => [`[\`tslira ${name}\`](./${name}.md)`, cell(commands[at].description())]),
    ),
    "All methods share one [list of settings](./settings.md).",
    "",
    "```text",
    help.slice(help.indexOf("Exit codes:")).trim(),
    "```",
    "",
  ].join("\n");
  return [
    { name: "index", text: index },
    { name: "settings", text: settingsPage() },
    ...names.map((name, at) => ({ name, text: page(commands[at], ["tslira", name], 1).join("\n") })),
  ];
}
