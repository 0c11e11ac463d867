import type { ShellCommand } from "../../dockerfile/script.ts";
import { fileNameOf } from "./downloads.ts";
import { once } from "./once.ts";

type Commands = readonly ShellCommand[];

/** The commands of a script that have one of these names, in source order; each script is indexed once. */
export const commandsNamed = (commands: Commands, ...names: readonly string[]): Commands => {
  const index = byName(commands);
  const found = names.flatMap((name) => index.get(name) ?? []);
  return names.length < 2 ? found : found.sort((a, b) => a.index - b.index);
};

/** The commands that have an argument with this file name, or are called by a path that ends in it. */
export const commandsAbout = (commands: Commands, fileName: string): Commands => byFile(commands).get(fileName) ?? [];

/** The index of the last command about a file whose name is a match; -1 when there is none. */
export const lastAbout = (commands: Commands, fileName: string, wanted: RegExp): number => {
  const known = lasts(commands);
  const key = `${wanted.source}\0${fileName}`;
  const found =
    known.get(key) ?? commandsAbout(commands, fileName).findLast(({ name }) => wanted.test(name))?.index ?? -1;
  known.set(key, found);
  return found;
};

/** A script may name the same file a thousand times. */
const lasts = once((_commands: Commands) => new Map<string, number>());

const createIndex = (keysOf: (command: ShellCommand) => Iterable<string>) =>
  once((commands: Commands): ReadonlyMap<string, Commands> => {
    const index = new Map<string, ShellCommand[]>();
    for (const command of commands)
      for (const key of keysOf(command)) {
        const same = index.get(key);
        if (same === undefined) index.set(key, [command]);
        else same.push(command);
      }
    return index;
  });

const byName = createIndex(({ name }) => [name]);

const byFile = createIndex(
  ({ args, nameWord }) =>
    new Set(
      [...args, ...(nameWord?.value.includes("/") === true ? [nameWord] : [])].map(({ value }) => fileNameOf(value)),
    ),
);
