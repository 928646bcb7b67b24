// The site of the documents. Its pages are put together by scripts/docs-site.mjs, which also says where it will stand (TSLIRA_SITE_BASE).
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = (path) => fileURLToPath(new URL(`../../.site/${path}`, import.meta.url));
const PAGES = folder("pages");
const base = process.env.TSLIRA_SITE_BASE ?? "/";

/** A page by its first heading, up to a colon. */
function entry(path) {
  const [, title] = readFileSync(`${PAGES}/${path.replace(/\/$/, "/index")}.md`, "utf8").match(/^# (.*)$/m);
  return { text: title.replaceAll("`", "").replace(/: .*/, ""), link: `/${path}` };
}
const group = (text, paths, more = {}) => ({ text, items: paths.map(entry), ...more });

const { commands, modules } = JSON.parse(readFileSync(folder("contents.json"), "utf8"));
const TUTORIALS = [
  ...[
    "first-hour",
    "point-source",
    "chandra",
    "fermi",
    "events-to-significance",
    "joint",
    "choosing-a-prior",
  ],
  "mosaic",
].map((name) => `tutorials/${name}`);
const NOTEBOOKS = ["point-source", "chandra-galactic-centre", "fermi-galactic-centre"].map(
  (name) => `notebooks/${name}`,
);
const DOCUMENTS = [
  group("Learn", TUTORIALS),
  group("Notebooks", NOTEBOOKS, { collapsed: true }),
  group("Work", [
    ...[
      "reading",
      "terminal",
      "files",
      "psf",
      "regions",
      "methods",
      "diagnostics",
      "significance",
      "sources",
      "report",
      "studio",
    ],
    ...["gallery", "cluster", "programs", "library", "python", "result-file"],
  ]),
  group("Understand", [
    "method",
    "priors",
    "exactness",
    "reliability",
    "performance",
    "gpu",
    "peers",
    "glossary",
  ]),
  group("About", ["limits", "changelog", "contributing"], { collapsed: true }),
];

export default {
  base,
  srcDir: PAGES,
  outDir: folder("www"),
  cacheDir: folder("cache"),
  lang: "en",
  title: "tslira",
  description:
    "Bayesian deconvolution of low-count X-ray and gamma-ray images: terminal, TypeScript, Python, browser.",
  cleanUrls: false,
  metaChunk: true,
  lastUpdated: false,
  // Studio and plain files are not pages; test/e2e/site.test.ts follows every link of what is built.
  ignoreDeadLinks: [/^\/(studio|files)\//],
  head: [
    ["link", { rel: "icon", href: `${base}icon.svg`, type: "image/svg+xml" }],
    ["meta", { name: "referrer", content: "no-referrer" }],
  ],
  markdown: {
    // Headings are called as on the platforms that show these documents, too.
    anchor: {
      slugify: (title) =>
        title
          .toLowerCase()
          .replace(/[^\p{L}\p{N}_ -]/gu, "")
          .replaceAll(" ", "-"),
    },
    theme: { light: "github-light-high-contrast", dark: "github-dark" },
  },
  themeConfig: {
    logo: "/icon.svg",
    search: {
      provider: "local",
      options: {
        detailedView: true,
        // Of the API: what each name is, not every parameter.
        _render: (source, env, markdown) => {
          const text = env.relativePath.startsWith("api/")
            ? source.replace(/^### [\s\S]*?(?=^## |$(?![\s\S]))/gm, "")
            : source;
          return markdown.render(text, env);
        },
      },
    },
    outline: { level: [2, 3], label: "On this page" },
    externalLinkIcon: false,
    nav: [
      { text: "Start", link: "/tutorials/first-hour" },
      {
        text: "Guides",
        link: "/files",
        activeMatch: "^/(files|psf|regions|method|priors|significance|sources)",
      },
      { text: "Commands", link: "/commands/" },
      { text: "API", link: "/api/" },
      { text: "Gallery", link: "/gallery" },
      { text: "Studio", link: "/studio/index.html", target: "_self", noIcon: true },
    ],
    sidebar: {
      "/commands/": [
        {
          text: "Commands",
          link: "/commands/",
          items: commands.map((name) => ({ text: name, link: `/commands/${name}` })),
        },
        { text: "Settings", link: "/commands/settings" },
      ],
      "/api/": [
        {
          text: "API",
          link: "/api/",
          items: modules.map(({ name, path }) => ({ text: name, link: `/api/${path}/` })),
        },
        { text: "How to use it", items: [entry("library"), entry("tutorials/first-hour")] },
      ],
      "/": DOCUMENTS,
    },
    docFooter: { prev: "Before", next: "Next" },
    footer: { message: "tslira, BSD-3-Clause. Please cite the method, not only the program." },
  },
  vite: { logLevel: "warn", publicDir: folder("public"), build: { chunkSizeWarningLimit: 10_000 } },
};
