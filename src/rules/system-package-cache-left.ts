import type { AuditedFile } from "./audited-file.ts";
import { hasOption } from "./knowledge/command-options.ts";
import { callsUnknownScript, cleansUpAfter, deletes, isMounted } from "./knowledge/package-caches.ts";
import { isSimulated, type PackageCommand, packageManager } from "./knowledge/package-managers.ts";
import { mayHold, type RunCommands, runsIn } from "./knowledge/run-commands.ts";
import { appendCommand, deleteCommand, insertAfter } from "./knowledge/script-edits.ts";
import { defineRule, type Fix, type Problem } from "./rule.ts";

export default defineRule({
  id: "system-package-cache-left",
  summary: "Remove package indexes and caches in the RUN that made them",
  level: { recommended: "warning", strict: "warning" },
  scope: "shipped stages",
  why: `The index that a package manager downloads, and with some the packages themselves, stay in the layer of the RUN:
about 20 MB for Debian, 100 MB and more for dnf. A later RUN can hide the files but not take them out of the layer.

Remove them in the same RUN (\`rm -rf /var/lib/apt/lists/*\`, \`dnf clean all\`, \`apk add --no-cache\`), or keep them out
of the layer with \`--mount=type=cache\`.`,
  aliases: [
    "DL3009",
    "DL3019",
    "DL3032",
    "DL3036",
    "DL3040",
    "DS-0015",
    "DS-0019",
    "DS-0020",
    "DS-0025",
    "DS-0027",
    "DKL-DI-0004",
    "DKL-DI-0005",
    "00481784",
    "295acb63",
    "38300d1a",
    "ae9c56a6",
    "df746b39",
  ],
  silent: [
    "A cache or tmpfs mount holds the directory.",
    "It is removed anywhere later in the same RUN.",
    "The RUN calls a script that may remove it.",
    "The stage does not ship.",
  ],
  fixes: "safe",
  sources: ["https://docs.docker.com/build/building/best-practices/#apt-get", "https://wiki.alpinelinux.org/wiki/Apk"],
  examples: [
    {
      bad: "FROM debian:bookworm-slim\nRUN apt-get ⟦update⟧ && apt-get install -y curl\n",
      fixed:
        "FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n",
      message: "`apt-get update` leaves the package index in /var/lib/apt/lists of this layer",
    },
    {
      title: "the layout of the RUN is kept",
      bad: `FROM debian:bookworm-slim
RUN set -eux; \\
	apt-get ⟦update⟧; \\
	apt-get install -y --no-install-recommends \\
		curl \\
	; \\
	apt-get clean
RUN rm -rf /var/lib/apt/lists/*
`,
      fixed: `FROM debian:bookworm-slim
RUN set -eux; \\
	apt-get update; \\
	apt-get install -y --no-install-recommends \\
		curl \\
	; \\
	apt-get clean; \\
	rm -rf /var/lib/apt/lists/*
RUN rm -rf /var/lib/apt/lists/*
`,
    },
    {
      title: "apk has an option for it",
      bad: "FROM alpine:3.20\nRUN apk update && apk ⟦add⟧ curl\n",
      fixed: "FROM alpine:3.20\nRUN apk add --no-cache curl\n",
      message: "`apk add` keeps its index in /var/cache/apk of this layer: `--no-cache` is missing",
    },
    {
      title: "dnf in the style of the file",
      bad: "FROM almalinux:9\nRUN dnf -y ⟦install⟧ \\\n        git \\\n        make \\\n && make --version\n",
      fixed:
        "FROM almalinux:9\nRUN dnf -y install \\\n        git \\\n        make \\\n && make --version \\\n && dnf clean all\n",
    },
    {
      title: "zypper in a heredoc",
      bad: "FROM opensuse/leap:15.6\nRUN <<END\nset -e\nzypper -n ⟦in⟧ git\nEND\n",
      fixed: "FROM opensuse/leap:15.6\nRUN <<END\nset -e\nzypper -n in git\nzypper clean --all\nEND\n",
    },
    { good: "FROM debian:12\nRUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n" },
    {
      title: "deleted otherwise",
      good: "FROM debian:12\nRUN apt-get update && apt-get install -y curl && rm -rf /tmp/* /var/lib/{apt,dpkg}/ && dnf install -y a && rm -r /var/cache/dnf\n",
    },
    {
      title: "in a cache mount",
      good: "FROM debian:12\nRUN --mount=type=cache,target=/var/lib/apt,sharing=locked apt-get update && apt-get install -y curl\n",
    },
    {
      title: "a script may clean up",
      good: "FROM debian:12\nRUN apt-get update && apt-get install -y curl && ./clean-layer.sh\n",
    },
    { title: "no cache", good: "FROM alpine:3.20\nRUN apk --no-cache add curl && apk add -q --no-cache git\n" },
    {
      title: "a stage that does not ship",
      good: "FROM alpine:3.20 AS build\nRUN apk add gcc\nFROM alpine:3.20\nCOPY --from=build /a /a\n",
    },
  ],
  check: function* (file) {
    for (const run of runsIn(file, "shipped stages")) {
      if (!run.isRead || callsUnknownScript(run)) continue;
      yield* aptIndex(file, run);
      yield* apkIndex(file, run);
      yield* packageDownloads(file, run);
    }
  },
});

const wordOf = (called: PackageCommand): Problem["at"] => called.actionWord?.span ?? called.command.span;

const writtenAs = (called: PackageCommand): string => `${called.command.name} ${called.subcommand}`.trim();

const aptIndex = function* (file: AuditedFile, run: RunCommands): Iterable<Problem> {
  const lists = "/var/lib/apt/lists";
  const called = run.packages.find(
    ({ manager, action, options }) =>
      (manager.name === "apt-get" || manager.name === "apt" || manager.name === "aptitude") &&
      (action === "update" || (action === "install" && hasOption(options, "--update", "-U"))),
  );
  if (called === undefined || isMounted(file, run.run, [lists])) return;
  const isRemoved = run.commands.some((command) => command.index > called.command.index && deletes(command, [lists]));
  if (isRemoved || run.packages.some((other) => other.subcommand === "distclean")) return;
  const message = `\`${writtenAs(called)}\` leaves the package index in ${lists} of this layer`;
  yield { at: wordOf(called), message, ...appended(file, run, called, `rm -rf ${lists}/*`) };
};

const apkIndex = function* (file: AuditedFile, run: RunCommands): Iterable<Problem> {
  const calls = run.packages.filter(({ manager }) => manager.name === "apk");
  const updates = calls.filter((called) => called.action === "update" && !hasOption(called.options, "--no-cache"));
  const keeping = calls.filter((called) => called.action === "install" && keepsIndex(file, run, called));
  const [first] = keeping.length > 0 ? keeping : updates;
  if (first === undefined || isMounted(file, run.run, packageManager("apk").caches)) return;
  const isRemoved = (called: PackageCommand): boolean =>
    run.commands.some((command) => command.index > called.command.index && deletes(command, ["/var/cache/apk"]));
  if (keeping.length === 0) {
    if (isRemoved(first)) return;
    const edits = calls.some((called) => called.action !== "update") ? deletionsOf(file, run, updates) : undefined;
    const message = `\`${writtenAs(first)}\` leaves its index in /var/cache/apk of this layer`;
    yield {
      at: wordOf(first),
      message,
      ...(edits === undefined ? {} : { fix: { title: "Delete apk update", safety: "safe", edits } }),
    };
    return;
  }
  for (const called of keeping) {
    if (isRemoved(called)) continue;
    const message = `\`${writtenAs(called)}\` keeps its index in /var/cache/apk of this layer: \`--no-cache\` is missing`;
    const word = called.actionWord;
    if (word === undefined) continue;
    const deletions = called === first ? (deletionsOf(file, run, updates) ?? []) : [];
    const edits = [...deletions, insertAfter(run.run, word, "--no-cache")];
    yield { at: word.span, message, fix: { title: "Insert --no-cache", safety: "safe", edits } };
  }
};

const keepsIndex = (file: AuditedFile, run: RunCommands, called: PackageCommand): boolean =>
  !isSimulated(called) &&
  !hasOption(called.options, "--no-cache", "--root", "-p", "--cache-dir", "--no-network") &&
  !mayHold(file, run, called.options.unknown, /no-cache/);

const deletionsOf = (
  file: AuditedFile,
  run: RunCommands,
  updates: readonly PackageCommand[],
): Fix["edits"] | undefined => {
  const edits = updates.map((called) => {
    const script = run.scriptOf(called.command);
    return script === undefined ? undefined : deleteCommand(file, script, called.command);
  });
  const found = edits.filter((edit) => edit !== undefined);
  return found.length === updates.length ? found : undefined;
};

/** The caches of each manager, and whose clean-up empties them. */
const downloads: Readonly<Record<string, readonly string[]>> = {
  yum: ["yum", "dnf", "microdnf"],
  dnf: ["yum", "dnf", "microdnf"],
  microdnf: ["yum", "dnf", "microdnf"],
  tdnf: ["tdnf"],
  zypper: ["zypper"],
  pacman: ["pacman"],
};

const packageDownloads = function* (file: AuditedFile, run: RunCommands): Iterable<Problem> {
  for (const [name, cleaners] of Object.entries(downloads)) {
    const called = run.packages.find(
      (candidate) =>
        candidate.manager.name === name &&
        /^(install|upgrade|build-deps|update)$/.test(candidate.action) &&
        !isSimulated(candidate) &&
        !hasOption(candidate.options, "--installroot", "--root"),
    );
    if (called === undefined || isMounted(file, run.run, called.manager.caches)) continue;
    const isRemoved = run.commands.some(
      (command) => command.index > called.command.index && deletes(command, called.manager.caches),
    );
    if (isRemoved || cleansUpAfter(run, called.command, cleaners)) continue;
    const message = `\`${writtenAs(called)}\` leaves its downloads and index in ${called.manager.caches[0]} of this layer`;
    yield { at: wordOf(called), message, ...appended(file, run, called, called.manager.cleanUp) };
  }
};

const appended = (
  file: AuditedFile,
  run: RunCommands,
  called: PackageCommand,
  cleanUp: string | undefined,
): { fix?: Fix } => {
  const script = run.scriptOf(called.command);
  if (script === undefined || cleanUp === undefined || run.scripts.length > 1) return {};
  const text = called.command.wrappers.some((word) => word.value === "sudo") ? `sudo ${cleanUp}` : cleanUp;
  const edit = appendCommand(file, run.run, script, text);
  return edit === undefined ? {} : { fix: { title: `Append ${cleanUp}`, safety: "safe", edits: [edit] } };
};
