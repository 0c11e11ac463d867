import type { Dockerfile, Stage } from "../dockerfile/model.ts";
import type { LineRange } from "./provenance.ts";

/** The lines of a stage and of the stages it is built FROM, the stage itself first. */
export const lineageOf = (
  dockerfile: Dockerfile,
  stageIndex: number,
  buildArgs: ReadonlyMap<string, string | undefined>,
): readonly LineRange[] => {
  const defaults = globalDefaults(dockerfile);
  const argument = (name: string): string => buildArgs.get(name) ?? defaults.get(name) ?? "";
  const lineage: LineRange[] = [];
  let stage = dockerfile.stages[stageIndex];
  while (stage !== undefined) {
    lineage.push(linesOf(stage));
    stage = baseStage(dockerfile, stage, argument);
  }
  return lineage;
};

const linesOf = (stage: Stage): LineRange => ({
  start: stage.from.startLine,
  end: stage.instructions.at(-1)?.endLine ?? stage.from.endLine,
});

/** A name means the last earlier stage that has it. */
const baseStage = (dockerfile: Dockerfile, stage: Stage, argument: (name: string) => string): Stage | undefined => {
  const name = expand(stage.from.image.text, argument).toLowerCase();
  return dockerfile.stages.slice(0, stage.index).findLast((earlier) => earlier.name === name);
};

const globalDefaults = (dockerfile: Dockerfile): ReadonlyMap<string, string> =>
  new Map(
    dockerfile.instructions.flatMap((instruction) =>
      instruction.keyword === "ARG" && instruction.stageIndex === undefined
        ? instruction.assignments.map(({ key, value }): [string, string] => [key.text, unquote(value?.text ?? "")])
        : [],
    ),
  );

/** `$NAME`, `${NAME}`, `${NAME:-default}`: all that a stage's name is made of in practice. */
const expand = (text: string, argument: (name: string) => string): string =>
  unquote(text).replace(/\$(?:(\w+)|\{(\w+)(?::?-([^}]*))?(?:\}|$))/g, (_, bare, braced, fallback) => {
    return argument(bare ?? braced) || fallback || "";
  });

const unquote = (text: string): string => text.replace(/^(["'])(.*)\1$/s, "$2");
