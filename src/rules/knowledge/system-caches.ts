import type { AuditedFile } from "../audited-file.ts";
import type { Fix, Problem } from "../rule.ts";
import { hasDnf5 } from "./base-images.ts";
import { hasOption } from "./command-options.ts";
import { appendCleanUp, callsUnknownScript, cleansUpAfter, deletes, isMounted } from "./package-caches.ts";
import { isIndexUsedLater } from "./package-index.ts";
import { isLocalOrRemoteFile, isSimulated, type PackageCommand, packageManager } from "./package-managers.ts";
import { mayHold, type RunCommands } from "./run-commands.ts";
import { deleteCommand, insertAfter } from "./script-edits.ts";

/** Indexes and downloads of system packages that a RUN leaves in its layer. */
export const systemCachesLeft = function* (file: AuditedFile, run: RunCommands): Iterable<Problem> {
  if (run.packages.length === 0 || !run.isRead || callsUnknownScript(run)) return;
  yield* aptIndex(file, run);
  yield* apkIndex(file, run);
  yield* packageDownloads(file, run);
};

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
  if (isRemoved || run.packages.some((other) => /^dist-?clean$/.test(other.subcommand))) return;
  const message = `\`${writtenAs(called)}\` leaves the package index in ${lists} of this layer`;
  yield {
    at: wordOf(called),
    message,
    ...(isIndexUsedLater(file, run) ? {} : appendCleanUp(file, run, called, `rm -rf ${lists}/*`)),
  };
};

const apkIndex = function* (file: AuditedFile, run: RunCommands): Iterable<Problem> {
  const directory = "/var/cache/apk";
  const calls = run.packages.filter(({ manager }) => manager.name === "apk");
  if (calls.length === 0 || isMounted(file, run.run, packageManager("apk").caches)) return;
  const removal = run.commands.findLast((command) => deletes(command, [directory]))?.index ?? -1;
  const left = calls.filter(({ command }) => command.index > removal);
  const updates = left.filter((called) => called.action === "update" && !hasOption(called.options, "--no-cache"));
  const keeping = left.filter((called) => called.action === "install" && keepsIndex(file, run, called));
  const fix = apkFix(file, run, calls, updates, keeping);
  for (const called of keeping.length > 0 ? keeping : updates.slice(0, 1)) {
    const message =
      called.action === "update"
        ? `\`${writtenAs(called)}\` leaves its index in ${directory} of this layer`
        : `\`${writtenAs(called)}\` keeps its index in ${directory} of this layer: \`--no-cache\` is missing`;
    yield { at: wordOf(called), message, ...fix };
  }
};

/** One fix for all: with `--no-cache` everywhere no update is needed, and without an update it is needed everywhere. */
const apkFix = (
  file: AuditedFile,
  run: RunCommands,
  calls: readonly PackageCommand[],
  updates: readonly PackageCommand[],
  keeping: readonly PackageCommand[],
): { fix?: Fix } => {
  const needIndex = calls.filter(
    (called) =>
      !keeping.includes(called) &&
      !/^(update|remove|other|clean)$/.test(called.action) &&
      !hasOption(called.options, "--no-cache", "-U", "--update", "--update-cache"),
  );
  const [first] = updates;
  if (first !== undefined && isIndexUsedLater(file, run)) return {};
  const deletions =
    needIndex.length === 0 && calls.length > updates.length ? deletionsOf(file, run, updates) : undefined;
  if (first !== undefined && deletions === undefined) {
    return appendCleanUp(file, run, first, "rm -rf /var/cache/apk/*");
  }
  const inserts = keeping.flatMap(({ actionWord }) =>
    actionWord === undefined ? [] : [insertAfter(run.run, actionWord, "--no-cache")],
  );
  const title = keeping.length > 0 ? "Insert --no-cache" : "Delete apk update";
  return { fix: { title, safety: "safe", edits: [...(deletions ?? []), ...inserts] } };
};

const keepsIndex = (file: AuditedFile, run: RunCommands, called: PackageCommand): boolean =>
  !isSimulated(called) &&
  !(called.operands.length > 0 && called.operands.every(isLocalOrRemoteFile)) &&
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

/** The managers that keep downloads, and whose clean-up empties them. */
const downloads: readonly (readonly [name: string, cleaners: readonly string[]])[] = [
  ["yum", ["yum", "dnf", "microdnf"]],
  ["dnf", ["yum", "dnf", "microdnf"]],
  ["microdnf", ["yum", "dnf", "microdnf"]],
  ["tdnf", ["tdnf"]],
  ["zypper", ["zypper"]],
  ["pacman", ["pacman"]],
];

const cacheOf = ({ stage }: RunCommands, { manager }: PackageCommand): string | undefined =>
  manager.caches.find((directory) => directory.endsWith("/libdnf5") && hasDnf5(stage)) ?? manager.caches[0];

const packageDownloads = function* (file: AuditedFile, run: RunCommands): Iterable<Problem> {
  for (const [name, cleaners] of downloads) {
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
    const message = `\`${writtenAs(called)}\` leaves its downloads and index in ${cacheOf(run, called)} of this layer`;
    const { cleanUp } = called.manager;
    yield { at: wordOf(called), message, ...(cleanUp === undefined ? {} : appendCleanUp(file, run, called, cleanUp)) };
  }
};
