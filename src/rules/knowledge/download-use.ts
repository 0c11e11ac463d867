import type { ShellCommand } from "../../dockerfile/script.ts";
import { readOptions } from "./command-options.ts";
import { commandsAbout } from "./commands-by-name.ts";
import {
  type Download,
  fileNameOf,
  isLocalHost,
  isPackageManagerConfig,
  isVerificationFile,
  outputRedirect,
  readDownload,
  readUrl,
  receiversOf,
} from "./downloads.ts";
import { once } from "./once.ts";

/** The downloads of one script, in order. */
export const downloadsIn = once((commands: readonly ShellCommand[]): readonly Download[] =>
  commands.flatMap((command) => readDownload(command) ?? []),
);

/**
 * - `kept`: stays as a file, or is unpacked
 * - `run`: goes straight into an interpreter
 * - `read`: answers a question (`| jq`, `$(…)`), is printed, or is thrown away
 */
export type DownloadUse = "kept" | "run" | "read";

export const useOf = (download: Download, commands: readonly ShellCommand[]): DownloadUse => {
  if (interpreterOf(download, commands) !== undefined) return "run";
  if (download.output.kind === "files") return "kept";
  if (download.output.kind === "nowhere") return "read";
  const receivers = receiversOf(download.command, commands);
  return receivers.some((receiver) => keepsInput(receiver)) ? "kept" : "read";
};

/** The command that runs what the download prints: `curl … | sh`, `sh -c "$(curl …)"`, `bash <(curl …)`. */
export const interpreterOf = (download: Download, commands: readonly ShellCommand[]): ShellCommand | undefined => {
  if (download.output.kind !== "standard-output") return undefined;
  const receivers = receiversOf(download.command, commands);
  const piped = receivers.find(runsStandardInput);
  if (piped !== undefined) return piped;
  const around = download.command.parent === undefined ? undefined : commands[download.command.parent];
  return around !== undefined && runsSubstitution(around) ? around : undefined;
};

/** The command that runs a file which the download keeps: `sh install.sh`, `./install.sh`. */
export const laterRunOf = (download: Download, commands: readonly ShellCommand[]): ShellCommand | undefined => {
  if (download.output.kind !== "files") return undefined;
  for (const file of download.output.paths.map(fileNameOf)) {
    const found = commandsAbout(commands, file).find(({ index, name, nameWord, args }) => {
      if (index <= download.command.index) return false;
      if (nameWord?.value.includes("/") === true && name === file) return true;
      const script = args.find((arg) => !arg.value.startsWith("-"));
      const runs = isInterpreter(name) || name === "." || name === "source";
      return runs && script !== undefined && fileNameOf(script.value) === file;
    });
    if (found !== undefined) return found;
  }
  return undefined;
};

/** Keys, signatures and repository lists that a package manager or gpg takes, and hosts of this machine. */
export const isExemptFromVerification = (download: Download, commands: readonly ShellCommand[]): boolean => {
  const receivers = receiversOf(download.command, commands);
  if (receivers.some(({ name }) => keyReaders.test(name))) return true;
  const targets = download.output.kind === "files" ? download.output.paths : receivers.flatMap(writtenBy);
  const isHarmless = (path: string): boolean =>
    isVerificationFile(path) || isPackageManagerConfig(path) || isHandedToPackageManager(path, commands);
  if (targets.length > 0 && targets.every(isHarmless)) return true;
  return download.urls.length > 0 && download.urls.every(({ value }) => isLocal(value) || isVerificationFile(value));
};

export const isInterpreter = (name: string): boolean =>
  /^(sh|bash|dash|ash|zsh|ksh|fish|python[\d.]*|perl|node|ruby|php)$/.test(name);

const keyReaders = /^(gpg\d?|apt-key|rpm|rpmkeys|sq)$/;

const keepsInput = (command: ShellCommand): boolean =>
  /^(tar|bsdtar|cpio|unzip|funzip|install|dd|tee)$/.test(command.name) ||
  (/^(cat|gunzip|zcat|gzip|xz|unxz|xzcat|bunzip2|bzip2|bzcat|zstd|unzstd|zstdcat|base64|openssl|pv)$/.test(
    command.name,
  ) &&
    outputRedirect(command) !== undefined);

const writtenBy = (command: ShellCommand): readonly string[] => {
  const redirected = outputRedirect(command)?.target?.value;
  const operands = command.name === "tee" ? readOptions(command.args).operands.map((word) => word.value) : [];
  return redirected === undefined || redirected === "/dev/null" ? operands : [...operands, redirected];
};

const isHandedToPackageManager = (path: string, commands: readonly ShellCommand[]): boolean => {
  const known = handedOver(commands);
  const file = fileNameOf(path);
  const found =
    known.get(file) ??
    commandsAbout(commands, file).some(({ name, args }) => {
      if (keyReaders.test(name)) return args.some((arg) => /^(--import|--dearmor|add|--yes)$/.test(arg.value));
      return /^(mv|cp|install)$/.test(name) && isPackageManagerConfig(args.at(-1)?.value ?? "");
    });
  known.set(file, found);
  return found;
};

/** By file, because a script may name the same one a thousand times. */
const handedOver = once((_commands: readonly ShellCommand[]) => new Map<string, boolean>());

const isLocal = (url: string): boolean => isLocalHost(readUrl(url)?.host ?? "");

/** `bash`, `sh -s -- args`, `python3 -`: no file and no program text of its own. */
const runsStandardInput = (command: ShellCommand): boolean => {
  if (!isInterpreter(command.name)) return false;
  const isShell = /sh$/.test(command.name);
  for (const { value } of command.args) {
    if (value === "-" || value === "/dev/stdin" || (isShell && /^-[^\Ws]*s\w*$/.test(value))) return true;
    if (!value.startsWith("-")) return false;
    if (/^-\w*[cemnrMpEl]/.test(value) && !(isShell && !/^-\w*c/.test(value))) return false;
  }
  return true;
};

/** The substitution is the whole program: `sh -c "$(…)"`, `eval "$(…)"`, `. <(…)`. */
const runsSubstitution = (command: ShellCommand): boolean => {
  const isWhole = (text: string | undefined): boolean => text !== undefined && /^(\$\(|`|<\()[\s\S]*[)`]$/.test(text);
  if (command.name === "eval") return isWhole(command.args[0]?.value);
  if (/^(\.|source)$/.test(command.name))
    return /^<\(/.test(command.args[0]?.value ?? "") || command.args[0]?.value === "/dev/stdin";
  if (!isInterpreter(command.name)) return false;
  const program = command.args.findIndex((arg) => /^-\w*[cer]$/.test(arg.value));
  if (program >= 0) return isWhole(command.args[program + 1]?.value);
  return /^<\(/.test(command.args.find((arg) => !arg.value.startsWith("-"))?.value ?? "");
};
