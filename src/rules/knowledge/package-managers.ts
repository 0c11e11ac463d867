import type { ShellCommand, ShellWord } from "../../dockerfile/script.ts";
import { type CommandOptions, hasOption, isFedByXargs, type OptionSyntax, readOptions } from "./command-options.ts";
import { languagePackageManagers } from "./language-package-managers.ts";
import { once } from "./once.ts";
import type { ManagerRow, PackageAction } from "./package-manager-row.ts";
import { systemPackageManagers } from "./system-package-managers.ts";

export type { PackageAction } from "./package-manager-row.ts";

export type PackageManagerName = keyof typeof systemPackageManagers | keyof typeof languagePackageManagers;

export interface PackageManager extends OptionSyntax {
  readonly name: PackageManagerName;
  readonly kind: "system" | "language";
  /** Sub-commands, several words joined by a blank; others are `other`. */
  readonly actions: ReadonlyMap<string, PackageAction>;
  /** Options that answer yes to every prompt; empty when the program never asks. */
  readonly assumeYes: readonly string[];
  /** Directories of the index and of downloads; `~` is the home of the user who runs it. */
  readonly caches: readonly string[];
  /** The command that empties the caches, as one appends it to a RUN. */
  readonly cleanUp: string | undefined;
}

/** A call of a package manager. */
export interface PackageCommand {
  readonly command: ShellCommand;
  readonly manager: PackageManager;
  readonly action: PackageAction;
  /** The sub-command as one looks it up in the table: `install`, `pip install`, `-Sy`. */
  readonly subcommand: string;
  /** The last word of the sub-command; undefined when there is none (`yarn`). */
  readonly actionWord: ShellWord | undefined;
  /** Of the whole command; `operands` are those behind the sub-command. */
  readonly options: CommandOptions;
  /** Behind the sub-command: packages, files, variables. */
  readonly operands: readonly ShellWord[];
  /** `$PKGS`, `$(…)` or xargs: there may be operands or options that the script does not show. */
  readonly hasUnknown: boolean;
}

/** Undefined for other programs. */
export const readPackageCommand = (command: ShellCommand): PackageCommand | undefined =>
  mayBePackageManager(command.name) ? readCall(command) : undefined;

export const packageManager = (name: PackageManagerName): PackageManager => {
  const found = managers.get(name);
  if (found === undefined) throw new Error(`no package manager named ${name}`);
  return found;
};

/** Whether a system package is named with a version: `curl=8.*`, `curl~=8`, `curl-8.5.0-1.el9`. */
export const isPinnedSystemPackage = (manager: PackageManager, name: string): boolean => {
  if (/[=<>~]/.test(name)) return true;
  if (!rpmFamily.has(manager.name)) return false;
  return /-\d[\w.+^]*-|-\d+(\.\d+)+/.test(name) || /-\d+:/.test(name);
};

/** Whether the call changes nothing: it only shows what it would do, or fetches without installing. */
export const isSimulated = (called: PackageCommand): boolean =>
  hasOption(called.options, ...simulations) ||
  (aptFamily.has(called.manager.name) && hasOption(called.options, "-s", "-d"));

/** A file or URL in place of a package name. */
export const isLocalOrRemoteFile = (word: ShellWord): boolean =>
  /^(\.{0,2}\/|~\/|[a-z+]+:\/\/)/.test(word.value) ||
  /\.(deb|rpm|apk|whl|zip|gem|tgz|tar|tar\.\w+|pkg\.tar(\.\w+)?)$/.test(word.value) ||
  word.value === "." ||
  word.value === "..";

const aptFamily: ReadonlySet<string> = new Set(["apt-get", "apt", "aptitude"]);

const simulations = [
  "--simulate",
  "--just-print",
  "--dry-run",
  "--recon",
  "--no-act",
  "--print-uris",
  "--assumeno",
  "--downloadonly",
  "--download-only",
];

const withSuffix = /\.(exe|cmd|bat)$/;

const mayBePackageManager = (name: string): boolean =>
  managers.has(name) || synonyms.has(name) || /^(pip|python|pypy)/.test(name) || withSuffix.test(name);

const readCall = once((command: ShellCommand): PackageCommand | undefined => {
  const name = command.name.replace(withSuffix, "");
  const direct = managerOfCommand(name);
  if (direct !== undefined) return readWith(command, direct, command.args);
  if (!/^(python|pypy)[\d.]*$/.test(name)) return undefined;
  const module = command.args.findIndex((word) => word.value === "-m");
  const called = module < 0 ? undefined : command.args[module + 1]?.value;
  const manager = called === undefined ? undefined : managerOfCommand(called);
  return manager === undefined ? undefined : readWith(command, manager, command.args.slice(module + 2));
});

const rpmFamily: ReadonlySet<string> = new Set(["yum", "dnf", "microdnf", "tdnf", "zypper"]);

const readWith = (command: ShellCommand, manager: PackageManager, args: readonly ShellWord[]): PackageCommand => {
  // cargo +nightly install
  const shown = args[0]?.value.startsWith("+") === true ? args.slice(1) : args;
  const options = readOptions(shown, manager);
  const hasUnknown = options.unknown.length > 0 || isFedByXargs(command);
  const base = { command, manager, options, hasUnknown };
  if (manager.name === "pacman") return { ...base, ...readPacman(options), operands: options.operands };
  const known = options.operands.findIndex((word) => !options.unknown.includes(word));
  const from = known < 0 ? options.operands.length : known;
  const shownOperands = options.operands.slice(from);
  for (const length of [3, 2, 1]) {
    const found = shownOperands.slice(0, length);
    if (found.length < length) continue;
    const subcommand = found.map((word) => word.value).join(" ");
    const action = manager.actions.get(subcommand);
    if (action === undefined) continue;
    return { ...base, action, subcommand, actionWord: found.at(-1), operands: shownOperands.slice(found.length) };
  }
  const first = options.operands[0];
  const operands = options.operands.slice(1);
  if (from > 0) return { ...base, action: "unknown", subcommand: "", actionWord: first, operands };
  const bare = manager.actions.get("");
  if (first === undefined && bare !== undefined && !hasOption(options, "--version", "-v", "--help", "-h", "-V")) {
    return { ...base, action: bare, subcommand: "", actionWord: undefined, operands };
  }
  return { ...base, action: "other", subcommand: first?.value ?? "", actionWord: first, operands };
};

const readPacman = (read: CommandOptions): Pick<PackageCommand, "action" | "subcommand" | "actionWord"> => {
  const names = read.options.map((option) => option.name);
  const has = (...wanted: readonly string[]): boolean => wanted.some((name) => names.includes(name));
  const word = read.options.find((option) => /^-[SRUQDFT]$|^--(sync|remove|upgrade)$/.test(option.name))?.word;
  const action = ((): PackageAction => {
    if (has("-R", "--remove")) return "remove";
    if (has("-U", "--upgrade")) return "install";
    if (!has("-S", "--sync")) return "other";
    if (has("-c", "--clean")) return "clean";
    if (has("-w", "--downloadonly")) return "download";
    if (has("-u", "--sysupgrade")) return "upgrade";
    if (read.operands.length > 0) return "install";
    return has("-y", "--refresh") ? "update" : "other";
  })();
  return { action, subcommand: word?.value ?? "", actionWord: word };
};

const managerOfCommand = (name: string): PackageManager | undefined =>
  managers.get(synonyms.get(name) ?? (/^pip[\d.]*(\$.*)?$/.test(name) ? "pip" : name));

const synonyms: ReadonlyMap<string, PackageManagerName> = new Map([
  ["dnf5", "dnf"],
  ["dnf-3", "dnf"],
  ["mamba", "conda"],
  ["micromamba", "conda"],
  ["bundler", "bundle"],
  ["yarnpkg", "yarn"],
  // of tonistiigi/xx, for another architecture
  ["xx-apt", "apt-get"],
  ["xx-apt-get", "apt-get"],
  ["xx-apk", "apk"],
  ["pypy-pip", "pip"],
]);

const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== "");

const actions = (table: Partial<Record<PackageAction, string>>): ReadonlyMap<string, PackageAction> =>
  new Map(
    Object.entries(table).flatMap(([action, list]) =>
      list.split(/\s*,\s*/).map((subcommand) => [subcommand, action as PackageAction] as const),
    ),
  );

const toManagers = (kind: PackageManager["kind"], rows: Readonly<Record<string, ManagerRow>>): PackageManager[] =>
  Object.entries(rows).map(([name, row]) => ({
    name: name as PackageManagerName,
    kind,
    actions: actions(row.actions),
    valued: new Set(words(row.valued)),
    assumeYes: words(row.assumeYes ?? ""),
    caches: words(row.caches),
    cleanUp: row.cleanUp,
    singleDashWords: row.singleDashWords ?? false,
  }));

const managers: ReadonlyMap<string, PackageManager> = new Map(
  [...toManagers("system", systemPackageManagers), ...toManagers("language", languagePackageManagers)].map((row) => [
    row.name,
    row,
  ]),
);
