import type { ShellCommand, ShellWord } from "../../dockerfile/script.ts";
import { hasOption, isFedByXargs, readOptions } from "./command-options.ts";

/** A call of chmod, chown or chgrp. */
export interface PermissionChange {
  readonly command: ShellCommand;
  /** The flag of COPY that does the same. */
  readonly flag: "chmod" | "chown";
  readonly value: ShellWord;
  readonly paths: readonly ShellWord[];
  readonly isRecursive: boolean;
}

/** Undefined for modes that depend on the file (`X`), a variable as mode, and words that xargs adds. */
export const readPermissionChange = (command: ShellCommand): PermissionChange | undefined => {
  if (command.name !== "chmod" && command.name !== "chown" && command.name !== "chgrp") return undefined;
  const read = readOptions(command.args);
  const [value, ...paths] = read.operands;
  if (value === undefined || isFedByXargs(command)) return undefined;
  if (read.options.some(({ name }) => name === "--reference" || name === "--from")) return undefined;
  const flag = command.name === "chmod" ? "chmod" : "chown";
  if (flag === "chmod" && (!value.isLiteral || value.value.includes("X"))) return undefined;
  return { command, flag, value, paths, isRecursive: hasOption(read, "-R", "--recursive") };
};
