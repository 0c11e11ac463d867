import type { RunInstruction } from "../../dockerfile/model.ts";
import type { ShellCommand } from "../../dockerfile/script.ts";
import type { AuditedFile } from "../audited-file.ts";
import type { Fix } from "../rule.ts";
import { once } from "./once.ts";
import { runsAsOther, runsWithSudo } from "./other-user.ts";
import { type PackageCommand, readPackageCommand } from "./package-managers.ts";
import { withoutEndSlashes } from "./paths.ts";
import type { RunCommands } from "./run-commands.ts";
import { appendCommand } from "./script-edits.ts";

/** Whether a cache or tmpfs mount keeps the directory out of the layer; a target that is not known may. */
export const isMounted = (file: AuditedFile, run: RunInstruction, directories: readonly string[]): boolean =>
  run.mounts.some((mount) => {
    if (mount.type !== "cache" && mount.type !== "tmpfs") return false;
    const written = mount.fields.get("target") ?? "";
    const target = file.expand(written, run).value;
    if (target === undefined || target === "") return true;
    return directories.some((directory) => isAtOrBelow(directory, withoutSlash(target)));
  });

/** Whether a command deletes the directory or what lies in it; `~` is the home of root. */
export const deletes = (command: ShellCommand, directories: readonly string[]): boolean => {
  if (command.name !== "rm" && command.name !== "find" && command.name !== "rmdir") return false;
  return command.args
    .flatMap((word) => expandBraces(word.value.replace(/^(~|\$HOME|\$\{HOME\})(?=\/|$)/, "/root")))
    .filter((path) => !path.startsWith("-"))
    .some((path) => directories.some((directory) => coversDirectory(path, directory)));
};

/** A script whose text is not shown may clean up, install or update: `./setup.sh`, `bash x.sh`, `. ./env`. */
const callsScript = (command: ShellCommand): boolean => {
  const name = command.nameWord?.value ?? "";
  if (name.endsWith(".sh") || name.endsWith(".bash") || /clean/.test(command.name)) return true;
  if (name.includes("/") && !/^\/(usr\/(local\/)?)?s?bin\//.test(name)) return !name.startsWith("/etc/init.d/");
  if (command.name === "." || command.name === "source") return command.args[0]?.value !== "/etc/os-release";
  if (!shells.has(command.name)) return false;
  if (command.pipedFrom !== undefined) return true;
  return (
    !command.args.some((word) => /^-[a-z]*c$/.test(word.value)) &&
    command.args.some((word) => !/^[-+]/.test(word.value))
  );
};

const shells: ReadonlySet<string> = new Set(["sh", "bash", "dash", "ash", "zsh", "ksh"]);

export const callsUnknownScript = once((run: RunCommands): boolean => run.commands.some(callsScript));

/**
 * Appends to the RUN what empties a cache, as the user who filled it. None where that program may not be there: it is
 * called under a condition, something takes over when it fails, or packages are removed later.
 */
export const appendCleanUp = (
  file: AuditedFile,
  run: RunCommands,
  called: PackageCommand,
  cleanUp: string,
): { readonly fix?: Fix } => {
  const script = run.scriptOf(called.command);
  if (script === undefined || run.scripts.length > 1 || runsAsOther(file, script, called.command)) return {};
  if (!cleanUp.startsWith("rm ") && mayBeGone(run, called)) return {};
  const text = runsWithSudo(script, called.command) ? `sudo ${cleanUp}` : cleanUp;
  const edit = appendCommand(file, run.run, script, text);
  return edit === undefined ? {} : { fix: { title: `Append ${cleanUp}`, safety: "safe", edits: [edit] } };
};

const mayBeGone = (run: RunCommands, { command, manager }: PackageCommand): boolean =>
  command.enclosures.some((enclosure) => enclosure !== "nested-script" && enclosure !== "group") ||
  run.commands.some(
    (other) =>
      other.followedBy === "||" ||
      (other.index > command.index &&
        (readPackageCommand(other)?.action === "remove" ||
          (/^(rpm|dpkg|rm|corepack|nvm)$/.test(other.name) &&
            other.args.some(
              ({ value }) =>
                value.includes(manager.name) || /^(-e|--erase|-r|-P|--remove|--purge|disable)$/.test(value),
            )))),
  );

/** Whether a later command of the RUN is the clean-up of one of these package managers. */
export const cleansUpAfter = (run: RunCommands, from: ShellCommand, managers: readonly string[]): boolean =>
  run.commands.some((command) => {
    if (command.span.start < from.span.start) return false;
    const called = readPackageCommand(command);
    return called !== undefined && called.action === "clean" && managers.includes(called.manager.name);
  });

const isAtOrBelow = (path: string, directory: string): boolean =>
  directory === "/" || path === directory || path.startsWith(`${directory}/`);

const coversDirectory = (path: string, directory: string): boolean => {
  const [before = path] = path.split("*");
  const literal = withoutSlash(before === path ? path : before.replace(/\/?(?:\.?(?<!\?)\?+)?$/, ""));
  if (literal === "") return false;
  return isAtOrBelow(directory, literal) || isAtOrBelow(literal, directory);
};

const withoutSlash = (path: string): string => (path.length > 1 ? withoutEndSlashes(path) : path);

/** `a{b,c}` is `ab` and `ac`; a text that stands for very many stays as it is. */
const expandBraces = (text: string): readonly string[] => {
  const expanded: string[] = [];
  const open = [text];
  while (open.length > 0) {
    if (open.length + expanded.length > mostExpanded) return [text];
    const next = open.shift() as string;
    const found = /(?<!\$)\{([^{},]*,[^{}]*)\}/.exec(next);
    if (found === null) expanded.push(next);
    else {
      const [whole, list = ""] = found;
      const [before, after] = [next.slice(0, found.index), next.slice(found.index + whole.length)];
      open.push(...list.split(",", mostExpanded + 1).map((part) => `${before}${part}${after}`));
    }
  }
  return expanded;
};

const mostExpanded = 1000;
