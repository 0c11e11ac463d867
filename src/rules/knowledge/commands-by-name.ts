import type { ShellCommand } from "../../dockerfile/script.ts";
import { fileNameOf } from "./downloads.ts";

type Commands = readonly ShellCommand[];

/** The commands of a script that have one of these names, in source order; each script is indexed once. */
export const commandsNamed = (commands: Commands, ...names: readonly string[]): Commands => {
  const index = byName.of(commands);
  const found = names.flatMap((name) => index.get(name) ?? []);
  return names.length < 2 ? found : found.sort((a, b) => a.index - b.index);
};

/** The commands that have an argument with this file name, or are called by a path that ends in it. */
export const commandsAbout = (commands: Commands, fileName: string): Commands =>
  byFile.of(commands).get(fileName) ?? [];

interface Index {
  readonly of: (commands: Commands) => ReadonlyMap<string, Commands>;
}

const createIndex = (keysOf: (command: ShellCommand) => Iterable<string>): Index => {
  const known = new WeakMap<Commands, ReadonlyMap<string, Commands>>();
  return {
    of: (commands) => {
      const found = known.get(commands);
      if (found !== undefined) return found;
      const index = new Map<string, ShellCommand[]>();
      for (const command of commands)
        for (const key of keysOf(command)) {
          const same = index.get(key);
          if (same === undefined) index.set(key, [command]);
          else same.push(command);
        }
      known.set(commands, index);
      return index;
    },
  };
};

const byName = createIndex(({ name }) => [name]);

const byFile = createIndex(
  ({ args, nameWord }) =>
    new Set(
      [...args, ...(nameWord?.value.includes("/") === true ? [nameWord] : [])].map(({ value }) => fileNameOf(value)),
    ),
);
