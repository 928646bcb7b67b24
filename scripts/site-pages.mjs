// Text of documents as pages of the site.

const LABELS = { sh: "Terminal", ts: "TypeScript", js: "JavaScript", python: "Python" };
const FENCE = /^```(sh|ts|js|python)\n[\s\S]*?^```\n/m;

/** Code of several languages, one fence after the other with nothing between, becomes one block with tabs. */
export function withTabs(text) {
  const fences = new RegExp(`(?:${FENCE.source.replace(/^\^/, "(?<=^)")}\\n*){2,}`, "gm");
  return text.replace(fences, (block) => {
    const each = block.match(new RegExp(FENCE.source, "gm"));
    const languages = each.map((fence) => fence.match(/^```(\w+)/)[1]);
    if (new Set(languages).size !== each.length) return block;
    const tabs = each.map((fence, index) =>
      fence.replace(/^```(\w+)/, `\`\`\`$1 [${LABELS[languages[index]]}]`),
    );
    return `::: code-group\n\n${tabs.join("\n")}\n:::\n\n`;
  });
}

/** A picture for dark and light follows the switch of the page, not the system alone. */
export function withThemes(text) {
  return text.replace(
    /<picture><source media="\(prefers-color-scheme: dark\)" srcset="([^"]+)"><img alt="([^"]*)" src="([^"]+)"><\/picture>/g,
    (_, dark, alt, light) =>
      `<img class="in-dark" alt="${alt}" src="./${dark}" loading="lazy"><img class="in-light" alt="${alt}" src="./${light}" loading="lazy">`,
  );
}

/** A notebook with its outputs, and the address of the file itself: text, and pictures by name. */
export function notebookPage({ cells }, name, address) {
  const pictures = [];
  const parts = cells.map(({ cell_type: type, source, outputs = [] }) => {
    const text = [source].flat().join("").trimEnd();
    if (type === "markdown") return text;
    const shown = outputs.map(({ text: printed, data = {} }) => {
      if (data["image/png"] !== undefined) {
        pictures.push({
          name: `${name}-${pictures.length + 1}.png`,
          bytes: Buffer.from([data["image/png"]].flat().join(""), "base64"),
        });
        return `![Figure drawn by the code above](./${pictures.at(-1).name})`;
      }
      const words = [printed ?? data["text/plain"] ?? []].flat().join("").trimEnd();
      return words === "" ? "" : `\`\`\`text\n${words}\n\`\`\``;
    });
    return [`\`\`\`python\n${text}\n\`\`\``, ...shown].join("\n\n");
  });
  const [title, ...rest] = parts.join("\n\n").split("\n");
  return {
    text: [
      title,
      "",
      `<p><em>A notebook with its outputs: <a href="${address}" download>download it</a> and run it.</em></p>`,
      ...rest,
      "",
    ].join("\n"),
    pictures,
  };
}
