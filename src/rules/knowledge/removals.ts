import type { ShellCommand } from "../../dockerfile/script.ts";
import { once } from "./once.ts";

export interface Removal {
  readonly after: number;
  /** Undefined when it may be anything. */
  readonly folder: string | undefined;
}

/** What may remove files that it does not name: whole folders, patterns, traps, find, called scripts. */
export const wideRemovals = once((commands: readonly ShellCommand[]) =>
  commands.flatMap(({ name, args, index }): readonly Removal[] => {
    if (name === "trap" || (name === "find" && args.some(({ value }) => /^-(delete|exec)$/.test(value))))
      return [{ after: Number.POSITIVE_INFINITY, folder: undefined }];
    if (/\.sh$/.test(name)) return [{ after: index, folder: undefined }];
    if (!/^(rm|unlink|shred|git)$/.test(name)) return [];
    const isRecursive = args.some(({ value }) => /^-\w*[rR]|^--recursive$/.test(value));
    return args
      .filter(({ value, isLiteral }) => !value.startsWith("-") && (isRecursive || !isLiteral))
      .map(({ value, isLiteral }) => ({ after: index, folder: isLiteral ? value : undefined }));
  }),
);
