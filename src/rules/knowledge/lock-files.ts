import type { CopyInstruction, Span } from "../../dockerfile/model.ts";
import type { ShellWord } from "../../dockerfile/script.ts";
import { matchesWildcards } from "../../dockerfile/wildcards.ts";
import type { AuditedFile, StageFacts } from "../audited-file.ts";
import { hasOption } from "./command-options.ts";
import { holdsPath } from "./context-paths.ts";
import { alongLineage, once } from "./once.ts";
import type { PackageCommand, PackageManagerName } from "./package-managers.ts";
import { withoutEndSlashes } from "./paths.ts";
import { firstRunWithArguments, mayHold, type RunCommands } from "./run-commands.ts";

export interface LockFault {
  /** The install word, or the program when there is none. */
  readonly word: ShellWord;
  readonly lock: { readonly name: string; readonly at: Span | undefined };
  readonly remedy: { readonly text: string; readonly replaces: boolean; readonly shown: string } | undefined;
  /** What to set where no option does it. */
  readonly advice: string | undefined;
}

/** The install that may differ from a lock file which lies in the image for certain. */
export const lockDiscipline = (file: AuditedFile, run: RunCommands, called: PackageCommand): LockFault | undefined => {
  const row = rows[called.manager.name];
  if (!/^(install|upgrade|update)$/.test(called.action)) return undefined;
  if (row === undefined || called.command.enclosures.includes("function")) return undefined;
  if (
    !row.subcommands.test(called.subcommand) ||
    called.operands.some((word) => !called.options.unknown.includes(word))
  )
    return undefined;
  const { options } = called;
  if (row.applies !== undefined && !row.applies(called)) return undefined;
  if (hasOption(options, "-g", "--global", "--help", "--version", ...row.exact)) return undefined;
  const exact = new RegExp(row.exact.length === 0 ? "^$" : `^(${row.exact.join("|")})`);
  if (mayHold(file, run, options.unknown, exact)) return undefined;
  if (row.variables.some((name) => isOn(run.stage.variableAt(name, run.run)) || assigns(run, name))) return undefined;
  const lock = findLock(file, run, row.locks);
  const word = called.actionWord ?? called.command.nameWord;
  if (lock === undefined || word === undefined || removes(run, lock.name)) return undefined;
  if (row.firstSetting !== undefined && row.firstSetting(run.stage, file) <= run.run.index) return undefined;
  if (row.settings !== undefined && isSetIn(row.settings, file, run)) return undefined;
  return { word, lock, remedy: row.remedy?.(file, called), advice: row.advice };
};

interface Row {
  readonly locks: readonly string[];
  readonly subcommands: RegExp;
  /** Options that make the install exact, or that decide against the lock file. */
  readonly exact: readonly string[];
  /** Variables that do the same. */
  readonly variables: readonly string[];
  /** Index of the RUN that first makes a setting which does the same (`bundle config set frozen true`). */
  readonly firstSetting?: (stage: StageFacts, file: AuditedFile) => number;
  /** The file that may do the same, and how. */
  readonly settings?: { readonly name: string; readonly pattern: RegExp };
  readonly applies?: (called: PackageCommand) => boolean;
  readonly advice?: string;
  readonly remedy?: (file: AuditedFile, called: PackageCommand) => LockFault["remedy"];
}

const insert =
  (option: string): NonNullable<Row["remedy"]> =>
  (_, called) => ({
    text: option,
    replaces: false,
    shown: `${called.command.name} ${called.subcommand}`.trim().concat(` ${option}`),
  });

const isModernYarn = (file: AuditedFile): boolean =>
  file.context !== undefined &&
  (file.context.files.includes(".yarnrc.yml") ||
    /"packageManager"\s*:\s*"yarn@([2-9]|\d\d)/.test(file.context.read("package.json") ?? ""));

const rows: Readonly<Partial<Record<PackageManagerName, Row>>> = {
  npm: {
    locks: ["package-lock.json", "npm-shrinkwrap.json"],
    subcommands: /^(install|i|in|ins|inst|isntall|add|update|up|upgrade)$/,
    exact: ["--no-package-lock", "--package-lock-only"],
    variables: [],
    remedy: (_, called) => (called.action === "install" ? { text: "ci", replaces: true, shown: "npm ci" } : undefined),
  },
  yarn: {
    locks: ["yarn.lock"],
    subcommands: /^(|install|upgrade)$/,
    exact: ["--frozen-lockfile", "--immutable", "--pure-lockfile", "--no-lockfile"],
    variables: ["YARN_ENABLE_IMMUTABLE_INSTALLS", "YARN_FROZEN_LOCKFILE", "CI"],
    firstSetting: firstRunWithArguments(/\benableImmutableInstalls:?\s+(?!false\b)\S/),
    settings: { name: ".yarnrc.yml", pattern: /^enableImmutableInstalls:[ \t]*["']?true\b/m },
    remedy: (file, called) =>
      called.action === "install"
        ? insert(isModernYarn(file) ? "--immutable" : "--frozen-lockfile")(file, called)
        : undefined,
  },
  pnpm: {
    locks: ["pnpm-lock.yaml"],
    subcommands: /^(install|i|update|up|upgrade)$/,
    exact: ["--frozen-lockfile", "--no-lockfile", "--offline", "--lockfile-only"],
    variables: ["CI"],
    remedy: (file, called) => (called.action === "install" ? insert("--frozen-lockfile")(file, called) : undefined),
  },
  bun: {
    locks: ["bun.lock", "bun.lockb"],
    subcommands: /^(install|i|update)$/,
    exact: ["--frozen-lockfile", "--no-save"],
    variables: [],
    remedy: (file, called) => (called.action === "install" ? insert("--frozen-lockfile")(file, called) : undefined),
  },
  uv: {
    locks: ["uv.lock"],
    subcommands: /^sync$/,
    exact: ["--locked", "--frozen", "--check"],
    variables: ["UV_FROZEN", "UV_LOCKED"],
    remedy: insert("--locked"),
  },
  pdm: {
    locks: ["pdm.lock"],
    subcommands: /^(install|update)$/,
    exact: ["--frozen-lockfile", "--no-lock", "--check"],
    variables: ["PDM_FROZEN_LOCKFILE"],
    remedy: insert("--frozen-lockfile"),
  },
  pipenv: {
    locks: ["Pipfile.lock"],
    subcommands: /^(install|update|upgrade)$/,
    exact: ["--deploy", "--ignore-pipfile", "-r", "--requirements"],
    variables: ["PIPENV_DEPLOY", "PIPENV_IGNORE_PIPFILE"],
    remedy: (file, called) => (called.action === "install" ? insert("--deploy")(file, called) : undefined),
  },
  poetry: { locks: ["poetry.lock"], subcommands: /^update$/, exact: ["--lock"], variables: [] },
  bundle: {
    locks: ["Gemfile.lock"],
    subcommands: /^(|install|i|update)$/,
    exact: ["--frozen", "--deployment", "--local"],
    variables: ["BUNDLE_FROZEN", "BUNDLE_DEPLOYMENT"],
    firstSetting: firstRunWithArguments(/\bconfig\s+(?:set\s+)?(?:--\w+\s+)*(?:frozen|deployment)\s+(?!false\b|0\b)\S/),
    advice: "set `BUNDLE_FROZEN=true`",
  },
  cargo: {
    locks: ["Cargo.lock"],
    subcommands: /^(install|update)$/,
    exact: ["--locked", "--frozen"],
    variables: [],
    applies: (called) => called.action === "upgrade" || hasOption(called.options, "--path"),
    remedy: (file, called) => (called.action === "install" ? insert("--locked")(file, called) : undefined),
  },
  go: {
    locks: ["go.sum"],
    subcommands: /^mod tidy$/,
    exact: [],
    variables: [],
    advice: "tidy before the build, and call `go mod download` here",
  },
  composer: { locks: ["composer.lock"], subcommands: /^(update|u|upgrade)$/, exact: ["--lock"], variables: [] },
  dotnet: {
    locks: ["packages.lock.json"],
    subcommands: /^restore$/,
    exact: ["--locked-mode"],
    variables: ["RestoreLockedMode"],
    remedy: insert("--locked-mode"),
  },
};

const isOn = (variable: { readonly value: string | undefined } | undefined): boolean =>
  variable !== undefined && !/^(|0|false|no)$/i.test(variable.value ?? "unknown");

const assigns = (run: RunCommands, name: string): boolean =>
  run.commands.some(
    (command) =>
      command.assignments.some((assignment) => assignment.name === name) ||
      (command.name === "export" && command.args.some((word) => word.value.startsWith(`${name}=`))),
  );

const removes = (run: RunCommands, lock: string): boolean =>
  run.commands.some(
    (command) => command.name === "rm" && command.args.some((word) => matchesWildcards(baseOf(word.value), lock)),
  );

const findLock = (file: AuditedFile, run: RunCommands, locks: readonly string[]): LockFault["lock"] | undefined => {
  for (const name of locks) {
    const copied = firstCopies(run.stage, file).get(name);
    if (copied !== undefined && copied.index < run.run.index) return { name, at: copied.at };
    const mount = run.run.mounts.find(
      ({ type, fields }) =>
        type === "bind" && [fields.get("source"), fields.get("target")].some((path) => baseOf(path ?? "") === name),
    );
    if (mount !== undefined) return { name, at: mount.flag.span };
  }
  return undefined;
};

/** Whether a file of settings lies in the image that makes the install exact; one that nobody can read may do so. */
const isSetIn = ({ name }: NonNullable<Row["settings"]>, file: AuditedFile, run: RunCommands): boolean =>
  findLock(file, run, [name]) !== undefined && (file.context === undefined || exactSettings(file).has(name));

/** Names of the files in the context that make installs exact. */
const exactSettings = once((file: AuditedFile): ReadonlySet<string> => {
  const { context } = file;
  const found = (context?.files ?? []).flatMap((path) => {
    const settings = allSettings.find(({ name }) => name === baseOf(path));
    return settings?.pattern.test(context?.read(path) ?? "") === true ? [settings.name] : [];
  });
  return new Set(found);
});

/** Where the lineage first copies each lock file and each file of settings. */
const firstCopies = alongLineage<ReadonlyMap<string, { readonly index: number; readonly at: Span }>>(
  (stage, below, file) => {
    const found = new Map(below ?? []);
    for (const copy of stage.instructions) {
      if (copy.keyword !== "COPY" && copy.keyword !== "ADD") continue;
      for (const name of allNames) {
        if (found.has(name)) continue;
        const source = copy.sources.find((word) => brings(file, word.text, name, isFromContext(copy)));
        if (source !== undefined) found.set(name, { index: copy.index, at: source.span });
      }
    }
    return found;
  },
);

const allSettings = Object.values(rows).flatMap(({ settings }) => settings ?? []);
const allNames: readonly string[] = [
  ...Object.values(rows).flatMap((row) => row.locks),
  ...allSettings.map(({ name }) => name),
];

const isFromContext = (copy: Pick<CopyInstruction, "flags">): boolean =>
  !copy.flags.some((flag) => flag.name === "from");

/** Whether a source of COPY holds the lock file: by name, by a pattern, or as a directory of the context. */
const brings = (file: AuditedFile, source: string, lock: string, fromContext: boolean): boolean => {
  const path = withoutEndSlashes(source.replace(/^["']|["']$/g, "").replace(/^(\.?\/)+/, ""));
  const { context } = file;
  const isNamed = baseOf(path) === lock;
  if (!fromContext || context === undefined)
    return isNamed || (baseOf(path).includes("*") && baseOf(path) !== "*" && matchesWildcards(baseOf(path), lock));
  const holds = (candidate: string): boolean => holdsPath(context, candidate) && !context.isIgnored(candidate);
  if (path === "" || path === "." || path === "*") return holds(lock);
  if (isNamed) return true;
  const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/") + 1) : "";
  return holds(`${path}/${lock}`) || (matchesWildcards(baseOf(path), lock) && holds(`${folder}${lock}`));
};

const baseOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
