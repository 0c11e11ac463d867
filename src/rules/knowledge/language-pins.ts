import type { ShellWord } from "../../dockerfile/script.ts";
import { hasOption } from "./command-options.ts";
import { isLocalOrRemoteFile, isSimulated, type PackageCommand, type PackageManagerName } from "./package-managers.ts";

/** The operands that name a package of a registry without a version; `hasSources`: the project lies in the image. */
export const unpinnedPackages = (called: PackageCommand, hasSources: boolean): readonly ShellWord[] => {
  const read = readers[called.manager.name];
  if (read === undefined || called.action !== "install" || isSimulated(called)) return [];
  if (takesFiles.has(called.subcommand)) return [];
  const words = runsItsOperand.has(called.subcommand) ? called.operands.slice(0, 1) : called.operands;
  return read(called, words.filter(isKnown), hasSources);
};

type Reader = (called: PackageCommand, words: readonly ShellWord[], hasSources: boolean) => readonly ShellWord[];

/** The operands are files of requirements. */
const takesFiles: ReadonlySet<string> = new Set(["pip sync"]);

/** The operands behind the first are the arguments of the program. */
const runsItsOperand: ReadonlySet<string> = new Set(["run", "tool run", "dlx"]);

/** A glob such as `uvicorn[standard]` is a name; a variable is not known. */
const isKnown = (word: ShellWord): boolean =>
  (word.isLiteral || !/[$`*?]/.test(word.value)) && !isLocalOrRemoteFile(word) && word.value !== "";

const pip: Reader = (called, words) => {
  if (hasOption(called.options, "-c", "--constraint", "--with-requirements", "--spec", "--no-index")) return [];
  return words.filter(({ value }) => {
    if (/@latest$/.test(value)) return true;
    return /^[a-z0-9][\w.-]*(\[[^\]]*\])?(\s*;.*)?$/i.test(value) && !toolsOfPython.has(value.replace(/\[.*/, ""));
  });
};
const toolsOfPython: ReadonlySet<string> = new Set(["pip", "setuptools", "wheel"]);

const npm: Reader = (_, words) =>
  words.filter(({ value }) => {
    const [, name, version] = /^((?:@[\w.~-]+\/)?[\w.~-]+)(?:@(.*))?$/.exec(value) ?? [];
    if (name === undefined || toolsOfNode.has(name) || name.startsWith(".")) return false;
    return version === undefined || /^(|latest|next|\*|x)$/.test(version);
  });
const toolsOfNode: ReadonlySet<string> = new Set(["npm", "corepack", "true", "false"]);

const gem: Reader = (called, words) =>
  hasOption(called.options, "-v", "--version", "-g", "--file", "--local", "-l")
    ? []
    : words.filter(({ value }) => /^[\w.-]+$/.test(value));

const go: Reader = (called, words, hasSources) => {
  if (called.subcommand === "run" && hasSources) return words.filter(({ value }) => movingGoVersion.test(value));
  return words.filter(({ value }) => {
    if (movingGoVersion.test(value)) return true;
    return !hasSources && /^[\w-]+(\.[\w-]+)+\/[^@]+$/.test(value);
  });
};
const movingGoVersion = /^[\w-]+(\.[\w-]+)+\/.*@(latest|upgrade|patch|master|main|HEAD)$/;

const cargo: Reader = (called, words) =>
  hasOption(called.options, "--version", "--vers", "--git", "--path", "--list")
    ? []
    : words.filter(({ value }) => /^[\w-]+$/.test(value));

const composer: Reader = (called, words) => {
  if (!/require|^req?$|^r$/.test(called.subcommand)) return [];
  return words.filter(({ value }, at) => {
    const next = words[at + 1]?.value ?? "";
    return /^[\w.-]+\/[\w.-]+$/.test(value) && !/^[\^~<>=v]*\d|^dev-|^\*/.test(next);
  });
};

const dotnet: Reader = (called, words) =>
  !called.subcommand.startsWith("tool") || hasOption(called.options, "--version")
    ? []
    : words.filter(({ value }) => /^[\w.-]+$/.test(value));

const conda: Reader = (called, words) =>
  !/^(install|create)$/.test(called.subcommand) || hasOption(called.options, "-f", "--file", "--clone")
    ? []
    : words.filter(({ value }) => /^([\w.-]+::)?[a-z0-9_][\w.-]*$/i.test(value));

const readers: Readonly<Partial<Record<PackageManagerName, Reader>>> = {
  pip,
  pipx: pip,
  uv: pip,
  poetry: pip,
  pdm: pip,
  pipenv: pip,
  npm,
  pnpm: npm,
  yarn: npm,
  bun: npm,
  gem,
  go,
  cargo,
  composer,
  dotnet,
  conda,
};
