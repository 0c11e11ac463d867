import type { AuditedFile, StageFacts } from "./audited-file.ts";
import { hasOption } from "./knowledge/command-options.ts";
import { callsUnknownScript, isMounted } from "./knowledge/package-caches.ts";
import {
  isLocalOrRemoteFile,
  isSimulated,
  type PackageCommand,
  readPackageCommand,
} from "./knowledge/package-managers.ts";
import { type RunCommands, runsIn, runsOf } from "./knowledge/run-commands.ts";
import { joinRuns } from "./knowledge/script-edits.ts";
import { defineRule, type Problem } from "./rule.ts";

export default defineRule({
  id: "stale-package-index",
  summary: "Update the package index in the RUN that installs",
  level: { recommended: "warning", strict: "warning" },
  scope: "every stage",
  why: `A RUN that only updates the index is cached by itself. When the list of packages in the next RUN changes, the old
index is used again: packages are missing on the mirror (404), or versions are installed that had been replaced long
ago. An install without any update before it works only as long as the base happens to carry a fresh index.

Write both as one step, so that a change of the packages fetches a new index:
\`apt-get update && apt-get install …\`.`,
  aliases: ["DS-0017", "CKV_DOCKER_5", "CIS-DI-0007", "9bae49be"],
  silent: [
    "The same RUN calls a script, pipes one into a shell or sets up a repository: these may update or install.",
    "`apt-get install --update` and installs of local files.",
    "A cache mount holds the index.",
    "The update stands in an earlier RUN of a stage that never ships.",
    "`apk add`, which fetches the index itself.",
  ],
  fixes: "safe",
  sources: ["https://docs.docker.com/build/building/best-practices/#apt-get"],
  examples: [
    {
      bad: "FROM debian:bookworm-slim\nRUN apt-get ⟦update⟧\nRUN apt-get install -y curl\n",
      fixed: "FROM debian:bookworm-slim\nRUN apt-get update && \\\n    apt-get install -y curl\n",
      message: "`apt-get update` in a RUN of its own leaves later installs with a stale index",
    },
    {
      title: "only comments between",
      bad: `FROM ubuntu:24.04
RUN set -e; apt-get ⟦update⟧

# what the service needs
RUN apt-get install -y \\
    curl
`,
      fixed: `FROM ubuntu:24.04
RUN set -e; apt-get update && \\
    # what the service needs
    apt-get install -y \\
    curl
`,
    },
    {
      title: "other instructions between, and a second install",
      bad: `FROM debian:12
RUN apt-get ⟦update⟧
ENV A=1
RUN apt-get install -y curl
RUN apt-get ⟦install⟧ -y git
`,
    },
    { title: "no update at all", bad: "FROM debian:12\nRUN apt-get ⟦install⟧ -y curl && apt-get install -y git\n" },
    { title: "Alpine Linux", bad: "FROM alpine:3.20\nRUN apk ⟦update⟧\nCOPY . /app\n" },
    { good: "FROM debian:12\nRUN apt-get update && apt-get install -y curl\n" },
    { title: "in one go", good: "FROM debian:12\nRUN apt-get install -y --update curl\n" },
    { title: "through xargs", good: "FROM debian:12\nRUN apt-get update && xargs apt-get install -y < list\n" },
    {
      title: "scripts install or update",
      good: "FROM debian:12\nRUN apt-get update && ./install.sh\nRUN curl -fsSL https://example.com/setup | bash && apt-get install -y nodejs\n",
    },
    {
      title: "purge and build-dep read the index too",
      good: "FROM debian:12\nRUN apt-get update && apt-get build-dep -y git\n",
    },
    { title: "local packages", good: "FROM debian:12\nCOPY a.deb /tmp/\nRUN apt-get install -y /tmp/a.deb\n" },
    {
      title: "the index is in a cache mount",
      good: `FROM debian:12
RUN --mount=type=cache,target=/var/lib/apt apt-get update
RUN --mount=type=cache,target=/var/lib/apt apt-get install -y curl
`,
    },
    {
      title: "a stage that does not ship",
      good: "FROM debian:12 AS build\nRUN apt-get update\nRUN apt-get install -y gcc\nFROM debian:12\nCOPY --from=build /a /a\n",
    },
  ],
  check: function* (file) {
    for (const run of runsIn(file, "every stage")) {
      if (!run.isRead || run.stage.rootBase.kind === "scratch") continue;
      yield* loneUpdate(file, run);
      yield* installWithoutUpdate(file, run);
    }
  },
});

type Family = "apt" | "apk" | "pacman";

const families: Readonly<Record<string, Family>> = {
  "apt-get": "apt",
  apt: "apt",
  aptitude: "apt",
  apk: "apk",
  pacman: "pacman",
};
const indexes: Readonly<Record<Family, string>> = {
  apt: "/var/lib/apt/lists",
  apk: "/var/cache/apk",
  pacman: "/var/lib/pacman/sync",
};
/** Programs that read the index or call the package manager. */
const readers =
  /^(apt|aptitude|dpkg|gdebi|mk-build-deps|tasksel|nala|rosdep|debootstrap|abuild|install_packages|playwright|\$)/;
const repositoryTools = /^(add-apt-repository|apt-add-repository|extrepo|nala|apt-fast|\$)/;

const familyOf = (called: PackageCommand): Family | undefined => families[called.manager.name];

const isInstall = (called: PackageCommand): boolean =>
  called.action === "install" && !isSimulated(called) && (called.operands.length > 0 || called.hasUnknown);

const loneUpdate = function* (file: AuditedFile, run: RunCommands): Iterable<Problem> {
  const update = run.packages.filter((called) => called.action === "update" && familyOf(called) !== undefined).at(-1);
  const family = update === undefined ? undefined : familyOf(update);
  if (update === undefined || family === undefined || update.command.enclosures.includes("loop")) return;
  if (isMounted(file, run.run, [indexes[family]]) || callsUnknownScript(run)) return;
  const isUsed = run.commands.some(
    (command) =>
      command.index !== update.command.index && command.span.start > update.command.span.start && uses(command, family),
  );
  if (isUsed) return;
  const install = laterInstall(file, run, family);
  if (install !== undefined && !run.stage.isShipped) return;
  const written = `${update.command.name} update`;
  const problem: Problem = {
    at: update.actionWord?.span ?? update.command.span,
    message: `\`${written}\` in a RUN of its own leaves later installs with a stale index`,
    ...(install === undefined
      ? {}
      : { related: [{ at: wordOf(install.called), message: "The install that uses this index" }] }),
  };
  const isOnlyUpdate =
    run.packages.length === 1 && run.commands.every((command) => command === update.command || command.name === "set");
  const edits = isOnlyUpdate && install !== undefined ? joinRuns(file, run, install.run) : undefined;
  yield edits === undefined ? problem : { ...problem, fix: { title: "Join both RUN", safety: "safe", edits } };
};

const uses = (command: RunCommands["commands"][number], family: Family): boolean => {
  const called = readPackageCommand(command);
  if (called !== undefined && familyOf(called) === family)
    return called.action !== "update" && called.action !== "clean";
  return readers.test(command.name) || /install/.test(command.name);
};

interface Install {
  readonly run: RunCommands;
  readonly called: PackageCommand;
}

/** The next install of the stage that makes no update of its own. */
const laterInstall = (file: AuditedFile, from: RunCommands, family: Family): Install | undefined => {
  for (const run of runsOf(file, from.stage)) {
    if (run.run.index <= from.run.index) continue;
    const called = run.packages.find((candidate) => familyOf(candidate) === family && isInstall(candidate));
    if (called !== undefined) return updatesBefore(run, called) ? undefined : { run, called };
  }
  return undefined;
};

const updatesBefore = (run: RunCommands, install: PackageCommand): boolean =>
  hasOption(install.options, "--update", "-U", "--update-cache") ||
  run.packages.some(
    (called) =>
      (called.action === "update" || called.action === "unknown" || called.action === "upgrade") &&
      familyOf(called) === familyOf(install) &&
      called.command.index < install.command.index,
  ) ||
  run.commands.some((command) => command.index < install.command.index && repositoryTools.test(command.name));

const installWithoutUpdate = function* (file: AuditedFile, run: RunCommands): Iterable<Problem> {
  const install = run.packages.find((called) => familyOf(called) === "apt" && isInstall(called));
  if (install === undefined || updatesBefore(run, install) || callsUnknownScript(run)) return;
  if (run.packages.some((called) => familyOf(called) === "apt" && called.action === "update")) return;
  if (install.operands.length > 0 && install.operands.every(isLocalOrRemoteFile)) return;
  if (isMounted(file, run.run, [indexes.apt]) || hasOption(install.options, "--no-download")) return;
  const earlier = earlierUpdate(file, run);
  if (earlier?.isPaired === true || (earlier !== undefined && !run.stage.isShipped)) return;
  const written = `${install.command.name} ${install.subcommand}`;
  const message =
    earlier === undefined
      ? `\`${written}\` runs without \`apt-get update\` in the same RUN`
      : `\`${written}\` uses the index of an earlier RUN, which may be stale`;
  const related = earlier === undefined ? {} : { related: [{ at: earlier.at, message: "The index is updated here" }] };
  yield { at: wordOf(install), message, ...related };
};

/** The update that this install relies on; paired when the finding stands on that update already. */
const earlierUpdate = (file: AuditedFile, run: RunCommands): { at: Problem["at"]; isPaired: boolean } | undefined => {
  const earlier = run.stage.lineage
    .flatMap((stage: StageFacts) => runsOf(file, stage))
    .filter((other) => other.stage !== run.stage || other.run.index < run.run.index);
  const updates = earlier.flatMap((other) =>
    other.packages.filter((called) => familyOf(called) === "apt" && called.action === "update"),
  );
  const update = updates.at(-1);
  if (update === undefined) return undefined;
  const holder = earlier.find((other) => other.packages.includes(update));
  const isPaired =
    holder !== undefined && [...loneUpdate(file, holder)].length > 0 && laterInstall(file, holder, "apt")?.run === run;
  return { at: wordOf(update), isPaired };
};

const wordOf = (called: PackageCommand): Problem["at"] => called.actionWord?.span ?? called.command.span;
