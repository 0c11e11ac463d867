import type { ShellCommand } from "../dockerfile/script.ts";
import type { AuditedFile } from "./audited-file.ts";
import { hasOption } from "./knowledge/command-options.ts";
import { type CacheRow, cacheRows } from "./knowledge/language-caches.ts";
import { once } from "./knowledge/once.ts";
import { runsAsOther } from "./knowledge/other-user.ts";
import { appendCleanUp, callsUnknownScript, deletes, isMounted } from "./knowledge/package-caches.ts";
import { isSimulated, type PackageCommand, readPackageCommand } from "./knowledge/package-managers.ts";
import { mayHold, type RunCommands, runsIn } from "./knowledge/run-commands.ts";
import { insertAfter } from "./knowledge/script-edits.ts";
import { defineRule, type Problem } from "./rule.ts";

export default defineRule({
  id: "language-package-cache-left",
  summary: "Leave no language package cache in shipped layers",
  level: { recommended: "warning", strict: "warning" },
  scope: "shipped stages",
  why: `pip, npm, Yarn and their like keep what they download to speed up the next install on the same machine. In an image
there is no next install: the archives only make the layer larger, often by as much as the packages themselves.

Switch the cache off (\`pip install --no-cache-dir\`), empty it in the same RUN (\`npm cache clean --force\`), or keep it
out of the layer with \`--mount=type=cache\`.`,
  aliases: ["DL3042", "DL3060", "9e13082c", "f2f903fb"],
  silent: [
    "A cache mount holds the cache directory, or it is removed later in the same RUN.",
    "A variable (`PIP_NO_CACHE_DIR`, `npm_config_cache`), an option or a configuration switches it off or moves it.",
    "The RUN calls a script that may remove it.",
    "The user is not root, so that the directory is not known.",
    "Yarn 2 and later, whose cache may be part of the project.",
    "The stage does not ship.",
  ],
  fixes: "safe",
  needs: { packages: "language" },
  examples: [
    {
      bad: "FROM python:3.12-slim\nCOPY requirements.txt .\nRUN pip ⟦install⟧ -r requirements.txt\n",
      fixed: "FROM python:3.12-slim\nCOPY requirements.txt .\nRUN pip install --no-cache-dir -r requirements.txt\n",
      message: "`pip install` leaves its cache (/root/.cache/pip) in this layer: `--no-cache-dir` is missing",
    },
    {
      title: "npm and yarn have commands for it",
      bad: "FROM node:22-slim\nRUN npm ⟦ci⟧ && npm run build\nRUN yarn ⟦install⟧ --frozen-lockfile\n",
      fixed:
        "FROM node:22-slim\nRUN npm ci && npm run build && npm cache clean --force\nRUN yarn install --frozen-lockfile && yarn cache clean\n",
    },
    {
      title: "in a continued RUN, behind python -m",
      bad: "FROM debian:12\nRUN set -eux; \\\n    python3 -m pip ⟦install⟧ \\\n      flask==3.0.3; \\\n    gem ⟦install⟧ rake:13.2.1\n",
      fixed:
        "FROM debian:12\nRUN set -eux; \\\n    python3 -m pip install --no-cache-dir \\\n      flask==3.0.3; \\\n    gem install --no-document rake:13.2.1\n",
    },
    {
      title: "a mount elsewhere does not help",
      bad: "FROM python:3.12-slim\nRUN --mount=type=cache,target=/var/cache/apt uv pip ⟦install⟧ --system flask==3.0.3\n",
      fixed:
        "FROM python:3.12-slim\nRUN --mount=type=cache,target=/var/cache/apt uv pip install --no-cache --system flask==3.0.3\n",
    },
    {
      good: "FROM python:3.12-slim\nRUN pip install --no-cache a==1 && pip install --no-cache-dir flask==3.0.3 && yarn --version && pip list && pip uninstall -y flask\n",
    },
    { title: "by variable", good: "FROM python:3.12-slim\nENV PIP_NO_CACHE_DIR=1\nRUN pip install flask==3.0.3\n" },
    {
      title: "moved for this RUN alone",
      good: 'FROM php:8.4\nRUN export COMPOSER_HOME="$(mktemp -d)"; composer create-project acme/app:1.0.0; rm -rf "$COMPOSER_HOME"\n',
    },
    {
      title: "in a cache mount",
      good: "FROM python:3.12-slim\nRUN --mount=type=cache,target=/root/.cache pip install flask==3.0.3\nRUN --mount=type=cache,target=/root/.npm npm ci\n",
    },
    {
      title: "removed in the same RUN",
      good: "FROM node:22-slim\nRUN npm ci && rm -rf ~/.npm && pip install a==1 && rm -rf /root/.cache/*\n",
    },
    {
      title: "npm is gone at the end, or only there at times: no fix",
      bad: "FROM debian:12\nRUN npm ⟦install⟧ -g rtlcss && apt-get purge -y npm\nRUN if command -v yarn; then yarn ⟦install⟧ --frozen-lockfile; fi\n",
    },
    {
      title: "another user",
      good: "FROM node:22-slim\nRUN su app -c 'npm ci' && sudo -u app npm ci && gosu app npm ci\nUSER node\nRUN npm ci\n",
    },
    {
      title: "a stage that does not ship",
      good: "FROM node:22 AS build\nRUN npm ci\nFROM nginx:1.27\nCOPY --from=build /a /a\n",
    },
    {
      title: "Yarn 2 and later",
      files: { ".yarnrc.yml": "" },
      good: "FROM node:22-slim\nRUN yarn install --immutable\n",
    },
    { title: "the Ruby image installs no documents", good: "FROM ruby:3.3-slim\nRUN gem install rake:13.2.1\n" },
  ],
  check: function* (file) {
    for (const run of runsIn(file, "shipped stages")) {
      if (!run.isRead || !isRoot(run) || callsUnknownScript(run)) continue;
      const once = new Set<string>();
      for (const called of run.packages) {
        const row = cacheRows[called.manager.name];
        if (row === undefined || once.has(called.manager.name) || !keepsCache(file, run, called, row)) continue;
        if (row.option === undefined) once.add(called.manager.name);
        yield toProblem(file, run, called, row);
      }
    }
  },
});

const isRoot = (run: RunCommands): boolean => {
  const user = run.stage.userAt(run.run);
  return user === undefined ? run.stage.variableAt("HOME", run.run) === undefined : /^(root|0)(:|$)/.test(user);
};

const keepsCache = (file: AuditedFile, run: RunCommands, called: PackageCommand, row: CacheRow): boolean => {
  const { options, command, manager } = called;
  if (called.action !== "install" && called.action !== "upgrade") return false;
  if (!row.subcommands.test(called.subcommand) || isSimulated(called)) return false;
  if (hasOption(options, ...row.off) || mayHold(file, run, options.unknown, /cache|document/)) return false;
  if (row.variables.some((name) => run.stage.variableAt(name, run.run) !== undefined)) return false;
  if (command.assignments.some((assignment) => row.variables.includes(assignment.name))) return false;
  const script = run.scriptOf(command);
  if (isMovedBefore(run, command, row) || (script !== undefined && runsAsOther(file, script, command))) return false;
  if (row.applies !== undefined && !row.applies(file, run)) return false;
  if (row.isSet(run.stage, file) || isMounted(file, run.run, row.directories)) return false;
  return command.index > lastRemoval(run, manager.name, row);
};

/** `export PIP_CACHE_DIR=…` or an assignment of its own, earlier in the RUN. */
const isMovedBefore = (run: RunCommands, { index }: ShellCommand, { variables }: CacheRow): boolean =>
  run.commands.some(
    (before) =>
      before.index < index &&
      ((before.name === "" && before.assignments.some(({ name }) => variables.includes(name))) ||
        (before.name === "export" && before.args.some(({ value }) => variables.includes(value.split("=")[0] ?? "")))),
  );

/** Index of the last command of the RUN that empties the cache. */
const lastRemoval = (run: RunCommands, name: string, row: CacheRow): number => {
  const known = removals(run);
  const found =
    known.get(name) ??
    run.commands.findLast((command) => {
      const called = readPackageCommand(command);
      return (called?.action === "clean" && called.manager.name === name) || deletes(command, row.directories);
    })?.index ??
    -1;
  known.set(name, found);
  return found;
};

const removals = once((_run: RunCommands) => new Map<string, number>());

const toProblem = (file: AuditedFile, run: RunCommands, called: PackageCommand, row: CacheRow): Problem => {
  const word = called.actionWord ?? called.command.nameWord;
  const at = word?.span ?? called.command.span;
  const written = `${called.manager.name} ${called.subcommand}`.trim();
  const remedy = row.option ?? row.cleanUp;
  const missing = remedy === undefined ? "" : `: \`${remedy}\` is missing`;
  const message = `\`${written}\` leaves ${row.what} in this layer${missing}`;
  if (row.option === undefined) {
    return { at, message, ...(row.cleanUp === undefined ? {} : appendCleanUp(file, run, called, row.cleanUp)) };
  }
  if (word === undefined) return { at, message };
  const edits = [insertAfter(run.run, word, row.option)];
  return { at, message, fix: { title: `Insert ${row.option}`, safety: "safe", edits } };
};
