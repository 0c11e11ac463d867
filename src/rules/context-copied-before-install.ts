import type { AuditedFile } from "./audited-file.ts";
import { type ContextSource, contextSources, isWholeContext } from "./knowledge/context-sources.ts";
import type { PackageCommand } from "./knowledge/package-managers.ts";
import { baseName } from "./knowledge/paths.ts";
import { runsOf } from "./knowledge/run-commands.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "context-copied-before-install",
  summary: "Copy manifests, install, then copy the sources",
  level: { recommended: "note", strict: "warning" },
  scope: "context",
  why: `A changed file makes the engine repeat the COPY that brings it and everything behind it. With \`COPY . .\` before the install, every edit of a source file downloads and installs all dependencies again.

Copy only the manifest and the lock file first (\`COPY package.json package-lock.json ./\`), install, then copy the rest: the install is repeated only when the dependencies change. A bind mount of the two files does the same without a layer.`,
  aliases: [],
  silent: [
    "The manifest is copied or mounted before, or is not in the context.",
    "The install needs the sources (`pip install .`, `-e .`, workspaces, `cargo build`), or names its packages.",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/build/cache/optimize/#order-your-layers"],
  needs: { packages: "language" },
  examples: [
    {
      bad: "FROM node:24\nWORKDIR /app\nCOPY ⟦.⟧ .\nRUN npm ci && npm run build\n",
      message: "`COPY .` stands before `npm ci`, which is repeated after every change of a file",
    },
    {
      title: "with the context known",
      files: { "requirements.txt": "flask==3.1.0\n", "app.py": "" },
      bad: "FROM python:3.13\nCOPY ⟦./⟧ /app/\nRUN pip install -r /app/requirements.txt\n",
    },
    {
      title: "in a builder stage",
      bad: "FROM golang:1.25 AS build\nWORKDIR /src\nCOPY ⟦.⟧ .\nRUN go mod download\nRUN go build ./...\nFROM scratch\n",
    },
    { good: "FROM node:24\nWORKDIR /app\nCOPY package*.json ./\nRUN npm ci\nCOPY . .\n" },
    {
      title: "manifest mounted",
      good: "FROM node:24\nCOPY . .\nRUN --mount=type=bind,source=package.json,target=package.json npm ci\n",
    },
    { title: "needs the sources", good: "FROM python:3.13\nCOPY . .\nRUN pip install . && pip install -e .\n" },
    { title: "no manifest", files: { "a.txt": "" }, good: "FROM node:24\nCOPY . .\nRUN npm ci\n" },
    { title: "named packages", good: "FROM node:24\nCOPY . .\nRUN npm install -g serve && pip install flask\n" },
  ],
  check: function* (file) {
    const sources = contextSources(file);
    for (const stage of file.stages) {
      const own = sources.filter((source) => source.stage === stage);
      const whole = own.find(isWholeContext);
      if (whole === undefined) continue;
      const installs = runsOf(file, stage)
        .filter(({ run }) => run.index > whole.copy.index && run.mounts.every(({ type }) => type !== "bind"))
        .flatMap(({ packages }) => packages);
      const found = installs.find(
        (one) => isProjectInstall(one) && mayHaveManifest(file, one) && !isManifestCopied(own, whole, one),
      );
      if (found === undefined) continue;
      const text = [found.command.name, found.subcommand].join(" ").trim();
      yield {
        at: whole.word.span,
        message: `\`${whole.copy.keyword} ${whole.word.text}\` stands before \`${text}\`, which is repeated after every change of a file`,
        related: [{ at: found.command.span, message: "the install" }],
      };
    }
  },
});

/** Files that tell a manager what to install. */
const manifests: ReadonlyMap<string, RegExp> = new Map([
  ["npm", /^package\.json$/],
  ["pnpm", /^package\.json$/],
  ["yarn", /^package\.json$/],
  ["bun", /^package\.json$/],
  ["pip", /requirements(?:(?!requirements).)*\.(txt|in)$/],
  ["poetry", /^pyproject\.toml$/],
  ["pipenv", /^Pipfile$/],
  ["bundle", /^Gemfile$/],
  ["composer", /^composer\.json$/],
  ["go", /^go\.mod$/],
]);

const isProjectInstall = ({ manager, action, subcommand, operands, options, hasUnknown }: PackageCommand): boolean => {
  if (!manifests.has(manager.name) || hasUnknown) return false;
  if (manager.name === "go") return subcommand === "mod download";
  if (action !== "install") return false;
  const hasFile = options.options.some(({ name }) => name === "-r" || name === "--requirement");
  if (manager.name === "pip") return hasFile && operands.length === 0;
  const isElsewhere = options.options.some(({ name }) =>
    /^(-g|--global|-w|--workspace|--filter|-r|--recursive)$/.test(name),
  );
  return operands.length === 0 && !isElsewhere;
};

const mayHaveManifest = ({ context }: AuditedFile, { manager }: PackageCommand): boolean => {
  if (context === undefined) return true;
  const manifest = manifests.get(manager.name);
  const isThere = context.files.some((path) => manifest?.test(baseName(path)) === true);
  // In a repository of several packages the install depends on the manifests of all.
  return isThere && !isWorkspace(context.read("package.json"));
};

const isWorkspace = (manifest: string | undefined): boolean =>
  manifest !== undefined && /"workspaces"\s*:/.test(manifest);

const isManifestCopied = (own: readonly ContextSource[], whole: ContextSource, { manager }: PackageCommand): boolean =>
  own.some(({ copy, path }) => {
    if (copy.index >= whole.copy.index || path === undefined) return false;
    const name = baseName(path);
    return (
      manifests.get(manager.name)?.test(name) === true ||
      /package|requirements|Gemfile|go\.|composer|pyproject|Pipfile/.test(name)
    );
  });
