import type { RunInstruction } from "../../dockerfile/model.ts";
import type { Script, ShellCommand, ShellWord } from "../../dockerfile/script.ts";
import type { AuditedFile, StageFacts } from "../audited-file.ts";
import { alongLineage, once } from "./once.ts";
import { type PackageCommand, readPackageCommand } from "./package-managers.ts";
import { purposeOf } from "./stage-purpose.ts";

/** A RUN with all that it executes: its command line and the heredocs fed to a shell. */
export interface RunCommands {
  readonly stage: StageFacts;
  readonly run: RunInstruction;
  readonly scripts: readonly Script[];
  /** In source order. */
  readonly commands: readonly ShellCommand[];
  readonly packages: readonly PackageCommand[];
  readonly scriptOf: (command: ShellCommand) => Script | undefined;
  /** False when some of it could not be read: findings about absence are withheld. */
  readonly isRead: boolean;
}

/** The RUN instructions of a stage, in order; triggers of ONBUILD belong to another image. */
export const runsOf = (file: AuditedFile, stage: StageFacts): readonly RunCommands[] => runsOfStage(stage, file);

/** The RUN instructions of all stages, or of those that ship; what only a test or check is built on does not. */
export const runsIn = (file: AuditedFile, where: "every stage" | "shipped stages"): readonly RunCommands[] =>
  where === "every stage" ? allRuns(file) : shippedRuns(file);

const runsOfStage = once((stage: StageFacts, file: AuditedFile): readonly RunCommands[] => {
  const found: RunCommands[] = [];
  for (const { run, script } of file.runScripts(stage)) if (!run.isTrigger) found.push(readRun(stage, run, script));
  return found;
});

const allRuns = once((file: AuditedFile) => file.stages.flatMap((stage) => runsOf(file, stage)));

const shippedRuns = once((file: AuditedFile) => stagesOfImages(file).flatMap((stage) => runsOf(file, stage)));

/** Index of the first RUN of a stage's lineage that holds such a command; infinite when none does. Made once per question. */
export const firstRunWhere = (
  isWanted: (command: ShellCommand) => boolean,
): ((stage: StageFacts, file: AuditedFile) => number) =>
  alongLineage<number>((stage, below, file) => {
    if (below !== undefined && below < Number.POSITIVE_INFINITY) return below;
    return runsOf(file, stage).find((run) => run.commands.some(isWanted))?.run.index ?? Number.POSITIVE_INFINITY;
  });

/** The same for arguments, as they are given to any program: `bundle config set frozen true`. */
export const firstRunWithArguments = (wanted: RegExp): ((stage: StageFacts, file: AuditedFile) => number) =>
  firstRunWhere(({ args }) => wanted.test(args.map((word) => word.value).join(" ")));

const stagesOfImages = (file: AuditedFile): readonly StageFacts[] => {
  const images = file.targetStages.filter((stage) => purposeOf(stage) !== "test");
  if (images.length === file.targetStages.length) return file.shippedStages;
  const found = new Set(images.flatMap(({ lineage }) => lineage));
  return file.shippedStages.filter((stage) => found.has(stage));
};

const readRun = (stage: StageFacts, run: RunInstruction, script: Script): RunCommands => {
  const { commands } = script;
  return {
    stage,
    run,
    scripts: [script],
    commands,
    packages: commands.flatMap((command) => readPackageCommand(command) ?? []),
    scriptOf: (command) => (commands[command.index] === command ? script : undefined),
    isRead: script.status === "parsed",
  };
};

/**
 * What a word becomes, with variables that the RUN sets to a literal, ENV and ARG resolved; undefined when one
 * is not known.
 */
export const knownValue = (file: AuditedFile, run: RunCommands, word: ShellWord): string | undefined => {
  if (word.isLiteral) return word.value;
  if (/[`*?[]|\$[^A-Za-z_{]/.test(word.value)) return undefined;
  let isKnown = true;
  const value = word.value.replace(
    /\$(?:(\w+)|\{(\w+)\})/g,
    (_, plain: string | undefined, braced: string | undefined) => {
      const found = variableOf(run, plain ?? braced ?? "", file);
      if (found === undefined) isKnown = false;
      return found ?? "";
    },
  );
  return isKnown && !value.includes("$") ? value : undefined;
};

/** Whether one of the words may turn out to hold a match: `$OPTS` that is not known, or known to hold it. */
export const mayHold = (file: AuditedFile, run: RunCommands, words: readonly ShellWord[], wanted: RegExp): boolean =>
  words.some((word) => {
    const value = knownValue(file, run, word);
    return value === undefined || wanted.test(value);
  });

const variableOf = (run: RunCommands, name: string, file: AuditedFile): string | undefined => {
  const set = run.commands.flatMap((command) => command.assignments.filter((assignment) => assignment.name === name));
  if (set.length === 0) return file.expand(`\${${name}}`, run.run).value;
  const values = set.map((assignment) => (assignment.value === undefined ? "" : assignment.value));
  if (values.some((value) => value !== "" && !value.isLiteral)) return undefined;
  return values.map((value) => (value === "" ? "" : value.value)).join(" ");
};
