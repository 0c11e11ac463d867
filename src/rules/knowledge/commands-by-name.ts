import type { ShellCommand } from "../../dockerfile/script.ts";

const indexes = new WeakMap<readonly ShellCommand[], ReadonlyMap<string, readonly ShellCommand[]>>();

/** The commands of a script that have one of these names, in source order; each script is indexed once. */
export const commandsNamed = (
  commands: readonly ShellCommand[],
  ...names: readonly string[]
): readonly ShellCommand[] => {
  const index = indexes.get(commands) ?? indexOf(commands);
  indexes.set(commands, index);
  const found = names.flatMap((name) => index.get(name) ?? []);
  return names.length < 2 ? found : found.sort((a, b) => a.index - b.index);
};

const indexOf = (commands: readonly ShellCommand[]): ReadonlyMap<string, readonly ShellCommand[]> => {
  const index = new Map<string, ShellCommand[]>();
  for (const command of commands) {
    const known = index.get(command.name);
    if (known === undefined) index.set(command.name, [command]);
    else known.push(command);
  }
  return index;
};
