import type { ShellCommand } from "../../dockerfile/script.ts";
import type { AuditedFile, StageFacts } from "../audited-file.ts";
import type { Problem } from "../rule.ts";
import { hasOption } from "./command-options.ts";
import { alongLineage, once } from "./once.ts";
import { callsUnknownScript, isMounted } from "./package-caches.ts";
import { isLocalOrRemoteFile, isSimulated, type PackageCommand, readPackageCommand } from "./package-managers.ts";
import { type RunCommands, runsOf } from "./run-commands.ts";
import { joinRuns } from "./script-edits.ts";

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

/** An update whose index no command of the RUN uses, with the install that relies on it. */
export const loneUpdate = function* (file: AuditedFile, run: RunCommands): Iterable<Problem> {
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

const uses = (command: ShellCommand, family: Family): boolean => {
  const called = readPackageCommand(command);
  if (called !== undefined && familyOf(called) === family)
    return called.action !== "update" && called.action !== "clean";
  return readers.test(command.name) || /install/.test(command.name);
};

interface Install {
  readonly run: RunCommands;
  readonly called: PackageCommand;
}

/** The next install of the stage, unless it makes an update of its own. */
const laterInstall = (file: AuditedFile, from: RunCommands, family: Family): Install | undefined => {
  const install = nextInstalls(from.stage, file).get(from)?.get(family);
  return install === undefined || updatesBefore(install.run, install.called) ? undefined : install;
};

const nextInstalls = once((stage: StageFacts, file: AuditedFile) => {
  const next = new Map<RunCommands, ReadonlyMap<Family, Install>>();
  let installs: ReadonlyMap<Family, Install> = new Map();
  for (const run of runsOf(file, stage).toReversed()) {
    next.set(run, installs);
    const own = run.packages.filter(isInstall).flatMap((called) => {
      const family = familyOf(called);
      return family === undefined ? [] : [[family, { run, called }] as const];
    });
    // the first of the RUN comes last, and wins
    if (own.length > 0) installs = new Map([...installs, ...own.toReversed()]);
  }
  return next;
});

const updatesBefore = (run: RunCommands, install: PackageCommand): boolean =>
  hasOption(install.options, ...updatingOptions) ||
  run.packages.some(
    (called) =>
      (called.action === "update" || called.action === "unknown" || called.action === "upgrade") &&
      familyOf(called) === familyOf(install) &&
      called.command.index < install.command.index,
  ) ||
  run.commands.some((command) => command.index < install.command.index && repositoryTools.test(command.name));

/** An install of apt that relies on the index of an earlier step or of the base. */
export const installWithoutUpdate = function* (file: AuditedFile, run: RunCommands): Iterable<Problem> {
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
  const holder = lastUpdates(run.stage, file).get(run);
  const update = holder?.packages.findLast(isAptUpdate);
  if (holder === undefined || update === undefined) return undefined;
  const isPaired = laterInstall(file, holder, "apt")?.run === run && [...loneUpdate(file, holder)].length > 0;
  return { at: wordOf(update), isPaired };
};

/** Whether a later RUN of the stage, or of one that is built on it, works with the index that this RUN leaves behind. */
export const isIndexUsedLater = (file: AuditedFile, run: RunCommands): boolean => usedLater(file).has(run);

const usedLater = once(
  (file: AuditedFile): ReadonlySet<RunCommands> =>
    new Set(file.stages.flatMap((stage) => indexHolders(stage, file).used)),
);

interface IndexHolders {
  /** The RUN that made the index which the end of the stage holds. */
  readonly last: ReadonlyMap<Family, RunCommands>;
  readonly used: readonly RunCommands[];
}

const indexHolders = alongLineage<IndexHolders>((stage, below, file) => {
  const last = new Map(below?.last);
  const used: RunCommands[] = [];
  for (const run of runsOf(file, stage)) {
    for (const command of run.commands) {
      const called = readPackageCommand(command);
      const family = called === undefined ? (indexReaders.test(command.name) ? "apt" : undefined) : familyOf(called);
      if (family === undefined) continue;
      if (called?.action === "update" || (called !== undefined && hasOption(called.options, ...updatingOptions))) {
        last.set(family, run);
        continue;
      }
      const holder = last.get(family);
      const isUse =
        called === undefined || (!/^(clean|remove)$/.test(called.action) && !hasOption(called.options, "--no-cache"));
      if (isUse && holder !== undefined && holder !== run) used.push(holder);
    }
  }
  return { last, used };
});

const updatingOptions = ["--update", "-U", "--update-cache"];
/** Programs that install with apt and leave the update to others. */
const indexReaders = /^(gdebi|mk-build-deps|tasksel|nala)$/;

const isAptUpdate = (called: PackageCommand): boolean => called.action === "update" && familyOf(called) === "apt";

/** For each RUN of the stage, the RUN before it that updates the index of apt. */
const lastUpdates = once((stage: StageFacts, file: AuditedFile) => {
  const updates = new Map<RunCommands, RunCommands | undefined>();
  const parent = stage.lineage[1];
  let last = parent === undefined ? undefined : finalUpdate(parent, file);
  for (const run of runsOf(file, stage)) {
    updates.set(run, last);
    if (run.packages.some(isAptUpdate)) last = run;
  }
  return updates;
});

const finalUpdate = alongLineage<RunCommands | undefined>(
  (stage, below, file) => runsOf(file, stage).findLast((run) => run.packages.some(isAptUpdate)) ?? below,
);

const wordOf = (called: PackageCommand): Problem["at"] => called.actionWord?.span ?? called.command.span;
