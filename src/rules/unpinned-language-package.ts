import type { ShellWord } from "../dockerfile/script.ts";
import type { AuditedFile } from "./audited-file.ts";
import { unpinnedPackages } from "./knowledge/language-pins.ts";
import { alongLineage } from "./knowledge/once.ts";
import type { PackageCommand } from "./knowledge/package-managers.ts";
import { type RunCommands, runsIn } from "./knowledge/run-commands.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "unpinned-language-package",
  summary: "Name a version for every language package",
  level: { recommended: "note", strict: "warning" },
  scope: "every stage",
  why: `A package without a version is the newest of the day the layer is built: the same commit gives different images, and
a release that was broken or taken over this morning is installed this noon. The cached layer on the other hand never
gets the next release.

Write the version (\`pip install ruff==0.6.9\`, \`npm install -g pnpm@9.12.0\`, \`gem install rake:13.2.1\`,
\`go install golang.org/x/tools/cmd/goimports@v0.26.0\`, \`cargo install ripgrep@14.1.1\`), or install from a lock file.`,
  aliases: ["DL3013", "DL3016", "DL3028", "DL3062", "02d9c71f", "22cd11f7", "e36d8880"],
  silent: [
    "Requirement, constraint and lock files, local paths, archives and git sources.",
    "Any version specifier; a variable that may hold one.",
    "pip, setuptools, wheel, npm and corepack themselves.",
    "`go install` of a package of the project's own module.",
  ],
  fixes: "none",
  needs: { packages: "language" },
  examples: [
    {
      bad: "FROM python:3.12-slim\nRUN pip install --no-cache-dir ⟦requests⟧ flask==3.0.3 'django>=5,<6' ⟦uvicorn[standard]⟧\n",
      message: "`requests` has no version: pip installs whatever is newest",
    },
    {
      title: "npm, globally and with a tag that moves",
      bad: "FROM node:22-slim\nRUN npm install -g ⟦typescript@latest⟧ eslint@9 ⟦@angular/cli⟧ @vue/cli@5.0.8 && yarn global add ⟦serve⟧\n",
    },
    { title: "gem", bad: "FROM ruby:3.3-slim\nRUN gem install ⟦rake⟧ rack:3.1.7 && gem install puma -v 6.4.3\n" },
    {
      title: "go and cargo",
      bad: `FROM golang:1.23
RUN set -eux; \\
    go install golang.org/x/tools/cmd/goimports@v0.26.0; \\
    go install ⟦github.com/go-delve/delve/cmd/dlv@latest⟧; \\
    cargo install --locked ⟦ripgrep⟧ fd-find@10.2.0
`,
    },
    {
      title: "python -m pip, uv, pipx, dotnet and composer",
      bad: `FROM python:3.12-slim
RUN python3 -m pip install -U pip ⟦poetry⟧ && uv tool install ⟦ruff⟧ && pipx install ⟦black⟧
RUN dotnet tool install --global ⟦dotnet-ef⟧ && composer global require ⟦phpstan/phpstan⟧ vimeo/psalm:^5
`,
    },
    {
      good: "FROM python:3.12-slim\nRUN pip install -r requirements.txt -c constraints.txt && pip install ./pkg dist/*.whl .[dev] && pip install --upgrade pip setuptools wheel\n",
    },
    { title: "a constraints file", good: "FROM python:3.12-slim\nRUN pip install -c constraints.txt requests\n" },
    {
      title: "versions in variables",
      good: 'FROM node:22-slim\nARG V=1\nRUN npm install -g foo@$V $PACKAGES && pip install "requests==$V" && npm ci && npm install -g npm@latest\n',
    },
    {
      title: "the project itself",
      good: "FROM golang:1.23\nCOPY . /src\nRUN go install ./cmd/... && go install example.com/project/cmd/tool && cargo install --path .\n",
    },
    {
      title: "files of requirements",
      good: "FROM python:3.12-slim\nRUN uv pip sync --system requirements.lock\n",
    },
    {
      title: "a git source has a rule of its own",
      good: "FROM python:3.12-slim\nRUN pip install git+https://example.com/a.git\n",
    },
  ],
  check: function* (file) {
    for (const run of runsIn(file, "every stage")) {
      for (const called of run.packages) {
        for (const word of unpinnedPackages(called, hasSources(file, run))) {
          yield { at: word.span, message: messageOf(called, word) };
        }
      }
    }
  },
});

/** Whether an earlier instruction of the lineage brings files of the project, whose go.mod then gives the versions. */
const hasSources = (file: AuditedFile, run: RunCommands): boolean =>
  firstCopy(run.stage, file) < run.run.index || run.run.mounts.some((mount) => mount.type === "bind");

const firstCopy = alongLineage<number>((stage, below) => {
  const own = stage.instructions.find(({ keyword }) => keyword === "COPY" || keyword === "ADD")?.index;
  return Math.min(below ?? Number.POSITIVE_INFINITY, own ?? Number.POSITIVE_INFINITY);
});

const messageOf = (called: PackageCommand, word: ShellWord): string => {
  const fault = /@(latest|next|master|main|HEAD)$/.test(word.value) ? "names no version" : "has no version";
  return `\`${word.value}\` ${fault}: ${called.manager.name} installs whatever is newest`;
};
