import type { AuditedFile, BuildContext } from "./audited-file.ts";
import { holdsPath } from "./knowledge/context-paths.ts";
import { type ContextSource, contextSources, isWholeContext, takenBy } from "./knowledge/context-sources.ts";
import { runsIn } from "./knowledge/run-commands.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "dependencies-in-context",
  summary: "Keep the dependencies of the own machine out of the context",
  level: { recommended: "note", strict: "warning" },
  scope: "context",
  aliases: [],
  why: `\`COPY . .\` takes the \`node_modules\` or \`target\` of whoever builds along, over or under those that the Dockerfile
installs: programs for another platform, development tools, versions that no lock file names, and some hundred megabytes
that are sent to the engine first. On a fresh checkout the folder is not there, so that the two images differ.

Add \`**/node_modules\` (\`target\` for Rust) to the ignore file.`,
  silent: [
    "No ignore file at all: missing-dockerignore speaks of that.",
    "The Dockerfile installs nothing, so that the folder may be meant.",
    "The manifest (`package.json`, `Cargo.toml`) is not in the folder that is copied.",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/build/concepts/context/#dockerignore-files"],
  needs: { packages: "language" },
  examples: [
    {
      files: { ".dockerignore": ".git\n", "package.json": "{}", "package-lock.json": "{}" },
      bad: "FROM node:22-slim\nCOPY package*.json ./\nRUN npm ci\nCOPY ⟦.⟧ .\n",
      message: "`COPY .` takes a `node_modules` along where there is one: .dockerignore does not keep it out",
    },
    {
      title: "in a folder, and of Rust",
      files: { ".dockerignore": "node_modules\n", "web/package.json": "{}", "Cargo.toml": "" },
      bad: "FROM rust:1.94\nCOPY ⟦web⟧ /web\nRUN cd /web && yarn install\nCOPY ⟦./⟧ /src\nRUN cargo build --release\n",
    },
    {
      title: "kept out",
      files: { ".dockerignore": "**/node_modules\n", "package.json": "{}" },
      good: "FROM node:22-slim\nCOPY . .\nRUN npm ci\n",
    },
    {
      title: "nothing is installed",
      files: { ".dockerignore": ".git\n", "package.json": "{}" },
      good: "FROM node:22-slim\nCOPY . .\n",
    },
    {
      title: "no ignore file, no manifest",
      files: { "package.json": "{}" },
      good: "FROM node:22-slim\nCOPY . .\nRUN npm ci\n",
    },
    {
      title: "excluded",
      files: { ".dockerignore": ".git\n", "package.json": "{}" },
      good: "FROM node:22-slim\nCOPY --exclude=**/node_modules . .\nRUN npm ci\n",
    },
  ],
  check: function* (file) {
    const managers = installers(file);
    const wanted = folders.filter(({ installs }) => managers.some((name) => installs.test(name)));
    if (wanted.length === 0) return;
    const { context } = file;
    if (context?.ignoreFile === undefined) return;
    for (const source of contextSources(file)) {
      const found = wanted.find((folder) => takes(context, source, folder));
      if (found === undefined) continue;
      const name = context.ignoreFile.path.split("/").at(-1);
      yield {
        at: source.word.span,
        message: `\`${source.copy.keyword} ${source.word.text}\` takes a \`${found.name}\` along where there is one: ${name} does not keep it out`,
      };
    }
  },
});

interface Folder {
  readonly name: string;
  readonly manifest: string;
  /** Programs that make it. */
  readonly installs: RegExp;
}

const folders: readonly Folder[] = [
  { name: "node_modules", manifest: "package.json", installs: /^(npm|yarn|pnpm|bun)$/ },
  { name: "target", manifest: "Cargo.toml", installs: /^cargo$/ },
];

const installers = (file: AuditedFile): readonly string[] =>
  runsIn(file, "every stage").flatMap(({ packages }) =>
    packages
      .filter(
        ({ action, subcommand, options }) => (action === "install" || subcommand === "build") && !isGlobal(options),
      )
      .map(({ manager }) => manager.name),
  );

const isGlobal = ({ options }: { readonly options: readonly { readonly name: string }[] }): boolean =>
  options.some(({ name }) => name === "-g" || name === "--global");

const takes = (context: BuildContext, source: ContextSource, { name, manifest }: Folder): boolean => {
  if (source.path === undefined) return false;
  const prefix = isWholeContext(source) ? "" : `${source.path}/`;
  return holdsPath(context, prefix + manifest) && takenBy(context, source)(`${prefix}${name}/x`);
};
