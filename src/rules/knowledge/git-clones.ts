import type { Span } from "../../dockerfile/model.ts";
import type { ShellCommand } from "../../dockerfile/script.ts";
import { findOption, hasOption, readOptions } from "./command-options.ts";
import { once } from "./once.ts";
import type { RunCommands } from "./run-commands.ts";

/** Looks like a tag or commit: it holds a digit, or a variable that may. */
export const isPin = (ref: string): boolean => /[\d$]/.test(ref);

const gitOptions = {
  valued: new Set([
    "-C",
    "-c",
    "--git-dir",
    "--work-tree",
    "-b",
    "--branch",
    "--depth",
    "-o",
    "--origin",
    "-j",
    "--jobs",
    "--reference",
    "--shallow-since",
    "--template",
    "--config",
    "--filter",
    "--separate-git-dir",
    "--revision",
  ]),
};

/** The repositories that a RUN clones at a branch, where the stage names no commit later. */
export const unpinnedClones = (run: RunCommands, runs: readonly RunCommands[]): readonly Span[] =>
  run.commands.flatMap((command) => {
    if (command.name !== "git") return [];
    const read = readOptions(command.args, gitOptions);
    const [action, source] = read.operands;
    if (action?.value !== "clone" || source === undefined || read.unknown.length > 0) return [];
    if (!/^([a-z+]+:\/\/|[\w.-]+@[\w.-]+:)/.test(source.value) || source.value.startsWith("file:")) return [];
    const ref = findOption(read, "-b", "--branch", "--revision")?.value ?? "";
    if (isPin(ref) || hasOption(read, "--mirror", "--bare", "--no-checkout", "-n") || isCheckedOutLater(command, runs))
      return [];
    return [source.span];
  });

const isCheckedOutLater = (clone: ShellCommand, runs: readonly RunCommands[]): boolean => {
  const last = lastCheckout(runs);
  return last !== undefined && last.span.start > clone.span.start;
};

/** The last command of the stage that takes a ref out of a repository. */
const lastCheckout = once((runs: readonly RunCommands[]): ShellCommand | undefined =>
  runs
    .flatMap((run) => run.commands)
    .findLast(({ name, args }) => {
      if (name !== "git") return false;
      const action = readOptions(args, gitOptions).operands[0]?.value ?? "";
      return /^(checkout|reset|fetch|switch|rev-parse|worktree)$/.test(action);
    }),
);
