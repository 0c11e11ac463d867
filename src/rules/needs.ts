import type { Instruction, Keyword } from "../dockerfile/model.ts";
import type { AuditedFile } from "./audited-file.ts";
import { once } from "./knowledge/once.ts";
import { runsIn } from "./knowledge/run-commands.ts";

/** Any one of it is enough. */
export interface Needs {
  readonly instructions?: readonly Keyword[];
  /** Names of programs that a RUN calls, wrappers (`sudo`) and the usual names of package managers included. */
  readonly commands?: readonly string[];
  /** A call of a package manager of this kind. */
  readonly packages?: "system" | "language";
}

export const meets = (file: AuditedFile, { instructions, commands, packages }: Needs): boolean => {
  if (instructions !== undefined && holdsOne(keywordsOf(file), instructions)) return true;
  if (commands === undefined && packages === undefined) return false;
  const calls = callsOf(file);
  return (packages !== undefined && calls.kinds.has(packages)) || holdsOne(calls.names, commands ?? []);
};

const holdsOne = <Item>(held: ReadonlySet<Item>, wanted: readonly Item[]): boolean => {
  for (const one of wanted) if (held.has(one)) return true;
  return false;
};

const keywordsOf = once((file: AuditedFile): ReadonlySet<Keyword> => {
  const found = new Set<Keyword>();
  const add = (instruction: Instruction): void => {
    found.add(instruction.keyword);
    if (instruction.keyword === "ONBUILD") add(instruction.trigger);
  };
  for (const instruction of file.dockerfile.instructions) add(instruction);
  return found;
});

const callsOf = once((file: AuditedFile) => {
  const names = new Set<string>();
  const kinds = new Set<"system" | "language">();
  for (const run of runsIn(file, "every stage")) {
    for (const { name, wrappers } of run.commands) {
      names.add(name);
      for (const { value } of wrappers) names.add(value.slice(value.lastIndexOf("/") + 1));
    }
    for (const { manager } of run.packages) {
      names.add(manager.name);
      kinds.add(manager.kind);
    }
  }
  return { names, kinds };
});
