import { expandWord } from "../dockerfile/expand.ts";
import type { Dockerfile, Instruction, Stage, Word } from "../dockerfile/model.ts";
import { firstBehind } from "../dockerfile/position.ts";
import type { Base, Expansion } from "../rules/audited-file.ts";

/** A value that an instruction sets, in effect for the instructions behind it. */
interface Setting<T> {
  readonly index: number;
  readonly value: T;
}

/** The words that run a script: `["/bin/sh", "-c"]`. */
export type ShellSetting = Setting<readonly string[]>;

export interface Variable {
  readonly value: string | undefined;
  readonly source: "arg" | "env";
}

/** USER, WORKDIR, SHELL, ENV and ARG of one stage over its instructions, what it is built FROM included. */
export interface StageState {
  readonly variableAt: (name: string, index: number) => Variable | undefined;
  readonly userAt: (index: number) => UserSetting | undefined;
  readonly workdirAt: (index: number) => string | undefined;
  readonly shellAt: (index: number) => readonly string[];
  readonly environment: ReadonlyMap<string, string | undefined>;
  readonly expand: (text: string, index: number) => Expansion;
}

export interface UserSetting {
  readonly word: Word;
  readonly instruction: Instruction;
  readonly value: string | undefined;
}

/** The arguments before the first FROM, with the predefined ones of the platform unknown. */
export const globalArguments = (dockerfile: Dockerfile): ReadonlyMap<string, string | undefined> => {
  const known = new Map<string, string | undefined>();
  for (const instruction of dockerfile.instructions) {
    if (instruction.keyword === "FROM") break;
    if (instruction.keyword !== "ARG") continue;
    for (const { key, value } of instruction.assignments) {
      const lookup = (name: string) => (known.has(name) ? { value: known.get(name) } : undefined);
      known.set(key.text, value && expandWord(value.text, dockerfile.escape, lookup).value);
    }
  }
  return known;
};

export const stageState = (
  dockerfile: Dockerfile,
  stage: Stage,
  base: Base,
  parent: StageState | undefined,
  {
    globals,
    pragmas,
    isWindows,
  }: {
    /** See {@link globalArguments}. */
    readonly globals: ReadonlyMap<string, string | undefined>;
    /** See {@link pragmaShells}. */
    readonly pragmas: ReadonlyMap<number, readonly ShellSetting[]>;
    readonly isWindows: boolean;
  },
): StageState => {
  const variables = new Map<string, Setting<Variable>[]>();
  const users: Setting<UserSetting>[] = [];
  const workdirs: Setting<string | undefined>[] = [];
  const shells: ShellSetting[] = [...(pragmas.get(stage.index) ?? [])];
  const end = Number.POSITIVE_INFINITY;

  // The last one wins, be it ARG or ENV. A stage built FROM another begins with its environment, and with those of its
  // arguments that the environment has no name for.
  const variableAt = (name: string, index: number): Variable | undefined => {
    const own = before(variables.get(name) ?? [], index);
    if (own || parent === undefined) return own?.value;
    return parent.environment.has(name)
      ? { value: parent.environment.get(name), source: "env" }
      : parent.variableAt(name, end);
  };
  const expand = (text: string, index: number): Expansion =>
    expandWord(text, dockerfile.escape, (name) => variableAt(name, index));
  const workdirAt = (index: number): string | undefined => {
    const own = before(workdirs, index);
    if (own) return own.value;
    return parent ? parent.workdirAt(end) : base.kind === "scratch" ? "/" : undefined;
  };
  const environment = new Map(parent?.environment ?? []);
  const set = (name: string, source: "arg" | "env", index: number, value: string | undefined): void => {
    const settings = variables.get(name) ?? [];
    variables.set(name, settings);
    settings.push({ index, value: { value, source } });
    if (source === "env") environment.set(name, value);
  };

  for (const instruction of stage.instructions) {
    const { index } = instruction;
    switch (instruction.keyword) {
      case "ARG":
        for (const { key, value } of instruction.assignments) {
          if (value) set(key.text, "arg", index, expand(value.text, index).value);
          // Without a value of its own it leaves in place what there is.
          else if (globals.has(key.text) || variableAt(key.text, index) === undefined)
            set(key.text, "arg", index, globals.get(key.text));
        }
        break;
      case "ENV": {
        const values = instruction.assignments.map(({ key, value }) => ({
          name: expand(key.text, index).value ?? key.text,
          value: value && expand(value.text, index).value,
        }));
        for (const { name, value } of values) set(name, "env", index, value);
        break;
      }
      case "USER":
        users.push({
          index,
          value: { word: instruction.user, instruction, value: expand(instruction.user.text, index).value },
        });
        break;
      case "WORKDIR":
        workdirs.push({ index, value: resolvePath(workdirAt(index), expand(instruction.path.text, index).value) });
        break;
      case "SHELL":
        shells.push({ index, value: instruction.words.map(({ text }) => text) });
        break;
      default:
    }
  }
  shells.sort((a, b) => a.index - b.index);

  const defaultShell = isWindows ? ["cmd", "/S", "/C"] : ["/bin/sh", "-c"];
  return {
    variableAt,
    expand,
    workdirAt,
    environment,
    userAt: (index) => before(users, index)?.value ?? parent?.userAt(end),
    shellAt: (index) => before(shells, index)?.value ?? parent?.shellAt(end) ?? defaultShell,
  };
};

/** The last setting in front of an instruction. */
const before = <T>(settings: readonly Setting<T>[], index: number): Setting<T> | undefined => {
  let low = 0;
  let high = settings.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((settings[middle] as Setting<T>).index < index) low = middle + 1;
    else high = middle;
  }
  return settings[low - 1];
};

const resolvePath = (from: string | undefined, to: string | undefined): string | undefined => {
  if (to === undefined) return undefined;
  if (to.startsWith("/") || /^[A-Za-z]:/.test(to)) return to;
  return from === undefined || from.length > longestPath ? undefined : `${from.replace(/\/$/, "")}/${to}`;
};

/** PATH_MAX of Linux, which no directory that is worked in goes beyond. */
const longestPath = 4096;

/** `# hadolint shell=bash` names the shell of what follows where SHELL does not: settings by the index of their stage. */
export const pragmaShells = (dockerfile: Dockerfile): ReadonlyMap<number, readonly ShellSetting[]> => {
  const byStage = new Map<number, ShellSetting[]>();
  for (const { span, text } of dockerfile.comments) {
    const name = /^hadolint\s+shell\s*=\s*([\w./-]+)/.exec(text)?.[1];
    const next = name === undefined ? undefined : firstBehind(dockerfile.instructions, span.start);
    if (name === undefined || next?.stageIndex === undefined) continue;
    const settings = byStage.get(next.stageIndex) ?? [];
    byStage.set(next.stageIndex, settings);
    settings.push({ index: next.index - 0.5, value: [name, "-c"] });
  }
  return byStage;
};
