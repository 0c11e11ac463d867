import type { AuditedFile } from "./audited-file.ts";
import { hasDnf5 } from "./knowledge/base-images.ts";
import { hasOption } from "./knowledge/command-options.ts";
import { deletes } from "./knowledge/package-caches.ts";
import { isIndexUsedLater } from "./knowledge/package-index.ts";
import { isSimulated, type PackageCommand } from "./knowledge/package-managers.ts";
import { type RunCommands, runsIn } from "./knowledge/run-commands.ts";
import { defineRule, type Fix } from "./rule.ts";

export default defineRule({
  id: "missing-cache-mount",
  summary: "Keep package downloads in a cache mount",
  level: { recommended: "off", strict: "note" },
  scope: "every stage",
  why: `When a step that installs packages runs again, because one line of the lock file changed, it downloads all of them
again. A cache mount keeps the downloads between builds on the same builder and out of the layer, so that no clean-up
is needed either. The images of Debian and Ubuntu delete packages after every install:
\`rm -f /etc/apt/apt.conf.d/docker-clean\` lets the mount keep them.`,
  aliases: [],
  silent: [
    "Any cache mount on the RUN.",
    "In a shipped stage: the RUN removes its cache or keeps none (one of both is enough).",
    "Package managers whose cache directory is not known, and users other than root.",
  ],
  fixes: "unsafe",
  sources: ["https://docs.docker.com/build/cache/optimize/#use-cache-mounts"],
  examples: [
    {
      bad: "FROM node:22 AS build\nRUN npm ⟦ci⟧\nFROM nginx:1.27\nCOPY --from=build /a /a\n",
      fixed:
        "FROM node:22 AS build\nRUN --mount=type=cache,target=/root/.npm npm ci\nFROM nginx:1.27\nCOPY --from=build /a /a\n",
      message: "`npm ci` downloads everything again when this step changes: no cache mount holds /root/.npm",
    },
    {
      title: "beside another mount",
      bad: "FROM python:3.12-slim\nRUN --mount=type=bind,source=requirements.txt,target=/r.txt \\\n    pip ⟦install⟧ -r /r.txt\n",
      fixed:
        "FROM python:3.12-slim\nRUN --mount=type=cache,target=/root/.cache/pip --mount=type=bind,source=requirements.txt,target=/r.txt \\\n    pip install -r /r.txt\n",
    },
    {
      title: "Go keeps two caches",
      bad: "FROM golang:1.23 AS build\nRUN go mod ⟦download⟧\nFROM scratch\nCOPY --from=build /a /a\n",
      fixed:
        "FROM golang:1.23 AS build\nRUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build go mod download\nFROM scratch\nCOPY --from=build /a /a\n",
    },
    {
      title: "an index of an earlier RUN is not hidden",
      bad: "RUN apt-get update\nCOPY a /a\nRUN apt-get ⟦install⟧ -y curl\n",
      fixed:
        "RUN apt-get update\nCOPY a /a\nRUN --mount=type=cache,target=/var/cache/apt,sharing=locked apt-get install -y curl\n",
    },
    { good: "FROM node:22\nRUN --mount=type=cache,target=/root/.npm npm ci\n" },
    {
      title: "cleaned in a shipped stage",
      good: "FROM node:22\nRUN npm ci && npm cache clean --force && pip install --no-cache-dir flask==3\n",
    },
    {
      title: "dnf in Fedora 41 and later",
      bad: "FROM fedora:44\nRUN dnf ⟦install⟧ -y git\n",
      fixed: "FROM fedora:44\nRUN --mount=type=cache,target=/var/cache/libdnf5,sharing=locked dnf install -y git\n",
    },
    { title: "another user", good: "FROM node:22\nUSER node\nRUN npm ci\n" },
    { title: "nothing is downloaded", good: "FROM node:22\nRUN npm run build && go version\n" },
  ],
  check: function* (file) {
    if (file.hasForeignSyntax) return;
    for (const run of runsIn(file, "every stage")) {
      if (!run.isRead || !isRoot(run) || run.run.mounts.some(({ type }) => type === "cache" || type === "tmpfs"))
        continue;
      const called = run.packages.find((candidate) => isDownload(run, candidate));
      const targets = called === undefined ? undefined : targetsFor(run, called);
      if (called === undefined || targets === undefined) continue;
      const written = `${called.manager.name} ${called.subcommand}`.trim();
      yield {
        at: called.actionWord?.span ?? called.command.span,
        message: `\`${written}\` downloads everything again when this step changes: no cache mount holds ${targets[0]?.split(",")[0]}`,
        fix: insertion(
          file.text,
          run,
          targets.filter((target) => !target.startsWith("/var/lib/apt,") || keepsIndexToItself(file, run)),
        ),
      };
    }
  },
});

/** Where root's downloads lie; `sharing=locked` for databases that one process may write. */
const targetsOf: Readonly<Partial<Record<string, readonly string[]>>> = {
  "apt-get": ["/var/cache/apt,sharing=locked", "/var/lib/apt,sharing=locked"],
  apt: ["/var/cache/apt,sharing=locked", "/var/lib/apt,sharing=locked"],
  dnf: ["/var/cache/dnf,sharing=locked"],
  yum: ["/var/cache/yum,sharing=locked"],
  pip: ["/root/.cache/pip"],
  uv: ["/root/.cache/uv"],
  poetry: ["/root/.cache/pypoetry"],
  npm: ["/root/.npm"],
  yarn: ["/usr/local/share/.cache/yarn"],
  bun: ["/root/.bun/install/cache"],
  go: ["/go/pkg/mod", "/root/.cache/go-build"],
  cargo: ["/usr/local/cargo/registry"],
  composer: ["/root/.composer/cache"],
};

const targetsFor = ({ stage }: RunCommands, { manager }: PackageCommand): readonly string[] | undefined =>
  /^(dnf|yum)$/.test(manager.name) && hasDnf5(stage) ? ["/var/cache/libdnf5,sharing=locked"] : targetsOf[manager.name];

const isRoot = (run: RunCommands): boolean => {
  const user = run.stage.userAt(run.run);
  return user === undefined || /^(root|0)(:|$)/.test(user);
};

const isDownload = (run: RunCommands, called: PackageCommand): boolean => {
  const { manager, action, options } = called;
  if (targetsOf[manager.name] === undefined || isSimulated(called)) return false;
  if (action !== "install" && !(action === "download" && manager.kind === "language")) return false;
  if (hasOption(options, "--no-cache-dir", "--no-cache", "--cache-dir", "--cache", "--offline", "--no-index"))
    return false;
  if (manager.name === "pip" && run.stage.variableAt("PIP_NO_CACHE_DIR", run.run) !== undefined) return false;
  return !run.stage.isShipped || !cleansUp(run, called);
};

const cleansUp = (run: RunCommands, called: PackageCommand): boolean =>
  run.packages.some((other) => other.action === "clean" && other.manager.name === called.manager.name) ||
  run.commands.some((command) =>
    deletes(
      command,
      called.manager.caches.map((path) => path.replace(/^~/, "/root")),
    ),
  );

/** Whether the index of apt is made and used in this RUN alone, so that a mount may hide it. */
const keepsIndexToItself = (file: AuditedFile, run: RunCommands): boolean =>
  run.packages.some(({ action }) => action === "update") && !isIndexUsedLater(file, run);

/** Takes in the whole RUN, so that no fix that empties the cache is made beside it: one of both is enough. */
const insertion = (text: string, { run }: RunCommands, targets: readonly string[]): Fix => {
  // What is appended to the RUN stands in front of the next character.
  const span = { start: run.keywordSpan.end, end: Math.min(run.span.end + 1, text.length) };
  const mounts = targets.map((target) => ` --mount=type=cache,target=${target}`).join("");
  const edits = [{ span, text: mounts + text.slice(span.start, span.end) }];
  return { title: "Insert a cache mount", safety: "unsafe", edits };
};
