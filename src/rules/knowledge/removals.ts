import type { ShellCommand } from "../../dockerfile/script.ts";

export interface Removal {
  readonly after: number;
  /** Undefined when it may be anything. */
  readonly folder: string | undefined;
}

/** What may remove files that it does not name: whole folders, patterns, traps, find, called scripts. */
export const wideRemovals = (commands: readonly ShellCommand[]): readonly Removal[] => {
  const known = removals.get(commands);
  if (known !== undefined) return known;
  const found = commands.flatMap(({ name, args, index }): readonly Removal[] => {
    if (name === "trap" || (name === "find" && args.some(({ value }) => /^-(delete|exec)$/.test(value))))
      return [{ after: Number.POSITIVE_INFINITY, folder: undefined }];
    if (/\.sh$/.test(name)) return [{ after: index, folder: undefined }];
    if (!/^(rm|unlink|shred|git)$/.test(name)) return [];
    const isRecursive = args.some(({ value }) => /^-\w*[rR]|^--recursive$/.test(value));
    return args
      .filter(({ value, isLiteral }) => !value.startsWith("-") && (isRecursive || !isLiteral))
      .map(({ value, isLiteral }) => ({ after: index, folder: isLiteral ? value : undefined }));
  });
  removals.set(commands, found);
  return found;
};

const removals = new WeakMap<readonly ShellCommand[], readonly Removal[]>();
